"""Install and migrate hooks: seed what is missing."""

import os
import secrets

import frappe
from frappe.installer import update_site_config
from frappe.utils import cint

from giam_sat_mot_cua.access import references
from giam_sat_mot_cua.access.roles import ALL_ROLES
from giam_sat_mot_cua.api.links import SECRET_KEY
from giam_sat_mot_cua.api.metrics import TOKEN_KEY
from giam_sat_mot_cua.evidence import minutes_format, signing_keys
from giam_sat_mot_cua.recording.backups import sealed
from giam_sat_mot_cua.setup import seeds


def after_install() -> None:
	complete_setup_wizard()  # first: what is seeded carries the time of the site's zone
	seed()


def after_migrate() -> None:
	seed()
	references.remove_shares()


def before_tests() -> None:
	"""Called by `bench run-tests` on a fresh site."""
	complete_setup_wizard()
	seed()


def seed() -> None:
	seed_roles()
	seed_role_profiles()
	seed_positions()
	seed_administrative_profiles()
	seed_levels()
	seed_account_workflow()
	seed_request_workflow()
	seed_settings()
	seed_default_volume()
	seed_secrets()
	seed_backup_key()
	signing_keys.ensure()
	raise_user_limit()
	seed_module_profile()
	seed_list_columns()
	seed_minutes_format()


def seed_roles() -> None:
	for role in ALL_ROLES:
		if not frappe.db.exists("Role", role):
			insert({"doctype": "Role", "role_name": role, "desk_access": 1, "is_custom": 0})


def seed_role_profiles() -> None:
	for role, profile in seeds.ROLE_PROFILES.items():
		if not frappe.db.exists("Role Profile", profile):
			insert({"doctype": "Role Profile", "role_profile": profile, "roles": [{"role": role}]})


def seed_positions() -> None:
	if frappe.db.count("Position"):
		return  # an administrator may have removed one on purpose
	for code, _name, _role in seeds.POSITIONS:
		add_position(code)


def add_position(code: str) -> None:
	name, role = next((name, role) for each, name, role in seeds.POSITIONS if each == code)
	insert(
		{
			"doctype": "Position",
			"position_code": code,
			"position_name": name,
			"role_profile": seeds.ROLE_PROFILES[role],
			"active": 1,
		}
	)


def seed_administrative_profiles() -> None:
	if frappe.db.count("Administrative Profile"):
		return
	for profile in seeds.PROFILES:
		insert({"doctype": "Administrative Profile", **profile})


def seed_levels() -> None:
	if frappe.db.count("Unit Level"):
		return
	for level in seeds.LEVELS:
		add_level(level)


def add_level(level: dict) -> None:
	insert({**level, "doctype": "Unit Level", "active": 1, "quotas": [quota(row) for row in level["quotas"]]})


def quota(row: tuple) -> dict:
	position, number, scope, approves = row
	return {
		"position": position,
		"quota": number,
		"unlimited": int(not number),
		"scope": scope,
		"approves_extraction": approves,
	}


def seed_account_workflow() -> None:
	seed_workflow("Monitoring Account", seeds.ACCOUNT_STATES, seeds.ACCOUNT_TRANSITIONS)


def seed_request_workflow() -> None:
	seed_workflow("Extraction Request", seeds.REQUEST_STATES, seeds.REQUEST_TRANSITIONS)


def seed_workflow(doctype: str, rows: tuple, steps: tuple) -> None:
	"""Once: an administrator changes its texts and roles, or switches it off for one of his own. `rows` and
	`steps` as setup/seeds.py has them."""
	if frappe.db.exists("Workflow", {"document_type": doctype}):
		return
	for state, _editors, style in rows:
		if not frappe.db.exists("Workflow State", state):
			insert({"doctype": "Workflow State", "workflow_state_name": state, "style": style})
	for action in dict.fromkeys(step[1] for step in steps):
		if not frappe.db.exists("Workflow Action Master", action):
			insert({"doctype": "Workflow Action Master", "workflow_action_name": action})
	states = [
		{
			"state": state,
			"doc_status": "0",
			"allow_edit": role,
			"update_field": "status",
			"update_value": state,
		}
		for state, editors, _style in rows
		for role in editors
	]
	transitions = [
		{
			"state": before,
			"action": action,
			"next_state": after,
			"allowed": role,
			"condition": condition,
			"allow_self_approval": 1,  # the controller knows who may not decide about himself
		}
		for before, action, after, role, condition in steps
	]
	insert(
		{
			"doctype": "Workflow",
			"workflow_name": doctype,
			"document_type": doctype,
			"workflow_state_field": "workflow_state",
			"is_active": 1,
			"send_email_alert": 0,  # its links would act without a login
			"states": states,
			"transitions": transitions,
		}
	)


def seed_settings() -> None:
	"""Writes the defaults of Monitoring Settings once, so that code reads values and never guesses them."""
	settings = frappe.get_doc("Monitoring Settings")
	stored = frappe.db.get_singles_dict("Monitoring Settings")
	missing = [df for df in settings.meta.fields if df.default and stored.get(df.fieldname) in (None, "")]
	if missing:
		for df in missing:
			settings.set(df.fieldname, df.default)
		settings.flags.ignore_permissions = True  # runs at install, before anybody has a role
		settings.save()


def seed_default_volume() -> None:
	"""One volume under the site's folder, so that recording works before an administrator names real
	disks."""
	if frappe.db.count("Storage Volume"):
		return
	path = os.path.abspath(frappe.get_site_path("footage"))
	insert({"doctype": "Storage Volume", "volume_name": "main", "path": path, "enabled": 1, "priority": 10})


def seed_module_profile() -> None:
	"""A module profile for accounts of this system: its own workspaces and nothing else of the Desk."""
	if frappe.db.exists("Module Profile", seeds.MODULE_PROFILE):
		return
	own = frappe.get_all("Module Def", {"app_name": "giam_sat_mot_cua"}, pluck="name")
	blocked = frappe.get_all("Module Def", {"name": ("not in", own)}, pluck="name", order_by="name")
	insert(
		{
			"doctype": "Module Profile",
			"module_profile_name": seeds.MODULE_PROFILE,
			"block_modules": [{"module": module} for module in blocked],
		}
	)


def seed_secrets() -> None:
	"""The key that signs video links and the token of the metrics, in the site's own configuration: never in
	the database, never in a record."""
	for key in (SECRET_KEY, TOKEN_KEY):
		if not frappe.conf.get(key):
			update_site_config(key, secrets.token_urlsafe(32))


def seed_backup_key() -> None:
	"""The key that seals the configuration in backups; a copy of it belongs in a safe (docs/backup.md)."""
	if not frappe.conf.get(sealed.KEY):
		update_site_config(sealed.KEY, sealed.new_key())


def raise_user_limit() -> None:
	"""Frappe lets a site make 60 logins an hour, against robots that sign up; here each is granted by hand
	or by an import, and a province begins with hundreds."""
	if not frappe.conf.get("throttle_user_limit"):
		update_site_config("throttle_user_limit", 1000)


def complete_setup_wizard() -> None:
	"""Vietnamese, Vietnam's time zone, wizard done; a site already set up by somebody keeps its settings."""
	settings = frappe.get_doc("System Settings")
	fields = {df.fieldname for df in settings.meta.fields}
	if not cint(settings.get("setup_complete")):
		settings.update({k: v for k, v in seeds.FIRST_SYSTEM_SETTINGS.items() if k in fields})
		settings.setup_complete = 1
		frappe.db.set_default("lang", seeds.FIRST_SYSTEM_SETTINGS["language"])
		set_up_login_page()
		frappe.db.set_default("desktop:home_page", "workspace")
		mark_wizard_done_for_each_app()
	settings.update({k: v for k, v in seeds.SYSTEM_SETTINGS.items() if k in fields})
	settings.enable_scheduler = 1
	settings.flags.ignore_mandatory = True
	settings.flags.ignore_permissions = True  # runs at install, before anybody has a role
	settings.save()
	for user in ("Administrator", "Guest"):
		frappe.db.set_value("User", user, "language", seeds.FIRST_SYSTEM_SETTINGS["language"])
	use_site_time_zone()
	frappe.clear_cache()


def use_site_time_zone() -> None:
	"""Frappe makes the Administrator before the site's time zone is known, and shows him all times in the
	zone that it takes for granted."""
	zone = frappe.db.get_single_value("System Settings", "time_zone")
	for user in ("Administrator", "Guest"):
		frappe.db.set_value("User", user, "time_zone", zone)


def set_up_login_page() -> None:
	website = frappe.get_doc("Website Settings")
	website.update(seeds.FIRST_WEBSITE_SETTINGS)
	website.flags.ignore_permissions = True  # runs at install, before anybody has a role
	website.save()


def mark_wizard_done_for_each_app() -> None:
	"""Newer Frappe keeps the wizard's state for each installed app."""
	if frappe.get_meta("Installed Application").has_field("is_setup_complete"):
		for name in frappe.get_all("Installed Application", pluck="name"):
			frappe.db.set_value("Installed Application", name, "is_setup_complete", 1)


def insert(values: dict):
	doc = frappe.get_doc(values)
	return doc.insert(ignore_permissions=True)  # seeding has no user with rights yet


def seed_list_columns() -> None:
	for doctype, columns in seeds.LIST_COLUMNS.items():
		if not frappe.db.exists("List View Settings", doctype):
			insert({"doctype": "List View Settings", "name": doctype, "total_fields": str(columns)})


def seed_minutes_format() -> None:
	if frappe.db.exists("Print Format", minutes_format.FORMAT):
		return
	insert(
		{
			"doctype": "Print Format",
			"name": minutes_format.FORMAT,
			"doc_type": "Extraction Request",
			"module": "Evidence",
			"standard": "No",
			"custom_format": 1,
			"print_format_type": "Jinja",
			**minutes_format.shipped(),
		}
	)
