"""The minutes of an evidence package as a file."""

import re

import frappe
from frappe import _
from frappe.model.document import Document
from werkzeug.wrappers import Response

from giam_sat_mot_cua.evidence import access_log, minutes, minutes_format
from giam_sat_mot_cua.papers.page import PaperError

MAKERS = {minutes_format.PDF: minutes_format.to_pdf, minutes_format.DOCX: minutes_format.to_docx}
MIME = {
	minutes_format.PDF: "application/pdf",
	minutes_format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@frappe.whitelist(methods=["GET"])
def download(request: str | None = None, form: str | None = None) -> Response:
	"""The handover minutes of the Extraction Request `request`, as they stand now; `form`: `pdf`, `docx`. By
	operators, who asked for the footage and who decided about it. Each one that is made is on the access log.
	Raises PermissionError, ValidationError."""
	if form not in MAKERS:
		frappe.throw(_("Minutes are made as PDF or DOCX."), title=_(minutes.TITLE))
	doc = minutes.printable(request)
	facts = minutes.of_handover(doc)
	try:
		content = MAKERS[form](doc, facts)
	except PaperError as error:
		frappe.throw(str(error), title=_(minutes.TITLE))
	note(doc, facts["package"]["name"], form)
	answer = Response(content, mimetype=MIME[form])
	name = file_name(facts["package"]["name"], form)
	answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
	answer.headers["Cache-Control"] = "no-store"
	return answer


def note(request: Document, package: str, form: str) -> None:
	access_log.note(access_log.MINUTES, reason=f"{package}, {form.upper()}", about=request)
	frappe.db.commit()  # Frappe rolls a GET back


def file_name(package: str, form: str) -> str:
	"""Of letters that every system and every header takes: a site may number its packages otherwise."""
	return f"bien-ban-ban-giao-{re.sub(r'[^A-Za-z0-9._-]+', '-', package)}.{form}"
