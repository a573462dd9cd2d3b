"""How much of a period was recorded, what was not, and what of it is still there."""

from zoneinfo import ZoneInfo

import frappe
from frappe.utils import get_datetime

from giam_sat_mot_cua.api import cameras, periods
from giam_sat_mot_cua.recording import clock, footage, hour_index, timeline
from giam_sat_mot_cua.recording.timeline import Piece

MINUTE_MS = 60_000
BEING_WRITTEN_MS = 3000  # the newest seconds are on their way into the file
LONGEST_TIMELINE_MS = 7 * 86_400_000


@frappe.whitelist(methods=["GET"])
def last_hour(camera: str | None = None) -> dict:
	"""The last 60 minutes of `camera`.

	{"percent": of the time since the camera is known, or None when it is too new, "recorded_s": float,
	"from": site time, "to": site time, "minutes": 60 shares from 0 to 1, oldest first, None before the camera
	was known, "kinds": 60 times what most of the minute is (a kind of `period`), "gaps": [{"start_time",
	"end_time", "cause", "duration_s"}]}. Footage that was removed counts as recorded. Raises PermissionError
	when the user may not see the camera.
	"""
	doc = cameras.readable(camera)
	zone = clock.site_zone()
	until = clock.now_ms() - BEING_WRITTEN_MS
	begin = until - 60 * MINUTE_MS
	spans = recorded_spans(doc.name, begin, until)
	known = min(
		[clock.site_time_to_utc_ms(get_datetime(doc.creation), zone), *(start for start, _end in spans)]
	)
	since = max(begin, known)
	recorded = covered(spans, since, until)
	return {
		"percent": round(recorded / (until - since) * 100, 1) if until > since else None,
		"recorded_s": round(recorded / 1000, 1),
		"from": clock.site_time(begin, zone),
		"to": clock.site_time(until, zone),
		"minutes": [minute_share(spans, begin + n * MINUTE_MS, since) for n in range(60)],
		"kinds": minute_kinds(timeline.pieces(doc.name, begin, until), begin),
		"gaps": timeline.gaps_between(doc.name, begin, until),
	}


@frappe.whitelist(methods=["GET"])
def period(camera: str | None = None, start: str | None = None, end: str | None = None) -> dict:
	"""What the period from `start` to `end` (site time, at most seven days) of `camera` holds.

	{"recorded_s": of which a recording was made, "playable_s": of which it is still there, "pieces":
	[{"kind", "from": site time, "to": site time, "seconds", "text": what a person is told}]} in order of
	time. Kinds: recorded; removed (by retention); missing (nobody knows why); away (the volume cannot be
	reached); gap (with its cause); unknown. Raises PermissionError when the user may not see the camera.
	"""
	doc = cameras.readable(camera)
	begin, until = periods.checked(start, end, LONGEST_TIMELINE_MS)
	zone = clock.site_zone()
	found = timeline.pieces(doc.name, begin, min(until, clock.now_ms()))
	lengths: dict[str, int] = {}
	for piece in found:
		lengths[piece.kind] = lengths.get(piece.kind, 0) + piece.end_ms - piece.begin_ms
	recorded = (timeline.RECORDED, timeline.REMOVED, timeline.MISSING, timeline.AWAY)
	return {
		"recorded_s": round(sum(lengths.get(kind, 0) for kind in recorded) / 1000, 1),
		"playable_s": round(lengths.get(timeline.RECORDED, 0) / 1000, 1),
		"pieces": [piece_for_people(piece, zone) for piece in found],
	}


def piece_for_people(piece: Piece, zone: ZoneInfo) -> dict:
	return {
		"kind": piece.kind,
		"from": clock.site_time(piece.begin_ms, zone),
		"to": clock.site_time(piece.end_ms, zone),
		"seconds": round((piece.end_ms - piece.begin_ms) / 1000, 1),
		"text": periods.told(piece, zone),
	}


def minute_kinds(found: list[Piece], begin: int) -> list[str]:
	"""What most of each of the 60 minutes from `begin` is."""
	kinds = []
	for minute in range(begin, begin + 60 * MINUTE_MS, MINUTE_MS):
		shares: dict[str, int] = {}
		for piece in found:
			length = min(piece.end_ms, minute + MINUTE_MS) - max(piece.begin_ms, minute)
			if length > 0:
				shares[piece.kind] = shares.get(piece.kind, 0) + length
		kinds.append(max(shares, key=shares.get, default=timeline.UNKNOWN))
	return kinds


def minute_share(spans: list[tuple[int, int]], begin: int, since: int) -> float | None:
	"""Recorded share of the minute from `begin`, of what of it lies after `since`."""
	end = begin + MINUTE_MS
	begin = max(begin, since)
	return round(covered(spans, begin, end) / (end - begin), 3) if end > begin else None


def recorded_spans(camera: str, begin: int, until: int) -> list[tuple[int, int]]:
	"""[start, end) in UTC ms of what is recorded; the file being written counts to its newest whole
	fragment."""
	spans = []
	for file in footage.files_between(camera, begin, until):
		duration = file.duration_ms
		if duration is None:
			duration = footage.growing_duration_ms(file)
		spans.append((file.start_utc_ms, file.start_utc_ms + duration))
	return spans


def covered(spans: list[tuple[int, int]], begin: int, until: int) -> int:
	files = [hour_index.IndexedFile(start, end - start, 0, "", "") for start, end in spans]
	return hour_index.covered_ms(files, begin, until)
