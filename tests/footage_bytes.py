"""Footage as recorders write it, made in memory."""

import io
from functools import lru_cache

import av
import numpy

from giam_sat_mot_cua.media.fmp4 import BoxScanner, index_box


@lru_cache
def whole_file() -> bytes:
	"""A closed footage file of a second, as recorders write them."""
	target = io.BytesIO()
	flags = "+empty_moov+default_base_moof+frag_keyframe+skip_trailer"
	with av.open(
		Unseekable(target), "w", format="mp4", options={"movflags": flags, "video_track_timescale": "90000"}
	) as out:
		stream = out.add_stream("libx264", rate=10, options={"preset": "ultrafast", "g": "10"})
		stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
		for number in range(11):
			picture = numpy.full((48, 64, 3), number * 20, dtype=numpy.uint8)
			for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
				out.mux(packet)
		for packet in stream.encode():
			out.mux(packet)
	scanner = BoxScanner()
	scanner.feed(target.getvalue())
	return target.getvalue()[: scanner.whole] + index_box(scanner.fragments)


class Unseekable:
	"""What the recorder's own file object offers the muxer."""

	def __init__(self, target: io.BytesIO):
		self.write, self.close = target.write, lambda: None
