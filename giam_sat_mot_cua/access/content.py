"""What may be stored in a record of this app, and what its history may tell."""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access import records, scope

WRITTEN = ("Data", "Small Text")
PLAIN = ("Data", "Small Text", "Text", "Long Text", "Link", "Select")
FORMULA = re.compile(r"\s*(?:[=@]|[+-](?![\d\s().-]*$))")  # a phone number is none
MARKUP = re.compile(r"<\s*[a-zA-Z/!?]")
HIDDEN = "***"
# Letters that look like nothing, though Unicode calls them letters
BLANK = frozenset("\u115f\u1160\u3164\uffa0")
LINES = "\n\t\r"
LONGEST_TEXT = 10_000


def refuse_markup(doc: Document, _method: str | None = None) -> None:
	"""HTML in a plain field could run in somebody else's browser. Frappe cleans such texts, but for those
	that look like JSON."""
	for field, text in texts(doc, PLAIN):
		if MARKUP.search(text) or "\0" in text:
			refuse(
				doc,
				field,
				_("{0} holds characters of a program text (< followed by a letter). Write it without them."),
			)


def refuse_odd_letters(doc: Document, _method: str | None = None) -> None:
	"""Letters that nobody sees, or that turn a text round: what is read on a paper, or in a list, would not
	be what is stored."""
	for field, text in texts(doc, WRITTEN):
		if not doc.has_value_changed(field.fieldname):
			continue
		if any(is_odd(letter) and letter not in LINES for letter in text):
			refuse(doc, field, _("{0} holds characters that cannot be seen. Write it again by hand."))
		if len(text) > LONGEST_TEXT:
			refuse(doc, field, _("{0} is too long: at most {1} letters."), LONGEST_TEXT)


def is_odd(letter: str) -> bool:
	"""A control character, a half of one, one of nobody's, or one that is not seen or turns the text."""
	return letter in BLANK or unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn")


def refuse_formula(doc: Document, _method: str | None = None) -> None:
	"""A name that begins like a formula is one to the spreadsheet program that opens an exported list."""
	for field, text in texts(doc, ("Data",)):
		if FORMULA.match(text):
			refuse(
				doc,
				field,
				_("{0} cannot begin with =, @, + or -: spreadsheet programs take that for a formula."),
			)


def texts(doc: Document, fieldtypes: tuple[str, ...]) -> Iterator[tuple[Any, str]]:
	"""(field, its text) of a document of this app."""
	if not records.is_ours(doc.doctype):
		return
	for field in doc.meta.get("fields", {"fieldtype": ("in", fieldtypes)}):
		value = doc.get(field.fieldname)
		if isinstance(value, str):
			yield field, value


def refuse(doc: Document, field, text: str, *values: object) -> None:
	label = frappe.bold(_(field.label or field.fieldname))
	frappe.throw(text.format(label, *values), title=_(doc.doctype))


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
