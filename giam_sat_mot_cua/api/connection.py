"""The one way to read a camera's address and login again (Article 5.3)."""

import frappe
from frappe import _
from frappe.utils import now_datetime

from giam_sat_mot_cua.access import secrets
from giam_sat_mot_cua.access.roles import MONITORING_ADMINISTRATOR
from giam_sat_mot_cua.api import cameras
from giam_sat_mot_cua.evidence import access_log

SECRETS = ("stream_url", "stream_username", "stream_password")
SHORTEST_REASON = 10


@frappe.whitelist(methods=["POST"])
def reveal(camera: str | None = None, reason: str | None = None) -> dict:
	"""{"stream_url", "stream_username", "stream_password"} of `camera`, for an administrator of the managing
	unit, after the reveal has been recorded. Raises PermissionError for everybody else."""
	doc = cameras.readable(camera)
	if MONITORING_ADMINISTRATOR not in frappe.get_roles():
		frappe.throw(
			_("Only an administrator of the managing unit may see a camera's connection (Article 5.3)."),
			frappe.PermissionError,
			title=_("Show Connection"),
		)
	reason = (reason or "").strip()
	if len(reason) < SHORTEST_REASON:
		frappe.throw(
			_("Write why you need the connection, in at least {0} letters.").format(SHORTEST_REASON),
			title=_("Show Connection"),
		)
	record(doc.name, reason)
	return {field: secrets.stored(doc.doctype, doc.name, field) for field in SECRETS}


def record(camera: str, reason: str) -> None:
	row = frappe.get_doc(
		{
			"doctype": "Connection Reveal",
			"camera": camera,
			"reason": reason,
			"revealed_by": frappe.session.user,
			"revealed_at": now_datetime(),
			"from_address": frappe.local.request_ip,
		}
	)
	row.flags.by_reveal = True
	row.insert(ignore_permissions=True)  # no role writes this record; this is its only writer
	access_log.note(access_log.CONNECTION, camera, reason=reason, about=row)
