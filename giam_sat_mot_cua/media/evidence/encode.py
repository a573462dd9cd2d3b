"""Pictures and sound coded into a fragmented MP4, with the times that they came with."""

from collections.abc import Iterable
from fractions import Fraction
from typing import BinaryIO

import av
from av.video.reformatter import ColorRange

from giam_sat_mot_cua.media.evidence.exact_cut import COLOURS, Sound
from giam_sat_mot_cua.media.evidence.picture import Picture
from giam_sat_mot_cua.media.evidence.sound import SoundCoder
from giam_sat_mot_cua.media.fmp4 import TIMESCALE

TICK = Fraction(1, TIMESCALE)
ENCODER_THREADS = 2
KEY_FRAME_S = 2
QUALITY = {"preset": "veryfast", "crf": "20", "bf": "0"}  # no B-frames: decoded as they are shown
FORMAT = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "video_track_timescale": str(TIMESCALE)}


class Written:
	"""What the muxer may use of a file: it cannot go back, as in an archive that is being written."""

	def __init__(self, out: BinaryIO):
		self.out = out

	def write(self, data: bytes) -> int:
		self.out.write(data)
		return len(data)


class Encoder:
	"""One file being made: H.264, and AAC when `sound` (rate in Hz, channels) is given. `zero_utc_ticks`:
	what is time 0 of the file, the beginning of its first picture."""

	def __init__(
		self,
		out: BinaryIO,
		zero_utc_ticks: int,
		size: tuple[int, int],
		fps: float,
		colours: tuple[int, ...],
		sound: tuple[int, int] | None,
		comment: str,
	):
		self.zero = zero_utc_ticks
		self.target = av.open(Written(out), "w", format="mp4", options=FORMAT)
		self.target.metadata["comment"] = comment
		rate = Fraction(fps if 1 <= fps <= 120 else 25).limit_denominator(1001)
		keys = {"g": str(max(round(rate * KEY_FRAME_S), 1))}
		self.video = self.target.add_stream("libx264", rate=rate, options={**QUALITY, **keys})
		self.video.width, self.video.height = size
		self.video.pix_fmt = "yuv420p"
		self.video.codec_context.thread_count = ENCODER_THREADS
		self.video.codec_context.color_range = ColorRange.MPEG
		for name, value in zip(COLOURS, colours, strict=True):
			setattr(self.video.codec_context, name, value)
		self.video.time_base = self.video.codec_context.time_base = TICK
		self.durations: dict[int, int] = {}
		self.coder = self.audio = None
		if sound:
			self.coder = SoundCoder(*sound)
			self.audio = self.target.add_stream("aac", rate=sound[0], layout=self.coder.layout)

	def picture(self, picture: Picture) -> None:
		frame = av.VideoFrame.from_ndarray(picture.planes, format="yuv420p")
		frame.pts, frame.time_base = picture.utc_ticks - self.zero, TICK
		self.durations[frame.pts] = picture.duration
		self.mux_pictures(self.video.encode(frame))

	def mux_pictures(self, packets: list[av.Packet]) -> None:
		for packet in packets:
			packet.duration = self.durations.pop(packet.pts)
			self.target.mux(packet)

	def sound(self, sound: Sound) -> None:
		at = round((sound.utc_ticks - self.zero) * sound.rate / TIMESCALE)
		self.mux_sound(self.coder.take(sound.samples, at))

	def mux_sound(self, packets: Iterable[av.Packet]) -> None:
		for packet in packets:
			packet.stream = self.audio
			self.target.mux(packet)

	def finish(self) -> None:
		"""Writes what is still in the encoders."""
		self.mux_pictures(self.video.encode(None))
		if self.coder:
			self.mux_sound(self.coder.end())

	def close(self) -> None:
		"""Writes the file's end, and lets go of FFmpeg's memory. Without `finish` the file is not whole."""
		self.target.close()
