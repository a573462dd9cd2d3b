"""Values that no field can hold. The Desk's forms do not send such; a program may, and Frappe would answer it
with a fault of its own instead of a message."""

import math

import frappe
from frappe import _
from frappe.model import table_fields
from frappe.utils import cstr, get_datetime, getdate

from giam_sat_mot_cua.access import records

YEARS = range(1900, 2201)
MOST_BYTES = 65_535  # of a text column in MariaDB
SHORT_TEXTS = ("Small Text", "Text")
STRUCTURED = ("JSON", "Geolocation")
NUMBERS = ("Int", "Float", "Currency", "Percent", "Check")
DOCUMENTS = ("doc", "docs")  # names under which methods of Frappe take records


def check_request(request: dict, resource: str | None) -> None:
	"""Raises frappe.ValidationError when `request` holds a record of this app with a value that its field
	cannot hold. `resource`: the DocType whose record the request itself is."""
	if resource:
		check(resource, parsed(request.get("data")) or request)
	for name in DOCUMENTS:
		sent = parsed(request.get(name))
		for doc in sent if isinstance(sent, list) else [sent]:
			if isinstance(doc, dict):
				check(doc.get("doctype"), doc)
	values = parsed(request.get("fieldname"))
	if "value" in request and isinstance(values, str):
		check(request.get("doctype"), {values: request["value"]})
	elif isinstance(values, dict):
		check(request.get("doctype"), values)


def check(doctype, values) -> None:
	if not isinstance(doctype, str) or not isinstance(values, dict) or not records.is_ours(doctype):
		return
	for df in frappe.get_meta(doctype).fields:
		value = values.get(df.fieldname)
		if value in (None, ""):
			continue
		if df.fieldtype in table_fields:
			rows = parsed(value)
			if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
				refuse(df, _("It is a table: send a list of rows."))
			for row in rows:
				check(df.options, row)
		elif df.fieldtype not in STRUCTURED:
			check_value(df, value)


def check_value(df, value) -> None:
	if not isinstance(value, str | int | float):
		refuse(df, _("It holds one value: write it as text or a number."))
	if df.fieldtype in ("Date", "Datetime") and not (isinstance(value, str) and is_date(value)):
		refuse(df, _("Write a date like 2026-01-31, between the years 1900 and 2200."))
	if df.fieldtype in NUMBERS and not is_number(value):
		refuse(df, _("Write a number."))
	if df.fieldtype in SHORT_TEXTS and len(str(value).encode()) > MOST_BYTES:
		refuse(df, too_long())


def too_long() -> str:
	return _("The text is too long. Attach it as a file.")


def short_text(value) -> str:
	"""What a person wrote into a dialog, for a field of the kind Small Text. Raises ValidationError when it
	is longer than that."""
	text = cstr(value).strip()
	if len(text.encode()) > MOST_BYTES:
		frappe.throw(too_long())
	return text


def is_date(value) -> bool:
	try:
		return getdate(get_datetime(str(value))).year in YEARS
	except Exception:  # the parser of Frappe raises many kinds
		return False


def is_number(value) -> bool:
	try:
		return math.isfinite(float(value))
	except ValueError:
		return False


def parsed(value):
	if not isinstance(value, str) or value.strip()[:1] not in ("[", "{", '"'):
		return value
	try:
		return frappe.parse_json(value)
	except ValueError:
		return value


def refuse(df, what: str) -> None:
	frappe.throw(
		_("{0} cannot be stored. {1}").format(frappe.bold(_(df.label or df.fieldname)), what),
		title=_(df.parent),
	)
