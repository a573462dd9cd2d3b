"""The language of pages for people who have not logged in yet."""

import frappe


def use_site_language() -> None:
	"""Runs before each request. Frappe lets a guest's browser choose, and office browsers are often English;
	here the site's language counts, unless the guest chose one (`_lang`, or the language picker's cookie)."""
	if frappe.session.user != "Guest":
		return
	if frappe.form_dict.get("_lang") or frappe.request.cookies.get("preferred_language"):
		return
	frappe.local.lang = frappe.db.get_default("lang") or frappe.local.lang
