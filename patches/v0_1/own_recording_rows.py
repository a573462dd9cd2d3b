"""Rows that recorders wrote had no owner, and the Desk showed whoever looked as the one who made them."""

import frappe


def execute() -> None:
	for doctype in ("Recording Hour", "Recording Gap"):
		table = frappe.qb.DocType(doctype)
		frappe.qb.update(table).set(table.owner, "Administrator").where(table.owner.isnull()).run()
