"""Backups on request of an administrator."""

import frappe
from frappe import _

from giam_sat_mot_cua.access.administrators import require_administrator
from giam_sat_mot_cua.workers import backups


@frappe.whitelist(methods=["POST"])
def start() -> dict:
	"""{"started"}: False when a backup waits or runs already. For an administrator of the managing unit;
	PermissionError for everybody else."""
	require_administrator(_("Backups are started by an administrator of the managing unit."), _("Backup Run"))
	return {"started": backups.start_by_hand()}
