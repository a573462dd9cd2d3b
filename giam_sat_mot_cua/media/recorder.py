"""Records one camera: connect, copy to files, rotate each minute, reconnect; tell what happened.

All cameras of a process are read by one thread (ingest.py), which calls what is here; files are written by
the thread of their volume. The rest of the program sees events and `health`.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from giam_sat_mot_cua.media import events, layout
from giam_sat_mot_cua.media.camera_stream import CameraStream, StreamError, StreamFault
from giam_sat_mot_cua.media.connection import Connection
from giam_sat_mot_cua.media.events import Event, FileClosed, StreamInfo
from giam_sat_mot_cua.media.ingest import Ingest
from giam_sat_mot_cua.media.rtsp.session import Session, open_session
from giam_sat_mot_cua.media.volume_writer import SLOW, OpenFile, VolumeWriter

SHORTEST_GAP_MS = 500
GOOD_AFTER_S = 20.0  # a connection that lasted so long starts the back-off anew
ANSWER_S = 5.0
MOST_WAITING_BYTES = 32_000_000  # of one camera, on their way to a slow volume
NEW_TRY_S = 0.05  # when too many connections were begun in this second


@dataclass(frozen=True)
class RecorderHealth:
	"""How a camera's recording stands now, and what was written since this recorder began. `packet_age_s` is
	None while there is no connection; `clock_offset_s`: how far the camera's own clock is ahead, None when it
	does not tell."""

	state: str
	fault: str | None
	packet_age_s: float | None
	bytes_written: int
	connected_since_utc_ms: int | None
	connections: int = 0
	files: int = 0
	fragments: int = 0
	packets_lost: int = 0
	clock_offset_s: float | None = None


def utc_ms() -> int:
	return round(time.time() * 1000)


class CameraRecorder:
	"""Records `stream` to files below `volume`; hands every event to `sink`, from threads of its own.

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
		retry: tuple[float, float] = (0.5, 3.0),
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
		self.bytes_closed = self.files_closed = self.connections = self.fragments = 0
		self.packets_lost = self.lost_before = 0  # in all; on connections that are over
		self.clock_offset_s: float | None = None
		self.connection: Connection | None = None
		self.opening: Future | None = None
		self.pause, self.next_try = retry[0], 0.0
		self.connected_at = 0.0
		self.files: set[OpenFile] = set()  # not closed yet
		self.torn: list[OpenFile] = []
		self.started_utc_ms = utc_ms()
		self.ever_recorded = False
		self.stopping = False
		self.done = threading.Event()
		self.ingest: Ingest | None = None
		self.writer: VolumeWriter | None = None

	def start(self) -> None:
		self.started_utc_ms = utc_ms()
		self.ingest = Ingest.of_process()
		self.writer = VolumeWriter.of(self.volume, self.marker)
		self.ingest.call(self.begin)

	def request_stop(self) -> None:
		"""Asks for the end; `stop` waits for it."""
		if self.ingest:
			self.ingest.call(self.end)

	def stop(self, wait_s: float) -> bool:
		"""Closes the file and ends. False when that did not happen in `wait_s`."""
		self.request_stop()
		return self.done.wait(wait_s) if self.ingest else True

	def health(self) -> RecorderHealth:
		last, growing = self.last_packet, sum(file.size for file in list(self.files))
		return RecorderHealth(
			self.state,
			self.fault,
			None if last is None else round(time.monotonic() - last, 2),
			self.bytes_closed + growing,
			self.connected_since_utc_ms,
			self.connections,
			self.files_closed,
			self.fragments,
			self.packets_lost,
			self.clock_offset_s,
		)

	# In the reading thread

	def begin(self) -> None:
		self.ingest.members.add(self)
		self.change("connecting")

	def end(self) -> None:
		self.stopping = True
		self.disconnect()
		self.finish_stop()

	def finish_stop(self) -> None:
		if self.done.is_set() or self.files or self.opening:
			return
		self.change("stopped")
		self.ingest.members.discard(self)
		self.done.set()

	def tick(self, now: float) -> None:
		if self.opening:
			if self.opening.done():
				self.opened(self.opening)
		elif self.stopping:
			self.finish_stop()
		elif self.connection:
			self.watch(now)
		elif now >= self.next_try:
			self.attempt()

	def attempt(self) -> None:
		try:
			self.writer.require(self.min_free_bytes)
		except StreamError as error:
			return self.failed(error)
		stream, with_sound = self.stream, self.audio
		self.opening = self.ingest.open(lambda: open_session(stream, with_sound, ANSWER_S))
		if not self.opening:
			self.next_try = time.monotonic() + NEW_TRY_S * random.uniform(1, 4)

	def opened(self, opening: Future) -> None:
		self.opening = None
		error = opening.exception()
		if error:
			if not isinstance(error, StreamError):
				error = StreamError(StreamFault.INTERNAL, type(error).__name__)
			return self.failed(error)
		if self.stopping:
			self.ingest.open(opening.result().close)
			return self.finish_stop()
		self.connect(opening.result())

	def connect(self, session: Session) -> None:
		self.connections += 1
		self.connected_since_utc_ms = utc_ms()
		self.connected_at = self.last_packet = time.monotonic()
		self.connection = Connection(self, session)
		try:
			self.connection.begin()
		except Exception as error:
			self.connection_failed(error)

	def watch(self, now: float) -> None:
		"""A connection is given up when no picture comes, whatever else does."""
		connection = self.connection
		if now - connection.last_video > self.stall_seconds:
			return self.failed(StreamError(StreamFault.STALLED, connection.what_is_missing()))
		if connection.file and connection.file.waiting_bytes > MOST_WAITING_BYTES:
			return self.failed(StreamError(StreamFault.STORAGE, SLOW))
		self.packets_lost = self.lost_before + connection.packets_lost
		connection.tick(now)

	def connection_failed(self, error: Exception) -> None:
		"""The camera ended it, or what it sends makes no sense."""
		if not isinstance(error, StreamError):
			ended = isinstance(error, EOFError | OSError)
			text = "the camera ended the stream" if ended else type(error).__name__
			error = StreamError(StreamFault.ENDED if ended else StreamFault.INTERNAL, text)
		self.failed(error)

	def failed(self, error: StreamError) -> None:
		"""Nothing is recorded now: says so, and tries again after a pause."""
		self.disconnect()
		if self.stopping:
			return
		if self.connected_at and time.monotonic() - self.connected_at > GOOD_AFTER_S:
			self.pause = self.retry[0]
		self.connected_at = 0.0
		self.next_try = time.monotonic() + self.pause * random.uniform(0.7, 1.3)
		self.pause = min(self.pause * 2, self.retry[1])
		self.change("waiting", error.fault.value, error.message)
		self.open_gap(error.cause)

	def disconnect(self) -> None:
		connection, self.connection = self.connection, None
		if connection:
			connection.end()
			self.packets_lost = self.lost_before = self.lost_before + connection.packets_lost
			self.ingest.openers.submit(connection.session.close)
		self.last_packet = self.connected_since_utc_ms = self.clock_offset_s = None

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

	def open_gap(self, cause: str) -> None:
		"""From the end of the last sample on. What was missing before this recorder began has its own
		cause."""
		if self.gap or self.stopping:
			return
		start = self.last_end_utc_ms or self.started_utc_ms
		if not self.ever_recorded and self.last_end_utc_ms and self.started_utc_ms - start >= SHORTEST_GAP_MS:
			self.tell(events.GapClosed(self.camera, start, self.started_utc_ms, events.RECORDER_DOWN))
			start = self.started_utc_ms
		self.gap = events.GapOpened(self.camera, start, cause)
		self.tell(self.gap)

	def file_opened(self, file: OpenFile, info: StreamInfo) -> None:
		start = file.start_utc_ms
		if self.gap:
			self.tell(events.GapClosed(self.camera, self.gap.start_utc_ms, start, self.gap.cause))
		elif self.last_end_utc_ms and not self.ever_recorded:
			# however short: somebody else may have noted this gap already, and hears here that it has ended
			self.tell(events.GapClosed(self.camera, self.last_end_utc_ms, start, events.RECORDER_DOWN))
		elif self.last_end_utc_ms and start - self.last_end_utc_ms >= SHORTEST_GAP_MS:
			self.tell(events.GapClosed(self.camera, self.last_end_utc_ms, start, events.CLOCK))
		self.gap, self.ever_recorded = None, True
		self.files.add(file)
		self.tell(events.FileOpened(self.camera, file.path, start))
		self.change("recording", info=info)
		self.mend_torn()

	def file_told(self, file: OpenFile, closed: FileClosed | None, error: StreamError | None) -> None:
		"""By the volume's thread: what became of a file."""
		self.ingest.call(lambda: self.file_done(file, closed, error))

	def file_done(self, file: OpenFile, closed: FileClosed | None, error: StreamError | None) -> None:
		if closed:
			self.bytes_closed += closed.size_bytes
			self.files_closed += 1
			self.tell(closed)
		if error:
			self.last_end_utc_ms = (
				closed.start_utc_ms + closed.duration_ms if closed else file.kept_until_utc_ms
			)
		if not closed and file.error and file.fragments:
			self.torn.append(file)  # tried again when there is room
		self.files.discard(file)
		if error and self.connection and self.connection.wrote_to(file):
			self.connection.file = None
			self.failed(error)
		if self.stopping:
			self.finish_stop()

	def mend_torn(self) -> None:
		"""Files that could not be closed on a full disk, now that there is room again."""
		for file in self.torn:
			self.writer.do(lambda file=file: self.file_told(file, file.rescue(), None))
		self.torn.clear()
