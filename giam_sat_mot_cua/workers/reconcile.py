"""Files without rows: repaired, hashed, indexed.

A recorder that was killed leaves a file without an end and perhaps closed files whose rows did not arrive.
Whoever takes the camera over mends them before it records; `bench gsmc reconcile` does it for all.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

import frappe

from giam_sat_mot_cua.media import events, layout, repair
from giam_sat_mot_cua.recording import clock, gap_ledger, hour_index
from giam_sat_mot_cua.workers import indexer, leases, volumes
from giam_sat_mot_cua.workers.volumes import Volume

STILL_WRITTEN_S = 30  # a file that grew so lately belongs to a recorder


@dataclass
class Recovered:
	"""What is known of a camera's past: the end of its footage (UTC, ms), and events for what had no row."""

	recorded_until_utc_ms: int | None = None
	events: list = field(default_factory=list)


def recover_camera(camera: str, volume: Volume | None) -> Recovered:
	"""Mends what is newer than the index on `volume`; None: on none. Needs a unit of work, and the camera's
	lease."""
	until = hour_index.recorded_until(camera)
	found = Recovered(until)
	for path in newer_files(camera, volume, until):
		event = mend(camera, volume.path, path)
		if event:
			found.events.append(event)
			end = event.start_utc_ms + event.duration_ms
			found.recorded_until_utc_ms = max(found.recorded_until_utc_ms or end, end)
	if found.recorded_until_utc_ms is None:
		# never recorded yet, but known to be missing since then
		for gap in gap_ledger.open_gaps(camera)[:1]:
			found.recorded_until_utc_ms = clock.utc_ms(gap.start_utc)
	return found


def newer_files(camera: str, volume: Volume | None, from_utc_ms: int | None) -> list[str]:
	if not volume:
		return []
	try:
		return [path for path, _start, _size in layout.iter_files(volume.path, camera, from_utc_ms)]
	except OSError:
		return []  # the volume's own state says what is wrong


def mend(camera: str, volume: Path, path: str) -> events.FileClosed | None:
	"""Repairs one file and describes it; an empty one is removed."""
	try:
		mended = repair.repair(volume, path)
	except repair.EmptyRecording:
		layout.safe_join(volume, path).unlink(missing_ok=True)
		return None
	except OSError:
		return None  # the volume's own state says what is wrong
	return events.FileClosed(
		camera,
		path,
		mended.start_utc_ms,
		mended.duration_ms,
		mended.size_bytes,
		mended.sha256,
		mended.info,
	)


def reconcile_site(camera: str | None = None, again: bool = False) -> dict[str, int]:
	"""Indexes files without a row, of one camera or all; `again` indexes every file. Camera -> files indexed.

	Needs a connection; commits after each camera. A file that a recorder writes at this moment is left alone.
	"""
	found = {}
	percent = 0.0
	for row in volumes.of_node(leases.node_name()):
		volume = Volume(row.name, Path(row.path), volumes.min_free(Path(row.path), percent))
		for name in [camera] if camera else layout.folder_names(volume.path):
			if not frappe.db.exists("Camera", name):
				continue
			found[name] = found.get(name, 0) + index_files(name, volume, again)
			frappe.db.commit()  # a long command: what is done stays done
	return found


def index_files(camera: str, volume: Volume, again: bool) -> int:
	"""Adds files of the camera on this volume to the index; returns how many."""
	known = set() if again else known_starts(camera)
	files = list(layout.iter_files(volume.path, camera))
	if files and time.time() - layout.safe_join(volume.path, files[-1][0]).stat().st_mtime < STILL_WRITTEN_S:
		files.pop()
	return index_found(camera, volume.name, volume.path, [s for _path, s, _size in files if s not in known])


def index_found(camera: str, volume: str, path: Path, starts: list[int]) -> int:
	"""Mends and indexes files that lie on the volume at `path`; returns how many could be read."""
	unit = frappe.db.get_value("Camera", camera, "unit")
	mended = [mend(camera, path, layout.file_path(camera, start)) for start in starts]
	found = [indexer.indexed(event, volume) for event in mended if event]
	hour_index.merge(camera, unit, found, seen=True)
	return len(found)


def known_starts(camera: str) -> set[int]:
	"""Starts of files that are in the index and there: one that was said to be gone is looked at again."""
	rows = frappe.get_all(
		"Recording Hour", {"camera": camera}, ["files", "hour_start_utc"], order_by="hour_start_utc"
	)
	return {
		file.start_utc_ms
		for row in rows
		for file in hour_index.unpack_spans(row.files, clock.utc_ms(row.hour_start_utc))
		if not file.gone
	}
