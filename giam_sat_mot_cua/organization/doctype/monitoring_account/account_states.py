"""The states of a Monitoring Account, who may lead it from one to the next, and what is locked in each.

The workflow of the Desk has the texts, buttons and roles, which an administrator may change; `status` is what
the code goes by. Each state of the workflow names its status in "Update Field" and "Update Value".
"""

import frappe
from frappe import _
from frappe.model.workflow import get_workflow_name

DRAFT, PROPOSED, GRANTED = "Draft", "Proposed", "Granted"
RETURNED, SUSPENDED, REVOKED = "Returned", "Suspended", "Revoked"
STATUSES = (DRAFT, PROPOSED, GRANTED, RETURNED, SUSPENDED, REVOKED)

UNIT, MANAGING = "unit", "managing unit"
# (from, to): who decides. The unit's leader proposes, the managing unit alone administers (Article 6.3a).
TRANSITIONS = {
	(DRAFT, PROPOSED): UNIT,
	(RETURNED, PROPOSED): UNIT,
	(PROPOSED, GRANTED): MANAGING,
	(PROPOSED, RETURNED): MANAGING,
	(GRANTED, SUSPENDED): MANAGING,
	(SUSPENDED, GRANTED): MANAGING,
	(GRANTED, REVOKED): MANAGING,
	(SUSPENDED, REVOKED): MANAGING,
}
NEEDS_REASON = (RETURNED, SUSPENDED, REVOKED)

PERSON = ("full_name", "email", "officer_code")
CONTACT = ("job_title", "mobile_no")
ASSIGNMENT = ("unit", "position")
BASIS = ("document_number", "document_date", "document_file")
HANDOVER = ("handed_over_on", "received_by", "handover_document", "handover_note")
# Fields that nobody changes while an account is in a state.
LOCKED = {
	DRAFT: HANDOVER,
	RETURNED: HANDOVER,
	PROPOSED: (*PERSON, *CONTACT, *ASSIGNMENT, *HANDOVER),
	GRANTED: PERSON,
	SUSPENDED: PERSON,
	REVOKED: (*PERSON, *CONTACT, *ASSIGNMENT, *BASIS, "decision_reason"),
}
OPEN_TO_UNIT = (DRAFT, RETURNED)


def status_of(account, before) -> str:
	"""The status that the workflow's state of `account` means; `before` is the document as stored."""
	if before and account.workflow_state == before.workflow_state:
		return before.status
	name = get_workflow_name(account.doctype)
	if not name:
		return before.status if before else DRAFT
	states = frappe.get_cached_doc("Workflow", name).states
	state = account.workflow_state or states[0].state
	row = next((row for row in states if row.state == state), None)
	status = (row.update_value or row.state) if row else None
	if status not in STATUSES:
		frappe.throw(
			_(
				"The workflow's state {0} does not say which status it means. An administrator enters it in the "
				"workflow: Update Field 'status' and one of {1} as Update Value."
			).format(frappe.bold(_(state)), ", ".join(STATUSES)),
			title=_("Workflow"),
		)
	return status


def keep_documents_in_step(workflow, _method: str | None = None) -> None:
	"""After an administrator gave a state another text: accounts in it carry the new one. Without this each
	of them would be in a state that the workflow does not have, and could not be saved."""
	if workflow.document_type != "Monitoring Account" or not workflow.is_active:
		return
	known = [row.state for row in workflow.states]
	table = frappe.qb.DocType("Monitoring Account")
	for row in workflow.states:
		if row.update_value in STATUSES:
			(
				frappe.qb.update(table)
				.set(table.workflow_state, row.state)
				.where((table.status == row.update_value) & table.workflow_state.notin(known))
			).run()
