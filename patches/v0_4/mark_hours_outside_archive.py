"""What was recorded before there were archives lies outside of them."""

import frappe


def execute() -> None:
	table = frappe.qb.DocType("Recording Hour")
	frappe.qb.update(table).set(table.outside_archive, 1).where(table.has_footage == 1).run()
