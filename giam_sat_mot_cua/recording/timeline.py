"""What a period of a camera holds, moment by moment: recorded, removed, missing, a gap with its cause.

Reads only. What the index says of a closed file is checked against its volume, so that nothing is promised
that cannot be played.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import frappe

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import clock, footage, hour_index
from giam_sat_mot_cua.recording.footage import FootageFile

RECORDED, REMOVED, MISSING = "recorded", "removed", "missing"
AWAY = "away"  # recorded, but its volume cannot be reached now
GAP, UNKNOWN = "gap", "unknown"
# where pieces overlap, the first of these is what counts
ORDER = (RECORDED, REMOVED, MISSING, AWAY, GAP)
JOINED_MS = 500  # pieces closer than this are one, as in gap_ledger


@dataclass(frozen=True)
class Piece:
	"""A part of a period. `note`: cause of a gap, reason of a removal, volume that is away. `at_utc_ms`: when
	the footage was removed, or found to be missing."""

	kind: str
	begin_ms: int
	end_ms: int
	note: str = ""
	at_utc_ms: int | None = None


def pieces(camera: str, from_utc_ms: int, to_utc_ms: int) -> list[Piece]:
	"""All of [from_utc_ms, to_utc_ms) in order of time, without overlaps; what nobody knows of is UNKNOWN."""
	found = [*file_pieces(camera, from_utc_ms, to_utc_ms), *gap_pieces(camera, from_utc_ms, to_utc_ms)]
	clipped = [clip(piece, from_utc_ms, to_utc_ms) for piece in found]
	laid: list[Piece] = []
	for kind in ORDER:
		laid = laid_over(laid, joined(piece for piece in clipped if piece.kind == kind))
	return fill(laid, from_utc_ms, to_utc_ms)


def clip(piece: Piece, from_utc_ms: int, to_utc_ms: int) -> Piece:
	if piece.begin_ms >= from_utc_ms and piece.end_ms <= to_utc_ms:
		return piece
	return replace(piece, begin_ms=max(piece.begin_ms, from_utc_ms), end_ms=min(piece.end_ms, to_utc_ms))


def file_pieces(camera: str, from_utc_ms: int, to_utc_ms: int) -> Iterator[Piece]:
	there = Listing(camera)
	for file in footage.files_between(camera, from_utc_ms, to_utc_ms):
		duration = file.duration_ms if file.closed else footage.growing_duration_ms(file)
		end = file.start_utc_ms + duration
		if file.gone:
			note = hour_index.REASONS.get(file.gone.why, "")
			yield Piece(file.gone.kind, file.start_utc_ms, end, note, file.gone.at_utc_ms)
		else:
			kind = there.kind(file)
			yield Piece(kind, file.start_utc_ms, end, file.volume if kind == AWAY else "")


class Listing:
	"""Which files of a camera are there: each day's folder is read once."""

	def __init__(self, camera: str):
		self.camera = camera
		self.folders: dict[tuple[str, int], set[int] | None] = {}

	def kind(self, file: FootageFile) -> str:
		key = (file.volume, file.start_utc_ms // layout.DAY_MS)
		if key not in self.folders:
			self.folders[key] = self.read(file.volume, layout.day_of(file.start_utc_ms))
		starts = self.folders[key]
		if starts is None:
			return AWAY
		return RECORDED if file.start_utc_ms in starts else MISSING

	def read(self, volume: str, day: str) -> set[int] | None:
		"""Starts of the day's files; None when the volume does not answer."""
		try:
			starts = set(footage.starts_of_day(volume, self.camera, day))
		except OSError:
			return None
		return starts if footage.volume_answers(volume) else None


def gap_pieces(camera: str, from_utc_ms: int, to_utc_ms: int) -> Iterator[Piece]:
	now = clock.now_ms()
	for gap in gaps_between(camera, from_utc_ms, to_utc_ms):
		end = clock.utc_ms(gap.end_utc) if gap.end_utc else now
		yield Piece(GAP, clock.utc_ms(gap.start_utc), max(end, clock.utc_ms(gap.start_utc)), gap.cause)


def gaps_between(camera: str, from_utc_ms: int, to_utc_ms: int) -> list:
	"""Rows of Recording Gap that overlap the period."""
	table = frappe.qb.DocType("Recording Gap")
	ended_later = table.end_utc.isnull() | (table.end_utc > clock.utc_time(from_utc_ms))
	columns = (table.start_utc, table.end_utc, table.start_time, table.end_time, table.cause)
	return (
		frappe.qb.from_(table)
		.select(table.name, table.duration_s, *columns)
		.where((table.camera == camera) & (table.start_utc < clock.utc_time(to_utc_ms)) & ended_later)
		.orderby(table.start_utc)
		.run(as_dict=True)
	)


def joined(found) -> list[Piece]:
	"""Pieces of one kind in order of time; neighbours that say the same become one."""
	result: list[Piece] = []
	for piece in sorted(found, key=lambda piece: piece.begin_ms):
		last = result[-1] if result else None
		if piece.end_ms <= piece.begin_ms:
			continue
		if last and last.note == piece.note and piece.begin_ms - last.end_ms < JOINED_MS:
			at = max(last.at_utc_ms or 0, piece.at_utc_ms or 0) or None
			result[-1] = Piece(last.kind, last.begin_ms, max(last.end_ms, piece.end_ms), last.note, at)
		elif last and piece.begin_ms < last.end_ms:
			result += [replace(piece, begin_ms=last.end_ms)] if piece.end_ms > last.end_ms else []
		else:
			result.append(piece)
	return result


def laid_over(above: list[Piece], below: list[Piece]) -> list[Piece]:
	"""Both in order of time: of `below` what `above` leaves free."""
	result = list(above)
	number = 0
	for piece in below:
		begin = piece.begin_ms
		while number < len(above) and above[number].end_ms <= begin:
			number += 1
		for over in above[number:]:
			if over.begin_ms >= piece.end_ms:
				break
			if over.begin_ms > begin:
				result.append(replace(piece, begin_ms=begin, end_ms=over.begin_ms))
			begin = max(begin, over.end_ms)
		if begin < piece.end_ms:
			result.append(replace(piece, begin_ms=begin))
	return sorted(result, key=lambda piece: piece.begin_ms)


def fill(found: list[Piece], from_utc_ms: int, to_utc_ms: int) -> list[Piece]:
	"""Adds what nothing is known of; moments too short to be a gap belong to the piece before them."""
	result: list[Piece] = []
	reached = from_utc_ms
	for piece in found:
		if piece.begin_ms - reached >= JOINED_MS:
			result.append(Piece(UNKNOWN, reached, piece.begin_ms))
		elif piece.begin_ms > reached and result:
			result[-1] = replace(result[-1], end_ms=piece.begin_ms)
		result.append(piece)
		reached = max(reached, piece.end_ms)
	if to_utc_ms - reached >= JOINED_MS:
		result.append(Piece(UNKNOWN, reached, to_utc_ms))
	return result
