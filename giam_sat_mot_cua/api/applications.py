"""The public side of applications for footage, for people without a login, and an operator's two steps.

What a visitor may do is counted for each address by Frappe's `rate_limit`; Frappe takes the address from
`X-Forwarded-For`, which the proxy has to set itself (docs/operations.md).
"""

from collections.abc import Callable

import frappe
from frappe import _
from frappe.rate_limiter import rate_limit
from frappe.utils import cstr, format_datetime

from giam_sat_mot_cua.evidence import (
	application_form,
	application_progress,
	application_scans,
	applications,
	receipt_codes,
)

# An office with many people has one address; a person who corrects a form sends it a few times
FORMS_AN_HOUR, LOOKS_IN_TEN_MINUTES = 60, 60
LONGEST = 140


@rate_limit(limit=FORMS_AN_HOUR, seconds=3600)
def count_form() -> None:
	"""Raises ValidationError when this address has sent too many."""


@rate_limit(limit=LOOKS_IN_TEN_MINUTES, seconds=600)
def count_look() -> None:
	"""Raises ValidationError when this address has asked too often."""


# xss_safe: Frappe would change what a visitor wrote where it looks like HTML; here the form refuses it
@frappe.whitelist(allow_guest=True, xss_safe=True, methods=["POST"])
def apply(**sent) -> dict:
	"""Takes an application: the fields of the form, and the file `scan`. {"number", "code", "received_on"};
	{"faults": {field: text}} with status 417 when something is to be corrected, {"problem": text} with 429
	when there are too many. The code is told here and never again."""
	if is_over(count_form):
		return problem(_("Too many applications were sent from your network. Try again in an hour."), 429)
	try:
		applications.require_room()  # before a file is opened
		values, scan = checked(sent)
		doc, code = applications.receive(values, scan, frappe.local.request_ip)
	except application_form.Refused as refused:
		frappe.local.response["http_status_code"] = 417
		return {"faults": refused.faults}
	except applications.Full:
		return problem(full(), 429)
	return {"number": doc.name, "code": code, "received_on": format_datetime(doc.received_on)}


@frappe.whitelist(allow_guest=True, xss_safe=True, methods=["POST"])
def follow(number: str | None = None, receipt_code: str | None = None) -> dict:
	"""How far an application has come (evidence/application_progress.py), for who knows its number and its
	receipt code; {"problem": text} with status 404, the same for a wrong number and a wrong code, and with
	429 after too many attempts."""
	if is_over(count_look):
		return problem(_("Too many attempts from your network. Try again in ten minutes."), 429)
	number, receipt_code = cstr(number).strip().upper()[:LONGEST], cstr(receipt_code)[:LONGEST]
	stored = frappe.db.get_value(application_form.DOCTYPE, number, "receipt_hash") if number else None
	if not receipt_codes.fits(number, receipt_code, stored):
		return problem(
			_("No application has this number and this code. Compare both with your receipt."), 404
		)
	return application_progress.told(frappe.get_doc(application_form.DOCTYPE, number))


@frappe.whitelist(methods=["POST"])
def take_over(application: str | None = None) -> dict:
	"""Makes an Extraction Request of `application`: {"request": name}. By operators of the managing unit."""
	return {"request": applications.take_over(cstr(application))}


@frappe.whitelist(methods=["POST"])
def refuse(application: str | None = None, reason: str | None = None) -> None:
	"""Refuses `application` with a reason that the applicant reads. By operators of the managing unit."""
	applications.refuse(cstr(application), reason)


def checked(sent: dict) -> tuple[dict, tuple[bytes, str]]:
	"""(values of the form, scan); raises Refused with the faults of both, so that nobody corrects twice."""
	faults, values, scan = {}, {}, (b"", "")
	try:
		values = application_form.read(sent)
	except application_form.Refused as refused:
		faults |= refused.faults
	try:
		scan = application_scans.read(frappe.request.files.get(application_form.SCAN))
	except application_form.Refused as refused:
		faults |= refused.faults
	if faults:
		raise application_form.Refused(faults)
	return values, scan


def is_over(count: Callable) -> bool:
	"""Whether the limit of `count` has been reached. Versions of Frappe answer it with different states."""
	try:
		count()
	except frappe.ValidationError:
		frappe.clear_last_message()
		return True
	return False


def problem(text: str, status: int) -> dict:
	frappe.local.response["http_status_code"] = status
	return {"problem": text}


def full() -> str:
	text = _("No more applications are taken here today. Send it tomorrow, or bring it on paper.")
	place = application_progress.managing_unit()
	return f"{text} {place}." if place else text
