"""The footage that lies on one volume, day by day: what is there, and taking it away."""

import heapq
import os
import time
from collections.abc import Iterator
from pathlib import Path

from giam_sat_mot_cua.media import layout

WRITTEN_LATELY_S = 3600


class VolumeFiles:
	"""The footage below one volume's folder. OSError when the disk does not answer."""

	def __init__(self, path: Path):
		self.path = path
		self.newest_starts: dict[str, int | None] = {}

	def cameras(self) -> list[str]:
		return sorted(layout.folder_names(self.path))

	def days(self) -> Iterator[tuple[str, list[str]]]:
		"""(`YYYY/MM/DD`, cameras with a folder of that day), the oldest day first."""
		found: dict[str, list[str]] = {}
		for camera in self.cameras():
			for day in self.days_of(camera):
				found.setdefault(day, []).append(camera)
		for day in sorted(found):
			yield day, found[day]

	def days_of(self, camera: str) -> list[str]:
		"""`YYYY/MM/DD` of the days of which there is a folder."""
		return sorted(day for day in layout.days(self.path / camera) if layout.parse_day(day) is not None)

	def starts(self, camera: str, day: str) -> list[int]:
		return layout.starts_of_day(self.path, camera, day)

	def oldest_first(self) -> Iterator[tuple[str, int]]:
		"""(camera, start) of all footage, in order of time across cameras."""
		for day, cameras in self.days():
			for start, camera in heapq.merge(*(self.labelled(camera, day) for camera in cameras)):
				yield camera, start

	def labelled(self, camera: str, day: str) -> Iterator[tuple[int, str]]:
		return ((start, camera) for start in self.starts(camera, day))

	def newest(self, camera: str) -> int | None:
		"""Start of the newest file of the camera, as it was at the first question."""
		if camera not in self.newest_starts:
			self.newest_starts[camera] = self.look_for_newest(camera)
		return self.newest_starts[camera]

	def look_for_newest(self, camera: str) -> int | None:
		for day in reversed(self.days_of(camera)):
			starts = self.starts(camera, day)
			if starts:
				return starts[-1]
		return None

	def file(self, camera: str, start_utc_ms: int) -> Path:
		return self.path / layout.file_path(camera, start_utc_ms)

	def size(self, camera: str, start_utc_ms: int) -> int | None:
		"""Bytes of the file, None when it is not there. Other OSErrors are raised: they tell nothing."""
		try:
			return self.file(camera, start_utc_ms).stat().st_size
		except (FileNotFoundError, NotADirectoryError):
			return None

	def grew_lately(self, camera: str, start_utc_ms: int, within_s: float = WRITTEN_LATELY_S) -> bool:
		try:
			written = self.file(camera, start_utc_ms).stat().st_mtime
		except (FileNotFoundError, NotADirectoryError):
			return False
		return time.time() - written < within_s

	def remove(self, camera: str, starts: list[int]) -> tuple[list[int], dict[int, str]]:
		"""Removes files of one day of a camera: (those that are gone by this, {start: what the system said}).

		A file that was not there is not among them: it was not removed here. ValueError when the day's folder
		does not lie in the volume.
		"""
		folder = layout.safe_join(self.path, f"{camera}/{layout.day_of(starts[0])}")
		removed, errors = [], {}
		try:
			handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
		except FileNotFoundError:
			return [], {}
		try:
			for start in starts:
				try:
					os.unlink(layout.file_name(start), dir_fd=handle)
					removed.append(start)
				except FileNotFoundError:
					continue
				except OSError as error:
					errors[start] = error.strerror or ""
		finally:
			os.close(handle)
		return removed, errors

	def remove_empty_folders(self, camera: str, day: str, today: str) -> None:
		"""Removes the folder of a day that is empty, and those of its month and year; never one in which a
		recorder may be about to begin."""
		year, month, _day = day.split("/")
		for folder, present in ((day, today), (f"{year}/{month}", today[:7]), (year, today[:4])):
			if folder >= present:
				return
			try:
				os.rmdir(self.path / camera / folder)
			except OSError:
				return  # not empty, or gone
