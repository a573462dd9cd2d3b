"""Health Event: what is wrong with recording now, since when, until when. This file is its only writer.

An event is open once for each kind and subject, however often it is reported; it ends by itself when what was
wrong is right again. People only write down what they did about it. Needs a connection; the caller commits.
"""

from datetime import datetime

import frappe
from frappe.utils import now_datetime

from giam_sat_mot_cua.access.roles import MONITORING_ADMINISTRATOR, MONITORING_OPERATOR
from giam_sat_mot_cua.organization import notices

WARNING, CRITICAL = "Warning", "Critical"
NAMED = 5  # subjects in one notice
SUBJECTS = ("camera", "storage_volume", "recorder_node")


def report(
	kind: str,
	detail: str = "",
	severity: str = WARNING,
	silenced: bool = False,
	began_on: datetime | None = None,
	**subject,
) -> str | None:
	"""Opens an event of `kind` (an option of Health Event) about `subject`: one of camera=, storage_volume=,
	recorder_node=, or nothing for the whole system. Returns its name when it is new, None when one is open
	already; that one takes the new detail, and tells again when it has become critical.

	`silenced`: planned maintenance is the reason, so that nobody is told. `began_on`: since when (site time);
	now when left out.
	"""
	event = put(kind, detail, severity, silenced, began_on, **subject)
	if event and event.news:
		tell([event.name])
	return event.name if event and event.new else None


def keep(kind: str, about: str, wrong: dict[str, dict]) -> None:
	"""Makes the open events of `kind` those of `wrong`: {name of a subject: arguments of `report`}. The
	others end. `about`: the subject, one of SUBJECTS. What is new at one moment is told in one notice.
	"""
	news = []
	for name, values in wrong.items():
		event = put(kind, **{about: name}, **values)
		if event and event.news:
			news.append(event.name)
	tell(news)
	for name in set(open_about(kind, about)).difference(wrong):
		close(kind, **{about: name})


def open_about(kind: str, about: str) -> list[str]:
	"""Subjects of the open events of `kind`."""
	return frappe.get_all(
		"Health Event",
		{"kind": kind, "open_key": ("is", "set"), about: ("is", "set")},
		pluck=about,
		order_by=about,
	)


def put(
	kind: str,
	detail: str = "",
	severity: str = WARNING,
	silenced: bool = False,
	began_on: datetime | None = None,
	**subject,
) -> frappe._dict | None:
	"""Writes what `report` says: {"name", "new", "news": whether somebody has to be told}. None when another
	has opened the same event at this moment."""
	key = key_of(kind, subject)
	stored = frappe.db.get_value(
		"Health Event", {"open_key": key}, ["name", "detail", "severity", "silenced"], as_dict=True
	)
	if stored:
		worse = severity == CRITICAL and stored.severity != CRITICAL
		values = {"detail": detail, "severity": severity, "silenced": int(silenced)}
		if any(str(stored[name] or "") != str(value or "") for name, value in values.items()):
			frappe.db.set_value("Health Event", stored.name, values)
		news = bool(worse or stored.silenced) and not silenced
		return frappe._dict(name=stored.name, new=False, news=news)
	camera = subject.get("camera")
	doc = frappe.get_doc(
		{
			"doctype": "Health Event",
			"kind": kind,
			"severity": severity,
			"detail": detail,
			"unit": frappe.db.get_value("Camera", camera, "unit") if camera else None,
			"began_on": began_on or now_datetime(),
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
	return frappe._dict(name=doc.name, new=True, news=not silenced)


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


def tell(names: list[str]) -> None:
	"""Those who look after the system, of events of one kind: administrators and operators of the managing
	unit."""
	if not names:
		return
	people = frappe.get_all(
		"Has Role",
		{"role": ("in", (MONITORING_ADMINISTRATOR, MONITORING_OPERATOR)), "parenttype": "User"},
		pluck="parent",
		distinct=True,
		order_by="parent",
	)
	events = [frappe.get_doc("Health Event", name) for name in names[:NAMED]]
	about = ", ".join(filter(None, map(subject_of, events)))
	subject = f"{frappe._(events[0].kind)}: {about}" if about else frappe._(events[0].kind)
	if len(names) > NAMED:
		subject += " " + frappe._("and {0} more").format(len(names) - NAMED)
	detail = events[0].detail if len(names) == 1 else ""
	notices.tell(people, f"{subject}. {detail or ''}".strip(), events[0])


def subject_of(event) -> str | None:
	return event.camera or event.storage_volume or event.recorder_node
