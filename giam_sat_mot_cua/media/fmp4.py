"""Fragmented MP4 (ISO/IEC 14496-12) as we write it: boxes, fragments, and the index at a file's end.

A file is `ftyp moov (moof mdat)* mfra`. The muxer leaves the end to us: `mfra` holds the usual `tfra` with
the key frames, and a `uuid` box with every fragment, so that a file is described by reading its last
kilobytes.
`mfro`, the last 16 bytes, tells how long `mfra` is.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

TIMESCALE = 90_000  # ticks of the video track
INDEX_UUID = bytes.fromhex("9d6f6a1ee0bb4f0f9a5b6d676d736331")
VIDEO_TRACK = 1
NOT_A_KEY_FRAME = 0x10000  # sample_is_non_sync_sample of the sample flags
# what a trun says: offset of its data, flags of the first sample; and of each sample
DATA_OFFSET, FIRST_FLAGS, DURATIONS, SIZES, FLAGS, AHEADS = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800
ENTRY = struct.Struct(">QQIB")  # offset, start in ticks, bytes, 1 when it begins with a key frame
HEAD = struct.Struct(">IQ")  # number of entries, end of the last one in ticks


class BrokenFile(Exception):
	"""A file that is not what we write, or ends in the middle of a box."""


@dataclass(frozen=True)
class Fragment:
	"""A `moof` with its `mdat`: place in the file (bytes), time in the file (ticks of TIMESCALE).

	Ticks and not milliseconds, so that durations add up without rounding.
	"""

	offset: int
	size: int
	start: int
	duration: int
	key: bool

	@property
	def end(self) -> int:
		return self.start + self.duration


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
	"""(type, start of the body, end of the box) of the boxes in data[start:end]. BrokenFile when one
	overruns."""
	end = len(data) if end is None else end
	while start + 8 <= end:
		size, kind = struct.unpack_from(">I4s", data, start)
		body = start + 8
		if size == 1:
			size = struct.unpack_from(">Q", data, body)[0]
			body += 8
		if size < body - start or start + size > end:
			raise BrokenFile(f"box {kind!r} overruns its container")
		yield kind, body, start + size
		start += size


def parse_moof(moof: bytes) -> tuple[int, int, bool] | None:
	"""(start, duration, key) of the video in a `moof` body, in ticks; None when it holds no video."""
	for kind, body, end in boxes(moof):
		if kind == b"traf":
			found = parse_traf(moof, body, end)
			if found:
				return found
	return None


def parse_traf(data: bytes, start: int, end: int) -> tuple[int, int, bool] | None:
	"""(start, duration, key) of the video track's samples, or None for another track."""
	default_duration = default_flags = 0
	decode_time, duration, first_flags = 0, 0, None
	for kind, body, _end in boxes(data, start, end):
		if kind == b"tfhd":
			track, default_duration, default_flags = parse_tfhd(data, body)
			if track != VIDEO_TRACK:
				return None
		elif kind == b"tfdt":
			decode_time = struct.unpack_from(">Q" if data[body] else ">I", data, body + 4)[0]
		elif kind == b"trun":
			run = read_run(data, body, default_duration, default_flags)
			duration += run.length(data)
			first_flags = run.first_flags if first_flags is None else first_flags
	return decode_time, duration, not (first_flags or 0) & NOT_A_KEY_FRAME


def parse_tfhd(data: bytes, body: int) -> tuple[int, int, int]:
	"""(track, default duration, default flags)."""
	flags = struct.unpack_from(">I", data, body)[0] & 0xFFFFFF
	track = struct.unpack_from(">I", data, body + 4)[0]
	place = body + 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
	duration = sample_flags = 0
	if flags & 0x8:
		duration = struct.unpack_from(">I", data, place)[0]
		place += 4
	if flags & 0x10:
		place += 4
	if flags & 0x20:
		sample_flags = struct.unpack_from(">I", data, place)[0]
	return track, duration, sample_flags


@dataclass
class Run:
	"""Samples of one `trun`. Each has `width` numbers of 32 bits from byte `place` on; `duration`, `ahead`:
	which of them these are, None when they are not there."""

	place: int
	count: int
	width: int
	duration: int | None
	ahead: int | None
	default_duration: int
	first_flags: int

	def column(self, data: bytes, which: int) -> tuple[int, ...]:
		kind = "i" if which == self.ahead else "I"
		return struct.unpack_from(f">{self.count * self.width}{kind}", data, self.place)[which :: self.width]

	def durations(self, data: bytes) -> tuple[int, ...]:
		if self.duration is None:
			return (self.default_duration,) * self.count
		return self.column(data, self.duration)

	def length(self, data: bytes) -> int:
		"""Of all samples: a damaged file may announce billions that have no numbers of their own."""
		return self.default_duration * self.count if self.duration is None else sum(self.durations(data))

	def aheads(self, data: bytes) -> tuple[int, ...]:
		return (0,) * self.count if self.ahead is None else self.column(data, self.ahead)


def read_run(data: bytes, body: int, default_duration: int, default_flags: int) -> Run:
	"""The run of the `trun` whose body begins at `body`. BrokenFile when it ends within its samples."""
	flags, count = struct.unpack_from(">II", data, body)
	place = body + 8 + (4 if flags & DATA_OFFSET else 0)
	first_flags = default_flags
	if flags & FIRST_FLAGS:
		first_flags = struct.unpack_from(">I", data, place)[0]
		place += 4
	columns = [bit for bit in (DURATIONS, SIZES, FLAGS, AHEADS) if flags & bit]
	if flags & FLAGS and not flags & FIRST_FLAGS and count:
		first_flags = struct.unpack_from(">I", data, place + 4 * columns.index(FLAGS))[0]
	if place + 4 * count * len(columns) > len(data):
		raise BrokenFile("it ends within its samples")
	where = {bit: columns.index(bit) if bit in columns else None for bit in (DURATIONS, AHEADS)}
	return Run(place, count, len(columns), where[DURATIONS], where[AHEADS], default_duration, first_flags)


def box(kind: bytes, body: bytes) -> bytes:
	return struct.pack(">I4s", len(body) + 8, kind) + body


def index_box(fragments: list[Fragment]) -> bytes:
	"""The `mfra` box for the end of a file."""
	keys = [fragment for fragment in fragments if fragment.key]
	tfra = struct.pack(">IIII", 1 << 24, VIDEO_TRACK, 0, len(keys))
	tfra += b"".join(struct.pack(">QQBBB", f.start, f.offset, 1, 1, 1) for f in keys)
	end = fragments[-1].end if fragments else 0
	own = INDEX_UUID + HEAD.pack(len(fragments), end)
	own += b"".join(ENTRY.pack(f.offset, f.start, f.size, f.key) for f in fragments)
	body = box(b"tfra", tfra) + box(b"uuid", own)
	size = 8 + len(body) + 16
	return box(b"mfra", body + box(b"mfro", struct.pack(">II", 0, size)))


def read_index_box(file: BinaryIO, size: int) -> list[Fragment] | None:
	"""The fragments that a file's own index lists; None when it has none or it does not fit the file."""
	if size < 32:
		return None
	file.seek(size - 16)
	length = index_box_size(file.read(16))
	if not length or length > size:
		return None
	file.seek(size - length)
	return parse_index_box(file.read(length), size)


def index_box_size(tail: bytes) -> int | None:
	"""Bytes of the `mfra` box, as the end of a file says; None when there is none."""
	if len(tail) < 16 or tail[-12:-8] != b"mfro":
		return None
	length = struct.unpack(">I", tail[-4:])[0]
	return length if length >= 32 else None


def parse_index_box(data: bytes, size: int) -> list[Fragment] | None:
	"""The fragments that the `mfra` box `data` of a file of `size` bytes lists; None when it does not fit."""
	if data[4:8] != b"mfra" or struct.unpack_from(">I", data)[0] != len(data):
		return None
	try:
		for kind, body, end in boxes(data, 8):
			if kind == b"uuid" and data[body : body + 16] == INDEX_UUID:
				return unpack_entries(data[body + 16 : end], size - len(data))
	except (BrokenFile, struct.error):
		return None
	return None


def unpack_entries(data: bytes, media_end: int) -> list[Fragment] | None:
	count, end_ticks = HEAD.unpack_from(data)
	entries = [ENTRY.unpack_from(data, HEAD.size + ENTRY.size * number) for number in range(count)]
	fragments = []
	for number, (offset, start, size, key) in enumerate(entries):
		following = entries[number + 1][1] if number + 1 < count else end_ticks
		fragments.append(Fragment(offset, size, start, following - start, bool(key)))
	ends = [fragment.offset + fragment.size for fragment in fragments]
	if ends != [*(fragment.offset for fragment in fragments[1:]), *([media_end] if fragments else [])]:
		return None  # the list does not fit the file
	return fragments


class BoxScanner:
	"""Follows box headers in a growing stream of bytes and parses only `moof`. Feed it bytes in order.

	The muxer may end a fragment on a packet of sound, so that some `moof` holds no video. Its bytes count as
	part of the fragment before it (at the beginning: after it), so that fragments always lie end to end.
	"""

	def __init__(self) -> None:
		self.place = 0  # bytes seen
		self.fragments: list[Fragment] = []
		self.init_size = 0
		self.whole = 0  # end of the last complete fragment, or of the header
		self.buffer = bytearray()  # a box header, or a moof
		self.skip = 0  # bytes of the current box still to pass
		self.kind = b""
		self.moof: bytes | None = None

	def feed(self, data: bytes) -> None:
		position, end = 0, len(data)
		while position < end:
			if self.skip:
				step = min(self.skip, end - position)
				self.skip -= step
				self.place += step
				position += step
				if not self.skip:
					self.box_ended()
				continue
			position += self.take(data, position)

	def take(self, data: bytes, position: int) -> int:
		"""Collects a header, and a whole moof; returns how many bytes it took."""
		need = self.needed() - len(self.buffer)
		chunk = data[position : position + need]
		self.buffer += chunk
		self.place += len(chunk)
		if len(self.buffer) == self.needed():
			self.header_complete()
		return len(chunk)

	def needed(self) -> int:
		if len(self.buffer) < 8:
			return 8
		size, kind = struct.unpack_from(">I4s", self.buffer)
		if size == 1:
			return 16
		return max(size, 8) if kind == b"moof" else 8

	def header_complete(self) -> None:
		size, kind = struct.unpack_from(">I4s", self.buffer)
		header = 8
		if size == 1:
			size, header = struct.unpack_from(">Q", self.buffer, 8)[0], 16
		if size < header:
			raise BrokenFile(f"box {kind!r} has an impossible size")
		self.kind = bytes(kind)
		if kind == b"moof":
			self.moof = bytes(self.buffer[header:])
			self.skip = 0
		else:
			self.skip = size - header
		self.buffer.clear()
		if not self.skip and kind != b"moof":
			self.box_ended()

	def box_ended(self) -> None:
		if self.kind == b"moov":
			self.init_size = self.whole = self.place
		elif self.kind == b"mdat" and self.moof:
			body, self.moof = self.moof, None
			try:
				self.fragment_ended(parse_moof(body))
			except struct.error as error:
				raise BrokenFile("a moof box ends too early") from error

	def fragment_ended(self, found: tuple[int, int, bool] | None) -> None:
		if found:
			self.fragments.append(Fragment(self.whole, self.place - self.whole, *found))
		elif self.fragments:
			last = self.fragments[-1]
			self.fragments[-1] = replace(last, size=self.place - last.offset)
		else:
			return
		self.whole = self.place


def sync_folder(folder: Path) -> None:
	"""Makes a new name in `folder` survive a power cut."""
	handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
	try:
		os.fsync(handle)
	finally:
		os.close(handle)
