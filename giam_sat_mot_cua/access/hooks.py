"""Frappe's permission hooks, all resting on access/scope.py. The default is deny."""

from collections.abc import Iterator
from functools import partial

import frappe

from giam_sat_mot_cua.access import records, scope

# Records that belong to a unit, and the field that says to which.
UNIT_FIELDS = {
	"Account Login": "unit",
	"Account Review Entry": "unit",
	"Approval Delegation": "unit",
	"Camera": "unit",
	"Footage Access Log": "unit",
	"Health Event": "unit",
	"Maintenance Order": "unit",
	"Monitored Unit": "name",
	"Monitoring Account": "unit",
	"Recording Gap": "unit",
	"Recording Hour": "unit",
	"Shared Login Report": "unit",
}
# Records that are seen by others besides: which rows (an SQL condition) is told by these methods.
OWN_CONDITIONS = {
	"Evidence Package": "giam_sat_mot_cua.evidence.request_access.package_conditions",
	"Extraction Request": "giam_sat_mot_cua.evidence.request_access.conditions",
	"Footage Application": "giam_sat_mot_cua.evidence.application_access.conditions",
}
DENY = "1=0"  # an empty condition would mean "no restriction" to Frappe


def unit_condition(doctype: str, field: str, user: str | None = None) -> str:
	"""SQL condition that keeps the rows of `doctype` whose `field` is a unit that `user` sees."""
	return within(doctype, field, scope.sight(user))


def within(doctype: str, field: str, seen: scope.Sight) -> str:
	if not seen.branch:
		return among(doctype, field, None if seen.everything else seen.units)
	first, last = seen.branch
	return (
		f"`tab{doctype}`.`{field}` in "
		f"(select `name` from `tabMonitored Unit` where `lft` >= {first:d} and `rgt` <= {last:d})"
	)


def conditions_of_all(seen: scope.Sight, user: str | None = None) -> Iterator[tuple[str, str]]:
	"""(DocType, SQL condition that keeps the rows which `user` sees) of all records that belong to units.
	`seen`: what he sees."""
	for doctype, field in UNIT_FIELDS.items():
		yield doctype, within(doctype, field, seen)
	for doctype, method in OWN_CONDITIONS.items():
		yield doctype, frappe.get_attr(method)(user)


def among(doctype: str, field: str, names: frozenset[str] | None) -> str:
	"""SQL condition that keeps the rows of `doctype` whose `field` is one of `names`; None: every row."""
	if names is None:
		return "1=1"
	if not names:
		return DENY
	listed = ", ".join(frappe.db.escape(name) for name in sorted(names))
	return f"`tab{doctype}`.`{field}` in ({listed})"


# One for each hook, since Frappe 15 does not say which DocType it asks about
account_login_conditions = partial(unit_condition, "Account Login", "unit")
account_review_entry_conditions = partial(unit_condition, "Account Review Entry", "unit")
approval_delegation_conditions = partial(unit_condition, "Approval Delegation", "unit")
camera_conditions = partial(unit_condition, "Camera", "unit")
footage_access_log_conditions = partial(unit_condition, "Footage Access Log", "unit")
health_event_conditions = partial(unit_condition, "Health Event", "unit")
maintenance_order_conditions = partial(unit_condition, "Maintenance Order", "unit")
monitored_unit_conditions = partial(unit_condition, "Monitored Unit", "name")
monitoring_account_conditions = partial(unit_condition, "Monitoring Account", "unit")
recording_gap_conditions = partial(unit_condition, "Recording Gap", "unit")
recording_hour_conditions = partial(unit_condition, "Recording Hour", "unit")
shared_login_report_conditions = partial(unit_condition, "Shared Login Report", "unit")


def file_conditions(user: str | None = None) -> str:
	"""Attachments of the app's records are listed with their records; those of other apps as before."""
	seen = scope.sight(user)
	if seen.everything:
		return "1=1"
	ours = ", ".join(frappe.db.escape(doctype) for doctype in records.doctypes())
	of_seen = " or ".join(
		f"(`tabFile`.attached_to_doctype = {frappe.db.escape(doctype)} and `tabFile`.attached_to_name in "
		f"(select name from `tab{doctype}` where {condition}))"
		for doctype, condition in conditions_of_all(seen, user)
	)
	return f"(ifnull(`tabFile`.attached_to_doctype, '') not in ({ours}) or {of_seen})"


def has_unit_permission(doc, ptype: str | None = None, user: str | None = None) -> bool:
	"""For records with a field `unit`. Roles are checked by Frappe before; this only narrows.

	The stored unit counts, not one that a form proposes: else a foreign record could be opened by sending
	it with one's own unit.
	"""
	stored = None if doc.is_new() else frappe.db.get_value(doc.doctype, doc.name, "unit")
	return scope.sees_unit(stored or doc.get("unit"), user)


def has_monitored_unit_permission(doc, ptype: str | None = None, user: str | None = None) -> bool:
	return scope.sight(user).everything if doc.is_new() else scope.sees_unit(doc.name, user)
