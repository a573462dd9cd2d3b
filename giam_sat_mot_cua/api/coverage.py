"""How much of a period was recorded, and what was not."""

import frappe
from frappe.utils import get_datetime

from giam_sat_mot_cua.api import cameras
from giam_sat_mot_cua.recording import clock, footage, hour_index

MINUTE_MS = 60_000
BEING_WRITTEN_MS = 3000  # the newest seconds are on their way into the file


@frappe.whitelist(methods=["GET"])
def last_hour(camera: str | None = None) -> dict:
	"""The last 60 minutes of `camera`.

	{"percent": of the time since the camera is known, or None when it is too new, "recorded_s": float,
	"from": site time, "to": site time, "minutes": 60 shares from 0 to 1, oldest first, None before the camera
	was known, "gaps": [{"start_time", "end_time", "cause", "duration_s"}]}. Raises PermissionError when the
	user may not see the camera.
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
		"gaps": gaps_between(doc.name, begin, until),
	}


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


def gaps_between(camera: str, begin: int, until: int) -> list[dict]:
	table = frappe.qb.DocType("Recording Gap")
	ended_later = table.end_utc.isnull() | (table.end_utc > clock.utc_time(begin))
	return (
		frappe.qb.from_(table)
		.select(table.name, table.start_time, table.end_time, table.cause, table.duration_s)
		.where((table.camera == camera) & (table.start_utc < clock.utc_time(until)) & ended_later)
		.orderby(table.start_utc)
		.run(as_dict=True)
	)
