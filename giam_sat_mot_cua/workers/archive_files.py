"""The footage that lies in one archive, day by day: what is there, what it is, and taking it away.

The same questions as of volume_files.VolumeFiles. StoreError, an OSError, when the store does not answer.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import closing

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.media.events import StreamInfo
from giam_sat_mot_cua.media.fmp4 import BrokenFile
from giam_sat_mot_cua.media.segment_index import fetch_index
from giam_sat_mot_cua.recording import archives
from giam_sat_mot_cua.recording.hour_index import IndexedFile
from giam_sat_mot_cua.recording.object_store import NoSuchObject, RangeRefused, StoredObject, WrongBytes

FACTS = "gsmc-file"  # beside each object: what its row says, so that rows can be made anew from objects alone

SHA256 = re.compile(r"[0-9a-f]{64}")
CODEC = re.compile(r"[A-Za-z0-9_.-]{0,32}")
LARGEST_NUMBER = 1e9  # of a stream: rates in Hz, sides in pixels
DURATION_OFF_MS = 1  # of what a recorder has rounded


def facts_of(file: IndexedFile) -> dict[str, str]:
	told = {"duration_ms": file.duration_ms, "sha256": file.sha256, "stream": file.stream}
	return {FACTS: json.dumps(told, separators=(",", ":"))}


def read_facts(text: str | None) -> dict | None:
	"""What `facts_of` has written; None of anything else."""
	try:
		told = json.loads(text or "")
		told = {"duration_ms": told["duration_ms"], "sha256": told["sha256"], "stream": told["stream"] or {}}
		stream = StreamInfo(**told["stream"]) if told["stream"] else None
	except (ValueError, LookupError, TypeError, RecursionError):
		return None
	whole = type(told["duration_ms"]) is int and 0 < told["duration_ms"] <= layout.DAY_MS
	hashed = isinstance(told["sha256"], str) and SHA256.fullmatch(told["sha256"])
	return told if whole and hashed and (stream is None or is_plain(stream)) else None


def is_plain(stream: StreamInfo) -> bool:
	"""Whether the stream's values are of the kinds that a recorder writes."""
	texts = (stream.video_codec, stream.audio_codec or "")
	numbers = (stream.width, stream.height, stream.fps, stream.audio_rate or 0)
	return all(isinstance(text, str) and CODEC.fullmatch(text) for text in texts) and all(
		type(number) in (int, float) and 0 <= number < LARGEST_NUMBER for number in numbers
	)


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
		found = self.head(camera, start_utc_ms)
		return found and found.size_bytes

	def described(self, camera: str, start_utc_ms: int) -> IndexedFile | None:
		"""The file as its row should say, without a look at its bytes; None when it is not there, or somebody
		else has put it there."""
		found = self.head(camera, start_utc_ms)
		return found and self.file_of(found, start_utc_ms)

	def proven(self, camera: str, start_utc_ms: int) -> IndexedFile | None:
		"""As `described`, for a row that is made of nothing but what is in the store: whoever may write there
		can say anything beside an object, so its bytes are looked at. They are read as a whole when the store
		has no SHA-256 of its own."""
		found = self.head(camera, start_utc_ms)
		file = found and self.file_of(found, start_utc_ms)
		if not file:
			return None
		path = layout.file_path(camera, start_utc_ms)
		try:
			index = fetch_index(lambda begin, count: self.store.read(path, begin, count), file.size_bytes)
			if abs(index.duration_ms - file.duration_ms) > DURATION_OFF_MS:
				return None
			return file if found.sha256 or self.hash_of(path) == file.sha256 else None
		except (NoSuchObject, RangeRefused, WrongBytes, BrokenFile):
			return None

	def head(self, camera: str, start_utc_ms: int) -> StoredObject | None:
		try:
			return self.store.head(layout.file_path(camera, start_utc_ms))
		except NoSuchObject:
			return None

	def file_of(self, found: StoredObject, start_utc_ms: int) -> IndexedFile | None:
		told = read_facts(found.facts.get(FACTS))
		if not told:
			return None
		sha256 = found.sha256 or told["sha256"]
		return IndexedFile(
			start_utc_ms, told["duration_ms"], found.size_bytes, sha256, self.volume, told["stream"]
		)

	def hash_of(self, path: str) -> str:
		digest = hashlib.sha256()
		_size, body = self.store.open(path)
		with closing(body):
			for chunk in body:
				digest.update(chunk)
		return digest.hexdigest()

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
