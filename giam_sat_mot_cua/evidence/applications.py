"""Applications from people without a login: received, and then taken over as an Extraction Request or refused
by an operator of the managing unit."""

import ipaddress

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.query_builder.functions import Count
from frappe.utils import add_to_date, cint, cstr, escape_html, get_datetime, getdate, now_datetime

from giam_sat_mot_cua.access import turns
from giam_sat_mot_cua.access.values import short_text
from giam_sat_mot_cua.evidence import (
	application_form,
	application_scans,
	receipt_codes,
	request_people,
)
from giam_sat_mot_cua.evidence.application_form import DOCTYPE
from giam_sat_mot_cua.organization import notices

RECEIVED, TAKEN_OVER, REFUSED = "Received", "Taken Over", "Refused"
TITLE = DOCTYPE
# Of the request's own, or put together for it
NOT_COPIED = ("unit", "from_time", "to_time", "wanted", "scan")


class Full(Exception):
	"""So many applications arrived today that no more are taken."""


def receive(values: dict, scan: tuple[bytes, str], address: str | None) -> tuple[Document, str]:
	"""(the stored application, its receipt code). `values`: of application_form.read; `scan`: (content,
	ending); `address`: where it came from. Raises Full."""
	turns.take_for_person(DOCTYPE)
	require_room(exactly=True)
	now = now_datetime().replace(microsecond=0)
	hours = cint(frappe.db.get_single_value("Monitoring Settings", "extraction_check_hours"))
	code = receipt_codes.make()
	doc = frappe.new_doc(DOCTYPE)
	doc.update(values)
	doc.update({"received_on": now, "due_on": add_to_date(now, hours=hours)})
	doc.from_address = plain_address(address)
	doc.flags.by_system = True
	doc.flags.ignore_mandatory = True  # the scan needs the number; the form has been checked
	doc.insert(ignore_permissions=True)  # who sends it has no login
	doc.db_set(
		{
			"scan": application_scans.keep(doc, *scan),
			"receipt_hash": receipt_codes.hashed(doc.name, code),
		},
		update_modified=False,
	)
	text = _("An application for footage from outside has arrived: {0}.")
	notices.tell(request_people.operators(), text.format(doc.name), doc)
	return doc, code


def require_room(exactly: bool = False) -> None:
	"""Raises Full when today's applications are as many as the settings allow. `exactly`, in the turn of the
	DocType: a locking read, which counts what others committed after this transaction began."""
	table = frappe.qb.DocType(DOCTYPE)
	query = frappe.qb.from_(table).select(Count("*")).where(table.received_on >= get_datetime(getdate()))
	most = cint(frappe.db.get_single_value("Monitoring Settings", "applications_per_day"))
	if (query.for_update() if exactly else query).run()[0][0] >= most:
		raise Full


def plain_address(address: str | None) -> str | None:
	"""A proxy may pass on whatever a client wrote."""
	try:
		return str(ipaddress.ip_address(cstr(address)))
	except ValueError:
		return None


def take_over(name: str) -> str:
	"""Makes an Extraction Request of the application `name`, a draft of the session's user, and returns its
	name; once, however often and by however many this is called. Raises PermissionError, ValidationError."""
	doc = for_handling(name)
	if doc.status == TAKEN_OVER and doc.handled_by == frappe.session.user:
		return doc.request
	require_received(doc)
	request = request_of(doc)
	doc.request = request.name
	close(doc, TAKEN_OVER)
	return request.name


def refuse(name: str, reason) -> None:
	"""With a reason, which the applicant reads. Raises PermissionError, ValidationError."""
	doc = for_handling(name)
	require_received(doc)
	reason = short_text(reason)
	request_people.require_reason(reason)
	doc.reason = reason
	close(doc, REFUSED)


def for_handling(name: str) -> Document:
	request_people.require_operator()
	doc = frappe.get_doc(DOCTYPE, cstr(name), for_update=True)  # in its turn, as it is now
	doc.check_permission("read")
	return doc


def require_received(doc: Document) -> None:
	if doc.status == RECEIVED:
		return
	who = frappe.db.get_value("User", doc.handled_by, "full_name") or doc.handled_by
	text = _("{0} has handled this application already: {1}.")
	frappe.throw(text.format(frappe.bold(escape_html(who)), _(doc.status)), title=_(TITLE))


def request_of(application: Document) -> Document:
	"""A new request with what the application says; fields that an administrator added to both are copied."""
	request = frappe.new_doc("Extraction Request")
	for df in application_form.fields():
		if df.fieldname not in NOT_COPIED and request.meta.has_field(df.fieldname):
			request.set(df.fieldname, application.get(df.fieldname))
	request.update(
		{
			"requester_kind": request_people.OUTSIDE,
			"wanted": application_form.in_words(application),
			"delivery": "Handed Over on a Medium",  # a download needs a login
			"application_number": application.name,
			"application_date": getdate(application.received_on),
		}
	)
	request.flags.from_application = application.name
	request.insert()
	request.application_document = application_scans.copy(application, request)
	request.save()
	return request


def close(doc: Document, status: str) -> None:
	doc.update({"status": status, "handled_by": frappe.session.user, "handled_on": now_datetime()})
	doc.flags.by_system = True
	doc.save(ignore_permissions=True)  # no role writes this record; operators do by these two steps
