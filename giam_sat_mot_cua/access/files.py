"""Attachments: seen and changed by who sees and changes the record they hang on, and never a way to other
files of the server."""

from urllib.parse import unquote

import frappe
from frappe import _
from frappe.utils import cint

from giam_sat_mot_cua.access import records
from giam_sat_mot_cua.compat import NO_OBJECTION


def has_file_permission(doc, ptype: str | None = None, user: str | None = None) -> bool | None:
	"""Frappe's own rules for File apply as well; this only narrows."""
	if leaves_its_folder(doc.get("file_url")) or claims_a_file(doc, user):
		return False
	right = "read" if ptype in (None, "read", "select", "print", "email", "report", "export") else "write"
	attached = doc.get("attached_to_doctype"), doc.get("attached_to_name")
	return NO_OBJECTION if records.sees(*attached, right, user) else False


def claims_a_file(doc, user: str | None = None) -> bool:
	"""Whether the record would be one more for a private file that the user cannot read by any other: Frappe
	lets whoever made a record read its file, and takes the address from him."""
	url = doc.get("file_url") or ""
	if not url.startswith("/private/"):
		return False
	if not doc.is_new() and frappe.db.get_value("File", doc.name, "file_url") == url:
		return False
	others = frappe.get_all("File", {"file_url": url, "name": ("!=", doc.name or "")}, pluck="name")
	return not any(frappe.has_permission("File", "read", doc=other, user=user) for other in others)


def require_readable_files(doc, _method: str | None = None) -> None:
	"""A record may name a file only if the person can read it: Frappe hangs whatever address is named on the
	record, and whoever sees the record then reads the file."""
	if not records.is_ours(doc.doctype):
		return
	for field in doc.meta.get("fields", {"fieldtype": ("in", ("Attach", "Attach Image"))}):
		url = doc.get(field.fieldname)
		if not url or not doc.has_value_changed(field.fieldname):
			continue
		found = frappe.get_all("File", {"file_url": url}, pluck="name", order_by="name")
		if not any(frappe.has_permission("File", "read", doc=name) for name in found):
			frappe.throw(
				_("The file in {0} is not there, or you may not read it. Attach it again.").format(
					frappe.bold(_(field.label))
				),
				frappe.PermissionError,
				title=_("Attachment"),
			)


def keep_private(file, _method: str | None = None) -> None:
	"""A public file is served to everybody who knows its address, and listed for everybody: no file of a
	record of this app is one."""
	if records.is_ours(file.get("attached_to_doctype")) and not cint(file.get("is_private")):
		frappe.throw(
			_("Attachments of this record are private. Tick 'Is Private' for the file and attach it again."),
			title=_("Attachment"),
		)


def leaves_its_folder(url: str | None) -> bool:
	"""Whether an address climbs out of the folder of files, written plainly or encoded."""
	text = url or ""
	for _time in range(3):
		if ".." in text.replace("\\", "/").split("/") or "\0" in text:
			return True
		text = unquote(text)
	return False
