"""The state that a Storage Volume shows, and the Health Events about it: the only writer of both."""

import frappe
from frappe import _
from frappe.utils import cint, flt

from giam_sat_mot_cua.recording import archives, clock, health_events
from giam_sat_mot_cua.recording.object_store import StoreError
from giam_sat_mot_cua.workers import volumes
from giam_sat_mot_cua.workers.volume_watch import VolumeWatch, looking
from giam_sat_mot_cua.workers.volumes import FAILING, FULL, NOT_MOUNTED, READ_ONLY, READY, VolumeCheck

GB = 1e9
SLOW_CLEARS_AT = 0.5  # of the time from which a volume is slow

# state -> (kind of Health Event, states that show that it is over)
EVENTS = {
	NOT_MOUNTED: ("Volume Not Mounted", {READY, READ_ONLY, FULL, FAILING}),
	READ_ONLY: ("Volume Read Only", {READY, FULL}),
	FAILING: ("Volume Failing", {READY, FULL}),
	FULL: ("Volume Full", {READY}),
}
SLOW = "Volume Slow"
SAVEPOINT = "gsmc_archive_state"


def inspect(node: str, watch: VolumeWatch | None = None) -> None:
	"""Stores the state of every volume of this node, and begins and ends the events about it. `watch`:
	one that looks at them already."""
	rows, percent = volumes.of_node(node), volumes.min_free_percent()
	with looking(watch or VolumeWatch(), rows, percent, keep=watch is not None) as seen:
		for row in rows:
			write_check(row, seen[row.name])
			tell(row.name, seen[row.name], percent)


def write_check(row, seen: VolumeCheck) -> None:
	"""Stores what `check` saw. A volume that was never there keeps `checked_at` empty, so that it is greeted
	later."""
	values = {"state": seen.state, "state_message": message(seen)}
	if seen.total_bytes or row.checked_at:
		values |= {
			"total_gb": flt(seen.total_bytes / GB, 2),
			"free_gb": flt(seen.free_bytes / GB, 2),
			"checked_at": clock.site_time(clock.now_ms()),
		}
	if seen.write_ms is not None:
		values["write_ms"] = round(seen.write_ms, 1)
	frappe.db.set_value("Storage Volume", row.name, values, update_modified=False)
	frappe.clear_document_cache("Storage Volume", row.name)


def inspect_archives() -> None:
	"""Stores the state of every archive, and begins and ends the events about it. What cannot be told of one
	keeps nobody from the others."""
	for row in volumes.archives():
		error = archives.check(row)
		if not shown(row, error):
			shown(row, StoreError("internal error"))


def shown(row, error: StoreError | None) -> bool:
	"""Whether the state of the archive could be stored; else nothing of it is."""
	frappe.db.savepoint(SAVEPOINT)
	try:
		show_archive(row, error)
	except Exception:
		frappe.db.rollback(save_point=SAVEPOINT)
		frappe.log_error(title=f"State of archive {row.name} could not be stored")
		return False
	return True


def show_archive(row, error: StoreError | None) -> None:
	"""Stores what `archives.check` says of an archive, or whoever met the error, and tells of it. One that
	never answered keeps `checked_at` empty, so that it gets its marker later."""
	values = {"state": FAILING if error else READY, "state_message": archives.told(error) if error else ""}
	if row.checked_at or not error:
		values["checked_at"] = clock.site_time(clock.now_ms())
	frappe.db.set_value("Storage Volume", row.name, values, update_modified=False)
	frappe.clear_document_cache("Storage Volume", row.name)
	kind, _over = EVENTS[FAILING]
	if error:
		text = values["state_message"]
		health_events.report(kind, text, health_events.CRITICAL, storage_volume=row.name)
	else:
		health_events.close(kind, storage_volume=row.name)


def message(seen: VolumeCheck) -> str:
	text = {
		NOT_MOUNTED: _(
			"The folder does not hold this volume's marker file: the disk is not mounted, or another one is. "
			"Nothing is written until it is back."
		),
		READ_ONLY: _("The folder cannot be written. Check the disk and the rights of the recording user."),
		FULL: _("Less space is free than the settings ask for. The oldest footage is being removed."),
		FAILING: _("The disk does not answer, or answers with errors. Check it, and replace it in time."),
	}.get(seen.state, "")
	return f"{text} ({seen.error})" if text and seen.error else text


def tell(volume: str, seen: VolumeCheck, percent: float) -> None:
	for state, (kind, over) in EVENTS.items():
		if seen.state == state and (state != FULL or not seen.has_room(percent)):
			text = full_text(seen) if state == FULL else message(seen)
			health_events.report(kind, text, health_events.CRITICAL, storage_volume=volume)
		elif seen.state in over:
			health_events.close(kind, storage_volume=volume)
	tell_slow(volume, seen)


def full_text(seen: VolumeCheck) -> str:
	return _("{0} GB of {1} GB are free, and recording to this volume stops. Add a volume.").format(
		flt(seen.free_bytes / GB, 2), flt(seen.total_bytes / GB, 2)
	)


def tell_slow(volume: str, seen: VolumeCheck) -> None:
	"""`write_ms` is a middle value of many looks, and clears only well below, so that nothing flaps."""
	limit = cint(frappe.db.get_single_value("Monitoring Settings", "slow_write_ms"))
	if seen.write_ms is None or not limit:
		return
	if seen.write_ms > limit:
		text = _("A small write takes {0} ms; {1} ms are allowed.").format(round(seen.write_ms), limit)
		health_events.report(SLOW, text, storage_volume=volume)
	elif seen.write_ms < limit * SLOW_CLEARS_AT:
		health_events.close(SLOW, storage_volume=volume)


def close_events_of_disabled() -> None:
	"""What was wrong with a volume that nobody records to any more is over."""
	disabled = frappe.get_all("Storage Volume", {"enabled": 0}, pluck="name", order_by="name")
	kinds = [kind for kind, _over in EVENTS.values()] + [SLOW]
	rows = frappe.get_all(
		"Health Event",
		{"status": "Open", "kind": ("in", kinds), "storage_volume": ("in", disabled)},
		["kind", "storage_volume"],
		order_by="name",
	)
	for row in rows if disabled else ():
		health_events.close(row.kind, storage_volume=row.storage_volume)
