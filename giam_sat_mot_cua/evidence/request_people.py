"""Who handles Extraction Requests, and who is told what of them."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cstr

from giam_sat_mot_cua.access import roles, scope
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states
from giam_sat_mot_cua.organization import notices

OPERATORS = (roles.MONITORING_OPERATOR, roles.MONITORING_ADMINISTRATOR)
OUTSIDE = "Outside Person or Body"  # who asks without a login
SHORTEST_REASON = 10


def is_operator(user: str | None = None) -> bool:
	"""Whether `user` (default: the session's) checks and hands over for the managing unit (Article 8.1)."""
	user = user or frappe.session.user
	if user == "Administrator":
		return True
	return scope.acts_for_managing_unit(user) and bool(set(OPERATORS).intersection(frappe.get_roles(user)))


def require_operator() -> None:
	"""Raises PermissionError for everybody but operators of the managing unit."""
	if not is_operator():
		frappe.throw(
			_("Only an operator of the managing unit checks and hands over requests."),
			frappe.PermissionError,
			title=_("Extraction Request"),
		)


def require_reason(reason: str | None) -> None:
	"""Throws when nobody could make anything of it."""
	if len(cstr(reason).strip()) < SHORTEST_REASON:
		frappe.throw(
			_("Write the reason, in at least {0} letters: who asked reads it.").format(SHORTEST_REASON),
			title=_("Reason"),
		)


def tell(request: Document) -> None:
	"""Tells whoever is to act now, or whom the new state concerns."""
	if request.status == states.SUBMITTED:
		notices.tell(
			operators(), _("A request for footage is to be checked: {0}.").format(request.name), request
		)
	elif request.status == states.CHECKED:
		text = _("A request for footage of your counter waits for your decision: {0}.")
		notices.tell(notices.deciders(request.unit), text.format(request.name), request)
	elif request.status != states.DRAFT:
		text = _("The request for footage {0} is now: {1}.").format(request.name, _(request.status))
		notices.tell([request.requester, request.owner, request.checked_by], text, request)


def operators() -> list[str]:
	"""Logins of the managing unit's operators."""
	found = frappe.get_all(
		"Has Role", {"role": ("in", OPERATORS), "parenttype": "User"}, pluck="parent", distinct=True
	)
	return sorted(user for user in found if user != "Administrator" and is_operator(user))
