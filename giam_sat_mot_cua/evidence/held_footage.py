"""What holds and requests keep, and how large it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import frappe

from giam_sat_mot_cua.evidence import holds
from giam_sat_mot_cua.recording import clock, hour_index

CASE, REQUEST = "Legal Hold", "Extraction Request"
# of each kind: its rows, and the fields that say why and since when
RECORDS = {
	CASE: ("Legal Hold Camera", "title", "placed_on"),
	REQUEST: ("Extraction Range", "purpose", "submitted_on"),
}


@dataclass(frozen=True)
class Held:
	"""A period of a camera that a record keeps. `since`: site time; `begin`, `end`: UTC, ms."""

	doctype: str
	name: str
	why: str
	since: object
	camera: str
	begin: int
	end: int

	def kept(self) -> tuple[int, int]:
		"""(files, bytes) of it that are there."""
		return hour_index.kept_between(self.camera, self.begin, self.end)


def listed(names: Iterable[str] | None = None) -> Iterator[Held]:
	"""Everything that is held, the oldest record first; of the records `names` alone, when they are given."""
	for doctype, query in ((CASE, holds.of_cases()), (REQUEST, holds.of_requests())):
		record = frappe.qb.DocType(doctype)
		rows, why, since = RECORDS[doctype]
		query = query.select(record.name, record[why], record[since])
		query = query.orderby(record.creation, record.name, frappe.qb.DocType(rows).idx)
		if names is not None:
			query = query.where(record.name.isin([*names, ""]))
		for camera, from_utc, to_utc, name, text, placed in query.run():
			yield Held(doctype, name, text, placed, camera, *clamped(from_utc, to_utc))


def clamped(from_utc, to_utc) -> tuple[int, int]:
	"""A row without a moment means all that there is."""
	begin = holds.moment(from_utc, 0)
	return begin, max(holds.moment(to_utc, clock.now_ms()), begin)


def counted_once(rows: Iterable[Held]) -> tuple[int, int]:
	"""(files, bytes) of all: a period that several records hold counts once, a file at the border of two
	periods in both."""
	spans: dict[str, list[tuple[int, int]]] = {}
	for row in rows:
		spans.setdefault(row.camera, []).append((row.begin, row.end))
	files = size = 0
	for camera, periods in spans.items():
		for begin, end in joined(periods):
			found = hour_index.kept_between(camera, begin, end)
			files, size = files + found[0], size + found[1]
	return files, size


def joined(periods: list[tuple[int, int]]) -> list[tuple[int, int]]:
	"""Without overlaps, in order of time."""
	found: list[tuple[int, int]] = []
	for begin, end in sorted(periods):
		if found and begin <= found[-1][1]:
			found[-1] = (found[-1][0], max(found[-1][1], end))
		else:
			found.append((begin, end))
	return found
