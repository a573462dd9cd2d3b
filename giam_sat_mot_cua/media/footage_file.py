"""One file of footage being written: packets with UTC in, a fragmented MP4 out."""

from fractions import Fraction
from pathlib import Path

import av
import av.error

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.media.camera_stream import StreamError, StreamFault
from giam_sat_mot_cua.media.events import FileClosed, StreamInfo
from giam_sat_mot_cua.media.fmp4 import TIMESCALE, FootageWriter
from giam_sat_mot_cua.media.repair import EmptyRecording, repair

TICK = Fraction(1, TIMESCALE)
TICKS_A_MS = TIMESCALE // 1000


class FootageFile:
	"""A file from its first key frame on. Raises StreamError(STORAGE) when the volume refuses."""

	def __init__(
		self, volume: Path, camera: str, start_utc_ms: int, video, audio, info: StreamInfo, fragment_ms: int
	):
		self.volume, self.camera, self.info = volume, camera, info
		self.start_utc_ms = start_utc_ms
		self.path = layout.file_path(camera, start_utc_ms)
		try:
			self.writer = FootageWriter(volume / self.path)
		except OSError as error:
			raise storage_error(error) from error
		flags = "+empty_moov+default_base_moof+frag_keyframe+skip_trailer"
		self.out = av.open(
			self.writer,
			"w",
			format="mp4",
			options={
				"movflags": flags,
				"frag_duration": str(fragment_ms * 1000),
				"video_track_timescale": str(TIMESCALE),
				"max_interleave_delta": "500000",
			},
		)
		self.video = self.out.add_stream_from_template(video)
		if video.codec_context.name == "hevc":
			self.video.codec_context.codec_tag = (
				"hvc1"  # parameter sets in the header, as Apple and MSE want it
			)
		self.audio = self.out.add_stream_from_template(audio) if audio else None
		self.held: tuple[av.Packet, int] | None = None  # the newest video packet, until its duration is known
		self.last_video = self.last_audio = -1  # ticks
		self.frame = TIMESCALE // 10
		self.torn = False  # closed, but for want of space without its index
		self.mux(lambda: self.out.start_encoding())

	def add_video(self, packet: av.Packet, wall_s: float) -> None:
		ticks = max(self.ticks(wall_s), self.last_video + 1, 0)
		self.write_held(ticks)
		self.held = (packet, ticks)
		self.last_video = ticks

	def add_audio(self, packet: av.Packet, wall_s: float) -> None:
		ticks = self.ticks(wall_s)
		if self.audio is None or ticks < 0:
			return  # belongs to the file before
		ticks = max(ticks, self.last_audio + 1)
		self.last_audio = ticks
		own = av.Packet(bytes(packet))
		own.time_base, own.dts, own.pts = TICK, ticks, ticks
		own.duration = round(packet.duration * packet.time_base / TICK) if packet.duration else 0
		own.is_keyframe, own.stream = True, self.audio
		self.mux(lambda: self.out.mux(own))

	def ticks(self, wall_s: float) -> int:
		return round((wall_s * 1000 - self.start_utc_ms) * TICKS_A_MS)

	def write_held(self, until: int) -> None:
		"""Writes the packet that waited for its duration."""
		if not self.held:
			return
		packet, ticks = self.held
		self.held = None
		ahead = 0
		if packet.pts is not None and packet.dts is not None:
			ahead = max(round((packet.pts - packet.dts) * packet.time_base / TICK), 0)
		self.frame = until - ticks
		packet.time_base, packet.dts, packet.pts = TICK, ticks, ticks + ahead
		packet.duration, packet.stream = max(until - ticks, 1), self.video
		self.mux(lambda: self.out.mux(packet))

	def end_utc_ms(self, next_start_utc_ms: int | None) -> int:
		"""Where the file ends: at the next one's start, or a frame after its last one."""
		if next_start_utc_ms is not None:
			return next_start_utc_ms
		frame = min(max(self.frame, 1), TIMESCALE)
		return self.start_utc_ms + -(-(max(self.last_video, 0) + frame) // TICKS_A_MS)

	def close(self, next_start_utc_ms: int | None = None) -> FileClosed | None:
		"""Ends the file; returns what it is when all of it is on the disk, None when nothing was in it."""
		end = self.end_utc_ms(next_start_utc_ms)
		try:
			self.write_held((end - self.start_utc_ms) * TICKS_A_MS)
			self.mux(self.out.close)
			self.writer.finish()
		except (StreamError, OSError):
			return self.rescue()
		fragments = self.writer.scanner.fragments
		if not fragments:
			layout.safe_join(self.volume, self.path).unlink(missing_ok=True)
			return None
		duration = round(fragments[-1].end / TICKS_A_MS)
		return FileClosed(
			self.camera,
			self.path,
			self.start_utc_ms,
			duration,
			self.writer.size,
			self.writer.digest.hexdigest(),
			self.info,
		)

	def rescue(self) -> FileClosed | None:
		"""After an error of the disk: what is whole is kept. None when that fails too; a later start mends
		it."""
		self.writer.abandon()
		try:
			kept = repair(self.volume, self.path)
		except EmptyRecording:
			layout.safe_join(self.volume, self.path).unlink(missing_ok=True)
			return None
		except OSError:
			self.torn = True
			return None
		return FileClosed(
			self.camera,
			self.path,
			self.start_utc_ms,
			kept.duration_ms,
			kept.size_bytes,
			kept.sha256,
			self.info,
		)

	@property
	def kept_until_utc_ms(self) -> int:
		"""End of what is whole on the disk."""
		fragments = self.writer.scanner.fragments
		return self.start_utc_ms + (fragments[-1].end // TICKS_A_MS if fragments else 0)

	def mux(self, action) -> None:
		action()
		if self.writer.error:
			raise storage_error(self.writer.error)


def storage_error(error: OSError) -> StreamError:
	return StreamError(
		StreamFault.STORAGE, f"the volume cannot be written ({error.strerror or 'unknown error'})"
	)
