"""Child rows that count from a date on, kept together with the fields that show the row of today.

A field shows today's value, the table the whole history and what is decided ahead. Whichever of the two a
person changes counts: a changed field becomes a row of today, changed rows set the field.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import getdate


@dataclass(frozen=True)
class DatedField:
	"""`fields` maps a field of the document to its column in the rows; the first one is what the rows are
	about. `since` is a field of the document with the date from which a first row counts."""

	table: str
	fields: dict[str, str]
	since: str

	@property
	def main(self) -> str:
		return next(iter(self.fields))


def effective_row(rows: Iterable, day: date):
	"""The row that counts on `day`: the newest that has begun; None when none has."""
	begun = [row for row in rows if row.valid_from and getdate(row.valid_from) <= day]
	return max(begun, key=lambda row: getdate(row.valid_from)) if begun else None


def bring_together(doc: Document, dated: DatedField) -> None:
	"""Sets fields and rows of `doc` as of today. Every row has its date by now."""
	before, today = doc.get_doc_before_save(), getdate()
	keep_the_past(doc, before, dated, today)
	rows = doc.get(dated.table)
	shown = {field: doc.get(field) or None for field in dated.fields}
	stored = {field: before.get(field) or None for field in dated.fields} if before else {}
	by_field = bool(before) and shown != stored and not rows_changed(doc, before, dated)
	if not effective_row(rows, today) and (stored.get(dated.main) or shown[dated.main]):
		first = stored if stored.get(dated.main) else shown
		doc.append(dated.table, {"valid_from": first_day(doc, dated, today), **columns(dated, first)})
	if by_field:
		row = next((row for row in doc.get(dated.table) if getdate(row.valid_from) == today), None)
		row = row or doc.append(dated.table, {"valid_from": today})
		row.update(columns(dated, shown))
	show_today(doc, dated, today)


def keep_the_past(doc: Document, before: Document | None, dated: DatedField, today: date) -> None:
	"""What counted on days that are over is history; the site's Administrator corrects an error in it."""
	if not before or frappe.session.user == "Administrator":
		return
	now = facts(doc, dated)
	for fact, row in zip(facts(before, dated), before.get(dated.table), strict=True):
		if getdate(row.valid_from) < today and fact not in now:
			frappe.throw(
				_("The row that begins on {0} is history and stays as it is. Add a row for a change.").format(
					frappe.bold(frappe.format(row.valid_from, "Date"))
				),
				title=_(doc.meta.get_label(dated.table)),
			)


def show_today(doc: Document, dated: DatedField, today: date) -> None:
	rows = doc.get(dated.table)
	current = effective_row(rows, today)
	for field, column in dated.fields.items():
		doc.set(field, (current.get(column) or None) if current else None)
	for row in rows:
		row.applied = int(getdate(row.valid_from) <= today)
	rows.sort(key=lambda row: getdate(row.valid_from))
	for number, row in enumerate(rows, start=1):
		row.idx = number


def columns(dated: DatedField, values: dict) -> dict:
	return {column: values[field] for field, column in dated.fields.items()}


def first_day(doc: Document, dated: DatedField, today: date) -> date:
	since = doc.get(dated.since)
	return getdate(since) if since and getdate(since) <= today else today


def rows_changed(doc: Document, before: Document, dated: DatedField) -> bool:
	return facts(before, dated) != facts(doc, dated)


def facts(doc: Document, dated: DatedField) -> list[tuple]:
	return [
		(str(getdate(row.valid_from)), *(row.get(column) or "" for column in dated.fields.values()))
		for row in doc.get(dated.table)
	]
