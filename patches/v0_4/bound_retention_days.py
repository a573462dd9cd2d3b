"""No camera's footage is kept for longer than Monitoring Settings allow: such a number could not be reckoned
with."""

import frappe

from giam_sat_mot_cua.recording.retention import LONGEST_DAYS


def execute() -> None:
	table = frappe.qb.DocType("Camera")
	frappe.qb.update(table).set(table.retention_days, LONGEST_DAYS).where(
		table.retention_days > LONGEST_DAYS
	).run()
