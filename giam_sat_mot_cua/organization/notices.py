"""Notices in the Desk, with a link to the record; e-mails follow each person's own notification settings."""

from collections.abc import Iterable

import frappe
from frappe.desk.doctype.notification_log.notification_log import enqueue_create_notification
from frappe.model.document import Document

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.roles import MONITORING_ADMINISTRATOR


def tell(users: Iterable[str | None], subject: str, doc: Document) -> None:
	"""One notice about `doc` for each of `users` who is enabled; whoever caused it is not told."""
	wanted = {user for user in users if user} - {frappe.session.user, "Guest"}
	enabled = frappe.get_all(
		"User", {"name": ("in", list(wanted)), "enabled": 1}, pluck="name", order_by="name"
	)
	if not enabled:
		return
	enqueue_create_notification(
		enabled,
		{
			"type": "Alert",
			"document_type": doc.doctype,
			"document_name": doc.name,
			"subject": frappe.utils.escape_html(subject),
			"from_user": frappe.session.user,
		},
	)


def tell_administrators(subject: str, doc: Document) -> None:
	tell(administrators(), subject, doc)


def administrators() -> list[str]:
	"""Logins of the managing unit's administrators."""
	return frappe.get_all(
		"Has Role",
		{"role": MONITORING_ADMINISTRATOR, "parenttype": "User"},
		pluck="parent",
		distinct=True,
		order_by="parent",
	)


def deciders(unit: str) -> list[str]:
	"""Logins of those who decide for `unit` now: its leader, and a substitute whose delegation is in
	force."""
	users = frappe.get_all(
		"Monitoring Account", {"unit": unit, "status": scope.GRANTED}, pluck="user", order_by="name"
	)
	return [user for user in users if scope.approval_basis(unit, user)]
