"""The pictures and the sound of a range, decoded: exactly those that begin in it, to the picture and to the
sample.

Decoding begins at the key frame before; what lies outside is dropped.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import av
import av.error
import av.logging
import numpy
from av.video.reformatter import ColorRange

from giam_sat_mot_cua.media.evidence.picture import Picture
from giam_sat_mot_cua.media.evidence.playable import Part
from giam_sat_mot_cua.media.evidence.selection import TICKS_A_MS
from giam_sat_mot_cua.media.fmp4 import TIMESCALE

av.logging.set_level(None)  # FFmpeg's log can deadlock threads

DECODER_THREADS = 2
COLOURS = ("color_primaries", "color_trc", "colorspace")  # of FFmpeg, as the camera tells them


@dataclass
class Sound:
	"""`samples`: float32, shape (channels, samples), from `utc_ticks` on."""

	samples: numpy.ndarray
	utc_ticks: int
	rate: int

	@property
	def end_utc_ticks(self) -> int:
		return self.utc_ticks + round(self.samples.shape[1] * TIMESCALE / self.rate)


class PartStream:
	"""A part as a file that FFmpeg reads forward."""

	def __init__(self, part: Part):
		self.chunks, self.left = part.chunks(), memoryview(b"")

	def read(self, count: int) -> bytes:
		while not self.left:
			chunk = next(self.chunks, None)
			if chunk is None:
				return b""
			self.left = memoryview(chunk)
		given, self.left = self.left[:count], self.left[count:]
		return bytes(given)

	def drain(self) -> None:
		"""What FFmpeg had no use for."""
		for _chunk in self.chunks:
			pass


class ExactCut:
	"""What a part holds of [from_utc_ms, to_utc_ms). Used as a context manager.

	`fps`, `width`, `height`, `colours`: of the pictures. `sound`: (rate in Hz, channels), or None.
	`undecoded`: packets that made no sense to the decoder, and were left out.
	"""

	def __init__(self, part: Part, from_utc_ms: int, to_utc_ms: int):
		self.part = part
		self.begin, self.end = from_utc_ms * TICKS_A_MS, to_utc_ms * TICKS_A_MS
		self.undecoded = 0

	def __enter__(self) -> "ExactCut":
		self.stream = PartStream(self.part)
		self.source = av.open(self.stream, format="mp4")
		self.zero = self.part.zero + self.part.begin
		video = self.source.streams.video[0]
		video.codec_context.thread_count = DECODER_THREADS
		# 4:2:0 has one colour for two by two pixels
		self.width, self.height = video.width // 2 * 2, video.height // 2 * 2
		self.colours = tuple(getattr(video.codec_context, name) for name in COLOURS)
		self.fps = float(video.average_rate or video.guessed_rate or 25)
		audio = self.source.streams.audio
		context = audio[0].codec_context if audio else None
		self.sound = (context.sample_rate, min(context.channels, 2)) if context else None
		return self

	def __exit__(self, *error) -> None:
		self.source.close()
		if not any(error):
			self.stream.drain()

	def frames(self) -> Iterator[Picture | Sound]:
		"""Raises BrokenFile with the file named, OSError."""
		for packet in self.source.demux():
			try:
				frames = packet.decode()
			except av.error.FFmpegError:
				self.undecoded += 1
				continue
			for frame in frames:
				made = self.picture(frame) if isinstance(frame, av.VideoFrame) else self.sounded(frame)
				if made:
					yield made

	def picture(self, frame: av.VideoFrame) -> Picture | None:
		if frame.pts is None:
			return None
		begin = self.zero + round(frame.pts * frame.time_base * TIMESCALE)
		if not self.begin <= begin < self.end:
			return None
		length = round((frame.duration or 0) * frame.time_base * TIMESCALE)
		planes = frame.reformat(
			self.width, self.height, "yuv420p", dst_color_range=ColorRange.MPEG
		).to_ndarray()
		return Picture(planes, begin, min(max(length, 1), self.end - begin))

	def sounded(self, frame: av.AudioFrame) -> Sound | None:
		if frame.pts is None:
			return None
		rate, channels = self.sound
		begin = self.zero + round(frame.pts * frame.time_base * TIMESCALE)
		samples = frame.to_ndarray()[:channels].astype(numpy.float32, copy=False)
		return clipped(Sound(samples, begin, rate), self.begin, self.end)


def clipped(sound: Sound, begin: int, end: int) -> Sound | None:
	"""What of it is heard in [begin, end), UTC in ticks."""
	first = max(-(-(begin - sound.utc_ticks) * sound.rate // TIMESCALE), 0)
	last = min(-(-(end - sound.utc_ticks) * sound.rate // TIMESCALE), sound.samples.shape[1])
	if first >= last:
		return None
	start = sound.utc_ticks + round(first * TIMESCALE / sound.rate)
	return Sound(sound.samples[:, first:last], start, sound.rate)
