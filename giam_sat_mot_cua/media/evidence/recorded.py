"""Recorded files read forward, a fragment at a time: from a disk, or from a store whose streams cannot
seek."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from giam_sat_mot_cua.media.evidence.moof import Moof
from giam_sat_mot_cua.media.fmp4 import BrokenFile

LARGEST = {b"ftyp": 1 << 16, b"moov": 1 << 24, b"moof": 1 << 24, b"mdat": 1 << 28}  # bytes that make sense
PASSED_OVER = (b"free", b"skip", b"styp", b"sidx", b"prft", b"emsg", b"uuid", b"meta")
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class SourceFile:
	"""A recorded file: what to call it in errors, UTC of its first sample (ms), how to read it from its
	beginning. `open` may be called twice."""

	name: str
	start_utc_ms: int
	open: Callable[[], BinaryIO]


@dataclass
class RecordedFragment:
	"""A `moof` and the whole `mdat` box behind it (empty when it was not asked for). `offset`: of the moof in
	its file."""

	offset: int
	moof: Moof
	media: bytes


class RecordedReader:
	"""One pass over an open file. `finished` afterwards: its index was met, so nothing is missing at its end.

	A file that is being written, or whose recorder was killed, ends in the middle of something: that is left
	out. Everything else that makes no sense raises BrokenFile, with the file named.
	"""

	def __init__(self, source: SourceFile, stream: BinaryIO):
		self.name, self.stream = source.name, stream
		self.place = 0
		self.finished = False

	def header(self) -> tuple[bytes, bytes]:
		"""(`ftyp`, `moov`), whole boxes. Comes before `fragments`."""
		found = {}
		while b"moov" not in found:
			kind, size, head = self.box_head() or (b"", 0, b"")
			if kind not in (b"ftyp", b"moov", *PASSED_OVER):
				raise self.broken("does not begin like a recorded file")
			body = self.read(size)
			if len(body) < size:
				raise self.broken("ends within its header")
			found[kind] = head + body
		return found.get(b"ftyp", b""), found[b"moov"]

	def fragments(self, first: int = 0) -> Iterator[RecordedFragment]:
		"""From number `first` on, counted from 0, with their media."""
		for number, (offset, moof) in enumerate(self.moofs()):
			media = self.media(keep=number >= first)
			if media is None:
				return
			if number >= first:
				yield RecordedFragment(offset, moof, media)

	def times(self) -> Iterator[Moof]:
		"""All fragments without their media."""
		for _offset, moof in self.moofs():
			yield moof
			if self.media(keep=False) is None:
				return

	def moofs(self) -> Iterator[tuple[int, Moof]]:
		while found := self.box_head():
			kind, size, head = found
			if kind == b"mfra":
				self.finished = True
				return
			if kind in PASSED_OVER:
				self.skip(size)
				continue
			if kind != b"moof":
				raise self.broken(f"holds a box {kind!r} where a fragment should begin")
			offset = self.place - len(head)
			body = self.read(size)
			if len(body) < size:
				return
			try:
				moof = Moof(head + body)
			except (BrokenFile, struct.error, IndexError) as error:
				raise self.broken(f"has a fragment that cannot be read ({error})") from error
			yield offset, moof

	def media(self, keep: bool) -> bytes | None:
		"""The `mdat` box that follows; None when the file ends within it."""
		found = self.box_head()
		if not found:
			return None
		kind, size, head = found
		if kind != b"mdat":
			raise self.broken(f"holds a box {kind!r} where media should be")
		if not keep:
			return b"" if self.skip(size) else None
		data = self.read(size, head)
		return data if len(data) == size + len(head) else None

	def box_head(self) -> tuple[bytes, int, bytes] | None:
		"""(type, bytes of the body, the header itself); None at the end, and where a crash left zeros."""
		head = self.read(8)
		if len(head) < 8 or not any(head):
			return None
		size, kind = struct.unpack(">I4s", head)
		if size == 1:
			head += self.read(8)
			if len(head) < 16:
				return None
			size = struct.unpack_from(">Q", head, 8)[0]
		size -= len(head)
		if size < 0 or size > LARGEST.get(kind, 1 << 28):
			raise self.broken(f"has a box {kind!r} of an impossible size")
		return kind, size, head

	def read(self, count: int, head: bytes = b"") -> bytes:
		"""`head` and `count` bytes behind it, fewer only at the end of the file."""
		data = self.stream.read(count)
		self.place += len(data)
		if len(data) == count:
			return head + data if head else data
		parts, got = [head, data], len(data)
		while data and got < count:  # streams give what they have
			data = self.stream.read(count - got)
			parts.append(data)
			got += len(data)
			self.place += len(data)
		return b"".join(parts)

	def skip(self, count: int) -> bool:
		"""False when the file ends before."""
		while count:
			passed = len(self.read(min(count, CHUNK_BYTES)))
			if not passed:
				return False
			count -= passed
		return True

	def broken(self, why: str) -> BrokenFile:
		return BrokenFile(f"{self.name} {why} (near byte {self.place})")
