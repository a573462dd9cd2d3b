"""The scan of the signed application that somebody without a login sends: judged by its content, kept as a
private file under a name of our own."""

import subprocess
import sys
from pathlib import Path

import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.evidence.application_form import DOCTYPE, SCAN, Refused

LARGEST_BYTES = 10_000_000  # with the texts less than Frappe takes in one request
PATIENCE_S = 20
READER = Path(__file__).with_name("scan_reader.py")
ENDINGS = {"pdf": "pdf", "jpeg": "jpg", "png": "png"}
ATTACHMENTS = "Home/Attachments"


def read(sent) -> tuple[bytes, str]:
	"""(content, ending) of the uploaded file `sent`, or of None. Raises Refused."""
	content = sent.stream.read(LARGEST_BYTES + 1) if sent else b""
	if not content:
		refuse(_("Choose the file with the signed application."))
	if len(content) > LARGEST_BYTES:
		refuse(_("The file is larger than {0} MB. Scan it with fewer dots an inch.").format(10))
	kind = judged(content)
	if kind == "encrypted":
		refuse(_("The file asks for a password. Save it without one."))
	if kind not in ENDINGS:
		refuse(_("The file cannot be opened as PDF, JPEG or PNG. Scan or photograph the application again."))
	return content, ENDINGS[kind]


def judged(content: bytes) -> str:
	"""What scan_reader.py says of it."""
	try:
		done = subprocess.run(
			[sys.executable, "-I", str(READER)],
			input=content,
			stdout=subprocess.PIPE,
			stderr=subprocess.DEVNULL,
			timeout=PATIENCE_S,
		)
	except subprocess.TimeoutExpired:
		return "unreadable"
	return done.stdout.decode(errors="replace")


def refuse(what: str) -> None:
	raise Refused({SCAN: what})


def keep(application: Document, content: bytes, ending: str) -> str:
	"""Stores the scan with `application`; its address. The File hangs on the record only once it is stored:
	Frappe would write a comment on a record that its sender does not see. Nobody's login owns it, since
	Frappe lets an owner read his files."""
	file = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": f"{application.name}.{ending}",
			"folder": ATTACHMENTS,
			"is_private": 1,
			"content": content,
		}
	)
	file.insert(ignore_permissions=True)  # who sends it has no login
	hung = {"attached_to_doctype": DOCTYPE, "attached_to_name": application.name, "attached_to_field": SCAN}
	frappe.db.set_value("File", file.name, {**hung, "owner": "Administrator"}, update_modified=False)
	return file.file_url


def copy(application: Document, request: Document) -> str:
	"""Hangs the scan on `request` as well: files are read with the record that they hang on. Its address."""
	hung = {"attached_to_doctype": DOCTYPE, "attached_to_name": application.name, "attached_to_field": SCAN}
	file = frappe.copy_doc(frappe.get_doc("File", hung))
	file.update({"attached_to_doctype": request.doctype, "attached_to_name": request.name})
	file.attached_to_field = "application_document"
	file.insert(ignore_permissions=True)  # with the request
	return file.file_url
