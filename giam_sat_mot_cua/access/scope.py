"""Which units a user sees and for which he decides: the one definition that every hook, report and endpoint
of the app calls.

Both follow from the user's Monitoring Account, which must be granted: its unit, and what the unit's level
says of its position (Unit Level, "Account Quotas"; Article 6.3). Seeing is wider than deciding: a district's
leader sees its communes' cameras and decides for none of them (Article 9.2). A substitute decides while a
recorded Approval Delegation is in force. Who has no granted account sees nothing.
"""

from dataclasses import dataclass
from datetime import datetime

import frappe
from frappe import _
from frappe.query_builder.functions import Count
from frappe.utils import getdate, now_datetime

OWN_UNIT = "Own Unit"
SUBTREE = "Own Unit and Subordinate Units"
ALL_UNITS = "All Units"

MANAGING_UNIT = "Managing Unit"
GRANTED = "Granted"


@dataclass(frozen=True)
class Sight:
	"""What a user sees: every unit, the branch of the tree between two bounds (lft, rgt), or the units
	named."""

	everything: bool = False
	branch: tuple[int, int] | None = None
	units: frozenset[str] = frozenset()


def account_of(user: str | None = None) -> frappe._dict | None:
	"""The granted account of `user` (default: the session's): {"name", "unit", "unit_role", "position",
	"scope", "approves_extraction", "lft", "rgt", "due_moves"}; None without one. `scope` is None when the
	level has no row for the position: such an account sees nothing."""
	user = user or frappe.session.user
	if user in ("Guest", "Administrator"):
		return None
	account, unit = frappe.qb.DocType("Monitoring Account"), frappe.qb.DocType("Monitored Unit")
	quota = frappe.qb.DocType("Unit Level Quota")
	rows = (
		frappe.qb.from_(account)
		.inner_join(unit)
		.on(unit.name == account.unit)
		.left_join(quota)
		.on(
			(quota.parent == unit.unit_level)
			& (quota.parenttype == "Unit Level")
			& (quota.position == account.position)
		)
		.select(account.name, account.unit, account.position, unit.unit_role, unit.lft, unit.rgt)
		.select(quota.scope, quota.approves_extraction, number_of_due_moves().as_("due_moves"))
		.where((account.user == user) & (account.status == GRANTED))
	).run(as_dict=True)
	return rows[0] if rows else None


def sight(user: str | None = None) -> Sight:
	"""What `user` (default: the session's) sees."""
	user = user or frappe.session.user
	if user == "Administrator":
		return Sight(everything=True)
	account = account_of(user)
	if not account or not account.scope:
		return Sight()
	if account.scope == ALL_UNITS:
		return Sight(everything=True)
	if account.scope != SUBTREE:
		return Sight(units=frozenset([account.unit]))
	if account.due_moves:
		return Sight(units=frozenset(below(account.unit, superiors_with(due_moves()))))
	return Sight(branch=(account.lft, account.rgt))


def seen_units(user: str | None = None) -> frozenset[str] | None:
	"""Names of the Monitored Units that `user` (default: the session's) sees; None means all of them."""
	seen = sight(user)
	if seen.everything:
		return None
	return frozenset(between(*seen.branch)) if seen.branch else seen.units


def sees_unit(unit: str | None, user: str | None = None) -> bool:
	"""Whether `user` sees the Monitored Unit `unit`. A record without a unit is seen by those who see all."""
	seen = sight(user)
	if seen.everything or not unit:
		return seen.everything
	if not seen.branch:
		return unit in seen.units
	bounds = frappe.db.get_value("Monitored Unit", unit, ["lft", "rgt"])
	return bool(bounds) and seen.branch[0] <= bounds[0] and bounds[1] <= seen.branch[1]


def require_unit(unit: str | None, user: str | None = None) -> None:
	"""Raises frappe.PermissionError when `user` does not see `unit`."""
	if not sees_unit(unit, user):
		raise frappe.PermissionError


def home_unit(user: str | None = None) -> str | None:
	"""The unit of the user's granted account."""
	account = account_of(user)
	return account.unit if account else None


# Deciding


def approval_basis(unit: str | None, user: str | None = None, at: datetime | None = None):
	"""What lets `user` decide for `unit` at the moment `at` (default: now): {"delegation": None} by the own
	position, {"delegation": NAME} as a recorded substitute; None when nothing does."""
	account = account_of(user)
	if not account or not unit or account.unit != unit:
		return None
	if account.approves_extraction:
		return frappe._dict(delegation=None)
	delegation = delegation_in_force(account.name, unit, at or now_datetime())
	return frappe._dict(delegation=delegation) if delegation else None


def approvable_units(user: str | None = None, at: datetime | None = None) -> frozenset[str]:
	"""The units whose footage `user` may approve at the moment `at`: the own one or none (Article 9.2)."""
	account = account_of(user)
	return frozenset([account.unit] if account and approval_basis(account.unit, user, at) else [])


def require_approver(unit: str, requester: str | None = None, user: str | None = None):
	"""The basis on which `user` (default: the session's) decides for `unit`. Raises PermissionError when he
	may not, or when he is the `requester` himself (Article 9.2)."""
	user = user or frappe.session.user
	basis = approval_basis(unit, user)
	if not basis:
		frappe.throw(
			_("Only the leader of {0}, or a recorded substitute, decides this.").format(
				frappe.bold(frappe.db.get_value("Monitored Unit", unit, "unit_name") or unit)
			),
			frappe.PermissionError,
		)
	if requester and requester == user:
		frappe.throw(_("Nobody decides his own request."), frappe.PermissionError)
	return basis


def delegation_in_force(substitute: str, unit: str, at: datetime) -> str | None:
	"""The Approval Delegation by which the account `substitute` decides for `unit` at `at`. It counts only
	while the leader's own account is granted at that unit, in a position that approves."""
	rows = frappe.get_all(
		"Approval Delegation",
		{"substitute": substitute, "unit": unit, "valid_from": ("<=", at), "valid_until": (">", at)},
		["name", "leader", "leader_user", "withdrawn_on"],
		order_by="valid_from desc",
	)
	for row in rows:
		leader = account_of(row.leader_user)
		if (
			(not row.withdrawn_on or row.withdrawn_on > at)
			and leader
			and leader.name == row.leader
			and leader.unit == unit
			and leader.approves_extraction
		):
			return row.name
	return None


def acts_for_managing_unit(user: str | None = None) -> bool:
	"""Whether `user` belongs to the managing unit, which alone administers accounts (Article 6.3a)."""
	user = user or frappe.session.user
	if user == "Administrator":
		return True
	account = account_of(user)
	return bool(account and account.unit_role == MANAGING_UNIT)


# Fields


def guarded_fields(doctype: str) -> frozenset[str]:
	"""Fields of `doctype` that are not for everybody who sees the record: of a permission level of their own,
	or encrypted (Article 5.3)."""
	return frozenset(
		field.fieldname
		for field in frappe.get_meta(doctype).fields
		if field.permlevel or field.fieldtype == "Password"
	)


# The tree


def subtree(unit: str) -> list[str]:
	"""`unit` and every unit below it today."""
	moves = due_moves()
	if moves:
		return below(unit, superiors_with(moves))
	bounds = frappe.db.get_value("Monitored Unit", unit, ["lft", "rgt"])
	return between(*bounds) if bounds else []


def between(first: int, last: int) -> list[str]:
	"""Units of the branch with these bounds."""
	unit = frappe.qb.DocType("Monitored Unit")
	query = frappe.qb.from_(unit).select(unit.name).where((unit.lft >= first) & (unit.rgt <= last))
	return [name for (name,) in query.orderby(unit.lft).run()]


def of_due_moves(query, move):
	"""Rows of moves whose day has come and that the tree does not follow yet: it does within a minute of
	midnight, but a view changes on the day."""
	due = (move.applied == 0) & (move.valid_from <= getdate()) & (move.parenttype == "Monitored Unit")
	return query.where(due)


def number_of_due_moves():
	move = frappe.qb.DocType("Unit Superior")
	return of_due_moves(frappe.qb.from_(move).select(Count("*")), move)


def due_moves() -> dict[str, str]:
	"""{unit: superior} of the moves that are due."""
	move = frappe.qb.DocType("Unit Superior")
	query = frappe.qb.from_(move).select(move.parent, move.superior)
	return {
		unit: superior or "" for unit, superior in of_due_moves(query, move).orderby(move.valid_from).run()
	}


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
