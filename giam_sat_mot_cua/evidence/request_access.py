"""Who sees an Extraction Request: who asked or entered it, and, once it is submitted, those who see the unit
whose counter it is about. One that names no camera yet is seen by those who see every unit."""

import frappe

from giam_sat_mot_cua.access import hooks, scope

DOCTYPE = "Extraction Request"


def conditions(user: str | None = None) -> str:
	user = user or frappe.session.user
	name = frappe.db.escape(user)
	seen = hooks.unit_condition(DOCTYPE, "unit", user)
	own = f"`tab{DOCTYPE}`.`requester` = {name} or `tab{DOCTYPE}`.`owner` = {name}"
	return f"((`tab{DOCTYPE}`.`status` != 'Draft' and {seen}) or {own})"


def package_conditions(user: str | None = None) -> str:
	"""A package is seen with its request."""
	return f"`tabEvidence Package`.`request` in (select `name` from `tab{DOCTYPE}` where {conditions(user)})"


def has_package_permission(doc, ptype: str | None = None, user: str | None = None) -> bool:
	stored = None if doc.is_new() else frappe.db.get_value("Evidence Package", doc.name, "request")
	request = stored or doc.request
	if not request or not frappe.db.exists(DOCTYPE, request):
		return False
	return has_permission(frappe.get_doc(DOCTYPE, request), ptype, user)


def has_permission(doc, ptype: str | None = None, user: str | None = None) -> bool:
	"""What is stored counts, not what a form proposes."""
	user = user or frappe.session.user
	if doc.is_new():
		return user == "Administrator" or bool(scope.account_of(user))
	stored = frappe.db.get_value(DOCTYPE, doc.name, ["requester", "owner", "status", "unit"], as_dict=True)
	if not stored:
		return False
	if user in (stored.requester, stored.owner):
		return True
	return stored.status != "Draft" and scope.sees_unit(stored.unit, user)
