"""Superior units by date: which row counts on a day, and the tree that follows on that day."""

from collections.abc import Iterable
from datetime import date

import frappe
from frappe.utils import getdate


def effective_row(rows: Iterable, day: date):
	"""The row of `superiors` that counts on `day`: the newest that has begun; None when none has."""
	begun = [row for row in rows if row.valid_from and getdate(row.valid_from) <= day]
	return max(begun, key=lambda row: getdate(row.valid_from)) if begun else None


def superior_on(unit: str, day: date) -> str | None:
	"""The superior that `unit` had, has or will have on `day`."""
	rows = frappe.get_all(
		"Unit Superior",
		{"parent": unit, "parenttype": "Monitored Unit"},
		["superior", "valid_from"],
		order_by="valid_from",
	)
	row = effective_row(rows, day)
	return (row.superior or None) if row else None


def apply_due_moves() -> None:
	"""Every minute: moves whose day has come change the tree. Views follow from midnight on without it
	(access/scope.py)."""
	due = frappe.get_all(
		"Unit Superior",
		{"applied": 0, "valid_from": ("<=", getdate()), "parenttype": "Monitored Unit"},
		pluck="parent",
		distinct=True,
		order_by="parent",
	)
	for unit in due:
		frappe.db.savepoint("move")
		try:
			frappe.get_doc("Monitored Unit", unit).save(
				ignore_permissions=True
			)  # its date was decided before
		except Exception:
			frappe.db.rollback(save_point="move")
			frappe.log_error(title=f"Move of unit {unit} failed")
