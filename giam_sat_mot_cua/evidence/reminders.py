"""Requests whose next step is overdue: whoever is to take it is told, once a day."""

import frappe
from frappe import _
from frappe.utils import add_days, now_datetime

from giam_sat_mot_cua.evidence import request_people
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states
from giam_sat_mot_cua.organization import notices

DOCTYPE = "Extraction Request"


def remind() -> list[str]:
	"""Every hour. Names of the requests that somebody was told of."""
	now = now_datetime()
	waiting = {"status": ("in", states.WAITING), "due_on": ("<", now)}
	told = []
	for row in frappe.get_all(DOCTYPE, waiting, ["name", "reminded_on"], order_by="due_on"):
		if row.reminded_on and row.reminded_on > add_days(now, -1):
			continue
		request = frappe.get_doc(DOCTYPE, row.name)
		text = _("A request for footage is overdue since {0}: {1}.")
		due = frappe.format(request.due_on, "Datetime")
		notices.tell(who_is_late(request), text.format(due, request.name), request)
		frappe.db.set_value(DOCTYPE, row.name, "reminded_on", now, update_modified=False)
		told.append(row.name)
	return told


def who_is_late(request) -> list[str]:
	if request.status == states.SUBMITTED:
		return request_people.operators()
	return [*notices.deciders(request.unit), *request_people.operators()]
