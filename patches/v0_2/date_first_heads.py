"""Responsible heads get their dates: who answers for a unit today counts from when he began."""

import frappe
from frappe.utils import getdate


def execute() -> None:
	units = frappe.get_all(
		"Monitored Unit",
		fields=["name", "responsible_head", "head_title", "head_since", "creation"],
		order_by="lft",
	)
	for unit in units:
		if frappe.db.exists("Unit Head", {"parent": unit.name}) or not unit.responsible_head:
			continue
		since = getdate(unit.head_since or unit.creation)
		row = frappe.get_doc(
			{
				"doctype": "Unit Head",
				"parent": unit.name,
				"parenttype": "Monitored Unit",
				"parentfield": "heads",
				"idx": 1,
				"person_name": unit.responsible_head,
				"title": unit.head_title,
				"valid_from": since,
				"applied": 1,
			}
		)
		row.db_insert()  # a row of its own, without saving every unit
		frappe.db.set_value("Monitored Unit", unit.name, "head_since", since, update_modified=False)
