"""How much of a period was recorded, and what was not."""

import frappe

from giam_sat_mot_cua.recording import clock, footage, hour_index

MINUTE_MS = 60_000


@frappe.whitelist(methods=["GET"])
def last_hour(camera: str) -> dict:
	"""The last 60 minutes of `camera`.

	{"percent": float, "recorded_s": float, "from": site time, "to": site time, "minutes": 60 shares from 0 to
	1, oldest first, "gaps": [{"start_time", "end_time", "cause", "duration_s"}]}. Raises PermissionError when
	the user may not see the camera.
	"""
	frappe.get_doc("Camera", camera).check_permission("read")
	until = clock.now_ms()
	begin = until - 60 * MINUTE_MS
	spans = recorded_spans(camera, begin, until)
	shares = [
		covered(spans, begin + n * MINUTE_MS, begin + (n + 1) * MINUTE_MS) / MINUTE_MS for n in range(60)
	]
	recorded = covered(spans, begin, until)
	zone = clock.site_zone()
	return {
		"percent": round(recorded / (60 * MINUTE_MS) * 100, 1),
		"recorded_s": round(recorded / 1000, 1),
		"from": clock.site_time(begin, zone),
		"to": clock.site_time(until, zone),
		"minutes": [round(share, 3) for share in shares],
		"gaps": gaps_between(camera, begin, until),
	}


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
