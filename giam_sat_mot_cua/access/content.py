"""What may be stored in a record of this app, and what its history may tell."""

import json
import re
import unicodedata

import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access import records, scope

WRITTEN = ("Data", "Small Text")
PLAIN = ("Data", "Small Text", "Text", "Long Text", "Link", "Select")
FORMULA = re.compile(r"\s*[=@]|[+-](?![\d\s().-]*$)")  # a phone number is none
MARKUP = re.compile(r"<\s*[a-zA-Z/!?]")
HIDDEN = "***"
# Letters that look like nothing, though Unicode calls them letters
BLANK = frozenset("\u115f\u1160\u3164\uffa0")
LINES = "\n\t\r"
LONGEST_TEXT = 10_000


def refuse_markup(doc: Document, _method: str | None = None) -> None:
	"""HTML in a plain field could run in somebody else's browser. Frappe cleans such texts, but for those
	that look like JSON."""
	if not records.is_ours(doc.doctype):
		return
	for field in doc.meta.get("fields", {"fieldtype": ("in", PLAIN)}):
		value = doc.get(field.fieldname)
		if isinstance(value, str) and (MARKUP.search(value) or "\0" in value):
			frappe.throw(
				_(
					"{0} holds characters of a program text (< followed by a letter). Write it without them."
				).format(frappe.bold(_(field.label or field.fieldname))),
				title=_(doc.doctype),
			)


def refuse_odd_letters(doc: Document, _method: str | None = None) -> None:
	"""Letters that nobody sees, or that turn a text round: what is read on a paper, or in a list, would not
	be what is stored."""
	if not records.is_ours(doc.doctype):
		return
	for field in doc.meta.get("fields", {"fieldtype": ("in", WRITTEN)}):
		value = doc.get(field.fieldname)
		if not isinstance(value, str) or not doc.has_value_changed(field.fieldname):
			continue
		label = frappe.bold(_(field.label or field.fieldname))
		if any(is_odd(letter) and letter not in LINES for letter in value):
			text = _("{0} holds characters that cannot be seen. Write it again by hand.")
			frappe.throw(text.format(label), title=_(doc.doctype))
		if len(value) > LONGEST_TEXT:
			text = _("{0} is too long: at most {1} letters.").format(label, LONGEST_TEXT)
			frappe.throw(text, title=_(doc.doctype))


def is_odd(letter: str) -> bool:
	"""A control character, a half of one, one of nobody's, or one that is not seen or turns the text."""
	return letter in BLANK or unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn")


def refuse_formula(doc: Document, _method: str | None = None) -> None:
	"""A name that begins like a formula is one to the spreadsheet program that opens an exported list."""
	if not records.is_ours(doc.doctype):
		return
	for field in doc.meta.get("fields", {"fieldtype": "Data"}):
		if FORMULA.match(str(doc.get(field.fieldname) or "")):
			frappe.throw(
				_("{0} cannot begin with =, @, + or -: spreadsheet programs take that for a formula.").format(
					frappe.bold(_(field.label or field.fieldname))
				),
				title=_(doc.doctype),
			)


def hide_guarded_values(version: Document, _method: str | None = None) -> None:
	"""A record's history is read by everybody who sees the record: it says that a guarded field changed, not
	from what to what (Article 5.3)."""
	if not records.is_ours(version.ref_doctype) or not version.data:
		return
	guarded = scope.guarded_fields(version.ref_doctype)
	data = json.loads(version.data)
	for change in data.get("changed") or []:
		if change[0] in guarded:
			change[1:] = [HIDDEN, HIDDEN]
	version.data = frappe.as_json(data, indent=None)
