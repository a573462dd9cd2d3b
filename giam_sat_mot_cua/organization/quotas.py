"""How many accounts a unit holds in a position (Article 6.3), counted so that the count is true under
races."""

import frappe
from frappe import _

HOLDING = ("Granted", "Suspended")  # a suspended account keeps its place until it is revoked
PLACES_INDEX = "unit_position_status"
TURN = "Monitoring Account"  # accounts, reviews and delegations are written one at a time (access/turns.py)


def place(unit: str) -> frappe._dict:
	"""{"unit_name", "unit_level", "active"} of the unit as it is now, not as an older snapshot has it."""
	table = frappe.qb.DocType("Monitored Unit")
	fields = (table.unit_name, table.unit_level, table.active)
	query = frappe.qb.from_(table).select(*fields).where(table.name == unit)
	rows = query.for_update().run(as_dict=True)
	if not rows:
		frappe.throw(_("Unit {0} is not there.").format(frappe.bold(unit)), frappe.DoesNotExistError)
	return rows[0]


def quota_row(level: str, position: str) -> frappe._dict | None:
	"""{"quota", "unlimited"} of `position` at `level` as it is now."""
	table = frappe.qb.DocType("Unit Level Quota")
	query = (
		frappe.qb.from_(table)
		.select(table.quota, table.unlimited)
		.where((table.parent == level) & (table.parenttype == "Unit Level") & (table.position == position))
	)
	rows = query.for_update().run(as_dict=True)
	return rows[0] if rows else None


def holders(unit: str, position: str | None = None, besides: str | None = None) -> list[frappe._dict]:
	"""[{"name", "full_name", "status"}] of the accounts that hold a place at `unit` now, in `position` or in
	any, without `besides`.

	A locking read: it sees what others committed after this transaction began.
	"""
	table = frappe.qb.DocType("Monitoring Account")
	query = (
		frappe.qb.from_(table)
		.force_index(PLACES_INDEX)
		.select(table.name, table.full_name, table.status)
		.where((table.unit == unit) & table.status.isin(HOLDING))
	)
	if position:
		query = query.where(table.position == position)
	return [row for row in query.for_update().run(as_dict=True) if row.name != besides]


def told(accounts: list[frappe._dict]) -> str:
	"""As a message names them."""
	return ", ".join(f"{one.full_name} ({one.name}, {_(one.status)})" for one in accounts)


def require_active(unit: str) -> frappe._dict:
	"""The `place` of an account that is granted; throws when the unit was given up."""
	at = place(unit)
	if not at.active:
		frappe.throw(
			_("{0} is no longer active. Choose the unit that took over its tasks.").format(
				frappe.bold(at.unit_name)
			),
			title=_("Monitored Unit"),
		)
	return at


def require_quota(unit: str, position: str) -> tuple[frappe._dict, frappe._dict]:
	"""The `place` and the quota of `position` at `unit`; throws when units of its level have none."""
	at = require_active(unit)
	row = quota_row(at.unit_level, position)
	if not row:
		level_name = frappe.db.get_value("Unit Level", at.unit_level, "level_name") or at.unit_level
		frappe.throw(
			_(
				"Units of the level {0} have no accounts for the position {1}. Choose another position, or "
				"enter a quota for it in the level."
			).format(frappe.bold(level_name), frappe.bold(position_name(position))),
			title=_("Account Quotas"),
		)
	return at, row


def position_name(position: str) -> str:
	return frappe.db.get_value("Position", position, "position_name") or position


def require_place(unit: str, position: str, account: str) -> None:
	"""Throws when `account` finds no free place in `position` at `unit`: names the quota and who holds the
	places. The caller has taken his turn."""
	at, row = require_quota(unit, position)
	if row.unlimited:
		return
	held = holders(unit, position, account)
	if len(held) >= row.quota:
		frappe.throw(
			_(
				"{0} has used its quota of {1} account(s) for the position {2} (Article 6.3). Held by: {3}. "
				"Revoke one of them first."
			).format(
				frappe.bold(at.unit_name),
				row.quota,
				frappe.bold(position_name(position)),
				told(held),
			),
			title=_("Account Quotas"),
		)
