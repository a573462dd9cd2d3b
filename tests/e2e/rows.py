"""What the records say about recordings, read in a new transaction each time."""

import time

import frappe

from giam_sat_mot_cua.recording import clock, hour_index


def refresh() -> None:
	frappe.db.rollback()
	frappe.local.document_cache = {}


def state(camera: str) -> tuple[str, str, str]:
	refresh()
	return frappe.db.get_value("Camera", camera, ["state", "fault", "state_message"])


def files(camera: str, since_ms: int = 0) -> list[hour_index.IndexedFile]:
	refresh()
	found = hour_index.files_between(camera, max(since_ms - 600_000, 0), clock.now_ms() + 60_000)
	return [file for file in found if file.end_utc_ms > since_ms]


def gaps(camera: str, since_ms: int = 0) -> list:
	refresh()
	return [
		row
		for row in frappe.get_all(
			"Recording Gap",
			{"camera": camera},
			["cause", "start_utc", "end_utc", "duration_s"],
			order_by="start_utc",
		)
		if clock.utc_ms(row.start_utc) >= since_ms - 120_000
	]


def explained_ms(camera: str, begin: int, end: int) -> tuple[int, int]:
	"""(recorded, explained by gaps) milliseconds of [begin, end)."""
	recorded = hour_index.covered_ms(files(camera, begin), begin, end)
	spans = [
		hour_index.IndexedFile(
			clock.utc_ms(g.start_utc),
			(clock.utc_ms(g.end_utc) if g.end_utc else end) - clock.utc_ms(g.start_utc),
			0,
			"",
			"",
		)
		for g in gaps(camera)
	]
	return recorded, hour_index.covered_ms([s for s in spans if s.duration_ms > 0], begin, end)


def wait_indexed(camera: str, since_ms: int, patience_s: float = 120) -> list[hour_index.IndexedFile]:
	"""Waits until a file that *starts* after `since_ms` is indexed; returns all files from `since_ms` on."""
	until = time.monotonic() + patience_s
	while time.monotonic() < until:
		found = files(camera, since_ms)
		if any(file.start_utc_ms > since_ms for file in found):
			return found
		time.sleep(0.5)
	raise AssertionError(f"no new file of {camera} in the index after {patience_s} s: {state(camera)}")
