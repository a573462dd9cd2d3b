"""Health Event: what is wrong with recording now, since when, until when. This file is its only writer.

An event is open once for each kind and subject, however often it is reported; it ends by itself when what was
wrong is right again. People only write down what they did about it. Needs a connection; the caller commits.
"""

import frappe
from frappe.utils import now_datetime

from giam_sat_mot_cua.access.roles import MONITORING_ADMINISTRATOR, MONITORING_OPERATOR
from giam_sat_mot_cua.organization import notices

WARNING, CRITICAL = "Warning", "Critical"
SUBJECTS = ("camera", "storage_volume", "recorder_node")


def report(
	kind: str, detail: str = "", severity: str = WARNING, silenced: bool = False, **subject
) -> str | None:
	"""Opens an event of `kind` (an option of Health Event) about `subject`: one of camera=, storage_volume=,
	recorder_node=, or nothing for the whole system. Returns its name when it is new, None when one is open
	already; that one takes the new detail, and tells again when it has become critical.

	`silenced`: planned maintenance is the reason, so that nobody is told.
	"""
	key = key_of(kind, subject)
	stored = frappe.db.get_value(
		"Health Event", {"open_key": key}, ["name", "detail", "severity", "silenced"], as_dict=True
	)
	if stored:
		worse = severity == CRITICAL and stored.severity != CRITICAL
		values = {"detail": detail, "severity": severity, "silenced": int(silenced)}
		if any(str(stored[name] or "") != str(value or "") for name, value in values.items()):
			frappe.db.set_value("Health Event", stored.name, values)
		if (worse or stored.silenced) and not silenced:
			tell(frappe.get_doc("Health Event", stored.name))
		return None
	camera = subject.get("camera")
	doc = frappe.get_doc(
		{
			"doctype": "Health Event",
			"kind": kind,
			"severity": severity,
			"detail": detail,
			"unit": frappe.db.get_value("Camera", camera, "unit") if camera else None,
			"began_on": now_datetime(),
			"silenced": int(silenced),
			"open_key": key,
			**subject,
		}
	)
	doc.flags.by_system = True
	# written by the system; two that see the same thing at one moment open one event
	doc.insert(ignore_permissions=True, ignore_if_duplicate=True)
	if not frappe.db.exists("Health Event", doc.name):
		return None
	if not silenced:
		tell(doc)
	return doc.name


def close(kind: str, **subject) -> bool:
	"""Ends the open event of `kind` about `subject`. False when there is none."""
	name = frappe.db.get_value("Health Event", {"open_key": key_of(kind, subject)})
	if not name:
		return False
	values = {"status": "Closed", "ended_on": now_datetime(), "open_key": None}
	frappe.db.set_value("Health Event", name, values)
	return True


def key_of(kind: str, subject: dict) -> str:
	named = {name: value for name, value in subject.items() if value}
	if len(named) > 1 or set(named) - set(SUBJECTS):
		raise ValueError(f"an event has one subject of {SUBJECTS}, not {subject}")
	about = next(iter(named.values()), "")
	return f"{kind}|{about}"[:190]


def tell(event) -> None:
	"""Those who look after the system: administrators and operators of the managing unit."""
	people = frappe.get_all(
		"Has Role",
		{"role": ("in", (MONITORING_ADMINISTRATOR, MONITORING_OPERATOR)), "parenttype": "User"},
		pluck="parent",
		distinct=True,
		order_by="parent",
	)
	about = event.camera or event.storage_volume or event.recorder_node
	subject = f"{frappe._(event.kind)}: {about}" if about else frappe._(event.kind)
	notices.tell(people, f"{subject}. {event.detail or ''}".strip(), event)
