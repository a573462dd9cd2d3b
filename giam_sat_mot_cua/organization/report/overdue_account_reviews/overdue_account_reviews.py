"""Accounts that no unit decided about in time: candidates for suspension (Articles 6.1, 10.2)."""

import frappe
from frappe import _
from frappe.utils import date_diff, getdate

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.organization.doctype.account_review_entry import account_review_entry as entries

OVERDUE = (entries.OVERDUE, entries.SUSPENSION_PROPOSED)


def execute(filters: dict | None = None) -> tuple[list[dict], list[dict]]:
	"""(columns, rows) of the units that the session's user sees. Filter: `review`."""
	return columns(), rows(frappe._dict(filters or {}))


def columns() -> list[dict]:
	def column(fieldname: str, label: str, fieldtype: str = "Data", width: int = 140, options: str = ""):
		return {
			"fieldname": fieldname,
			"label": label,
			"fieldtype": fieldtype,
			"width": width,
			"options": options,
		}

	return [
		column("unit", _("Monitored Unit"), "Link", 220, "Monitored Unit"),
		column("full_name", _("Full Name"), width=180),
		column("account", _("Monitoring Account"), "Link", 120, "Monitoring Account"),
		column("position", _("Position"), "Link", 200, "Position"),
		column("last_login", _("Last Login"), "Datetime", 160),
		column("due_on", _("Due On"), "Date", 110),
		column("days_overdue", _("Days Overdue"), "Int", 110),
		column("status_text", _("Status"), width=160),
	]


def rows(filters: frappe._dict) -> list[dict]:
	units = scope.seen_units()
	wanted = {"status": ("in", OVERDUE)}
	if units is not None:
		wanted["unit"] = ("in", sorted(units) or [""])
	if filters.review:
		wanted["review"] = filters.review
	found = frappe.get_all(
		"Account Review Entry",
		wanted,
		["unit", "full_name", "account", "position", "last_login", "due_on", "status"],
		order_by="due_on, unit, full_name",
	)
	for row in found:
		row.days_overdue = max(date_diff(getdate(), row.due_on), 0)
		row.status_text = _(row.pop("status"))
	return found
