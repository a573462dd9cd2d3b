"""Where an applicant without a login follows an application, by its number and the code of the receipt."""

import frappe
from frappe import _

no_cache = 1


def get_context(context) -> None:
	context.title = _("Follow an Application")
	context.no_breadcrumbs = 1
	context.texts = {
		"language": frappe.local.lang,
		"needed": _("This is needed."),
		"to_correct": _("Write the number and the code of your receipt."),
		"sending": _("Looking…"),
		"network": _("The server does not answer. Try again in a few minutes."),
		"too_many": _("Too many attempts from your network. Try again in ten minutes."),
		"failed": _("The application could not be looked up. Try again later."),
		"reason": _("Reason"),
		"where": _("Where"),
		"received": _("Application {0}, received on {1}"),
	}
