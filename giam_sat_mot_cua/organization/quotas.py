"""How many accounts a unit holds in a position (Article 6.3), counted so that it holds under races."""

import frappe
from frappe import _

HOLDING = ("Granted", "Suspended")  # a suspended account keeps its place until it is revoked
PLACES_INDEX = "unit_position_status"


def lock_unit(unit: str) -> frappe._dict:
	"""Holds the unit's row until the end of the transaction: who counts places waits here for his turn.
	Returns {"unit_name", "unit_level"} as they are now, not as an older snapshot has them."""
	table = frappe.qb.DocType("Monitored Unit")
	query = frappe.qb.from_(table).select(table.unit_name, table.unit_level).where(table.name == unit)
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


def holders(unit: str, position: str, besides: str) -> list[frappe._dict]:
	"""[{"name", "full_name", "status"}] of the accounts that hold a place now, without `besides`.

	A locking read: it sees what others committed after this transaction began. The index is named because a
	wider scan would lock accounts that others are changing while they wait for the unit.
	"""
	table = frappe.qb.DocType("Monitoring Account")
	query = (
		frappe.qb.from_(table)
		.force_index(PLACES_INDEX)
		.select(table.name, table.full_name, table.status)
		.where((table.unit == unit) & (table.position == position) & table.status.isin(HOLDING))
	)
	return [row for row in query.for_update().run(as_dict=True) if row.name != besides]


def require_place(unit: str, position: str, account: str) -> None:
	"""Throws when `account` finds no free place in `position` at `unit`: names the quota and who holds the
	places. Until the transaction ends nobody else takes one there."""
	place = lock_unit(unit)
	row = quota_row(place.unit_level, position)
	level_name, position_name = (
		frappe.db.get_value("Unit Level", place.unit_level, "level_name") or place.unit_level,
		frappe.db.get_value("Position", position, "position_name") or position,
	)
	if not row:
		frappe.throw(
			_(
				"Units of the level {0} have no accounts for the position {1}. Choose another position, or "
				"enter a quota for it in the level."
			).format(frappe.bold(level_name), frappe.bold(position_name)),
			title=_("Account Quotas"),
		)
	if row.unlimited:
		return
	held = holders(unit, position, account)
	if len(held) >= row.quota:
		frappe.throw(
			_(
				"{0} has used its quota of {1} account(s) for the position {2} (Article 6.3). Held by: {3}. "
				"Revoke one of them first."
			).format(
				frappe.bold(place.unit_name),
				row.quota,
				frappe.bold(position_name),
				", ".join(f"{one.full_name} ({one.name}, {_(one.status)})" for one in held),
			),
			title=_("Account Quotas"),
		)
