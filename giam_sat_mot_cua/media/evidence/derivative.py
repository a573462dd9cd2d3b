"""Derivatives: pictures of exactly a range, changed on request (watermark, faces), coded anew and marked as
such.

They are easier to use than the recording, and prove nothing that the recording does not: only that is
evidence. One pass makes them, a picture at a time.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from giam_sat_mot_cua.media.evidence import mark
from giam_sat_mot_cua.media.evidence.encode import Encoder
from giam_sat_mot_cua.media.evidence.exact_cut import ExactCut, Sound, clipped
from giam_sat_mot_cua.media.evidence.picture import Filter, Picture
from giam_sat_mot_cua.media.evidence.playable import parts
from giam_sat_mot_cua.media.evidence.recorded import SourceFile
from giam_sat_mot_cua.media.evidence.selection import TICKS_A_MS


class Stopped(Exception):
	"""The caller asked for the end. What was written is no whole file."""


@dataclass(frozen=True)
class DerivedPart:
	"""`first_utc_ms`, `last_utc_ms`: when the first and the last picture begin. `undecoded`: packets of the
	recording that no decoder understood, left out here."""

	number: int
	first_utc_ms: int
	last_utc_ms: int
	frames: int
	width: int
	height: int
	sound: bool
	undecoded: int


def derive(
	files: Iterable[SourceFile],
	from_utc_ms: int,
	to_utc_ms: int,
	open_part: Callable[[int], AbstractContextManager[BinaryIO]],
	*,
	filters: Iterable[Filter] = (),
	comment: str = "",
	progress: Callable[[float], None] | None = None,
	stopped: Callable[[], bool] | None = None,
) -> list[DerivedPart]:
	"""Pictures and sound of `files` (one camera's, in order of time) that begin in [from_utc_ms, to_utc_ms).

	The first picture is at time 0, the others as far from it as they were recorded. Where the recording
	changes its size or coding a new file begins; `open_part(number)` opens it, 1 and up, only to be
	written to. Without `filters` this is an exact cut. `comment` stands in the files behind the words that
	they are derivatives.
	`progress` is told the share that is done, 0 to 1; `stopped` is asked before each picture.

	Raises Stopped, BrokenFile with the file named, OSError.
	"""
	steps = [*filters, mark.DerivedMark()]
	said = f"{mark.TEXT}. {comment}".strip()
	made = []
	for part in parts(files, from_utc_ms, to_utc_ms):
		with ExactCut(part, from_utc_ms, to_utc_ms) as cut:
			work = Derivation(cut, steps, said, progress, stopped)
			found = work.run(len(made) + 1, open_part)
		if found:
			made.append(found)
	return made


class Derivation:
	"""One file of a derivative being made."""

	def __init__(
		self,
		cut: ExactCut,
		filters: list[Filter],
		comment: str,
		progress: Callable[[float], None] | None,
		stopped: Callable[[], bool] | None,
	):
		self.cut, self.filters, self.comment = cut, filters, comment
		self.progress, self.stopped = progress, stopped
		self.frames, self.last = 0, 0

	def run(
		self, number: int, open_part: Callable[[int], AbstractContextManager[BinaryIO]]
	) -> DerivedPart | None:
		"""None when no picture of the part begins in the range; nothing is opened then."""
		cut, frames, early = self.cut, self.cut.frames(), []
		for first in frames:
			if isinstance(first, Picture):
				break
			early.append(first)
		else:
			return None
		zero, size = first.utc_ticks, (cut.width, cut.height)
		with open_part(number) as out:
			encoder = Encoder(out, zero, size, cut.fps, cut.colours, cut.sound, self.comment)
			try:
				for made in chain([first], early, frames):
					self.take(encoder, made)
				for picture in self.flushed():
					self.encode(encoder, picture)
				encoder.finish()
			finally:
				encoder.close()
		first_ms, last_ms = (round(ticks / TICKS_A_MS) for ticks in (zero, self.last))
		return DerivedPart(number, first_ms, last_ms, self.frames, *size, bool(cut.sound), cut.undecoded)

	def take(self, encoder: Encoder, made: Picture | Sound) -> None:
		if isinstance(made, Sound):
			heard = clipped(made, encoder.zero, made.end_utc_ticks)
			if heard:
				encoder.sound(heard)
			return
		if self.stopped and self.stopped():
			raise Stopped
		for picture in self.filtered([made], self.filters):
			self.encode(encoder, picture)
		if self.progress:
			self.progress((made.utc_ticks - self.cut.begin) / (self.cut.end - self.cut.begin))

	def encode(self, encoder: Encoder, picture: Picture) -> None:
		self.frames += 1
		self.last = picture.utc_ticks
		encoder.picture(picture)

	@staticmethod
	def filtered(pictures: Iterable[Picture], filters: list[Filter]) -> Iterable[Picture]:
		for one in filters:
			pictures = chain.from_iterable(map(one.take, pictures))
		return pictures

	def flushed(self) -> Iterator[Picture]:
		"""What each filter held back goes on through those behind it."""
		for number, one in enumerate(self.filters):
			yield from self.filtered(one.rest(), self.filters[number + 1 :])
