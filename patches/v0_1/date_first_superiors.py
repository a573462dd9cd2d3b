"""Superior units get their dates: what a unit has today counts from when the unit began."""

import frappe
from frappe.utils import getdate


def execute() -> None:
	units = frappe.get_all(
		"Monitored Unit", fields=["name", "parent_monitored_unit", "valid_from", "creation"], order_by="lft"
	)
	for unit in units:
		if frappe.db.exists("Unit Superior", {"parent": unit.name}) or not unit.parent_monitored_unit:
			continue
		row = frappe.get_doc(
			{
				"doctype": "Unit Superior",
				"parent": unit.name,
				"parenttype": "Monitored Unit",
				"parentfield": "superiors",
				"idx": 1,
				"superior": unit.parent_monitored_unit,
				"valid_from": getdate(unit.valid_from or unit.creation),
				"applied": 1,
			}
		)
		row.db_insert()  # a row of its own, without saving every unit
