"""Sound for the file: AAC is copied, everything else (G.711 above all) becomes AAC, since MP4 has no place
for it."""

from collections.abc import Iterator
from dataclasses import dataclass

import av
import av.error

BITRATE = 32_000
GAP_S = 0.2  # the sound's own clock is followed until it is off by this much


@dataclass
class Sound:
	"""An encoded audio packet and its timestamp on the stream's clock, in seconds."""

	stamp: float
	data: av.Packet


class NowhereToWrite:
	def write(self, data: bytes) -> int:
		return len(data)

	def close(self) -> None:
		pass


class AudioCopy:
	"""AAC as the camera sends it."""

	def __init__(self, stream):
		self.template, self.codec, self.rate = stream, "aac", stream.codec_context.sample_rate

	def take(self, packet: av.Packet) -> Iterator[Sound]:
		if packet.dts is not None:
			yield Sound(float(packet.dts * packet.time_base), packet)

	def close(self) -> None:
		pass


class AudioToAac:
	"""Decodes and encodes again; one encoder for the whole connection, so that files join without a click."""

	def __init__(self, stream):
		self.decoder = stream.codec_context
		self.rate = self.decoder.sample_rate
		self.shelf = av.open(NowhereToWrite(), "w", format="mp4", options={"movflags": "empty_moov"})
		self.template = self.shelf.add_stream("aac", rate=self.rate)
		self.codec = "aac"
		encoder = self.template.codec_context
		encoder.layout, encoder.format, encoder.bit_rate = "mono", "fltp", BITRATE
		self.shelf.start_encoding()
		self.encoder = encoder
		self.resampler = av.AudioResampler("fltp", "mono", self.rate, frame_size=encoder.frame_size or 1024)
		self.base: float | None = None  # stream time of sample 0
		self.samples_in = self.samples_out = 0

	def take(self, packet: av.Packet) -> Iterator[Sound]:
		if packet.dts is None:
			return
		stamp = float(packet.dts * packet.time_base)
		try:
			frames = self.decoder.decode(packet)
		except av.error.FFmpegError:
			return  # one bad packet of sound must not end the recording
		expected = None if self.base is None else self.base + self.samples_in / self.rate
		if expected is None or abs(stamp - expected) > GAP_S:
			self.base = stamp - self.samples_in / self.rate
		for frame in frames:
			self.samples_in += frame.samples
			frame.pts = None
			for piece in self.resampler.resample(frame):
				yield from self.encode(piece)

	def encode(self, frame: av.AudioFrame) -> Iterator[Sound]:
		frame.pts, frame.time_base = self.samples_out, self.encoder.time_base
		self.samples_out += frame.samples
		for packet in self.encoder.encode(frame):
			yield Sound(self.base + float(packet.dts * packet.time_base), packet)

	def close(self) -> None:
		self.shelf.close()


def audio_for(stream) -> AudioCopy | AudioToAac | None:
	"""How to record the sound of `stream`; None when it cannot be decoded."""
	context = stream.codec_context
	if context.name == "aac" and context.extradata:
		return AudioCopy(stream)
	if not context.sample_rate:
		return None
	return AudioToAac(stream)
