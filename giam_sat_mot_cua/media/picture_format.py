"""What the parameter sets of a stream say: its size, and whether pictures come in another order than they are
shown. FFmpeg reads them."""

import io
from dataclasses import dataclass

import av
import av.error

from giam_sat_mot_cua.media.mp4_write import Picture, unit_kind

SETS = {"h264": (7, 8), "hevc": (32, 33, 34)}
START = b"\0\0\0\1"


@dataclass(frozen=True)
class Described:
	"""A stream's pictures; `reorder`: how many are sent ahead of one that is shown before them (B-frames)."""

	picture: Picture
	reorder: int


def sets_in(codec: str, parts: list[bytes]) -> tuple[bytes, ...]:
	"""The parameter sets among NAL units, each once, in order."""
	return tuple(dict.fromkeys(part for part in parts if unit_kind(codec, part) in SETS[codec]))


def complete(codec: str, sets: tuple[bytes, ...]) -> bool:
	return {unit_kind(codec, unit) for unit in sets} >= set(SETS[codec])


def describe(codec: str, sets: tuple[bytes, ...], parts: list[bytes]) -> Described | None:
	"""`parts`: the NAL units of a key frame. None when they do not decode."""
	data = START + START.join([*sets, *parts])
	try:
		with av.open(io.BytesIO(data), format=codec) as source:
			context = source.streams.video[0].codec_context
			if not context.width:
				return None
			bits = 10 if context.pix_fmt and "10" in context.pix_fmt else 8
			chroma = {"yuv422": 2, "yuv444": 3}.get((context.pix_fmt or "").replace("j", "")[:6], 1)
			picture = Picture(codec, context.width, context.height, sets, chroma, bits)
			return Described(picture, int(context.has_b_frames))
	except (av.error.FFmpegError, IndexError, OSError):
		return None
