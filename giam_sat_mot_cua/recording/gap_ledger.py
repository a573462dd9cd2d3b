"""Recording Gap: what was not recorded, and why. This file is its only writer.

A gap's name is CAMERA-START in milliseconds, so that hearing of the same gap twice changes nothing. An open
gap has no end yet. The cause that was known first stays; people explain gaps later, nobody removes them.

A gap that begins while a planned maintenance covers its camera has the cause Maintenance, the order, and
beside it what the recorder saw. Maintenance explains no more than its period: what is missing after its end
is a row of its own, with the cause that was seen.
"""

import frappe

from giam_sat_mot_cua.cameras import maintenance
from giam_sat_mot_cua.recording import clock, gap_counts

# what `media` and the workers call a cause -> option of the DocType
CAUSES = {
	"camera_offline": "Camera Offline",
	"network": "Network",
	"authentication": "Authentication",
	"configuration": "Configuration",
	"recorder_down": "Recorder Down",
	"disk": "Storage",
	"clock": "Clock",
	"maintenance": "Maintenance",
	"switched_off": "Switched Off",
	"unknown": "Unknown",
}

MAINTENANCE = CAUSES["maintenance"]

SETTLED_MS = 120_000  # recorders tell the end of a gap within seconds
SHORTEST_GAP_MS = 500  # as in media.recorder: less is a hand-over, not a gap


def gap_name(camera: str, start_utc_ms: int) -> str:
	return f"{camera}-{start_utc_ms}"


def open_gap(camera: str, unit: str, start_utc_ms: int, cause: str) -> None:
	"""Notes that nothing is recorded from `start_utc_ms` on. A gap already open at an earlier time goes
	on."""
	if frappe.db.exists("Recording Gap", gap_name(camera, start_utc_ms)):
		return
	if frappe.db.exists("Recording Gap", {"camera": camera, "end_utc": ("is", "not set")}):
		return
	insert(camera, unit, start_utc_ms, None, cause)


def close_gap(camera: str, unit: str, start_utc_ms: int, end_utc_ms: int, cause: str) -> None:
	"""Notes that nothing was recorded in [start_utc_ms, end_utc_ms).

	A gap that is open at that time is this one, or a part of it, and ends now with the cause it has; one
	that was left open earlier ended when this one began.
	"""
	first = None
	for gap in open_gaps(camera):
		began = clock.utc_ms(gap.start_utc)
		if began < start_utc_ms - SHORTEST_GAP_MS:
			end(gap, start_utc_ms)
		else:
			end(gap, max(end_utc_ms, began))
			first = began if first is None else min(first, began)
	known = frappe.db.get_value(
		"Recording Gap", gap_name(camera, start_utc_ms), ["name", "start_utc", "end_utc"], as_dict=True
	)
	if known and known.end_utc and clock.utc_ms(known.end_utc) > end_utc_ms:
		put_end(known, end_utc_ms)  # it was split before its real end had arrived
	if first is not None:
		end_utc_ms = first  # what was missing before the open gap began
	if not known and end_utc_ms - start_utc_ms >= SHORTEST_GAP_MS:
		insert(camera, unit, start_utc_ms, end_utc_ms, cause)


def end_covered_gaps() -> None:
	"""For the minute tick: a gap that is still open after the maintenance that covered it ends with it, and
	another one goes on. A recorder that ends the gap at that moment finds the row taken, and tries again."""
	settled = clock.now_ms() - SETTLED_MS
	for gap in open_gaps(cause=MAINTENANCE):
		until = covered_until(gap)
		if until is not None and until < settled and still_open(gap.name):
			put_end(gap, until)
			write(gap.camera, gap.unit, until, None, gap.observed_cause)


def give_way(camera: str, spans: list[tuple[int, int]]) -> None:
	"""Footage that became known late, [(start, end)] in UTC ms: a machine was cut off, or a volume away. What
	gaps of the camera say of its time is taken back; a gap that is wholly recorded stays, with no length."""
	for start, end_ms in joined(spans):
		for gap in gaps_within(camera, start + SHORTEST_GAP_MS, end_ms - SHORTEST_GAP_MS):
			cut_out(gap, start, end_ms)


def joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
	"""Spans without the seams between files."""
	found: list[tuple[int, int]] = []
	for start, end_ms in sorted(spans):
		if found and start - found[-1][1] < SHORTEST_GAP_MS:
			found[-1] = (found[-1][0], max(found[-1][1], end_ms))
		else:
			found.append((start, end_ms))
	return found


def gaps_within(camera: str, from_utc_ms: int, to_utc_ms: int) -> list:
	"""Gaps that go on after `from_utc_ms` and begin before `to_utc_ms`."""
	table = frappe.qb.DocType("Recording Gap")
	lasts = table.end_utc.isnull() | (table.end_utc > clock.utc_time(from_utc_ms))
	query = (
		frappe.qb.from_(table)
		.select(table.name, table.camera, table.unit, table.start_utc, table.end_utc, table.observed_cause)
		.select(table.cause)
		.where((table.camera == camera) & lasts & (table.start_utc < clock.utc_time(to_utc_ms)))
		.orderby(table.start_utc)
	)
	return query.run(as_dict=True)


def cut_out(gap, start_utc_ms: int, end_utc_ms: int) -> None:
	"""Leaves of `gap` what lies before and after a recorded span."""
	began = clock.utc_ms(gap.start_utc)
	ended = clock.utc_ms(gap.end_utc) if gap.end_utc else None
	rest = ended is None or ended - end_utc_ms >= SHORTEST_GAP_MS
	if start_utc_ms - began >= SHORTEST_GAP_MS:
		put_end(gap, start_utc_ms)
		if rest:
			write(gap.camera, gap.unit, end_utc_ms, ended, gap.observed_cause or gap.cause)
		return
	first = end_utc_ms if rest else began
	values = end_values(first, ended if rest else began) if ended else {}
	values |= {"start_utc": clock.utc_time(first), "start_time": clock.site_time(first)}
	frappe.db.set_value("Recording Gap", gap.name, values)


def open_gaps(camera: str | None = None, cause: str | None = None) -> list:
	"""Gaps without an end, of one camera or of all, the earliest first."""
	asked = {"camera": camera, "cause": cause}
	return frappe.get_all(
		"Recording Gap",
		{"end_utc": ("is", "not set"), **{field: value for field, value in asked.items() if value}},
		["name", "camera", "unit", "start_utc", "cause", "observed_cause"],
		order_by="start_utc",
	)


def still_open(name: str) -> bool:
	"""Whether a gap has no end yet; it gets none from others until the end of the transaction."""
	table = frappe.qb.DocType("Recording Gap")
	rows = frappe.qb.from_(table).select(table.end_utc).where(table.name == name).for_update().run()
	return bool(rows) and rows[0][0] is None


def insert(camera: str, unit: str, start_utc_ms: int, end_utc_ms: int | None, cause: str) -> None:
	write(camera, unit, start_utc_ms, end_utc_ms, CAUSES.get(cause, CAUSES["unknown"]))


def write(camera: str, unit: str, start_utc_ms: int, end_utc_ms: int | None, observed: str) -> None:
	"""A new row; `observed`: the cause that was seen, an option of the DocType."""
	cover = maintenance.cover(camera, unit, start_utc_ms)
	doc = frappe.get_doc(
		{
			"doctype": "Recording Gap",
			"name": gap_name(camera, start_utc_ms),
			"camera": camera,
			"unit": unit,
			"owner": frappe.session.user,
			"cause": MAINTENANCE if cover else observed,
			"observed_cause": observed if cover else None,
			"maintenance_order": cover.order if cover else None,
			"start_utc": clock.utc_time(start_utc_ms),
			"start_time": clock.site_time(start_utc_ms),
		}
	)
	doc.flags.name_set = True
	doc.db_insert()  # a ledger row that recorders write: nothing of a form applies to it
	gap_counts.note(camera, doc.cause)
	if end_utc_ms is not None:
		end(doc, end_utc_ms)


def end(gap, end_utc_ms: int) -> None:
	"""Ends an open gap: {"name", "camera", "unit", "start_utc", "cause", "observed_cause"}."""
	until = covered_until(gap) if gap.cause == MAINTENANCE else None
	if until is None or end_utc_ms - until < SHORTEST_GAP_MS:
		put_end(gap, end_utc_ms)
		return
	put_end(gap, until)
	write(gap.camera, gap.unit, until, end_utc_ms, gap.observed_cause)


def covered_until(gap) -> int | None:
	"""End (UTC, ms) of the maintenance that a gap began in."""
	cover = maintenance.cover(gap.camera, gap.unit, clock.utc_ms(gap.start_utc))
	return cover.until_utc_ms if cover else None


def put_end(gap, end_utc_ms: int) -> None:
	frappe.db.set_value("Recording Gap", gap.name, end_values(clock.utc_ms(gap.start_utc), end_utc_ms))


def end_values(start_utc_ms: int, end_utc_ms: int) -> dict:
	return {
		"end_utc": clock.utc_time(end_utc_ms),
		"end_time": clock.site_time(end_utc_ms),
		"duration_s": max(end_utc_ms - start_utc_ms, 0) / 1000,
	}
