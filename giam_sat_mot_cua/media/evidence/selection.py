"""Which fragments of recorded files belong to a range."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

from giam_sat_mot_cua.media.evidence.moof import TrackFragment
from giam_sat_mot_cua.media.evidence.moov import TrackInfo, read_tracks
from giam_sat_mot_cua.media.evidence.recorded import RecordedFragment, RecordedReader, SourceFile
from giam_sat_mot_cua.media.fmp4 import TIMESCALE, BrokenFile

TICKS_A_MS = TIMESCALE // 1000
REORDERED_MS = 2000  # a picture is shown less than so long after it is decoded


@dataclass
class Piece:
	"""A fragment on its way from a file into a part."""

	file: SourceFile
	ftyp: bytes
	moov: bytes
	tracks: list[TrackInfo]
	fragment: RecordedFragment
	first_of_file: bool
	reader: RecordedReader

	@property
	def video_track(self) -> TrackInfo:
		return next(track for track in self.tracks if track.kind == "vide")

	@property
	def video(self) -> TrackFragment | None:
		return self.fragment.moof.of(self.video_track.number)

	@property
	def file_ticks(self) -> int:
		return self.file.start_utc_ms * TICKS_A_MS


def select(files: Iterable[SourceFile], from_utc_ms: int, to_utc_ms: int) -> Iterator[Piece]:
	"""The fragments that belong to the range, in order."""
	begun = False
	for file, following in pairwise(chain(files, [None])):
		if file.start_utc_ms >= to_utc_ms:
			return
		first: int | None = 0
		if not begun:
			if following and following.start_utc_ms <= from_utc_ms - REORDERED_MS:
				continue
			first = first_fragment(file, from_utc_ms)
			if first is None:
				continue
		for piece in pieces_of(file, first, to_utc_ms):
			begun = True
			yield piece


def pieces_of(file: SourceFile, first: int, to_utc_ms: int) -> Iterator[Piece]:
	with file.open() as stream:
		reader = RecordedReader(file, stream)
		ftyp, moov = reader.header()
		tracks = tracks_of(reader, moov)
		early: list[Piece] = []  # sound from before the first picture: of no use without one
		begun = False
		for fragment in reader.fragments(first):
			if not fragment.moof.only_has(tracks):
				raise reader.broken("has a fragment of a track that its header does not know")
			piece = Piece(file, ftyp, moov, tracks, fragment, not begun, reader)
			video = piece.video
			if video and piece.file_ticks + video.start >= to_utc_ms * TICKS_A_MS:
				reader.finished = True  # what is beyond does not matter
				return
			early.append(piece)
			if video or begun:
				yield from early
				early.clear()
				begun = True


def tracks_of(reader: RecordedReader, moov: bytes) -> list[TrackInfo]:
	try:
		tracks = read_tracks(moov)
	except (BrokenFile, struct.error, IndexError) as error:
		raise reader.broken(f"has a header that cannot be read ({error})") from error
	if not any(track.kind == "vide" for track in tracks) or not all(track.scale for track in tracks):
		raise reader.broken("has no pictures")
	return tracks


def first_fragment(file: SourceFile, from_utc_ms: int) -> int | None:
	"""Number of the fragment with the key frame that the picture at `from_utc_ms` needs, or else of the first
	key frame after it; None when all of the file lies before."""
	wanted = (from_utc_ms - file.start_utc_ms) * TICKS_A_MS
	chosen, reached = None, 0
	with file.open() as stream:
		reader = RecordedReader(file, stream)
		_ftyp, moov = reader.header()
		video = next(track.number for track in tracks_of(reader, moov) if track.kind == "vide")
		for number, moof in enumerate(reader.times()):
			found = moof.of(video)
			if not found:
				continue
			reached = max(reached, found.last_shown_end)
			if found.key and (chosen is None or found.first_shown <= wanted):
				chosen = number
			if found.start > wanted and chosen is not None:
				break
	return chosen if reached > wanted else None
