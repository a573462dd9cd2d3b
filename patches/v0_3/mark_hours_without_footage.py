"""Every hour counts as one whose footage is still there when the column comes; those without a file never had
any."""

import frappe


def execute() -> None:
	table = frappe.qb.DocType("Recording Hour")
	frappe.qb.update(table).set(table.has_footage, 0).where(table.file_count == 0).run()
