"""Backups on request of an administrator."""

import frappe
from frappe import _

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.roles import MONITORING_ADMINISTRATOR
from giam_sat_mot_cua.workers import backups


@frappe.whitelist(methods=["POST"])
def start() -> dict:
	"""{"started"}: False when a backup waits or runs already. For an administrator of the managing unit;
	PermissionError for everybody else."""
	allowed = frappe.session.user == "Administrator" or MONITORING_ADMINISTRATOR in frappe.get_roles()
	if not allowed or not scope.acts_for_managing_unit():
		frappe.throw(
			_("Backups are started by an administrator of the managing unit."),
			frappe.PermissionError,
			title=_("Backup Run"),
		)
	return {"started": backups.start_by_hand()}
