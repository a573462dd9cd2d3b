"""Which footage is held: kept whatever its age, and however full its volume is (Article 9.3)."""

from dataclasses import dataclass, field
from datetime import datetime

import frappe

from giam_sat_mot_cua.access import turns
from giam_sat_mot_cua.recording import clock

TURN = "Legal Hold"
ACTIVE, RELEASED = "Active", "Released"
ASKED_FOR = ("Submitted", "Checked", "Approved", "Exporting")  # states of an Extraction Request
FIRST, LAST = 0, 2**53  # no footage lies outside


@dataclass(frozen=True)
class Holds:
	"""The holds of a moment. `spans`: {camera: [(from, to) in UTC ms]}."""

	spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

	def held(self, camera: str, from_utc_ms: int, to_utc_ms: int) -> bool:
		"""Whether any of [from_utc_ms, to_utc_ms) is held: a file is kept as a whole."""
		return any(begin < to_utc_ms and end > from_utc_ms for begin, end in self.spans.get(camera, ()))


def take_turn() -> None:
	"""Lets one transaction at a time place holds, or remove footage: others wait here until it ends. Who
	holds the turn knows that no hold comes between his look at them and what he does then."""
	turns.take(TURN)


def active(latest: bool = False) -> Holds:
	"""All active holds; `latest`: those that others committed after this transaction began, too."""
	spans: dict[str, list[tuple[int, int]]] = {}
	for query in (of_cases(), of_requests()):
		for camera, begin, end in (query.for_update() if latest else query).run():
			spans.setdefault(camera, []).append((moment(begin, FIRST), moment(end, LAST)))
	return Holds(spans)


def of_cases():
	return rows_of("Legal Hold", "Legal Hold Camera", (ACTIVE,))


def of_requests():
	"""What somebody has asked for in writing is kept until it is decided, and until it has been exported."""
	return rows_of("Extraction Request", "Extraction Range", ASKED_FOR)


def rows_of(doctype: str, rows: str, statuses: tuple[str, ...]):
	record, row = frappe.qb.DocType(doctype), frappe.qb.DocType(rows)
	return (
		frappe.qb.from_(record)
		.inner_join(row)
		.on((row.parent == record.name) & (row.parenttype == doctype))
		.select(row.camera, row.from_utc, row.to_utc)
		.where(record.status.isin(statuses))
	)


def moment(stored: datetime | None, otherwise: int) -> int:
	"""UTC in ms. A row that somebody left without a moment holds all that it may mean."""
	return otherwise if stored is None else clock.utc_ms(stored)


def held(camera: str, from_utc_ms: int, to_utc_ms: int) -> bool:
	"""Whether any of [from_utc_ms, to_utc_ms) of `camera` is held now."""
	return active().held(camera, from_utc_ms, to_utc_ms)
