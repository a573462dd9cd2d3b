"""Sound for the file: AAC is copied, everything else (G.711 above all) becomes AAC, since MP4 has no place
for it."""

from collections.abc import Iterator
from dataclasses import dataclass

import av
import av.error

from giam_sat_mot_cua.media.mp4_write import Sample, SoundFormat
from giam_sat_mot_cua.media.rtsp.rtp import AAC_FRAME, Unit
from giam_sat_mot_cua.media.rtsp.sdp import Media

BITRATE = 32_000
GAP_S = 0.2  # the sound's own clock is followed until it is off by this much


@dataclass
class Sound:
	"""An AAC frame and its time on the stream's clock, in seconds."""

	stamp: float
	sample: Sample


class AudioCopy:
	"""AAC as the camera sends it. `format`: what the file's header says of it."""

	def __init__(self, media: Media, config: bytes):
		self.clock_rate = media.clock_rate
		self.format = SoundFormat(config, media.clock_rate, media.channels)

	def take(self, unit: Unit) -> Iterator[Sound]:
		data = unit.parts[0]
		yield Sound(unit.stamp / self.clock_rate, Sample([data], len(data), AAC_FRAME))

	def close(self) -> None:
		pass


class AudioToAac:
	"""Decodes and encodes again; one encoder for the whole connection, so that files join without a click."""

	def __init__(self, media: Media):
		self.clock_rate = media.clock_rate
		self.decoder = av.CodecContext.create(media.codec, "r")
		self.decoder.sample_rate = media.clock_rate
		self.decoder.layout = "stereo" if media.channels == 2 else "mono"
		self.decoder.open()
		encoder = av.CodecContext.create("aac", "w")
		encoder.sample_rate, encoder.layout, encoder.format = media.clock_rate, "mono", "fltp"
		encoder.bit_rate = BITRATE
		encoder.open()
		self.encoder, self.rate = encoder, media.clock_rate
		self.format = SoundFormat(bytes(encoder.extradata), self.rate, 1)
		self.resampler = av.AudioResampler(
			"fltp", "mono", self.rate, frame_size=encoder.frame_size or AAC_FRAME
		)
		self.base: float | None = None  # stream time of sample 0
		self.samples_in = self.samples_out = 0

	def take(self, unit: Unit) -> Iterator[Sound]:
		stamp = unit.stamp / self.clock_rate
		try:
			frames = self.decoder.decode(av.Packet(unit.parts[0]))
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
			data = bytes(packet)
			stamp = self.base + float(packet.dts * packet.time_base)
			yield Sound(stamp, Sample([data], len(data), AAC_FRAME))

	def close(self) -> None:
		pass


def audio_for(media: Media) -> AudioCopy | AudioToAac | None:
	"""How to record the sound of `media`; None when it cannot be decoded."""
	if media.codec == "aac":
		try:
			config = bytes.fromhex(media.parameters.get("config", ""))
		except ValueError:
			config = b""
		return AudioCopy(media, config) if config else None
	try:
		return AudioToAac(media)
	except (av.error.FFmpegError, ValueError):
		return None
