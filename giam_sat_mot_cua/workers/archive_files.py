"""The footage that lies in one archive, day by day: what is there, what it is, and taking it away.

The same questions as of volume_files.VolumeFiles. StoreError, an OSError, when the store does not answer.
"""

import json
from collections.abc import Iterable

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import archives
from giam_sat_mot_cua.recording.hour_index import IndexedFile
from giam_sat_mot_cua.recording.object_store import NoSuchObject

FACTS = "gsmc-file"  # beside each object: what its row says, so that rows can be made anew from objects alone


def facts_of(file: IndexedFile) -> dict[str, str]:
	told = {"duration_ms": file.duration_ms, "sha256": file.sha256, "stream": file.stream}
	return {FACTS: json.dumps(told, separators=(",", ":"))}


class ArchiveFiles:
	"""The footage in one archive. Names of objects are the paths that files have on a volume."""

	def __init__(self, volume: str):
		self.volume = volume
		self.store = archives.store(volume)

	def cameras(self) -> list[str]:
		return sorted(name for name in self.store.folders() if layout.CAMERA.fullmatch(name))

	def days_of(self, camera: str) -> list[str]:
		"""`YYYY/MM/DD` of the days of which there is footage."""
		found = []
		for year in self.digits(f"{layout.check_camera(camera)}/", 4):
			for month in self.digits(f"{camera}/{year}/", 2):
				found += [f"{year}/{month}/{day}" for day in self.digits(f"{camera}/{year}/{month}/", 2)]
		return sorted(found)

	def digits(self, folder: str, count: int) -> list[str]:
		return [name for name in self.store.folders(folder) if len(name) == count and name.isdigit()]

	def starts(self, camera: str, day: str) -> list[int]:
		return sorted(self.sizes(camera, day))

	def sizes(self, camera: str, day: str) -> dict[int, int]:
		"""{start: bytes} of a day's files."""
		return archives.sizes_of_day(self.store, camera, day)

	def size(self, camera: str, start_utc_ms: int) -> int | None:
		"""Bytes of the file, None when it is not there."""
		try:
			return self.store.head(layout.file_path(camera, start_utc_ms)).size_bytes
		except NoSuchObject:
			return None

	def described(self, camera: str, start_utc_ms: int) -> IndexedFile | None:
		"""The file as its row should say, without a look at its bytes; None when it is not there, or somebody
		else has put it there."""
		try:
			found = self.store.head(layout.file_path(camera, start_utc_ms))
			told = json.loads(found.facts[FACTS])
			sha256 = found.sha256 or told["sha256"]
			return IndexedFile(
				start_utc_ms, told["duration_ms"], found.size_bytes, sha256, self.volume, told["stream"]
			)
		except (NoSuchObject, KeyError, ValueError):
			return None

	def holds(self, camera: str, file: IndexedFile) -> bool:
		"""Whether the file is there, just as the index has it."""
		there = self.described(camera, file.start_utc_ms)
		return bool(there) and (there.size_bytes, there.sha256) == (file.size_bytes, file.sha256)

	def remove(self, camera: str, starts: Iterable[int]) -> tuple[list[int], dict[int, str]]:
		"""Removes files: (those that are gone by this, {start: what the store said})."""
		names = {layout.file_path(camera, start): start for start in starts}
		kept = {names[name]: code for name, code in self.store.remove(names).items()}
		return [start for start in names.values() if start not in kept], kept

	def remove_empty_folders(self, camera: str, day: str, today: str) -> None:
		"""A store has no folders; they end with their last object."""
