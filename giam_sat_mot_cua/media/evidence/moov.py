"""The header (`moov`, ISO/IEC 14496-12) of a recorded file: what tracks it announces, and the same header for
a file with another time line."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from giam_sat_mot_cua.media.fmp4 import box, boxes
from giam_sat_mot_cua.media.mp4_write import full

CODECS = {b"avc1": "h264", b"avc3": "h264", b"hvc1": "hevc", b"hev1": "hevc", b"mp4a": "aac"}


@dataclass(frozen=True)
class TrackInfo:
	"""A track: its number, `vide` or `soun`, ticks a second, codec; size of a picture in pixels."""

	number: int
	kind: str
	scale: int
	codec: str
	width: int = 0
	height: int = 0


@dataclass(frozen=True)
class Edit:
	"""A track is shown from its tick `begin` on, after nothing was shown of it for `wait` ticks."""

	begin: int = 0
	wait: int = 0


def read_tracks(moov: bytes) -> list[TrackInfo]:
	"""The tracks of a whole `moov` box. Raises BrokenFile, struct.error."""
	return [read_track(moov, body, end) for kind, body, end in children(moov) if kind == b"trak"]


def children(moov: bytes) -> Iterator[tuple[bytes, int, int]]:
	return boxes(moov, 16 if moov[:4] == b"\0\0\0\1" else 8)


def read_track(data: bytes, start: int, end: int) -> TrackInfo:
	number, kind, scale, entry = 0, "", 0, 0
	for path, body in inside(data, start, end):
		if path == b"tkhd":
			number = struct.unpack_from(">I", data, body + (20 if data[body] else 12))[0]
		elif path == b"mdhd":
			scale = struct.unpack_from(">I", data, body + (20 if data[body] else 12))[0]
		elif path == b"hdlr":
			kind = data[body + 8 : body + 12].decode("ascii", "replace")
		elif path == b"stsd":
			entry = body + 8
	codec = CODECS.get(data[entry + 4 : entry + 8], data[entry + 4 : entry + 8].decode("ascii", "replace"))
	width, height = struct.unpack_from(">HH", data, entry + 32) if kind == "vide" else (0, 0)
	return TrackInfo(number, kind, scale, codec, width, height)


def inside(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int]]:
	"""(type, start of the body) of all boxes of a track that hold what is asked for."""
	for kind, body, box_end in boxes(data, start, end):
		if kind in (b"mdia", b"minf", b"stbl"):
			yield from inside(data, body, box_end)
		else:
			yield kind, body


def with_edits(moov: bytes, edits: dict[int, Edit]) -> bytes:
	"""The header without any duration of its own, and with the tracks shown as `edits` says."""
	parts, movie_scale = [], 1
	for kind, body, end in children(moov):
		content = moov[body:end]
		if kind == b"mvhd":
			movie_scale = struct.unpack_from(">I", content, 20 if content[0] else 12)[0]
		elif kind == b"trak":
			content = edited_track(content, edits, movie_scale)
		elif kind == b"mvex":
			content = b"".join(box(k, content[b:e]) for k, b, e in boxes(content) if k != b"mehd")
		parts.append(box(kind, content))
	return box(b"moov", b"".join(parts))


def edited_track(trak: bytes, edits: dict[int, Edit], movie_scale: int) -> bytes:
	track = read_track(trak, 0, len(trak))
	parts = []
	for kind, body, end in boxes(trak):
		if kind != b"edts":
			parts.append(box(kind, trak[body:end]))
		if kind == b"tkhd":
			parts.append(edit_list(edits.get(track.number, Edit()), track.scale, movie_scale))
	return b"".join(parts)


def edit_list(edit: Edit, scale: int, movie_scale: int) -> bytes:
	"""An `edts` box; nothing where nothing is to be said. Waiting is counted in ticks of the movie, which are
	coarse: it is rounded up, and so much more of the track is passed over."""
	waits = -(-edit.wait * movie_scale // scale)
	begin = edit.begin + round(waits * scale / movie_scale) - edit.wait
	entries = [(waits, -1)] if waits else []
	entries += [(0, begin)] if begin or waits else []  # lasts 0: as long as the fragments do
	if not entries:
		return b""
	rows = b"".join(struct.pack(">QqHH", length, time, 1, 0) for length, time in entries)
	return box(b"edts", full(b"elst", 1, 0, struct.pack(">I", len(entries)) + rows))
