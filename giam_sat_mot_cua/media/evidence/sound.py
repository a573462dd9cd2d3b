"""Decoded sound cut to the sample and coded as AAC again."""

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy

BITRATE_A_CHANNEL = 48_000
FRAME = 1024  # samples of an AAC frame
LONGEST_SILENCE_S = 1  # shorter gaps are filled; longer ones stay gaps


class SoundCoder:
	"""Takes samples at their places on the time line and gives AAC packets, in order of time.

	What overlaps is cut, so that each moment is heard once. Every stretch between gaps has an encoder of its
	own: its first packet holds nothing but the encoder's lead-in and is left out, which keeps sound and
	picture in step without an edit list.
	"""

	def __init__(self, rate: int, channels: int):
		self.rate, self.channels = rate, channels
		self.layout = "mono" if channels == 1 else "stereo"
		self.encoder: av.AudioCodecContext | None = None
		self.written = 0  # end of what was taken, in samples of the time line
		self.kept = numpy.zeros((channels, 0), numpy.float32)  # not a whole frame yet

	def take(self, samples: numpy.ndarray, at: int) -> Iterator[av.Packet]:
		"""`samples`: float32, shape (channels, samples), to be heard from sample `at` of the time line on."""
		if self.encoder and at - self.written > LONGEST_SILENCE_S * self.rate:
			yield from self.end()
		if not self.encoder:
			self.begin(at)
		if at > self.written:
			samples = numpy.pad(samples, ((0, 0), (at - self.written, 0)))
		elif at < self.written:
			samples = samples[:, self.written - at :]
		self.written += samples.shape[1]
		self.kept = numpy.concatenate((self.kept, samples), axis=1)
		while self.kept.shape[1] >= FRAME:
			frame, self.kept = self.kept[:, :FRAME], self.kept[:, FRAME:]
			yield from self.encode(frame)

	def end(self) -> Iterator[av.Packet]:
		"""The rest, filled up with silence to a whole frame."""
		if not self.encoder:
			return
		left = self.kept.shape[1]
		if left:
			yield from self.encode(numpy.pad(self.kept, ((0, 0), (0, FRAME - left))))
			self.kept = self.kept[:, :0]
		yield from self.timed(self.encoder.encode(None))
		self.encoder = None

	def begin(self, at: int) -> None:
		self.encoder = av.CodecContext.create("aac", "w")
		self.encoder.sample_rate, self.encoder.layout, self.encoder.format = self.rate, self.layout, "fltp"
		self.encoder.bit_rate = BITRATE_A_CHANNEL * self.channels
		self.written, self.frames_in, self.base = at, 0, at

	def encode(self, samples: numpy.ndarray) -> Iterator[av.Packet]:
		frame = av.AudioFrame.from_ndarray(numpy.ascontiguousarray(samples), "fltp", self.layout)
		frame.sample_rate, frame.time_base = self.rate, Fraction(1, self.rate)
		frame.pts = self.frames_in * FRAME
		self.frames_in += 1
		yield from self.timed(self.encoder.encode(frame))

	def timed(self, packets: list[av.Packet]) -> Iterator[av.Packet]:
		for packet in packets:
			if packet.pts is not None and 0 <= packet.pts < self.frames_in * FRAME:
				packet.pts = packet.dts = self.base + packet.pts
				packet.time_base, packet.duration = Fraction(1, self.rate), FRAME
				yield packet
