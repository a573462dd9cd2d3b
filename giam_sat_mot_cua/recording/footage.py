"""What footage there is of a camera in a period, and the way to its bytes, wherever they lie: closed files
from the index, the newest ones from the volume.

Reads only. The file that is being written, and files whose index row still waits in a journal, are found by
looking into the camera's folders of the period.
"""

import errno
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import frappe

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.media.fmp4 import BrokenFile
from giam_sat_mot_cua.media.segment_index import FileIndex, read_index
from giam_sat_mot_cua.recording import archives, clock, hour_index
from giam_sat_mot_cua.recording.hour_index import Gone
from giam_sat_mot_cua.recording.object_file import open_object
from giam_sat_mot_cua.recording.volume_kinds import IS_LOCAL, is_archive

MARKER = ".gsmc-volume"  # a file in every volume, with its id


@dataclass(frozen=True)
class FootageFile:
	"""One file: `closed` when its size and duration are final; else they are unknown (None). `gone`: the
	index says that it is not there any more."""

	camera: str
	volume: str
	start_utc_ms: int
	duration_ms: int | None
	size_bytes: int | None
	gone: Gone | None = None

	@property
	def path(self) -> str:
		"""Relative to the volume."""
		return layout.file_path(self.camera, self.start_utc_ms)

	@property
	def closed(self) -> bool:
		return self.duration_ms is not None


def volume_path(volume: str) -> Path:
	"""The folder of a volume that is no archive. FileNotFoundError when it has none, or there is no such
	volume."""
	path = frappe.get_cached_value("Storage Volume", volume, "path")
	if not path:
		raise FileNotFoundError(errno.ENOENT, "no such volume", volume)
	return Path(path)


def carries_marker(path: Path, volume_id: str) -> bool:
	"""Whether the volume with this id is mounted at `path`, and not another one or none. May raise
	OSError."""
	try:
		return (path / MARKER).read_text().strip() == volume_id
	except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
		return False


def volume_answers(volume: str) -> bool:
	"""Whether the volume is there, so that a file that is not found on it is really gone."""
	if is_archive(volume):
		return archives.answers(volume)
	try:
		path, volume_id = frappe.get_cached_value("Storage Volume", volume, ["path", "volume_id"])
		return carries_marker(Path(path), volume_id)
	except (OSError, TypeError):
		return False


def files_between(camera: str, from_utc_ms: int, to_utc_ms: int) -> list[FootageFile]:
	"""All files of `camera` that may hold something of [from_utc_ms, to_utc_ms), in order of time."""
	found = {
		file.start_utc_ms: FootageFile(
			camera, file.volume, file.start_utc_ms, file.duration_ms, file.size_bytes, file.gone
		)
		for file in hour_index.spans_between(camera, from_utc_ms, to_utc_ms)
	}
	indexed_until = max(
		(file.start_utc_ms + file.duration_ms for file in found.values()), default=from_utc_ms
	)
	# only what the index cannot know yet: files that begin after it, and one that was open at its end
	look_from = min(indexed_until, clock.now_ms()) - longest_file_ms()
	for volume in written_volumes():
		for start in unindexed(volume, camera, max(look_from, from_utc_ms - longest_file_ms()), to_utc_ms):
			found.setdefault(start, FootageFile(camera, volume, start, None, None))
	return [found[start] for start in sorted(found)]


def written_volumes() -> list[str]:
	"""Volumes to which recorders write, the preferred one first."""
	filters = {"enabled": 1, "kind": IS_LOCAL}
	return frappe.get_all("Storage Volume", filters, pluck="name", order_by="priority, name")


def unindexed(volume: str, camera: str, from_utc_ms: int, to_utc_ms: int) -> list[int]:
	"""Starts of files on the volume; none when it fails, so that footage elsewhere still plays."""
	try:
		files = layout.iter_files(volume_path(volume), camera, from_utc_ms=from_utc_ms, to_utc_ms=to_utc_ms)
		return [start for _path, start, _size in files]
	except OSError:
		return []


def starts_of_day(volume: str, camera: str, day: str) -> list[int]:
	"""Starts (UTC, ms) of the footage of one day (`YYYY/MM/DD`) on the volume, in order. May raise
	OSError."""
	if is_archive(volume):
		return archives.starts_of_day(volume, camera, day)
	return layout.starts_of_day(volume_path(volume), camera, day)


def open_file(file: FootageFile) -> BinaryIO:
	"""The bytes of a closed file, wherever it lies: read forward they pass through little memory. Raises
	OSError when it is not there, or its volume does not answer."""
	if is_archive(file.volume):
		return open_object(archives.store(file.volume), file.path, file.size_bytes)
	return layout.safe_join(volume_path(file.volume), file.path).open("rb")


def read_indexes(files: list[FootageFile]) -> dict[int, FileIndex]:
	"""The index of each file that can be read now, by its start: on its own volume, and not on another one
	under its path."""
	by_volume: dict[str, list[FootageFile]] = {}
	for file in files:
		by_volume.setdefault(file.volume, []).append(file)
	found: dict[int, FileIndex] = {}
	for volume, of_volume in by_volume.items():
		if not volume_answers(volume):
			continue
		if is_archive(volume):
			indexes = archives.read_indexes(volume, [(file.path, file.size_bytes) for file in of_volume])
			found |= {file.start_utc_ms: indexes[file.path] for file in of_volume if file.path in indexes}
		else:
			found |= read_local_indexes(volume_path(volume), of_volume)
	return found


def read_local_indexes(root: Path, files: list[FootageFile]) -> dict[int, FileIndex]:
	found = {}
	for file in files:
		try:
			found[file.start_utc_ms] = read_index(layout.safe_join(root, file.path))
		except (OSError, ValueError, BrokenFile):
			continue  # removed meanwhile, or its volume is away: the timeline tells
	return found


def longest_file_ms() -> int:
	"""A file ends at the first key frame after its time: allow for a long interval between key frames."""
	return (int(frappe.db.get_single_value("Monitoring Settings", "file_seconds") or 60) + 30) * 1000


def growing_duration_ms(file: FootageFile) -> int:
	"""How much of a file that is not indexed yet can be played; 0 when it cannot be read."""
	try:
		return read_index(layout.safe_join(volume_path(file.volume), file.path)).duration_ms
	except (OSError, ValueError, BrokenFile):
		return 0
