"""Which units a user sees: the one definition that every hook, report and endpoint of the app calls.

A province role sees every unit. A unit role sees its own unit, and the units below it when the unit's level
says so (Unit Level, "What the Account Sees"; Article 6.3). Everybody else sees nothing.
"""

import frappe
from frappe.utils import getdate

from giam_sat_mot_cua.access.roles import PROVINCE_ROLES, UNIT_ROLES

SUBTREE = "Own Unit and Subordinate Units"


def seen_units(user: str | None = None) -> frozenset[str] | None:
	"""Names of the Monitored Units that `user` (default: the session's) sees; None means all of them."""
	user = user or frappe.session.user
	if user == "Administrator":
		return None
	roles = set(frappe.get_roles(user))
	if roles.intersection(PROVINCE_ROLES):
		return None
	if not roles.intersection(UNIT_ROLES):
		return frozenset()
	units: set[str] = set()
	for home in home_units(user):
		units.update(subtree(home) if sees_subordinates(home) else [home])
	return frozenset(units)


def sees_unit(unit: str | None, user: str | None = None) -> bool:
	"""Whether `user` sees the Monitored Unit `unit`. A record without a unit is seen by province roles
	only."""
	units = seen_units(user)
	return units is None or (bool(unit) and unit in units)


def require_unit(unit: str | None, user: str | None = None) -> None:
	"""Raises frappe.PermissionError when `user` does not see `unit`."""
	if not sees_unit(unit, user):
		raise frappe.PermissionError


def home_units(user: str) -> list[str]:
	"""The units to which `user` is assigned by User Permission."""
	return frappe.get_all(
		"User Permission", {"user": user, "allow": "Monitored Unit"}, pluck="for_value", order_by="name"
	)


def sees_subordinates(unit: str) -> bool:
	"""Whether accounts of this unit's level see the units below it."""
	level = frappe.db.get_value("Monitored Unit", unit, "unit_level")
	return bool(level and frappe.db.exists("Unit Level Quota", {"parent": level, "scope": SUBTREE}))


def subtree(unit: str) -> list[str]:
	"""`unit` and every unit below it today."""
	moves = due_moves()
	if moves:
		return below(unit, superiors_with(moves))
	bounds = frappe.db.get_value("Monitored Unit", unit, ["lft", "rgt"])
	if not bounds:
		return []
	return frappe.get_all(
		"Monitored Unit",
		{"lft": (">=", bounds[0]), "rgt": ("<=", bounds[1])},
		pluck="name",
		order_by="lft",
	)


def due_moves() -> dict[str, str]:
	"""{unit: superior} of moves whose day has come and that the tree does not follow yet: it does within a
	minute of midnight, but a view changes on the day."""
	rows = frappe.get_all(
		"Unit Superior",
		{"applied": 0, "valid_from": ("<=", getdate()), "parenttype": "Monitored Unit"},
		["parent", "superior"],
		order_by="valid_from",
	)
	return {row.parent: row.superior or "" for row in rows}


def superiors_with(moves: dict[str, str]) -> dict[str, str]:
	rows = frappe.get_all("Monitored Unit", fields=["name", "parent_monitored_unit"], order_by="lft")
	return {row.name: moves.get(row.name, row.parent_monitored_unit or "") for row in rows}


def below(unit: str, superior_of: dict[str, str]) -> list[str]:
	"""`unit` and all that have it somewhere above them."""
	found = [unit] if unit in superior_of else []
	for place in found:  # grows while it is read
		found.extend(
			name for name, superior in superior_of.items() if superior == place and name not in found
		)
	return found
