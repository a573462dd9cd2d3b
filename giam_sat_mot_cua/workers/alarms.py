"""What is wrong with recording, looked at every minute and kept as health events: each opens once and ends by
itself. Looking again changes nothing.
"""

import time

import frappe
from frappe import _
from frappe.utils import add_to_date, cint, get_datetime, now_datetime

from giam_sat_mot_cua.cameras import maintenance
from giam_sat_mot_cua.recording import clock, gap_ledger, health_events
from giam_sat_mot_cua.recording.health_events import CRITICAL, WARNING
from giam_sat_mot_cua.workers import camera_clock, fleet, overview
from giam_sat_mot_cua.workers.overview import CameraNow

NOT_RECORDED, NO_RECORDER = "Camera Not Recorded", "No Recorder Free"
NODE_DOWN, ROWS_WAITING = "Recorder Node Down", "Rows Waiting"
UNATTENDED_S = 45  # a camera moves between recorders within seconds


def check() -> None:
	"""Everything. May raise RedisError: without Redis nothing is known, and the tick does not run either."""
	settings = frappe.db.get_singles_dict("Monitoring Settings")
	redis = overview.connect()
	cameras = [camera for camera in overview.cameras(redis) if camera.wanted]
	recorders = fleet.Fleet(redis, frappe.local.site).alive()
	silenced = maintenance.cameras_now()
	stall_seconds = cint(settings.get("stall_seconds"))
	missing = missing_for(cameras, stall_seconds)
	check_cameras(cameras, missing, silenced, cint(settings.get("alarm_after_seconds")))
	unattended = [
		camera for camera in cameras if not camera.owner and missing.get(camera.name, 0) > UNATTENDED_S
	]
	check_recorders(unattended, recorders)
	check_nodes(bool(unattended))
	check_rows(
		recorders, cint(settings.get("rows_waiting_seconds")), cint(settings.get("rows_waiting_count"))
	)
	camera_clock.check(cameras, silenced, cint(settings.get("clock_offset_limit_s")))


def missing_for(cameras: list[CameraNow], stall_seconds: int) -> dict[str, float]:
	"""Camera -> for how many seconds it has not been recorded; those that are recorded are left out."""
	now, zone = time.time(), clock.site_zone()
	gaps: dict[str, float] = {}
	for gap in gap_ledger.open_gaps():
		gaps.setdefault(gap.camera, clock.utc_ms(gap.start_utc) / 1000)
	return {
		camera.name: max(now - missing_since(camera, gaps.get(camera.name), now, zone), 0)
		for camera in cameras
		if not camera.records(stall_seconds)
	}


def missing_since(camera: CameraNow, gap: float | None, now: float, zone) -> float:
	"""Since when (seconds since the epoch) a camera is not recorded: by the ledger (`gap`), its recorder's
	last word or the state in its form; not before it was last changed, and perhaps switched on."""
	changed = epoch(camera.row.modified, zone)
	told = [] if gap is None else [gap]
	if camera.health:
		told.append(camera.health["at"] - (camera.health["packet_age_s"] or 0))
	if camera.row.state != "Recording" and camera.row.state_since:
		told.append(epoch(camera.row.state_since, zone))
	if not told:
		return now if camera.row.state == "Recording" else changed
	return max(min(told), changed)


def epoch(site_time, zone) -> float:
	return clock.site_time_to_utc_ms(get_datetime(site_time), zone) / 1000


def check_cameras(
	cameras: list[CameraNow], missing: dict[str, float], silenced: set[str], after_s: int
) -> None:
	"""An event ends when the camera is recorded again, not when somebody changes its record."""
	already = set(health_events.open_about(NOT_RECORDED, "camera"))
	wrong = {}
	for camera in cameras:
		lasts_s = missing.get(camera.name)
		if lasts_s is None or (lasts_s <= after_s and camera.name not in already):
			continue
		wrong[camera.name] = {
			"detail": camera.row.state_message or _("No picture has been recorded for a while."),
			"silenced": camera.name in silenced,
			"began_on": add_to_date(now_datetime(), seconds=-lasts_s),
		}
	health_events.keep(NOT_RECORDED, "camera", wrong)


def check_recorders(unattended: list[CameraNow], recorders: dict[str, dict]) -> None:
	"""One event for the whole system, however many cameras wait."""
	if not unattended:
		health_events.close(NO_RECORDER)
		return
	room = sum(facts["capacity"] - facts["cameras"] for facts in recorders.values() if not facts["leaving"])
	detail = _(
		"{0} cameras wait for a recorder; {1} recorders run, with room for {2} more. Start more recording "
		"workers; a camera with a preferred volume needs one on the machine of that volume."
	).format(len(unattended), len(recorders), room)
	health_events.report(NO_RECORDER, detail, CRITICAL)


def check_nodes(cameras_wait: bool) -> None:
	"""One event for a machine: its cameras are recorded elsewhere within seconds, or wait for a recorder."""
	wrong = {}
	for node in frappe.get_all(
		"Recorder Node", {"state": "Down", "retired": 0}, ["name", "last_report"], order_by="name"
	):
		last = frappe.format(node.last_report, "Datetime")
		if cameras_wait:
			detail = _("No report since {0}. Cameras wait for a recorder.").format(last)
		else:
			detail = _("No report since {0}. Other recorders have taken its cameras.").format(last)
		wrong[node.name] = {"detail": detail, "severity": CRITICAL if cameras_wait else WARNING}
	health_events.keep(NODE_DOWN, "recorder_node", wrong)


def check_rows(recorders: dict[str, dict], longest_s: int, most: int) -> None:
	wrong = {}
	for name, node in overview.nodes(recorders.values()).items():
		if node.index_delay_s > longest_s or node.waiting > most:
			detail = _(
				"{0} events wait for the database, the oldest for {1} s. Recording goes on; what is new "
				"cannot be found yet."
			).format(node.waiting, round(node.index_delay_s))
			if frappe.db.exists("Recorder Node", name):
				wrong[name] = {"detail": detail}
	health_events.keep(ROWS_WAITING, "recorder_node", wrong)
