"""Scheduler methods. They only fan out: recorders do the work, and do it without the tick as well."""

import frappe
from frappe.utils import add_to_date, now_datetime

from giam_sat_mot_cua.cameras.doctype.maintenance_order import maintenance_order
from giam_sat_mot_cua.recording import clock, gap_ledger, retention_runs
from giam_sat_mot_cua.recording.volume_kinds import IS_LOCAL, S3_ARCHIVE
from giam_sat_mot_cua.workers import (
	alarms,
	camera_state,
	exports,
	fleet,
	leases,
	moving,
	overview,
	retention,
	stuck_jobs,
	volume_state,
	volumes,
)
from giam_sat_mot_cua.workers.alarms import UNATTENDED_S
from giam_sat_mot_cua.workers.database import use_site_language

NODE_DOWN_S = 90


def keep_recorders_running() -> None:
	"""Every minute: a recorder job in the queue, and the truth about cameras and nodes that have none."""
	use_site_language()
	stuck_jobs.free()
	fleet.keep_one_queued()
	show_unrecorded_cameras()
	show_switched_off_cameras()
	show_silent_nodes()


def make_packages() -> None:
	"""Every minute: evidence packages that wait, and those past their term."""
	exports.keep_up()


def follow_maintenance() -> None:
	"""Every minute: what planned maintenance explains, and no longer than it lasts."""
	maintenance_order.refresh_statuses()
	gap_ledger.end_covered_gaps()


def raise_alarms() -> None:
	"""Every minute: health events open and end."""
	use_site_language()
	alarms.check()


def check_volumes() -> None:
	"""Every five minutes: volumes of this machine, even when it runs no recorder, and archives."""
	use_site_language()
	volume_state.inspect(leases.node_name())
	volume_state.inspect_archives()
	volume_state.close_events_of_disabled()


def make_room() -> None:
	"""Every minute: volumes that have become too full."""
	for row in volume_rows({"enabled": 1, "state": volumes.FULL}):
		retention.enqueue(row, "purge")


def apply_retention() -> None:
	"""Every hour: footage past its retention, and files that a fault has left without a row, which are in no
	archive."""
	for row in volume_rows():
		retention.enqueue(row, "purge")
		if row.kind != S3_ARCHIVE:
			retention.enqueue(row, "audit", hours=retention.AUDIT_HOURS)
	retention_runs.give_up_dead_dry_runs()


def move_footage() -> None:
	"""Every hour: older footage goes to the archive, where there is one."""
	if moving.hours() and volumes.archives():
		for row in volume_rows({"kind": IS_LOCAL}):
			retention.enqueue(row, "move")


def audit_footage() -> None:
	"""Every night: all rows and all files."""
	for row in volume_rows():
		retention.enqueue(row, "audit")


def volume_rows(filters: dict | None = None) -> list:
	"""Also volumes that are not recorded to any more: what lies on them grows old."""
	return frappe.get_all("Storage Volume", filters or {}, ["name", "node", "kind"], order_by="name")


def show_unrecorded_cameras() -> None:
	"""Cameras that should be recorded but that nobody has held for a while."""
	for camera in overview.cameras(overview.connect()):
		already = camera.row.state == "Waiting" and not camera.row.recorder_node
		if camera.wanted and not camera.owner and camera.silent_s > UNATTENDED_S and not already:
			camera_state.show_unrecorded(camera.name)


def show_switched_off_cameras() -> None:
	"""A camera that was switched off while no recorder held it keeps no stale state."""
	table = frappe.qb.DocType("Camera")
	idle = (
		(table.enabled == 0) | (table.is_internal == 1) | table.stream_url.isnull() | (table.stream_url == "")
	)
	rows = frappe.qb.from_(table).select(table.name).where(idle & (table.state != "Not Recording")).run()
	now = clock.now_ms()
	for (name,) in rows:
		camera_state.show(name, "stopped", None, now)


def show_silent_nodes() -> None:
	silent = frappe.get_all(
		"Recorder Node",
		{"state": "Up", "last_report": ("<", add_to_date(now_datetime(), seconds=-NODE_DOWN_S))},
		pluck="name",
		order_by="name",
	)
	for name in silent:
		frappe.db.set_value("Recorder Node", name, "state", "Down", update_modified=False)
