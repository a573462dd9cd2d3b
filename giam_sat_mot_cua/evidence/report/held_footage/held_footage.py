"""What is kept whatever its age: by legal holds, and by requests until they are exported (Article 9.3)."""

from datetime import datetime

import frappe
from frappe import _

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.evidence import held_footage
from giam_sat_mot_cua.evidence.held_footage import Held
from giam_sat_mot_cua.recording import clock
from giam_sat_mot_cua.recording.retention import GB


def execute(filters: dict | None = None) -> tuple:
	"""(columns, rows, message, chart, summary). Filter: `camera`."""
	filters = frappe._dict(filters or {})
	units = dict(frappe.get_all("Camera", fields=["name", "unit"], as_list=True))
	seen = scope.seen_units()
	found = [
		row
		for row in held_footage.listed()
		if (seen is None or units.get(row.camera) in seen) and filters.camera in (None, "", row.camera)
	]
	titles = dict(frappe.get_all("Monitored Unit", fields=["name", "unit_name"], as_list=True))
	shown_rows = [shown(row, titles.get(units.get(row.camera))) for row in found]
	return columns(), shown_rows, None, None, summary(found)


def columns() -> list[dict]:
	def column(fieldname: str, label: str, fieldtype: str = "Data", width: int = 140, **more):
		return {"fieldname": fieldname, "label": label, "fieldtype": fieldtype, "width": width, **more}

	return [
		column("kind", _("Kept By"), width=150),
		column("record", _("Record"), "Dynamic Link", 130, options="doctype"),
		column("camera", _("Camera"), "Link", 120, options="Camera"),
		column("files", _("Files"), "Int", 80),
		column("size_gb", _("Size (GB)"), "Float", 100, precision=3),
		column("why", _("Why"), width=240),
		column("since", _("Kept Since"), "Datetime", 175),
		column("unit", _("Monitored Unit"), width=200),
		column("from_time", _("From"), "Datetime", 175),
		column("to_time", _("To"), "Datetime", 175),
	]


def shown(row: Held, unit: str | None) -> dict:
	files, size = row.kept()
	return {
		"doctype": row.doctype,
		"kind": _(row.doctype),
		"record": row.name,
		"why": row.why,
		"since": row.since,
		"camera": row.camera,
		"unit": unit,
		"from_time": to_the_second(row.begin),
		"to_time": to_the_second(row.end),
		"files": files,
		"size_gb": size / GB,
	}


def to_the_second(utc_ms: int) -> datetime:
	return clock.site_time(utc_ms).replace(microsecond=0)


def summary(found: list[Held]) -> list[dict]:
	files, size = held_footage.counted_once(found)
	return [
		{"label": _("Files That Are Kept"), "value": files, "datatype": "Int"},
		{"label": _("Size (GB)"), "value": round(size / GB, 3), "datatype": "Float"},
	]
