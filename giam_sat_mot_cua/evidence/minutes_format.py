"""The layout of minutes: a Print Format that administrators change in the Desk; from it PDF and DOCX."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.evidence.minutes import FORMAT
from giam_sat_mot_cua.papers import page, pdf, word
from giam_sat_mot_cua.papers.page import MissingLibrary, PaperError

FOLDER = Path(__file__).parent / "print_formats"
PDF, DOCX = "pdf", "docx"


def shipped() -> dict:
	"""What a new site starts with."""
	return {
		"html": (FOLDER / "minutes.html").read_text(encoding="utf-8"),
		"css": (FOLDER / "minutes.css").read_text(encoding="utf-8"),
	}


def stored() -> dict:
	"""The layout as the administrators have it; as it ships when they have removed it."""
	found = frappe.db.get_value("Print Format", FORMAT, ["html", "css"], as_dict=True)
	return found if found and found.html else shipped()


def to_html(request: Document, facts: dict) -> str:
	"""PaperError when the layout as it is stored cannot be filled in."""
	layout = stored()
	# the layout asks for its facts by this name (hooks.py, `jinja`); here they are known already
	context = {"doc": request, "handover_minutes": lambda _doc: facts}
	with layout_at_fault():
		body = frappe.render_template(layout["html"], context)
	return page.document(body, layout["css"] or "", title(facts))


def to_pdf(request: Document, facts: dict) -> bytes:
	"""PaperError."""
	html = to_html(request, facts)
	with layout_at_fault():
		return pdf.render(html)


def to_docx(request: Document, facts: dict) -> bytes:
	"""PaperError."""
	html = to_html(request, facts)
	with layout_at_fault():
		return word.render(html, title(facts))


@contextmanager
def layout_at_fault() -> Iterator[None]:
	"""What goes wrong inside is told as a fault of the layout, but for a library that is missing."""
	try:
		yield
	except MissingLibrary as error:
		raise PaperError(
			_(
				"The PDF cannot be made: a library is missing on the server. An administrator runs: {0}"
			).format(error)
		) from error
	except Exception as error:  # a template raises whatever its author's texts cause
		frappe.clear_messages()
		raise PaperError(
			_("The Print Format {0} has a fault: {1}. An administrator mends it.").format(FORMAT, error)
		) from error


def title(facts: dict) -> str:
	return _("Minutes {0}").format(facts["number"])
