"""Recorded files joined into one playable file, byte for byte: nothing is coded again.

Only numbers and times in the fragments' headers change. The first picture is at time 0; a picture that was
taken t later is at t, whatever lies between. Where coding, size or tracks change, and where two recorders
recorded the same moment, a new file (part) begins.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from giam_sat_mot_cua.media.evidence.moof import TrackFragment
from giam_sat_mot_cua.media.evidence.moov import Edit, TrackInfo, with_edits
from giam_sat_mot_cua.media.evidence.onvif import start_time_meta
from giam_sat_mot_cua.media.evidence.recorded import RecordedReader, SourceFile
from giam_sat_mot_cua.media.evidence.selection import TICKS_A_MS, Piece, select
from giam_sat_mot_cua.media.fmp4 import TIMESCALE, box

SHORTEST_GAP_MS = 500  # shorter ones are not written down anywhere (docs/time.md)
LONGEST_OVERLAP = 2 * TICKS_A_MS  # what rounding of starts to milliseconds may do
LOOK_AHEAD = 4  # fragments: sound that begins later is taken to begin with the pictures
KEY_ENTRY = struct.Struct(">QQBBB")  # of `tfra`: time, offset, and the first sample of the first run


@dataclass(frozen=True)
class Gap:
	"""Nothing was recorded from `begin_utc_ms` to `end_utc_ms`."""

	begin_utc_ms: int
	end_utc_ms: int


@dataclass(frozen=True)
class JoinedPart:
	"""What a part holds. `last_utc_ms`: when its last picture begins; `end_utc_ms`: when that ends.
	`unfinished`: names of source files that have no index, since they are being written or their recorder was
	killed."""

	number: int
	first_utc_ms: int
	last_utc_ms: int
	end_utc_ms: int
	frames: int
	size_bytes: int
	video: TrackInfo
	sound: TrackInfo | None
	gaps: tuple[Gap, ...]
	unfinished: tuple[str, ...]


def join(
	files: Iterable[SourceFile],
	from_utc_ms: int,
	to_utc_ms: int,
	open_part: Callable[[int], AbstractContextManager[BinaryIO]],
) -> list[JoinedPart]:
	"""Writes what `files` of one camera (in order of time) hold of [from_utc_ms, to_utc_ms) into the files
	that `open_part(number)` opens, 1 and up. They are only written to, from the beginning on.

	Begins with the key frame that the picture at `from_utc_ms` needs (nothing recorded then: with the first
	one after) and ends with the fragment that holds the last picture before `to_utc_ms`. No part when nothing
	was recorded. A fragment at a time is in memory. Raises BrokenFile with the file named, OSError.
	"""
	made = []
	for part in parts(files, from_utc_ms, to_utc_ms):
		with open_part(part.number) as out:
			for chunk in part.chunks():
				out.write(chunk)
		made.append(part.described())
	return made


def parts(files: Iterable[SourceFile], from_utc_ms: int, to_utc_ms: int) -> Iterator["Part"]:
	"""The parts, one after the other; each must be read to its end before the next."""
	pieces = select(files, from_utc_ms, to_utc_ms)
	number, piece = 0, next(pieces, None)
	while piece:
		number += 1
		part = Part(number, chain([piece], pieces))
		yield part
		piece, pieces = part.rest, part.pieces


class Part:
	"""One file to be made. `chunks` gives its bytes; what did not fit any more is `rest` afterwards."""

	def __init__(self, number: int, pieces: Iterator[Piece]):
		self.number, self.pieces = number, pieces
		self.rest: Piece | None = None
		self.size = self.frames = self.fragments = 0
		# where the time line of each track begins, and ends so far: in its ticks from `zero` on
		self.zeros: dict[int, int] = {}
		self.ends: dict[int, int] = {}
		self.last_shown = (-1, -1)  # begin and end of the last picture, in ticks from `zero` on
		self.keys = bytearray()
		self.gaps: list[Gap] = []
		self.reader: RecordedReader | None = None
		self.unfinished: list[str] = []

	def chunks(self) -> Iterator[bytes]:
		"""Raises BrokenFile with the file named, OSError."""
		held = self.beginning()
		if not held:
			return
		yield self.counted(self.header(held))
		self.pieces = chain(held, self.pieces)
		for piece in self.pieces:
			if self.fragments and not self.fits(piece):
				self.rest = piece
				break
			self.take(piece)
			yield self.counted(piece.fragment.moof.data)
			yield self.counted(piece.fragment.media)
		self.note_unfinished()
		yield self.counted(self.index())

	def counted(self, data: bytes) -> bytes:
		self.size += len(data)
		return data

	def beginning(self) -> list[Piece]:
		"""The first pieces, from a picture on, up to where all tracks have begun: sound may come later."""
		held: list[Piece] = []
		for piece in self.pieces:
			if not held and not piece.video:
				continue  # sound from before the first picture
			held.append(piece)
			begun = {one.track for before in held for one in before.fragment.moof.tracks}
			if len(held) == LOOK_AHEAD or len(begun) == len(piece.tracks) or piece.moov != held[0].moov:
				break
		return held

	def header(self, held: list[Piece]) -> bytes:
		first, video = held[0], held[0].video
		self.video, self.moov, self.tracks = first.video_track, first.moov, first.tracks
		self.zero = first.file_ticks + video.start  # UTC of the time line's beginning, in ticks
		self.begin = video.first_shown - video.start  # the first picture may be decoded some others before
		edits = {self.video.number: Edit(begin=self.begin)}
		for track in self.tracks:
			begin = self.in_ticks_of(track, self.begin)
			start = 0 if track is self.video else max(self.first_start(track, held), begin)
			self.zeros[track.number] = self.ends[track.number] = start
			if track is not self.video:
				edits[track.number] = Edit(wait=start - begin)
		meta = start_time_meta(self.video.number, self.zero)
		return first.ftyp + with_edits(first.moov, edits) + meta

	def first_start(self, track: TrackInfo, held: list[Piece]) -> int:
		"""Where a track begins, in its ticks from `zero` on; 0 when that is not known yet."""
		for piece in held:
			found = piece.fragment.moof.of(track.number)
			if found and piece.moov == self.moov:
				return found.start + self.in_ticks_of(track, piece.file_ticks - self.zero)
		return 0

	@staticmethod
	def in_ticks_of(track: TrackInfo, ticks: int) -> int:
		return round(ticks * track.scale / TIMESCALE)

	def fits(self, piece: Piece) -> bool:
		if piece.moov != self.moov:
			return False
		video = piece.video
		if not video:
			return True  # sound that belongs to the fragment before it
		start = piece.file_ticks + video.start - self.zero
		return start >= self.ends[self.video.number] - LONGEST_OVERLAP

	def take(self, piece: Piece) -> None:
		"""Changes the piece for its place in this part."""
		moof, video = piece.fragment.moof, piece.video
		shift = piece.file_ticks - self.zero
		if video and piece.first_of_file and self.fragments:
			self.note_gap(video.start + shift)
		self.fragments += 1
		moof.set_number(self.fragments)
		moof.moved(self.size - piece.fragment.offset)
		for track in self.tracks:
			found = moof.of(track.number)
			if found:
				self.place(found, found.start + self.in_ticks_of(track, shift))
		if video:
			self.frames += video.count
			self.last_shown = max(self.last_shown, *video.shown())
			if video.key:
				self.keys += KEY_ENTRY.pack(video.first_shown, self.size, 1, 1, 1)
		if piece.reader is not self.reader:
			self.note_unfinished()
			self.reader = piece.reader

	def place(self, found: TrackFragment, start: int) -> None:
		"""Sound of two files may overlap by some milliseconds, and begin a little before the first picture:
		what comes first is then shown shorter, everything behind it stays in step."""
		late = self.ends[found.track] - start
		if late > 0:
			found.shorten_front(late)
			start += late
		found.move(start - self.zeros[found.track])
		self.ends[found.track] = start + found.length

	def note_gap(self, start: int) -> None:
		end = self.ends[self.video.number]
		if start - end > SHORTEST_GAP_MS * TICKS_A_MS:
			self.gaps.append(Gap(self.utc_ms(end), self.utc_ms(start)))

	def note_unfinished(self) -> None:
		"""When all of a file has been read."""
		if self.reader and not self.reader.finished:
			self.unfinished.append(self.reader.name)

	def utc_ms(self, ticks: int) -> int:
		return round((self.zero + ticks) / TICKS_A_MS)

	def index(self) -> bytes:
		entries = struct.pack(">IIII", 1 << 24, self.video.number, 0, len(self.keys) // KEY_ENTRY.size)
		body = box(b"tfra", entries + self.keys)
		return box(b"mfra", body + box(b"mfro", struct.pack(">II", 0, 8 + len(body) + 16)))

	def described(self) -> JoinedPart:
		"""After the last chunk."""
		return JoinedPart(
			self.number,
			self.utc_ms(self.begin),
			self.utc_ms(self.last_shown[0]),
			self.utc_ms(self.last_shown[1]),
			self.frames,
			self.size,
			self.video,
			next((track for track in self.tracks if track.kind == "soun"), None),
			tuple(self.gaps),
			tuple(self.unfinished),
		)
