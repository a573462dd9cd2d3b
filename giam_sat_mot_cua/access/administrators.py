"""Who administers the system: accounts of the managing unit with the administrator's role (Article 8.1)."""

import frappe

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.roles import MONITORING_ADMINISTRATOR


def is_administrator(user: str | None = None) -> bool:
	user = user or frappe.session.user
	return scope.acts_for_managing_unit(user) and MONITORING_ADMINISTRATOR in frappe.get_roles(user)


def require_administrator(text: str, title: str) -> None:
	"""Raises PermissionError, with a text that says who may, for everybody else."""
	if not is_administrator():
		frappe.throw(text, frappe.PermissionError, title=title)
