"""Who reads Footage Applications: the managing unit's people, of the roles that the DocType names. They tell
of persons who have nothing to do with the system otherwise."""

import frappe

from giam_sat_mot_cua.access import hooks, scope


def conditions(user: str | None = None) -> str:
	return "1=1" if reads(user) else hooks.DENY


def has_permission(doc, ptype: str | None = None, user: str | None = None) -> bool:
	return reads(user)


def reads(user: str | None = None) -> bool:
	user = user or frappe.session.user
	return scope.acts_for_managing_unit(user) and scope.sight(user).everything
