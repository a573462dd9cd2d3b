"""The fragments of a file, read fast: from its own index when it is closed, by walking new boxes while it
grows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from giam_sat_mot_cua.media.fmp4 import (
	TIMESCALE,
	BoxScanner,
	BrokenFile,
	Fragment,
	index_box_size,
	parse_index_box,
	read_index_box,
)

CHUNK_BYTES = 1 << 20
LARGEST_INDEX_BYTES = 4 << 20  # of thousands of fragments
TAIL_BYTES = 16_384  # holds the index of some hundred fragments


@dataclass(frozen=True)
class FileIndex:
	"""What is in a file. `complete` when it is closed and carries its own index."""

	init_size: int  # bytes of the header (ftyp, moov)
	fragments: tuple[Fragment, ...]
	complete: bool

	@property
	def duration_ms(self) -> int:
		return ticks_to_ms(self.fragments[-1].end) if self.fragments else 0


def ticks_to_ms(ticks: int) -> int:
	return round(ticks * 1000 / TIMESCALE)


def read_index(path: Path) -> FileIndex:
	"""The index of a file, closed or not. Raises OSError, BrokenFile when it is no footage of ours."""
	with path.open("rb") as file:
		size = file.seek(0, 2)
		fragments = read_index_box(file, size)
		if fragments:
			return FileIndex(fragments[0].offset, tuple(fragments), True)
	return GrowingIndex(path).update()


def fetch_index_box(read: Callable[[int, int], bytes], size: int) -> bytes:
	"""The index box of a closed file of `size` bytes that lies elsewhere: `read(offset, count)` fetches its
	bytes, once as a rule. BrokenFile when the file has none."""
	count = min(size, TAIL_BYTES)
	tail = read(size - count, count) if count else b""
	length = index_box_size(tail)
	if not length or length > min(size, LARGEST_INDEX_BYTES):
		raise BrokenFile("no index at the end")
	return tail[-length:] if length <= len(tail) else read(size - length, length)


def fetch_index(read: Callable[[int, int], bytes], size: int) -> FileIndex:
	"""The index of a closed file of `size` bytes that lies elsewhere, by `fetch_index_box`. BrokenFile when
	it has none that fits."""
	return index_of_box(fetch_index_box(read, size), size)


def index_of_box(data: bytes, size: int) -> FileIndex:
	"""The index of a closed file of `size` bytes, of its index box. BrokenFile when it does not fit."""
	fragments = parse_index_box(data, size)
	if not fragments:
		raise BrokenFile("the index does not fit the file")
	return FileIndex(fragments[0].offset, tuple(fragments), True)


class GrowingIndex:
	"""The index of a file that is being written. Each `update` reads only what is new."""

	def __init__(self, path: Path):
		self.path, self.scanner = path, BoxScanner()

	def update(self) -> FileIndex:
		"""Raises OSError, BrokenFile."""
		with self.path.open("rb") as file:
			if file.seek(0, 2) < self.scanner.place:
				self.scanner = BoxScanner()  # cut by a repair since: begin anew
			file.seek(self.scanner.place)
			while chunk := file.read(CHUNK_BYTES):
				self.scanner.feed(chunk)
			complete = bool(read_index_box(file, self.scanner.place))
		if not self.scanner.init_size and self.scanner.place > CHUNK_BYTES:
			raise BrokenFile("no moov box at the beginning")
		return FileIndex(self.scanner.init_size, tuple(self.scanner.fragments), complete)
