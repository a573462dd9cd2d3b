"""Records that a workflow leads from state to state.

The workflow of the Desk has the texts, buttons and roles, which an administrator may change; the record's
`status` is what the code goes by. Each state of the workflow names its status in "Update Field" and "Update
Value".
"""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.workflow import get_workflow_name
from frappe.utils import cstr

from giam_sat_mot_cua.access import records
from giam_sat_mot_cua.access.attributes import OwnAttributes

FIELD = "status"


class Led(OwnAttributes):
	"""For controllers, before Document: what a record that a workflow leads knows of its own change.
	`STATUSES`: as `status_of` has them."""

	STATUSES: tuple[str, ...]
	before: Document | None = None  # the document as stored, while it is saved

	def read_status(self):
		"""First thing in `validate`."""
		self.before = self.get_doc_before_save()
		self.status = status_of(self, self.before, self.STATUSES)

	@property
	def previous(self) -> str | None:
		return self.before.status if self.before else None

	def status_changed(self) -> bool:
		return self.status != self.previous

	def entered(self, *statuses: str) -> bool:
		return self.status_changed() and self.status in statuses

	def changed(self, field: str) -> bool:
		return bool(self.before) and cstr(self.get(field)) != cstr(self.before.get(field))


def status_of(doc: Document, before: Document | None, statuses: tuple[str, ...]) -> str:
	"""The status, one of `statuses` of which the first is that of a new record, that the workflow's state of
	`doc` means; `before` is the document as stored."""
	if before and doc.workflow_state == before.workflow_state:
		return before.status
	name = get_workflow_name(doc.doctype)
	if not name:
		return before.status if before else statuses[0]
	states = frappe.get_cached_doc("Workflow", name).states
	state = doc.workflow_state or states[0].state
	row = next((row for row in states if row.state == state), None)
	status = (row.update_value or row.state) if row else None
	if status not in statuses:
		frappe.throw(
			_(
				"The workflow's state {0} does not say which status it means. An administrator enters it in "
				"the workflow: Update Field 'status' and one of {1} as Update Value."
			).format(frappe.bold(_(state)), ", ".join(statuses)),
			title=_("Workflow"),
		)
	return status


def state_of(doctype: str, status: str) -> str:
	"""The workflow's state that means `status`: its first one, or the status itself without a workflow."""
	name = get_workflow_name(doctype)
	rows = frappe.get_cached_doc("Workflow", name).states if name else ()
	return next((row.state for row in rows if (row.update_value or row.state) == status), status)


def keep_documents_in_step(workflow: Document, _method: str | None = None) -> None:
	"""After an administrator gave a state another text: records in it carry the new one. Without this each of
	them would be in a state that the workflow does not have, and could not be saved."""
	doctype, field = workflow.document_type, workflow.workflow_state_field
	if not records.is_ours(doctype) or not workflow.is_active:
		return
	if not all(map(frappe.get_meta(doctype).has_field, (FIELD, field))):
		return  # one of an administrator's own, which leads no status
	known = [row.state for row in workflow.states]
	table = frappe.qb.DocType(doctype)
	for row in workflow.states:
		if row.update_field == FIELD and row.update_value:
			(
				frappe.qb.update(table)
				.set(table[field], row.state)
				.where((table[FIELD] == row.update_value) & table[field].notin(known))
			).run()
