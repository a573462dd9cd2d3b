"""Records one camera: connect, copy to files, rotate each minute, reconnect; tell what happened.

One thread for each camera; it alone opens and closes its containers. The rest of the program sees events and
`health`.
"""

import heapq
import itertools
import random
import shutil
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import av
import av.error

from giam_sat_mot_cua.media import events, layout, still, stream
from giam_sat_mot_cua.media.audio import audio_for
from giam_sat_mot_cua.media.camera_stream import CameraStream, StreamError, StreamFault
from giam_sat_mot_cua.media.events import Event, StreamInfo
from giam_sat_mot_cua.media.footage_file import FootageFile
from giam_sat_mot_cua.media.wall_clock import WallClock

SETTLE_S = 1.2  # the first packets arrive late, after probing: wait for one that is on time
SHORTEST_GAP_MS = 500
SOUND_LAG_S = 0.4  # sound is encoded in blocks and comes after the picture of the same moment: wait for it
GOOD_AFTER_S = 20.0  # a connection that lasted so long starts the back-off anew
START_CODE = b"\0\0\1"
PARAMETER_SETS = {"h264": {7, 8}, "hevc": {32, 33, 34}}


@dataclass(frozen=True)
class RecorderHealth:
	"""How a camera's recording stands now. `packet_age_s` is None while there is no connection."""

	state: str
	fault: str | None
	packet_age_s: float | None
	bytes_written: int
	connected_since_utc_ms: int | None


class FormatChanged(Exception):
	"""The camera changed size or codec parameters: a new connection tells the new ones."""


def utc_ms() -> int:
	return round(time.time() * 1000)


class CameraRecorder:
	"""Records `stream` to files below `volume`; hands every event to `sink`, from its own thread.

	file_seconds: a new file begins at the first key frame after each such period, staggered between cameras.
	fragment_ms: how much a crash may cost, and how far behind live playback is.
	still_seconds: how often the newest key frame is written as a picture.
	stall_seconds: without video for so long the connection is given up.
	retry: shortest and longest pause between attempts, in seconds; doubled each time, with jitter.
	recorded_until_utc_ms: end of what was recorded before, so that the gap since then is told.
	min_free_bytes: recording stops before the volume is fuller than this.
	marker: a file that must be in the volume's folder, else the volume is not mounted.
	"""

	def __init__(
		self,
		stream: CameraStream,
		volume: Path,
		sink: Callable[[Event], None],
		*,
		file_seconds: int = 60,
		fragment_ms: int = 1000,
		still_seconds: float = 60,
		stall_seconds: float = 10,
		retry: tuple[float, float] = (1.0, 30.0),
		audio: bool = True,
		recorded_until_utc_ms: int | None = None,
		min_free_bytes: int = 0,
		marker: str | None = None,
	):
		self.stream, self.volume, self.sink = stream, volume, sink
		self.camera = layout.check_camera(stream.camera)
		self.file_seconds, self.fragment_ms = file_seconds, fragment_ms
		self.still_seconds, self.stall_seconds = still_seconds, stall_seconds
		self.retry, self.audio = retry, audio
		self.min_free_bytes, self.marker = min_free_bytes, marker
		self.last_end_utc_ms = recorded_until_utc_ms
		self.gap: events.GapOpened | None = None
		self.state, self.fault = "stopped", None
		self.last_packet: float | None = None
		self.connected_since_utc_ms: int | None = None
		self.bytes_closed = 0
		self.connection: Connection | None = None
		self.started_utc_ms = utc_ms()
		self.ever_recorded = False
		self.torn: list[FootageFile] = []
		self.stopping = threading.Event()
		self.thread = threading.Thread(target=self.run, name=f"camera {self.camera}", daemon=True)

	def start(self) -> None:
		self.started_utc_ms = utc_ms()
		self.thread.start()

	def request_stop(self) -> None:
		"""Asks for the end; `stop` waits for it."""
		self.stopping.set()

	def stop(self, wait_s: float) -> bool:
		"""Closes the file and ends. False when that did not happen in `wait_s`."""
		self.request_stop()
		self.thread.join(wait_s)
		return not self.thread.is_alive()

	def health(self) -> RecorderHealth:
		last, connection = self.last_packet, self.connection
		growing = connection.file.writer.size if connection and connection.file else 0
		return RecorderHealth(
			self.state,
			self.fault,
			None if last is None else round(time.monotonic() - last, 2),
			self.bytes_closed + growing,
			self.connected_since_utc_ms,
		)

	def run(self) -> None:
		pause = self.retry[0]
		self.change("connecting")
		while not self.stopping.is_set():
			began = time.monotonic()
			try:
				self.check_volume()
				self.record_connection()
			except StreamError as error:
				self.failed(error)
			except FormatChanged:
				self.open_gap(events.CONFIGURATION)
				continue
			except Exception as error:
				self.failed(StreamError(StreamFault.INTERNAL, type(error).__name__))
			if time.monotonic() - began > GOOD_AFTER_S:
				pause = self.retry[0]
			self.stopping.wait(pause * random.uniform(0.7, 1.3))
			pause = min(pause * 2, self.retry[1])
		self.change("stopped")

	def check_volume(self) -> None:
		"""Before connecting, and before every file."""
		try:
			mounted = (self.volume / self.marker).exists() if self.marker else self.volume.is_dir()
			free = shutil.disk_usage(self.volume).free if mounted else 0
		except OSError:
			mounted, free = False, 0
		if not mounted:
			raise StreamError(StreamFault.STORAGE, "the volume is not mounted")
		if free < self.min_free_bytes:
			raise StreamError(StreamFault.STORAGE, "the volume is full")

	def record_connection(self) -> None:
		"""Records until the stream ends, fails, or a stop is asked for."""
		source = stream.open_source(self.stream, read_timeout_s=max(self.stall_seconds / 2, 1))
		self.connected_since_utc_ms = utc_ms()
		self.last_packet = time.monotonic()
		self.connection = Connection(self, source)
		try:
			self.connection.run()
		finally:
			self.connection.close()
			self.connection = None
			source.close()
			self.last_packet = self.connected_since_utc_ms = None

	# What is told

	def tell(self, event: Event) -> None:
		self.sink(event)

	def change(
		self, state: str, fault: str | None = None, message: str = "", info: StreamInfo | None = None
	) -> None:
		if (state, fault) == (self.state, self.fault):
			return
		self.state, self.fault = state, fault
		self.tell(events.StateChanged(self.camera, utc_ms(), state, fault, message, info))

	def failed(self, error: StreamError) -> None:
		if self.stopping.is_set():
			return
		self.change("waiting", error.fault.value, error.message)
		self.open_gap(error.cause)

	def open_gap(self, cause: str) -> None:
		"""From the end of the last sample on. What was missing before this recorder began has its own
		cause."""
		if self.gap or self.stopping.is_set():
			return
		start = self.last_end_utc_ms or self.started_utc_ms
		if not self.ever_recorded and self.last_end_utc_ms and self.started_utc_ms - start >= SHORTEST_GAP_MS:
			self.tell(events.GapClosed(self.camera, start, self.started_utc_ms, events.RECORDER_DOWN))
			start = self.started_utc_ms
		self.gap = events.GapOpened(self.camera, start, cause)
		self.tell(self.gap)

	def file_opened(self, file: FootageFile, info: StreamInfo) -> None:
		start = file.start_utc_ms
		if self.gap:
			self.tell(events.GapClosed(self.camera, self.gap.start_utc_ms, start, self.gap.cause))
		elif self.last_end_utc_ms and not self.ever_recorded:
			# however short: somebody else may have noted this gap already, and hears here that it has ended
			self.tell(events.GapClosed(self.camera, self.last_end_utc_ms, start, events.RECORDER_DOWN))
		elif self.last_end_utc_ms and start - self.last_end_utc_ms >= SHORTEST_GAP_MS:
			self.tell(events.GapClosed(self.camera, self.last_end_utc_ms, start, events.CLOCK))
		self.gap, self.ever_recorded = None, True
		self.tell(events.FileOpened(self.camera, file.path, start))
		self.change("recording", info=info)
		self.mend_torn()

	def file_closed(self, file: FootageFile, closed: events.FileClosed | None) -> None:
		if closed:
			self.last_end_utc_ms = closed.start_utc_ms + closed.duration_ms
			self.bytes_closed += closed.size_bytes
			self.tell(closed)
		elif file.torn:
			self.last_end_utc_ms = file.kept_until_utc_ms
			self.torn.append(file)

	def mend_torn(self) -> None:
		"""Files that could not be closed on a full disk, now that there is room again."""
		for file in list(self.torn):
			closed = file.rescue()
			if closed:
				self.torn.remove(file)
				self.tell(closed)


class Connection:
	"""One opened stream: packets to files until it ends."""

	def __init__(self, recorder: CameraRecorder, source):
		self.recorder, self.source = recorder, source
		self.video = source.streams.video[0]
		self.info = stream.describe(source)
		wants_audio = recorder.audio and bool(source.streams.audio)
		self.audio = audio_for(source.streams.audio[0]) if wants_audio else None
		self.file_info = replace(
			self.info,
			audio_codec=self.audio.codec if self.audio else None,
			audio_rate=self.audio.rate if self.audio else None,
		)
		self.clock = WallClock(not_before=(recorder.last_end_utc_ms or 0) / 1000)
		self.waiting: list[tuple[av.Packet, float]] = []  # until the clock has settled
		self.settled = False
		self.first_arrival: float | None = None
		self.last_video = time.monotonic()
		self.frame_s = 1 / self.info.fps if self.info.fps else 0.1
		self.parameters: tuple[bytes, ...] = ()
		codec = self.video.codec_context
		self.stills = still.StillMaker(codec.name, bytes(codec.extradata) if codec.extradata else None)
		self.next_still = 0.0
		self.file: FootageFile | None = None
		self.rotate_at = 0.0
		self.lag_s = SOUND_LAG_S if self.audio else 0.0
		self.order = itertools.count()
		# heap of (UTC, number, packet, step before it)
		self.by_time: list[tuple[float, int, av.Packet, bool]] = []

	def run(self) -> None:
		streams = [self.video, *(self.source.streams.audio[:1] if self.audio else [])]
		try:
			for packet in self.source.demux(*streams):
				if self.recorder.stopping.is_set():
					return
				if not packet.size:
					break
				self.take(packet, time.monotonic())
		except av.error.ExitError:
			raise StreamError(StreamFault.STALLED, "no data in time") from None
		except av.error.FFmpegError:
			if not self.recorder.stopping.is_set():
				raise StreamError(StreamFault.ENDED, "the connection broke") from None
		if not self.recorder.stopping.is_set():
			raise StreamError(StreamFault.ENDED, "the camera ended the stream")

	def take(self, packet: av.Packet, arrival: float) -> None:
		if packet.stream is self.video or packet.stream.type == "video":
			self.last_video = self.recorder.last_packet = arrival
			if packet.dts is not None:
				self.clock.observe(float(packet.dts * packet.time_base), arrival)
		elif arrival - self.last_video > self.recorder.stall_seconds:
			raise StreamError(StreamFault.STALLED, "sound arrives but no picture")
		if self.settled:
			self.record(packet, arrival)
			return
		self.first_arrival = arrival if self.first_arrival is None else self.first_arrival
		self.waiting.append((packet, arrival))
		if arrival - self.first_arrival >= SETTLE_S:
			self.settle()

	def settle(self) -> None:
		"""Enough has arrived to know when it was taken: record what waited."""
		if self.clock.lowest == float("inf"):
			if self.last_video - self.first_arrival > self.recorder.stall_seconds:
				raise StreamError(StreamFault.INTERNAL, "the picture comes without timestamps")
			return
		self.clock.settle()
		self.settled = True
		waiting, self.waiting = self.waiting, []
		video = [packet for packet, _arrival in waiting if packet.stream.type == "video"]
		untimed = list(itertools.takewhile(lambda packet: packet.dts is None, video))
		first = float(video[len(untimed)].dts * video[0].time_base)
		for ahead, packet in enumerate(reversed(untimed), 1):
			# the first key frame, and with B-frames some more: each was sent a frame before the next
			packet.dts = round((first - ahead * self.frame_s) / packet.time_base)
			packet.pts = packet.dts if packet.pts is None else packet.pts
		for packet, arrival in waiting:
			self.record(packet, arrival)

	def record(self, packet: av.Packet, arrival: float) -> None:
		if packet.stream.type == "video":
			self.record_video(packet, arrival)
		elif self.audio:
			for sound in self.audio.take(packet):
				self.put(self.clock.place(sound.stamp), sound.data, False)

	def record_video(self, packet: av.Packet, arrival: float) -> None:
		dts = packet.dts if packet.dts is not None else packet.pts
		if dts is None:
			return
		wall = self.clock.wall(float(dts * packet.time_base), arrival)
		if packet.is_keyframe:
			self.check_format(packet)
			self.take_still(packet, arrival)
		self.put(wall, packet, self.clock.stepped)
		self.write_until(wall - self.lag_s)

	def put(self, wall: float, packet: av.Packet, stepped: bool) -> None:
		heapq.heappush(self.by_time, (wall, next(self.order), packet, stepped))

	def write_until(self, wall: float) -> None:
		"""Writes what is due, sound and picture in order of time, so that a file holds all sound of its
		period."""
		while self.by_time and self.by_time[0][0] <= wall:
			at, _number, packet, stepped = heapq.heappop(self.by_time)
			if packet.stream is not self.video:
				if self.file:
					self.file.add_audio(packet, at)
				continue
			if packet.is_keyframe and (self.file is None or at >= self.rotate_at or stepped):
				self.next_file(at, stepped)
			if self.file:
				self.file.add_video(packet, at)

	def next_file(self, wall: float, stepped: bool) -> None:
		recorder = self.recorder
		start = max(round(wall * 1000), recorder.last_end_utc_ms or 0)
		if self.file:
			# contiguous, but for a step of a clock in between: then the old file ends a frame after its last
			self.close_file(None if stepped else start)
			start = max(start, recorder.last_end_utc_ms or 0)
		recorder.check_volume()
		self.file = FootageFile(
			recorder.volume,
			recorder.camera,
			start,
			self.video,
			self.audio.template if self.audio else None,
			self.file_info,
			recorder.fragment_ms,
		)
		self.rotate_at = next_rotation(wall, recorder.file_seconds, recorder.camera)
		recorder.file_opened(self.file, self.info)

	def close_file(self, next_start_utc_ms: int | None) -> None:
		file, self.file = self.file, None
		if file:
			self.recorder.file_closed(file, file.close(next_start_utc_ms))

	def check_format(self, packet: av.Packet) -> None:
		found = parameter_sets(self.info.video_codec, bytes(packet))
		if found and self.parameters and found != self.parameters:
			raise FormatChanged
		self.parameters = found or self.parameters

	def take_still(self, packet: av.Packet, arrival: float) -> None:
		if arrival < self.next_still:
			return
		self.next_still = arrival + self.recorder.still_seconds
		path = layout.still_path(self.recorder.camera)
		try:
			picture = self.stills.picture(packet)
			if picture is None:
				return
			still.write_jpeg(picture, self.recorder.volume / path)
		except OSError:
			return  # a full disk shows at the footage itself
		self.recorder.tell(events.StillTaken(self.recorder.camera, path, utc_ms()))

	def close(self) -> None:
		try:
			self.write_until(float("inf"))
		finally:
			self.close_file(None)
		if self.audio:
			self.audio.close()


def next_rotation(wall: float, file_seconds: int, camera: str) -> float:
	"""The next moment, UTC in seconds, at which this camera begins a new file: its own share of the
	period."""
	shift = zlib.crc32(camera.encode()) % (file_seconds * 1000) / 1000
	return ((wall - shift) // file_seconds + 1) * file_seconds + shift


def parameter_sets(codec: str, data: bytes) -> tuple[bytes, ...]:
	"""The parameter sets (SPS, PPS; VPS for H.265) in a key frame with start codes (H.264 Annex B)."""
	wanted, found = PARAMETER_SETS[codec], []
	start = data.find(START_CODE)
	while start >= 0:
		begin = start + 3
		if begin >= len(data):
			break
		kind = data[begin] & 0x1F if codec == "h264" else (data[begin] >> 1) & 0x3F
		if kind not in wanted and kind not in (6, 9, 39, 40, 35):
			break  # the picture itself: parameter sets come before it
		start = data.find(START_CODE, begin)
		if kind in wanted:
			found.append(data[begin : start if start >= 0 else len(data)].rstrip(b"\0"))
	return tuple(found)
