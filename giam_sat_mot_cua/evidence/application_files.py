"""Files of applications: what somebody without a login sent stays as it is, and that of an Extraction Request
as it was submitted."""

import frappe
from frappe import _
from frappe.core.doctype.file.file import File
from frappe.model.document import Document

from giam_sat_mot_cua.evidence import application_form, request_people
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states

DOCTYPE = "Extraction Request"
KEPT = ("attached_to_doctype", "attached_to_name", "file_url", "content_hash", "is_private")


class KeptFile(File):
	"""A File that refuses before Frappe does anything: it removes the bytes from the disk in `on_trash`, and
	no rollback brings them back."""

	def validate(self):
		keep_as_it_is(self)
		super().validate()

	def on_trash(self):
		if is_kept(self.attached_to_doctype, self.attached_to_name):
			refuse()
		super().on_trash()


def keep_as_it_is(file: Document) -> None:
	if file.is_new():
		# the signed minutes come when the package is there
		if is_kept(file.attached_to_doctype, file.attached_to_name) and not request_people.is_operator():
			refuse()
		return
	stored = frappe.db.get_value("File", file.name, KEPT, as_dict=True)
	if not stored or not is_kept(stored.attached_to_doctype, stored.attached_to_name):
		return
	if any((file.get(field) or None) != (stored[field] or None) for field in KEPT):
		refuse()


def is_kept(doctype: str | None, name: str | None) -> bool:
	if doctype == application_form.DOCTYPE:
		return True
	if doctype != DOCTYPE or not name:
		return False
	status = frappe.db.get_value(DOCTYPE, name, "status")
	return bool(status) and status not in states.OPEN


def refuse() -> None:
	frappe.throw(
		_("The request has been submitted: its files stay as they are."),
		frappe.PermissionError,
		title=_(DOCTYPE),
	)
