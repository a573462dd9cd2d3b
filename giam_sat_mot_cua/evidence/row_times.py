"""Rows of a table that name a period of footage: `from_time`, `to_time` in the site's time, and the same in
UTC, `from_utc`, `to_utc`."""

from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime

from giam_sat_mot_cua.recording import clock


def period(row: Document) -> tuple[datetime | None, datetime | None]:
	"""(from, to) of a row as site times; None for what is not given, or is no moment of the site's time."""
	return moment(row.from_time), moment(row.to_time)


def moment(value) -> datetime | None:
	if not isinstance(value, str | datetime) or not value:
		return None
	try:
		found = get_datetime(value)
		clock.site_time_to_utc_ms(found)
	except Exception:  # Frappe's parser raises many kinds
		return None
	return found if found.tzinfo is None else None


def set_utc(row: Document, title: str) -> bool:
	"""Fills in the times in UTC; False when a time is not given, which Frappe's own check of mandatory fields
	answers. Throws when they are no times, or end before they begin."""
	if not (row.from_time and row.to_time):
		return False
	begin, end = period(row)
	if not begin or not end:
		frappe.throw(_("Row {0}: write both times like 2026-01-31 08:00:00.").format(row.idx), title=title)
	if end <= begin:
		frappe.throw(_("Row {0}: the end must be later than the beginning.").format(row.idx), title=title)
	row.from_utc, row.to_utc = (clock.utc_time(clock.site_time_to_utc_ms(time)) for time in (begin, end))
	return True


def span(row: Document) -> tuple[int, int]:
	"""Both ends in UTC, ms, once `set_utc` has been called."""
	return clock.utc_ms(row.from_utc), clock.utc_ms(row.to_utc)
