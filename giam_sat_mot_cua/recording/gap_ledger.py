"""Recording Gap: what was not recorded, and why. This file is its only writer.

A gap's name is CAMERA-START in milliseconds, so that hearing of the same gap twice changes nothing. An open
gap has no end yet. The cause that was known first stays; people explain gaps later, nobody removes them.
"""

import frappe

from giam_sat_mot_cua.recording import clock

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
			end(gap.name, began, start_utc_ms)
		else:
			end(gap.name, began, max(end_utc_ms, began))
			first = began if first is None else min(first, began)
	if first is not None:
		end_utc_ms = first  # what was missing before the open gap began
	known = frappe.db.exists("Recording Gap", gap_name(camera, start_utc_ms))
	if not known and end_utc_ms - start_utc_ms >= SHORTEST_GAP_MS:
		insert(camera, unit, start_utc_ms, end_utc_ms, cause)


def open_gaps(camera: str) -> list:
	return frappe.get_all(
		"Recording Gap",
		{"camera": camera, "end_utc": ("is", "not set")},
		["name", "start_utc", "cause"],
		order_by="start_utc",
	)


def insert(camera: str, unit: str, start_utc_ms: int, end_utc_ms: int | None, cause: str) -> None:
	doc = frappe.get_doc(
		{
			"doctype": "Recording Gap",
			"name": gap_name(camera, start_utc_ms),
			"camera": camera,
			"unit": unit,
			"owner": frappe.session.user,
			"cause": CAUSES.get(cause, "Unknown"),
			"start_utc": clock.utc_time(start_utc_ms),
			"start_time": clock.site_time(start_utc_ms),
			**end_values(start_utc_ms, end_utc_ms),
		}
	)
	doc.flags.name_set = True
	doc.db_insert()  # a ledger row that recorders write: nothing of a form applies to it


def end(name: str, start_utc_ms: int, end_utc_ms: int) -> None:
	frappe.db.set_value("Recording Gap", name, end_values(start_utc_ms, end_utc_ms))


def end_values(start_utc_ms: int, end_utc_ms: int | None) -> dict:
	if end_utc_ms is None:
		return {}
	return {
		"end_utc": clock.utc_time(end_utc_ms),
		"end_time": clock.site_time(end_utc_ms),
		"duration_s": max(end_utc_ms - start_utc_ms, 0) / 1000,
	}
