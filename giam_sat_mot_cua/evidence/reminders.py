"""Requests and applications whose next step is overdue: whoever is to take it is told, once a day."""

from collections.abc import Callable

import frappe
from frappe import _
from frappe.utils import add_days, now_datetime

from giam_sat_mot_cua.evidence import application_form, applications, request_people
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states
from giam_sat_mot_cua.organization import notices

DOCTYPE = "Extraction Request"


def remind() -> list[str]:
	"""Every hour. Names of the records that somebody was told of."""
	return [
		*remind_of(
			DOCTYPE,
			states.WAITING,
			_("A request for footage is overdue since {0}: {1}."),
			who_is_late,
		),
		*remind_of(
			application_form.DOCTYPE,
			(applications.RECEIVED,),
			_("An application from outside waits to be taken over since {0}: {1}."),
			lambda _application: request_people.operators(),
		),
	]


def remind_of(doctype: str, statuses: tuple[str, ...], text: str, who: Callable) -> list[str]:
	"""`text`: with places for the time that is over and the name; `who`: the logins that are to act on a
	record."""
	now = now_datetime()
	waiting = {"status": ("in", statuses), "due_on": ("<", now)}
	told = []
	for row in frappe.get_all(doctype, waiting, ["name", "reminded_on"], order_by="due_on"):
		if row.reminded_on and row.reminded_on > add_days(now, -1):
			continue
		doc = frappe.get_doc(doctype, row.name)
		due = frappe.format(doc.due_on, "Datetime")
		notices.tell(who(doc), text.format(due, doc.name), doc)
		frappe.db.set_value(doctype, row.name, "reminded_on", now, update_modified=False)
		told.append(row.name)
	return told


def who_is_late(request) -> list[str]:
	if request.status == states.SUBMITTED:
		return request_people.operators()
	return [*notices.deciders(request.unit), *request_people.operators()]
