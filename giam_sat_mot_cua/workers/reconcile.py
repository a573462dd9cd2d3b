"""Files without rows: repaired, hashed, indexed.

A recorder that was killed leaves a file without an end and perhaps closed files whose rows did not arrive.
Whoever takes the camera over mends them before it records; `bench gsmc reconcile` does it for all.
"""

from dataclasses import dataclass, field
from pathlib import Path

import frappe

from giam_sat_mot_cua.media import events, layout, repair
from giam_sat_mot_cua.recording import hour_index
from giam_sat_mot_cua.workers import indexer
from giam_sat_mot_cua.workers.volumes import Volume


@dataclass
class Recovered:
	"""What is known of a camera's past: the end of its footage (UTC, ms), and events for what had no row."""

	recorded_until_utc_ms: int | None = None
	events: list = field(default_factory=list)


def recover_camera(camera: str, volume: Volume) -> Recovered:
	"""Mends what is newer than the index on the volume of `camera`. Needs a unit of work, and the camera's
	lease."""
	until = hour_index.recorded_until(camera)
	found = Recovered(until)
	for path, _start, _size in layout.iter_files(volume.path, camera, from_utc_ms=until):
		event = mend(camera, volume.path, path)
		if event:
			found.events.append(event)
			end = event.start_utc_ms + event.duration_ms
			found.recorded_until_utc_ms = max(found.recorded_until_utc_ms or end, end)
	return found


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


def index_missing_files(camera: str, unit: str, volume: Volume) -> int:
	"""Adds every closed file of the camera on this volume that has no row; returns how many. Needs a unit of
	work.

	The newest file is left alone while a recorder holds the camera: it is the one being written.
	"""
	known = {
		file.start_utc_ms
		for row in frappe.get_all(
			"Recording Hour", {"camera": camera}, ["files", "hour_start_utc"], order_by="hour_start_utc"
		)
		for file in hour_index.unpack(row.files, hour_index.clock.utc_ms(row.hour_start_utc))
	}
	missing = [path for path, start, _size in layout.iter_files(volume.path, camera) if start not in known]
	found = [event for event in (mend(camera, volume.path, path) for path in missing) if event]
	hour_index.merge(camera, unit, [indexer.indexed(event, volume.name) for event in found])
	return len(found)
