"""Where the supported versions of Frappe differ: the only place that asks which one this is."""

import frappe

try:
	from frappe.tests import IntegrationTestCase  # from version 16 on
except ImportError:
	from frappe.tests.utils import FrappeTestCase as IntegrationTestCase

# What a has_permission hook answers when it has no objection. Frappe 15 asks the next hook after None and no
# other after True; from 16 on each is asked, and None is a refusal.
NO_OBJECTION = None if int(frappe.__version__.split(".")[0]) < 16 else True

__all__ = ["NO_OBJECTION", "IntegrationTestCase", "clear_role_profile", "set_role_profile"]


def set_role_profile(user, profile: str | None) -> None:
	"""Gives the User document `user` one role profile, or none. Newer Frappe keeps a table of them; saving
	the User copies the profile's roles."""
	if user.meta.has_field("role_profiles"):
		user.set("role_profiles", [{"role_profile": profile}] if profile else [])
	if user.meta.has_field("role_profile_name"):
		user.role_profile_name = profile


def clear_role_profile(user: str) -> None:
	"""Takes the role profile off the login `user` in the database."""
	meta = frappe.get_meta("User")
	if meta.has_field("role_profiles"):
		frappe.db.delete(meta.get_field("role_profiles").options, {"parent": user, "parenttype": "User"})
	if meta.has_field("role_profile_name"):
		frappe.db.set_value("User", user, "role_profile_name", None)
