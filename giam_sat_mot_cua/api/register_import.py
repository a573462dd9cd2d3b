"""Import of units and cameras from Excel: template, upload, check, import, progress. Permission first."""

import re

import frappe
from frappe import _
from werkzeug.wrappers import Response

from giam_sat_mot_cua.organization.register import job, slot, stored_file, template, workbook
from giam_sat_mot_cua.organization.register.faults import Unreadable

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEMPLATE_NAME = "mau-nhap-don-vi-camera.xlsx"
LONGEST_FILE_NAME = 140


@frappe.whitelist(methods=["GET"])
def download_template() -> Response:
	"""The empty file to fill in, with the columns of today."""
	if not frappe.has_permission(job.DOCTYPE, "create"):
		raise frappe.PermissionError
	answer = Response(template.build(), mimetype=XLSX)
	answer.headers["Content-Disposition"] = f'attachment; filename="{TEMPLATE_NAME}"'
	answer.headers["Cache-Control"] = "no-store"
	return answer


@frappe.whitelist(methods=["POST"])
def upload(name: str | None = None) -> dict:
	"""Takes the file of the request (multipart, part `file`) into the Register Import `name`, or into a new
	one. {"name"}. Throws for what is no readable .xlsx file."""
	document = writable(name) if name else new_document()
	if document.status == "Imported":
		frappe.throw(_("This import is done. Add a new one for another file."), title=_("Register Import"))
	file = frappe.request.files.get("file") if frappe.request else None
	if not file:
		frappe.throw(_("Choose an Excel file (.xlsx) first."), title=_("Register Import"))
	file_name = plain_name(file.filename)
	sha256 = stored_file.keep(document.name, checked(file_name, file.stream.read(workbook.MOST_BYTES + 1)))
	cleared = {field: 0 for field in ("unit_count", "camera_count", "error_count")}
	cleared |= {field: None for field in ("run", "started_by", "started_at", "ended_at")}
	told = {"status": "Draft", "message": _("The file is on the server. Press Check next."), "errors": "[]"}
	document.db_set({**cleared, **told, "file_name": file_name, "file_sha256": sha256, "file_stored": 1})
	return {"name": document.name}


@frappe.whitelist(methods=["POST"])
def check(name: str) -> dict:
	"""Starts a check that writes nothing. {"status"}"""
	return start(name, job.CHECKING, ("Draft", "Has Errors", "Checked", "Failed"))


@frappe.whitelist(methods=["POST"])
def run(name: str) -> dict:
	"""Starts the import of a checked file. {"status"}"""
	return start(name, job.IMPORTING, ("Checked",))


@frappe.whitelist(methods=["GET"])
def progress(name: str) -> dict:
	"""{"status", "done", "total", "waiting"}: rows of the check or import that runs; `waiting` while the job
	has not begun."""
	readable(name)
	job.give_up_if_dead(name)
	status, run = frappe.db.get_value(job.DOCTYPE, name, ["status", "run"])
	done, total = slot.told(run) if run else (0, 0)
	return {"status": status, "done": done, "total": total, "waiting": status in job.RUNNING and not total}


@frappe.whitelist(methods=["POST"])
def delete_file(name: str) -> dict:
	"""Removes the uploaded file from the server; the record of what it was stays. {"status"}"""
	document = writable(name)
	stored_file.remove(document.name)
	document.db_set("file_stored", 0)
	if document.status == "Checked":
		document.db_set(
			{"status": "Draft", "message": _("The file is no longer on the server. Choose it again.")}
		)
	return {"status": document.status}


def start(name: str, status: str, allowed: tuple[str, ...]) -> dict:
	document = writable(name)
	if not document.file_stored:
		frappe.throw(_("Choose an Excel file (.xlsx) first."), title=_("Register Import"))
	if document.status not in allowed:
		frappe.throw(
			_("Check the file first; only a file without errors is imported."), title=_("Register Import")
		)
	job.start(document.name, status)
	return {"status": status}


def readable(name: str):
	document = frappe.get_doc(job.DOCTYPE, name)
	document.check_permission("read")
	return document


def writable(name: str):
	"""The record, locked against a second click, when the user may change it and nothing runs."""
	document = frappe.get_doc(job.DOCTYPE, name, for_update=True)
	document.check_permission("write")
	document.refuse_while_running()
	return document


def new_document():
	return frappe.new_doc(job.DOCTYPE).insert()


def plain_name(name: str | None) -> str:
	last = re.split(r"[\\/]", name or "")[-1]
	return re.sub(r"[<>\x00-\x1f]", "", last).strip()[-LONGEST_FILE_NAME:]


def checked(file_name: str, content: bytes) -> bytes:
	try:
		if not file_name.lower().endswith(".xlsx"):
			raise Unreadable(_("Only Excel files of the type .xlsx are read. Save the file as .xlsx first."))
		workbook.require_xlsx(content)
	except Unreadable as error:
		refusal = str(error)
	else:
		return content
	frappe.throw(refusal, title=_("Register Import"))
