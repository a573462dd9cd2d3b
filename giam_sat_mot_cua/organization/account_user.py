"""What a Monitoring Account means for its login: the User, its roles, its unit, its sessions.

`follow` is the one writer of all of these. It may be called again at any time and changes only what differs.
"""

import frappe
from frappe import _
from frappe.utils.password import remove_encrypted_password

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.people import roles_of
from giam_sat_mot_cua.compat import clear_role_profile, set_role_profile
from giam_sat_mot_cua.organization import login_history
from giam_sat_mot_cua.setup import seeds

TECHNICAL = "System Manager"
AT_ONCE = 10


def follow(account) -> str | None:
	"""Brings the User of the Monitoring Account `account` in line with it; returns the User's name."""
	if account.status == scope.GRANTED:
		user = enable(account)
		keep_home_unit(user, account)
		return user
	if account.user and not scope.account_of(account.user):
		disable(account.user, keep_roles=account.status == "Suspended")
		end_sessions(account.user)
	return account.user


def enable(account) -> str:
	exists = frappe.db.exists("User", account.email)
	user = frappe.get_doc("User", account.email) if exists else frappe.new_doc("User")
	if exists and TECHNICAL in {row.role for row in user.roles}:
		frappe.throw(
			_(
				"{0} is the login of a technical administrator, who reads every password of the site. Give "
				"this person another address for this system (Article 5.3)."
			).format(frappe.bold(account.email)),
			title=_("Email (login name)"),
		)
	values = {
		"email": account.email,
		"first_name": account.full_name,
		"last_name": None,
		"username": user.username or account.email,  # two persons may have one name
		"mobile_no": account.mobile_no or None,
		"enabled": 1,
		"language": user.language or "vi",
		"module_profile": seeds.MODULE_PROFILE,
		# Frappe would otherwise ask an internet service for a picture of each address
		"user_image": user.user_image or seeds.PERSON_IMAGE,
	}
	profile = frappe.db.get_value("Position", account.position, "role_profile")
	if exists and is_in_line(user, values, profile):
		return user.name
	set_role_profile(user, profile)
	user.update(values)
	# Frappe makes the first "System User" of a site System Manager by itself; the roles set this again
	user.user_type = "Website User"
	user.send_welcome_email = 0
	user.flags.no_welcome_mail = True
	user.flags.ignore_permissions = True  # logins are made by granting an account and in no other way
	save_quietly(user)
	return user.name


def save_quietly(user) -> None:
	"""Frappe tells whoever saves a User of names that it chose and roles that it tried to give; who grants an
	account has not asked."""
	told = len(frappe.local.message_log)
	user.save()
	del frappe.local.message_log[told:]


def is_in_line(user, values: dict, profile: str | None) -> bool:
	"""Whether the User has these values and roles already: saving it makes Frappe forget its caches."""
	same = all((user.get(field) or None) == (value or None) for field, value in values.items())
	return same and {row.role for row in user.roles} == set(roles_of(profile))


def keep_home_unit(user: str, account) -> None:
	"""One User Permission for the unit: with it, records that an administrator adds later are limited too.
	Accounts that see all units have none."""
	wanted = None if scope.seen_units(user) is None else account.unit
	rows = frappe.get_all(
		"User Permission",
		{"user": user, "allow": "Monitored Unit"},
		["name", "for_value"],
		order_by="name",
	)
	for row in rows:
		if row.for_value == wanted:
			wanted = None
		else:
			frappe.delete_doc("User Permission", row.name, ignore_permissions=True)  # follows the account
	if wanted:
		frappe.get_doc(
			{"doctype": "User Permission", "user": user, "allow": "Monitored Unit", "for_value": wanted}
		).insert(ignore_permissions=True)  # follows the account


def disable(user: str, keep_roles: bool) -> None:
	"""Switches the login off. Not by saving the User: Frappe refuses that where the Administrator is the
	only System Manager, as it is here on purpose."""
	frappe.db.set_value("User", user, {"enabled": 0, "api_key": None, "reset_password_key": None})
	if not keep_roles:
		remove_encrypted_password("User", user, "password")  # a later account is handed over anew
		clear_role_profile(user)
		frappe.db.delete("Has Role", {"parent": user, "parenttype": "User"})
	remove_encrypted_password("User", user, "api_secret")
	for key in ("users_for_mentions", "enabled_users"):
		frappe.cache().delete_key(key)


def end_sessions(user: str) -> None:
	"""Ends every open session of `user`. A request that is under way may put its session back into the
	cache; `organization.sessions.refuse_disabled` turns it away all the same."""
	table = frappe.qb.DocType("Sessions")
	sessions = frappe.qb.from_(table).select(table.sid).where(table.user == user).run(pluck=True)
	for sid in sessions:
		frappe.cache().hdel("session", sid)
		frappe.cache().hdel("last_db_session_update", sid)
	frappe.db.delete("Sessions", {"user": user})
	frappe.clear_cache(user=user)
	if sessions:
		login_history.write(user, login_history.ENDED)


def follow_all(filters: dict) -> None:
	"""After a change of positions, levels or units: brings the granted accounts that match `filters` in
	line. Many are left to a background job: views follow at once without it (access/scope.py)."""
	names = frappe.get_all(
		"Monitoring Account", {**filters, "status": scope.GRANTED}, pluck="name", order_by="name"
	)
	if len(names) <= AT_ONCE or frappe.flags.in_test:
		follow_each(names)
	else:
		frappe.enqueue(follow_each, queue="long", enqueue_after_commit=True, names=names)


def follow_each(names: list[str]) -> None:
	for name in names:
		follow(frappe.get_doc("Monitoring Account", name))
