"""How far an application from outside has come, in words for who sent it. Told are the state, reasons and the
place where footage is collected; no camera, no name of an official."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import format_datetime

from giam_sat_mot_cua.evidence import applications
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states

CHECKING = (states.DRAFT, states.SUBMITTED)
PREPARING = (states.APPROVED, states.EXPORTING)
DONE = (states.HANDED_OVER, states.CLOSED)


def told(application: Document) -> dict:
	"""{"number", "received_on", "steps": [{"state", "text", "reason", "where"}]}: one step for each unit that
	decides, since an application over several units becomes several requests."""
	return {
		"number": application.name,
		"received_on": format_datetime(application.received_on),
		"steps": steps(application),
	}


def steps(application: Document) -> list[dict]:
	if application.status == applications.RECEIVED:
		return [step(_("Received"), _("Your application has arrived. An officer has not taken it over yet."))]
	if application.status == applications.REFUSED:
		return [
			step(_("Refused"), _("Your application was not taken over, for this reason:"), application.reason)
		]
	requests = frappe.get_all(
		"Extraction Request",
		{"application": application.name},
		["status", "unit", "decision_reason"],
		order_by="creation",
	)
	return [step_of(row) for row in requests]


def step(state: str, text: str, reason: str | None = None, where: str | None = None) -> dict:
	return {"state": state, "text": text, "reason": reason, "where": where}


def step_of(request) -> dict:
	"""Of one request: {"status", "unit", "decision_reason"}."""
	unit = frappe.db.get_value("Monitored Unit", request.unit, "unit_name") if request.unit else None
	status, reason = request.status, request.decision_reason
	if status in CHECKING:
		return step(_("Taken Over"), _("An officer has taken your application over and checks it."))
	if status == states.CHECKED:
		text = _("Your application was checked. It waits for the decision of the leader of {0}.")
		return step(_("Waiting for the Decision"), text.format(unit))
	if status in PREPARING:
		return step(_("Approved"), _("The leader of {0} has approved. The footage is prepared.").format(unit))
	if status == states.REJECTED:
		return step(_("Rejected"), _("The leader of {0} has rejected, for this reason:").format(unit), reason)
	if status == states.RETURNED:
		return step(_("Returned"), _("Your application has to be corrected or completed:"), reason)
	if status == states.WITHDRAWN:
		return step(_("Withdrawn"), _("The handling of your application has ended, for this reason:"), reason)
	if status == states.READY:
		text = _("The footage of {0} is ready. Bring your identity paper when you collect it.").format(unit)
		return step(_("Ready"), text, where=managing_unit())
	if status in DONE:
		return step(_("Handed Over"), _("The footage of {0} has been handed over.").format(unit))
	return step(_("Expired"), _("The footage of {0} was not collected in time and is gone.").format(unit))


def managing_unit() -> str | None:
	"""Name, address and phone of the managing unit, which hands footage over and takes papers."""
	row = frappe.db.get_value(
		"Monitored Unit",
		{"unit_role": "Managing Unit", "active": 1},
		["unit_name", "address", "phone"],
		as_dict=True,
	)
	return ", ".join(part for part in (row.unit_name, row.address, row.phone) if part) if row else None
