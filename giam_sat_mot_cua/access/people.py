"""Who a user of this system cannot be at the same time, where his roles come from, and whose names he is
told."""

import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.roles import ALL_ROLES

TECHNICAL = "System Manager"


def keep_to_the_account(user: Document, _method: str | None = None) -> None:
	"""Runs whenever a User is saved, by whomever: his roles of this system and his login follow his
	Monitoring Account, and nobody with such a role has technical rights."""
	if user.name in ("Administrator", "Guest"):
		return
	take_away_roles_without_account(user)
	separate_duties(user)
	keep_suspended_out(user)


def take_away_roles_without_account(user: Document) -> None:
	"""Access is granted by an account with its approving document and in no other way (Articles 3.4,
	6.3a)."""
	held = {row.role for row in user.roles}.intersection(ALL_ROLES)
	if not held:
		return
	foreign = held - set(account_roles(user.name))
	if foreign:
		user.set("roles", [row for row in user.roles if row.role not in foreign])
		tell(
			_(
				"{0} has no granted account for these roles, so they were not given: {1}. Grant a Monitoring "
				"Account instead."
			).format(full_name(user), ", ".join(sorted(map(_, foreign))))
		)


def account_roles(user: str) -> list[str]:
	"""The roles that the granted account of `user` gives."""
	account = scope.account_of(user)
	if not account:
		return []
	return roles_of(frappe.db.get_value("Position", account.position, "role_profile"))


def roles_of(role_profile: str | None) -> list[str]:
	"""Names of the roles in a Role Profile."""
	if not role_profile:
		return []
	return frappe.get_all(
		"Has Role", {"parenttype": "Role Profile", "parent": role_profile}, pluck="role", order_by="role"
	)


def separate_duties(user: Document) -> None:
	"""A System Manager reads every secret, so nobody with a role of this system is one (Article 5.3).

	Frappe makes the first person of a site System Manager by itself; the Administrator keeps that duty here.
	"""
	held = {row.role for row in user.roles}
	if TECHNICAL not in held or not held.intersection(ALL_ROLES):
		return
	user.set("roles", [row for row in user.roles if row.role != TECHNICAL])
	tell(
		_(
			"Whoever works with this system cannot be a System Manager too: that role was not given to {0}."
		).format(full_name(user))
	)


def keep_suspended_out(user: Document) -> None:
	"""A suspended login is not switched on past its account."""
	if not user.enabled or scope.account_of(user.name):
		return
	account = frappe.db.get_value("Monitoring Account", {"user": user.name, "status": "Suspended"})
	if account:
		frappe.throw(
			_("The account {0} of {1} is suspended. Reinstate the account; its login follows.").format(
				frappe.bold(account), full_name(user)
			),
			title=_("Monitoring Account"),
		)


def full_name(user: Document) -> str:
	return frappe.bold(frappe.utils.escape_html(user.full_name or user.name))


def tell(text: str) -> None:
	frappe.msgprint(text, title=_("Roles"), indicator="orange")


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
	"""Users with a granted account at one of `units`."""
	if not units:
		return frozenset()
	at = {"unit": ("in", sorted(units)), "status": scope.GRANTED}
	return frozenset(frappe.get_all("Monitoring Account", at, pluck="user", order_by="name"))
