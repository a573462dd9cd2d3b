"""The Footage Access Log: who saw, played, exported or was given what footage, when, from where, and why
(Articles 4.5, 5.7). The only writer of it; nobody changes or removes a row.
"""

import frappe
from frappe.model.document import Document
from frappe.utils import cstr

from giam_sat_mot_cua.access import scope, turns
from giam_sat_mot_cua.evidence import log_chain, packages
from giam_sat_mot_cua.evidence.log_chain import DOCTYPE
from giam_sat_mot_cua.recording import clock

LIVE, STILL, PLAYBACK = "Watched Live", "Saw a Still", "Played Back"
EXPORT, DOWNLOAD, HANDOVER = "Exported", "Downloaded", "Handed Over"
CONNECTION = "Read the Connection"
MINUTES = "Printed Minutes"

# One row stands for the same person's looks at a camera, or a paper, within so long, in seconds
TOGETHER_S = {LIVE: 600, STILL: 3600, MINUTES: 60}
LONGEST_TEXT = 140


def note(
	action: str,
	camera: str | None = None,
	from_utc_ms: int | None = None,
	to_utc_ms: int | None = None,
	reason: str = "",
	about: Document | None = None,
) -> str:
	"""Writes a row for the session's user; returns its name. It stands when the transaction is committed,
	and other rows wait until then."""
	turns.take(DOCTYPE)
	newest = newest_row()
	values = {
		"sequence": (newest.sequence if newest else 0) + 1,
		"action": action,
		"camera": camera,
		"unit": frappe.db.get_value("Camera", camera, "unit") if camera else about and about.get("unit"),
		"reason": reason,
		"about_doctype": about.doctype if about else None,
		"about_name": about.name if about else None,
		**moments(from_utc_ms, to_utc_ms),
		**who_and_where(),
	}
	previous = newest.row_hash if newest else log_chain.ORIGIN
	row = frappe.new_doc(DOCTYPE)
	row.update({**values, "previous_hash": previous, "row_hash": log_chain.row_hash(previous, values)})
	row.name = f"NK-{values['sequence']:09d}"
	row.db_insert()  # past every rule: what happened is written down whatever it looks like
	return row.name


def note_now(
	action: str,
	camera: str | None = None,
	from_utc_ms: int | None = None,
	to_utc_ms: int | None = None,
	reason: str = "",
	about: Document | None = None,
) -> None:
	"""Writes and commits: what is about to be shown is on the log, whatever becomes of the answer. Looks that
	belong together have one row; one that reaches further back than that row says has its own."""
	if within_s := TOGETHER_S.get(action):
		seen = camera or (about and about.name)
		address = getattr(frappe.local, "request_ip", None)
		key = f"gsmc-access:{action}:{frappe.session.user}:{seen}:{address}"
		told_from = frappe.cache().get_value(key, expires=True)
		if told_from is not None and (from_utc_ms or 0) >= told_from:
			return
	note(action, camera, from_utc_ms, to_utc_ms, reason, about)
	frappe.db.commit()  # Frappe rolls a GET back
	if within_s:
		frappe.cache().set_value(key, from_utc_ms or 0, expires_in_sec=within_s)


def newest_row() -> frappe._dict | None:
	"""{"sequence", "row_hash"} of the newest row, also of one that others committed after this transaction
	began."""
	table = frappe.qb.DocType(DOCTYPE)
	query = frappe.qb.from_(table).select(table.sequence, table.row_hash)
	rows = query.orderby(table.sequence, order=frappe.qb.desc).limit(1).for_update().run(as_dict=True)
	return rows[0] if rows else None


def moments(from_utc_ms: int | None, to_utc_ms: int | None) -> dict:
	now_ms = clock.now_ms()
	found = {"happened_utc": clock.utc_time(now_ms), "happened_at": clock.site_time(now_ms)}
	for field, utc_ms in (("footage_from", from_utc_ms), ("footage_to", to_utc_ms)):
		found[field] = None if utc_ms is None else clock.site_time(utc_ms)
		found[f"{field}_utc"] = None if utc_ms is None else clock.utc_time(utc_ms)
	return found


def who_and_where() -> dict:
	account = scope.account_of()
	request = getattr(frappe.local, "request", None)
	return {
		"person": frappe.session.user,
		"full_name": frappe.db.get_value("User", frappe.session.user, "full_name"),
		"account": account.name if account else None,
		"from_address": getattr(frappe.local, "request_ip", None),
		"client": cstr(request.headers.get("User-Agent") if request else "")[:LONGEST_TEXT],
	}


def verify() -> log_chain.Checked:
	"""Follows the whole log, and compares it with what evidence packages know of it."""
	return log_chain.check(log_chain.stored(), packages.anchors())
