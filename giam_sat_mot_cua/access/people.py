"""Who a user of this system cannot be at the same time, and whose names a user is told."""

import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.roles import ALL_ROLES

TECHNICAL = "System Manager"


def separate_duties(user: Document, _method: str | None = None) -> None:
	"""A System Manager reads every secret, so nobody with a role of this system is one (Article 5.3).

	Frappe makes the first person of a site System Manager by itself; the Administrator keeps that duty here.
	"""
	if user.name == "Administrator":
		return
	held = {row.role for row in user.roles}
	if TECHNICAL not in held or not held.intersection(ALL_ROLES):
		return
	user.set("roles", [row for row in user.roles if row.role != TECHNICAL])
	frappe.msgprint(
		_(
			"Whoever works with this system cannot be a System Manager too: that role was not given to {0}."
		).format(frappe.bold(user.full_name or user.name)),
		title=_("Roles"),
		indicator="orange",
	)


def visible_users(user: str | None = None) -> frozenset[str] | None:
	"""Users whose names and addresses `user` (default: the session's) may be told; None means everybody's.

	A unit's account is told the people of the units that it sees, and itself.
	"""
	user = user or frappe.session.user
	units = scope.seen_units(user)
	if units is None or TECHNICAL in frappe.get_roles(user):
		return None
	return people_of(units) | {user}


def people_of(units: frozenset[str]) -> frozenset[str]:
	"""Users who are assigned to one of `units`."""
	if not units:
		return frozenset()
	assigned = {"allow": "Monitored Unit", "for_value": ("in", sorted(units))}
	return frozenset(frappe.get_all("User Permission", assigned, pluck="user", order_by="name"))
