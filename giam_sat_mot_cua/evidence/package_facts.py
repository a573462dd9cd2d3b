"""What the manifest of an evidence package says of a request (docs/evidence-format.md): who asked, who
approved, what was recorded and what not, and the story so far."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cstr

import giam_sat_mot_cua
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states
from giam_sat_mot_cua.evidence.row_times import span
from giam_sat_mot_cua.recording import clock, timeline

KINDS = {timeline.RECORDED, timeline.GAP, timeline.REMOVED, timeline.MISSING, timeline.UNKNOWN}


def facts(package: str, request: Document, log_row: dict) -> dict:
	"""`log_row`: {"sequence", "row_hash"} of the newest row of the access log."""
	return {
		"package_id": package,
		"made_utc_ms": clock.now_ms(),
		"made_by": _("The system, on approval {0}").format(request.name),
		"site": frappe.local.site,
		"software": f"giam_sat_mot_cua {giam_sat_mot_cua.__version__}",
		"time_zone": str(clock.site_zone()),
		"request": asked(request),
		"approvals": [approval(step, request) for step in request.steps if is_decision(step)],
		"cameras": [camera(name) for name in dict.fromkeys(row.camera for row in request.ranges)],
		"ranges": [period(row) for row in request.ranges],
		"custody": [told(step) for step in request.steps],
		"access_log": {"sequence": log_row["sequence"], "row_hash": log_row["row_hash"]},
	}


def asked(request: Document) -> dict:
	found = {
		"number": request.name,
		"requester": request.requester_name,
		"organization": request.organisation,
		"owning_unit": unit_name(request.unit),
		"purpose": request.purpose,
		"legal_basis": request.legal_basis,
		"application_number": request.application_number,
		"application_date": cstr(request.application_date),
		"asked_utc_ms": utc_ms(request.submitted_on),
	}
	return {key: value for key, value in found.items() if value}


def is_decision(step: Document) -> bool:
	"""A request is approved again when its export was given up: that decides nothing."""
	return (step.from_status, step.to_status) == (states.CHECKED, states.APPROVED)


def approval(step: Document, request: Document) -> dict:
	found = {
		"who": step.full_name,
		"unit": unit_name(request.unit),
		"decision": _(step.to_status),
		"at_utc_ms": utc_ms(step.at),
		"on_behalf_of": step.delegation,
	}
	return {key: value for key, value in found.items() if value}


def camera(name: str) -> dict:
	row = frappe.db.get_value(
		"Camera", name, ["camera_name", "unit", "clock_offset_s", "clock_checked_on"], as_dict=True
	)
	measured = row.clock_checked_on is not None
	return {
		"camera": name,
		"name": row.camera_name,
		"unit": unit_name(row.unit),
		"clock_offset_ms": round(row.clock_offset_s * 1000) if measured else None,
	}


def period(row: Document) -> dict:
	begin, end = span(row)
	return {
		"camera": row.camera,
		"from_utc_ms": begin,
		"to_utc_ms": end,
		"pieces": [piece(found) for found in timeline.pieces(row.camera, begin, end)],
	}


def piece(found: timeline.Piece) -> dict:
	# a volume that is away when the package is made gives none at all (evidence/export.py)
	kind = found.kind if found.kind in KINDS else timeline.MISSING
	return {
		"kind": kind,
		"begin_utc_ms": found.begin_ms,
		"end_utc_ms": found.end_ms,
		"note": _(found.note) if found.note else "",
	}


def told(step: Document) -> dict:
	taken = (step.from_status, step.to_status)
	given_up = taken == (states.EXPORTING, states.APPROVED)
	what = _("Export given up") if given_up else _(step.to_status)
	# another person than the job's has stopped an export
	by_system = states.TRANSITIONS.get(taken) == states.SYSTEM and step.person == "Administrator"
	return {
		"at_utc_ms": utc_ms(step.at),
		"who": _("The system") if by_system else cstr(step.full_name) or cstr(step.person),
		"what": f"{what}: {step.reason}" if step.reason else what,
	}


def unit_name(unit: str | None) -> str:
	return frappe.db.get_value("Monitored Unit", unit, "unit_name") or "" if unit else ""


def utc_ms(site_time) -> int:
	return clock.site_time_to_utc_ms(site_time) if site_time else 0
