"""Whose names and addresses an account is told. Frappe tells every account everybody's."""

from functools import partial

import frappe
from frappe.desk import search
from frappe.desk.doctype.event import event
from frappe.desk.form import load

from giam_sat_mot_cua.access import people
from giam_sat_mot_cua.access.hooks import DENY, among
from giam_sat_mot_cua.compat import NO_OBJECTION


def of_visible_users(doctype: str, field: str, user: str | None = None) -> str:
	return among(doctype, field, people.visible_users(user))


user_conditions = partial(of_visible_users, "User", "name")
contact_conditions = partial(of_visible_users, "Contact", "user")
energy_point_conditions = partial(of_visible_users, "Energy Point Log", "user")
list_filter_conditions = partial(of_visible_users, "List Filter", "owner")


def user_group_conditions(user: str | None = None) -> str:
	return "1=1" if people.visible_users(user) is None else DENY


def has_user_permission(doc, ptype: str | None = None, user: str | None = None) -> bool | None:
	users = people.visible_users(user)
	return NO_OBJECTION if users is None or doc.is_new() or doc.name in users else False


def has_group_permission(doc, ptype: str | None = None, user: str | None = None) -> bool | None:
	return NO_OBJECTION if people.visible_users(user) is None else False


def has_own_permission(doc, ptype: str | None = None, user: str | None = None) -> bool | None:
	"""For settings and lists that belong to a person, in `user`, `for_user` or named after him."""
	users = people.visible_users(user)
	whose = doc.get("for_user") or doc.get("user") or doc.get("owner") or doc.name
	return NO_OBJECTION if users is None or doc.is_new() or whose in users else False


@frappe.whitelist()
def get_names_for_mentions(search_term: str) -> list:
	users = people.visible_users()
	found = search.get_names_for_mentions(search_term)
	return found if users is None else [entry for entry in found if entry.get("id") in users]


@frappe.whitelist()
def get_user_info_for_viewers(users: str) -> dict:
	visible, asked = people.visible_users(), frappe.parse_json(users)
	return load.get_user_info_for_viewers(
		frappe.as_json([user for user in asked if visible is None or user in visible])
	)


@frappe.whitelist()
def get_roles(arg: str | None = None, uid: str | None = None) -> list[str]:
	"""Roles of the user `uid`, who is another person only for who may be told of him."""
	user, visible = uid or frappe.session.user, people.visible_users()
	if visible is not None and user not in visible:
		raise frappe.PermissionError
	return frappe.get_roles(user)


@frappe.whitelist()
def get_events(start, end, user: str | None = None, for_reminder: bool = False, filters=None) -> list:
	"""Frappe shows anybody's private appointments to who names him."""
	if user and user != frappe.session.user:
		frappe.only_for("System Manager")
	return event.get_events(start, end, user or frappe.session.user, for_reminder, filters)
