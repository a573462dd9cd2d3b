"""Superior units and responsible heads by date: who counts on a day, and the records that follow on it."""

from datetime import date

import frappe
from frappe.utils import getdate

from giam_sat_mot_cua.organization.dated_rows import effective_row

DATED = ("Unit Superior", "Unit Head")


def superior_on(unit: str, day: date) -> str | None:
	"""The superior that `unit` had, has or will have on `day`."""
	row = row_on("Unit Superior", unit, day, ["superior"])
	return (row.superior or None) if row else None


def head_on(unit: str, day: date) -> dict | None:
	"""{"person_name", "title", "document"} of who answers for `unit` on `day` (Article 11.5); None when
	nobody is recorded for it."""
	row = row_on("Unit Head", unit, day, ["person_name", "title", "document"])
	return row and {"person_name": row.person_name, "title": row.title, "document": row.document}


def row_on(doctype: str, unit: str, day: date, fields: list[str]):
	rows = frappe.get_all(
		doctype,
		{"parent": unit, "parenttype": "Monitored Unit"},
		[*fields, "valid_from"],
		order_by="valid_from",
	)
	return effective_row(rows, day)


def apply_due_moves() -> None:
	"""Every minute: units whose superior or head changes today. Views follow from midnight on without it
	(access/scope.py)."""
	due: set[str] = set()
	for doctype in DATED:
		due.update(
			frappe.get_all(
				doctype,
				{"applied": 0, "valid_from": ("<=", getdate()), "parenttype": "Monitored Unit"},
				pluck="parent",
				distinct=True,
				order_by="parent",
			)
		)
	for unit in sorted(due):
		frappe.db.savepoint("move")
		try:
			frappe.get_doc("Monitored Unit", unit).save(
				ignore_permissions=True
			)  # its date was decided before
		except Exception:
			frappe.db.rollback(save_point="move")
			frappe.log_error(title=f"Dated change of unit {unit} failed")
