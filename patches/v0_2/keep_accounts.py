"""Who had a role of this system gets an account for it: what a person sees follows from his account now.

Levels get their administrative profile, positions the roles that they give, and the managing unit its
positions.
"""

import frappe

from giam_sat_mot_cua.access.roles import ALL_ROLES, PROVINCE_ROLES
from giam_sat_mot_cua.setup import granted_account, install, seeds

DOCUMENT = (
	"Có từ trước khi quản lý tài khoản"  # "from before accounts were kept": to be replaced by its number
)


def execute() -> None:
	install.seed_role_profiles()
	install.seed_administrative_profiles()
	complete_positions()
	complete_levels()
	install.seed_account_workflow()
	for user in people():
		give_account(user)


def complete_positions() -> None:
	for code, _name, role in seeds.POSITIONS:
		if not frappe.db.exists("Position", code):
			if code in seeds.MANAGING_POSITIONS:
				install.add_position(code)
		elif not frappe.db.get_value("Position", code, "role_profile"):
			frappe.db.set_value("Position", code, "role_profile", seeds.ROLE_PROFILES[role])


def complete_levels() -> None:
	for name in frappe.get_all("Unit Level", {"profile": ("is", "not set")}, pluck="name", order_by="name"):
		frappe.db.set_value("Unit Level", name, "profile", seeds.THREE_TIERS)
	for level in seeds.LEVELS:
		if not frappe.db.exists("Unit Level", level["level_code"]):
			if level["profile"] == seeds.TWO_TIERS:
				install.add_level(level)
		elif level["level_code"] == "PROVINCE":
			add_managing_quotas(frappe.get_doc("Unit Level", "PROVINCE"))


def add_managing_quotas(level) -> None:
	held = {row.position for row in level.quotas}
	missing = [row for row in seeds.MANAGING_QUOTAS if row[0] not in held]
	for row in missing:
		level.append("quotas", install.quota(row))
	if missing and not level.holds_cameras:
		level.save()


def people() -> list[str]:
	"""Enabled logins with a role of this system and without an account."""
	users = frappe.get_all(
		"Has Role",
		{"role": ("in", ALL_ROLES), "parenttype": "User"},
		pluck="parent",
		distinct=True,
		order_by="parent",
	)
	return [
		user
		for user in users
		if user not in ("Administrator", "Guest")
		and frappe.db.get_value("User", user, "enabled")
		and not frappe.db.exists("Monitoring Account", {"user": user})
	]


def give_account(user: str) -> None:
	roles = frappe.get_all("Has Role", {"parent": user, "role": ("in", ALL_ROLES)}, pluck="role")
	role = next(each for each in ALL_ROLES if each in roles)
	unit = frappe.db.get_value("User Permission", {"user": user, "allow": "Monitored Unit"}, "for_value")
	if not unit and role in PROVINCE_ROLES:
		unit = frappe.db.get_value("Monitored Unit", {"unit_role": "Managing Unit"}, order_by="lft")
	if unit:  # without one there was nothing that the person could see
		full_name = frappe.db.get_value("User", user, "full_name")
		granted_account.record(user, full_name, role, unit, DOCUMENT)
