"""What footage there is of a camera in a period: closed files from the index, the newest ones from the
volume.

Reads only. The file that is being written, and files whose index row still waits in a journal, are found by
looking into the camera's folders of the period.
"""

from dataclasses import dataclass
from pathlib import Path

import frappe

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.media.fmp4 import BrokenFile
from giam_sat_mot_cua.media.segment_index import read_index
from giam_sat_mot_cua.recording import clock, hour_index


@dataclass(frozen=True)
class FootageFile:
	"""One file: `closed` when its size and duration are final; else they are unknown (None)."""

	volume: str
	path: str  # relative to the volume
	start_utc_ms: int
	duration_ms: int | None
	size_bytes: int | None

	@property
	def closed(self) -> bool:
		return self.duration_ms is not None


def volume_path(volume: str) -> Path:
	return Path(frappe.get_cached_value("Storage Volume", volume, "path"))


def files_between(camera: str, from_utc_ms: int, to_utc_ms: int) -> list[FootageFile]:
	"""All files of `camera` that may hold something of [from_utc_ms, to_utc_ms), in order of time."""
	found = {
		file.start_utc_ms: FootageFile(
			file.volume,
			layout.file_path(camera, file.start_utc_ms),
			file.start_utc_ms,
			file.duration_ms,
			file.size_bytes,
		)
		for file in hour_index.files_between(camera, from_utc_ms, to_utc_ms)
	}
	indexed_until = max(
		(file.start_utc_ms + file.duration_ms for file in found.values()), default=from_utc_ms
	)
	# only what the index cannot know yet: files that begin after it, and one that was open at its end
	look_from = min(indexed_until, clock.now_ms()) - longest_file_ms()
	for volume in frappe.get_all("Storage Volume", {"enabled": 1}, pluck="name", order_by="priority, name"):
		for path, start, _size in layout.iter_files(
			volume_path(volume),
			camera,
			from_utc_ms=max(look_from, from_utc_ms - longest_file_ms()),
			to_utc_ms=to_utc_ms,
		):
			found.setdefault(start, FootageFile(volume, path, start, None, None))
	return [found[start] for start in sorted(found)]


def longest_file_ms() -> int:
	"""A file ends at the first key frame after its time: allow for a long interval between key frames."""
	return (int(frappe.db.get_single_value("Monitoring Settings", "file_seconds") or 60) + 30) * 1000


def growing_duration_ms(file: FootageFile) -> int:
	"""How much of a file that is not indexed yet can be played; 0 when it cannot be read."""
	try:
		return read_index(layout.safe_join(volume_path(file.volume), file.path)).duration_ms
	except (OSError, ValueError, BrokenFile):
		return 0
