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
	if leaves_its_folder(doc.get("file_url")):
		return False
	right = "read" if ptype in (None, "read", "select", "print", "email", "report", "export") else "write"
	attached = doc.get("attached_to_doctype"), doc.get("attached_to_name")
	return NO_OBJECTION if records.sees(*attached, right, user) else False


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
