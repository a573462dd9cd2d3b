"""A movie fragment's header (`moof`, ISO/IEC 14496-12) whose times are changed where they stand: no byte
moves, so that every offset in it stays right."""

import struct
from collections.abc import Iterable

from giam_sat_mot_cua.media.evidence.moov import TrackInfo
from giam_sat_mot_cua.media.fmp4 import NOT_A_KEY_FRAME, BrokenFile, Run, boxes, parse_tfhd, read_run

BASE_OFFSET = 0x1  # of the flags of a tfhd


class TrackFragment:
	"""A `traf`: samples of one track, from `start` on, for `length`, in ticks of the track."""

	def __init__(self, data: bytearray, begin: int, end: int):
		self.data = data
		self.track = default_duration = default_flags = 0
		self.base_place: int | None = None  # of an offset that counts from the beginning of the file
		self.time_place, self.time_format, self.start = 0, ">I", 0
		self.runs: list[Run] = []
		for kind, body, _end in boxes(data, begin, end):
			if kind == b"tfhd":
				self.track, default_duration, default_flags = parse_tfhd(data, body)
				if struct.unpack_from(">I", data, body)[0] & BASE_OFFSET:
					self.base_place = body + 8
			elif kind == b"tfdt":
				self.time_place, self.time_format = body + 4, ">Q" if data[body] else ">I"
				self.start = struct.unpack_from(self.time_format, data, self.time_place)[0]
			elif kind == b"trun":
				self.runs.append(read_run(data, body, default_duration, default_flags))
		if not self.track or not self.time_place or not self.runs:
			raise BrokenFile("its track, its time or its samples are missing")
		self.count = sum(run.count for run in self.runs)
		self.length = sum(run.length(data) for run in self.runs)

	@property
	def end(self) -> int:
		return self.start + self.length

	@property
	def key(self) -> bool:
		return not self.runs[0].first_flags & NOT_A_KEY_FRAME

	def shown(self) -> list[tuple[int, int]]:
		"""(begin, end) of each sample's presentation, in the order of decoding."""
		found, time = [], self.start
		for run in self.runs:
			for duration, ahead in zip(run.durations(self.data), run.aheads(self.data), strict=True):
				found.append((time + ahead, time + ahead + duration))
				time += duration
		return found

	@property
	def first_shown(self) -> int:
		return self.start + (self.runs[0].aheads(self.data)[0] if self.count else 0)

	@property
	def last_shown_end(self) -> int:
		if all(run.ahead is None for run in self.runs):
			return self.end
		return max((end for _begin, end in self.shown()), default=self.end)

	def move(self, start: int) -> None:
		try:
			struct.pack_into(self.time_format, self.data, self.time_place, start)
		except struct.error as error:
			raise BrokenFile("its time does not fit") from error
		self.start = start

	def shorten_front(self, ticks: int) -> None:
		"""Takes `ticks` from the durations of the first samples, as far as each keeps one: those behind stay
		where they are when the fragment begins later by as much."""
		for run in self.runs:
			if run.duration is None:
				return
			for number in range(run.count):
				place = run.place + 4 * (number * run.width + run.duration)
				length = struct.unpack_from(">I", self.data, place)[0]
				taken = min(ticks, max(length - 1, 0))
				struct.pack_into(">I", self.data, place, length - taken)
				self.length -= taken
				ticks -= taken
				if not ticks:
					return


class Moof:
	"""A whole `moof` box, to be changed and written again."""

	def __init__(self, data: bytes):
		self.data = bytearray(data)
		self.number_place = 0
		self.tracks: list[TrackFragment] = []
		for kind, body, end in boxes(self.data, 16 if data[:4] == b"\0\0\0\1" else 8):
			if kind == b"mfhd":
				self.number_place = body + 4
			elif kind == b"traf":
				self.tracks.append(TrackFragment(self.data, body, end))
		if not self.number_place:
			raise BrokenFile("its number is missing")

	def of(self, track: int) -> TrackFragment | None:
		return next((one for one in self.tracks if one.track == track), None)

	def only_has(self, tracks: Iterable[TrackInfo]) -> bool:
		return {one.track for one in self.tracks} <= {one.number for one in tracks}

	def set_number(self, number: int) -> None:
		struct.pack_into(">I", self.data, self.number_place, number)

	def moved(self, by: int) -> None:
		"""The box now lies `by` bytes further in its file."""
		for track in self.tracks:
			if track.base_place is not None:
				base = struct.unpack_from(">Q", self.data, track.base_place)[0]
				struct.pack_into(">Q", self.data, track.base_place, base + by)
