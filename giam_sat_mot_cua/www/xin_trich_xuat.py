"""The form with which people without a login apply for footage (Article 9.2). What it asks for is read from
the DocType (evidence/application_form.py)."""

import frappe
from frappe import _

from giam_sat_mot_cua.evidence import application_form, application_progress, application_scans

no_cache = 1  # units and fields change


def get_context(context) -> None:
	context.title = _("Application for Footage")
	context.no_breadcrumbs = 1
	context.sections = [
		{"label": section.label, "fields": [shown(df) for df in held]}
		for section, held in application_form.sections()
	]
	context.managing_unit = application_progress.managing_unit()
	context.texts = {
		"language": frappe.local.lang,
		"needed": _("This is needed."),
		"too_large": _("The file is larger than {0} MB. Scan it with fewer dots an inch.").format(10),
		"to_correct": _("Something is to be corrected. Nothing that you wrote is lost."),
		"sending": _("Sending…"),
		"network": _(
			"The server does not answer. Nothing that you wrote is lost: try again in a few minutes."
		),
		"too_many": _("Too many requests came from your network. Try again in an hour."),
		"failed": _("The application could not be sent. Nothing that you wrote is lost: try again later."),
		"largest": application_scans.LARGEST_BYTES,
	}


def shown(df) -> frappe._dict:
	"""A field as the page draws it. `kind`: of the HTML input, or `choice`, `text`, `check`."""
	return frappe._dict(
		name=df.fieldname,
		label=_(df.label or df.fieldname),
		help=_(df.description) if df.description else "",
		needed=bool(df.reqd),
		kind=kind_of(df),
		wide=kind_of(df) in ("textarea", "file") or df.fieldname == application_form.UNIT,
		longest=application_form.longest(df),
		choices=choices_of(df),
		fill=FILLED_BY_BROWSERS.get(df.fieldname),
	)


# What a browser may offer to fill in by itself
FILLED_BY_BROWSERS = {
	"requester_name": "name",
	"organisation": "organization",
	"phone": "tel",
	"email": "email",
}


def kind_of(df) -> str:
	if df.fieldname == application_form.UNIT or df.fieldtype in application_form.CHOICES:
		return "choice"
	if df.fieldname == application_form.SCAN:
		return "file"
	if df.fieldname == "email" or df.options == "Email":
		return "email"
	if df.fieldname == "phone" or df.options == "Phone":
		return "tel"
	if df.fieldtype in application_form.TEXTS:
		return "textarea"
	return {
		"Date": "date",
		"Datetime": "datetime-local",
		"Check": "check",
		"Int": "number",
		"Float": "number",
	}.get(df.fieldtype, "text")


def choices_of(df) -> list[tuple[str, str]]:
	"""(value, what is shown)"""
	if df.fieldname == application_form.UNIT:
		return [(name, name) for name in application_form.units()]
	if df.fieldtype in application_form.CHOICES:
		return [(option, _(option)) for option in application_form.options_of(df)]
	return []
