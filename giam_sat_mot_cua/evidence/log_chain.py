"""The chain of the Footage Access Log: each row carries the hash of the row before it, so that a row which
somebody changed, removed or slipped in past the program is found, and named.

A row's hash is SHA-256 over the hash of the row before it and the row's fields (FIELDS) as a JSON array of
texts, UTF-8, without spaces; a field without a value is an empty text, a moment is `YYYY-MM-DD
HH:MM:SS.ffffff`. The first row follows ORIGIN. Rows that were cut off at the end leave no trace in the chain
itself: evidence packages carry the newest row's number and hash of their day (`anchors`).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import frappe

DOCTYPE = "Footage Access Log"
ORIGIN = "0" * 64
FIELDS = (
	"sequence",
	"action",
	"camera",
	"unit",
	"footage_from",
	"footage_to",
	"footage_from_utc",
	"footage_to_utc",
	"person",
	"full_name",
	"account",
	"happened_at",
	"happened_utc",
	"from_address",
	"client",
	"reason",
	"about_doctype",
	"about_name",
)
BATCH = 5000


@dataclass(frozen=True)
class Broken:
	"""The first row that does not fit. `why`: "missing" (rows before it are gone), "changed" (its fields do
	not give its hash), "moved" (it does not follow the row before it), "cut off" (an evidence package knew of
	a row here)."""

	sequence: int
	why: str


@dataclass(frozen=True)
class Checked:
	"""What a look at the whole log found. `head`: hash of the newest row; ORIGIN when there is none."""

	rows: int
	head: str
	broken: Broken | None = None


def row_hash(previous: str, row: dict) -> str:
	"""Hash of a row that follows one with the hash `previous`."""
	texts = json.dumps([text(row.get(field)) for field in FIELDS], ensure_ascii=False, separators=(",", ":"))
	return hashlib.sha256(f"{previous}{texts}".encode()).hexdigest()


def text(value: object) -> str:
	if isinstance(value, datetime):
		return f"{value:%Y-%m-%d %H:%M:%S.%f}"
	return "" if value is None else str(value)


def check(
	rows: Iterable[dict],
	anchors: Iterable[tuple[int, str]] = (),
	start: int = 0,
	previous: str = ORIGIN,
) -> Checked:
	"""Follows `rows` (in order of `sequence`), and compares them with `anchors`: number and hash of rows that
	are known to have been there. They follow row number `start`, whose hash is `previous`."""
	known = dict(anchors)
	count = 0
	for row in rows:
		count += 1
		found = fault(row, previous, start + count)
		if not found and known.pop(row["sequence"], row["row_hash"]) != row["row_hash"]:
			found = "changed"
		if found:
			return Checked(count - 1, previous, Broken(row["sequence"], found))
		previous = row["row_hash"]
	if known:
		return Checked(count, previous, Broken(min(known), "cut off"))
	return Checked(count, previous)


def fault(row: dict, previous: str, number: int) -> str | None:
	if row["sequence"] != number:
		return "missing" if row["sequence"] > number else "moved"
	if row["previous_hash"] != previous:
		return "moved"
	return None if row_hash(previous, row) == row["row_hash"] else "changed"


def stored() -> Iterator[dict]:
	"""All rows of the log in order, a batch at a time."""
	table = frappe.qb.DocType(DOCTYPE)
	columns = [table[field] for field in (*FIELDS, "previous_hash", "row_hash")]
	last, seen = 0, ""
	while True:
		query = frappe.qb.from_(table).select(table.name, *columns)
		# a row that somebody slipped in may carry a number that is there already
		after = (table.sequence > last) | ((table.sequence == last) & (table.name > seen))
		batch = query.where(after).orderby(table.sequence).orderby(table.name).limit(BATCH).run(as_dict=True)
		yield from batch
		if len(batch) < BATCH:
			return
		last, seen = batch[-1].sequence, batch[-1].name
