"""Methods of Frappe that check nothing and are not worth wrapping: who may not call them, and what they would
tell or change."""

import frappe

from giam_sat_mot_cua.access import people

# About other persons or all records; nobody of a unit needs them
TO_UNIT_ACCOUNTS = {
	"frappe.core.doctype.user.user.get_email_awaiting": "mail of any account",
	"frappe.core.doctype.user.user.has_email_account": "whether an address has an account",
	"frappe.desk.leaderboard.get_energy_point_leaderboard": "names of all accounts",
	"frappe.desk.page.user_profile.user_profile.get_energy_points_heatmap_data": "when a person was active",
	"frappe.desk.page.user_profile.user_profile.get_energy_points_list": "what a person did",
	"frappe.desk.page.user_profile.user_profile.get_energy_points_percentage_chart_data": "what a person did",
	"frappe.desk.page.user_profile.user_profile.get_user_rank": "a person among others",
	"frappe.email.get_contact_list": "addresses of all contacts",
	"frappe.email.relink": "moves any message to any record",
	"frappe.social.doctype.energy_point_log.energy_point_log.get_energy_points": "points of any account",
	"frappe.social.doctype.energy_point_log.energy_point_log.get_reviews": "who praised whom",
	"frappe.social.doctype.energy_point_log.energy_point_log.get_user_energy_and_review_points": (
		"names of all accounts"
	),
	"frappe.utils.goal.get_monthly_goal_graph_data": "counts rows of any table",
}
# Of the whole site; Frappe means them for its administrators, and lets everybody in
SEARCH_SETTINGS = "frappe.desk.doctype.global_search_settings.global_search_settings"
TO_ALL_BUT_ADMINISTRATORS = {
	f"{SEARCH_SETTINGS}.reset_global_search_settings_doctypes": "which DocTypes are searched",
	f"{SEARCH_SETTINGS}.update_global_search_doctypes": "which DocTypes are searched",
	"frappe.desk.page.setup_wizard.setup_wizard.load_messages": "the site's language",
}
ALL = {**TO_UNIT_ACCOUNTS, **TO_ALL_BUT_ADMINISTRATORS}


def refuse(called: str) -> None:
	"""Raises frappe.PermissionError when the session's user may not call this method."""
	if called in TO_UNIT_ACCOUNTS and people.visible_users() is not None:
		raise frappe.PermissionError
	if called in TO_ALL_BUT_ADMINISTRATORS:
		frappe.only_for("System Manager")
