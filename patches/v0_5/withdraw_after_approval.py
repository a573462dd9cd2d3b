"""Requests can be withdrawn until their export begins: by whom they can be withdrawn before a decision."""

import frappe

from giam_sat_mot_cua.access.states import state_of

DOCTYPE = "Extraction Request"


def execute():
	name = frappe.db.get_value("Workflow", {"document_type": DOCTYPE, "is_active": 1})
	if not name:
		return
	approved, checked, withdrawn = (state_of(DOCTYPE, s) for s in ("Approved", "Checked", "Withdrawn"))
	workflow = frappe.get_doc("Workflow", name)
	steps = [(row.state, row.next_state) for row in workflow.transitions]
	if approved not in {row.state for row in workflow.states} or (approved, withdrawn) in steps:
		return
	for row in [row for row in workflow.transitions if (row.state, row.next_state) == (checked, withdrawn)]:
		copy = {field: row.get(field) for field in ("action", "next_state", "allowed", "condition")}
		workflow.append("transitions", {**copy, "state": approved, "allow_self_approval": 1})
	may_write = {row.allow_edit for row in workflow.states if row.state == approved}
	for row in [row for row in workflow.states if row.state == checked and row.allow_edit not in may_write]:
		copy = {field: row.get(field) for field in ("doc_status", "allow_edit", "update_field")}
		workflow.append("states", {**copy, "state": approved, "update_value": "Approved"})
	workflow.save(ignore_permissions=True)  # a patch acts for the administrator who migrates
