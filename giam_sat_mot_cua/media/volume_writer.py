"""Writes footage to a volume in a thread of its own, so that a slow or hanging disk holds up nobody but
itself.

The thread also looks at the volume every second: whether it is mounted, how much space is free. Files are
synced to the disk within SYNC_S, and wholly, with their folder, before they are announced as closed.
"""

import hashlib
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.media.camera_stream import StreamError, StreamFault
from giam_sat_mot_cua.media.events import FileClosed, StreamInfo
from giam_sat_mot_cua.media.fmp4 import TIMESCALE, Fragment, index_box, sync_folder
from giam_sat_mot_cua.media.repair import EmptyRecording, repair

SYNC_S = 5.0
LOOK_S = 1.0
TICKS_A_MS = TIMESCALE // 1000
NOT_MOUNTED, FULL, SLOW = "the volume is not mounted", "the volume is full", "the volume is too slow"


@dataclass(frozen=True)
class VolumeLook:
	"""How a volume was a moment ago. `mounted`: its folder, and its marker when it has one, are there."""

	mounted: bool
	free_bytes: int


class VolumeWriter(threading.Thread):
	"""The one writer of this process for a volume."""

	known: dict[tuple[Path, str | None], "VolumeWriter"] = {}
	lock = threading.Lock()

	def __init__(self, volume: Path, marker: str | None):
		super().__init__(name=f"volume {volume.name}", daemon=True)
		self.volume, self.marker = volume, marker
		self.jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
		self.busy_since: float | None = None
		self.open_files: set[OpenFile] = set()
		self.seen = self.look()
		self.next_look = 0.0

	@classmethod
	def of(cls, volume: Path, marker: str | None) -> "VolumeWriter":
		with cls.lock:
			writer = cls.known.get((volume, marker))
			if not writer or not writer.is_alive():
				writer = cls.known[(volume, marker)] = cls(volume, marker)
				writer.start()
			return writer

	def look(self) -> VolumeLook:
		try:
			mounted = (self.volume / self.marker).exists() if self.marker else self.volume.is_dir()
			return VolumeLook(mounted, shutil.disk_usage(self.volume).free if mounted else 0)
		except OSError:
			return VolumeLook(False, 0)

	def require(self, min_free_bytes: int) -> None:
		"""Raises StreamError(STORAGE) when nothing can be written now."""
		if not self.seen.mounted:
			raise StreamError(StreamFault.STORAGE, NOT_MOUNTED)
		if self.seen.free_bytes < min_free_bytes:
			raise StreamError(StreamFault.STORAGE, FULL)

	def do(self, job: Callable[[], None]) -> None:
		self.jobs.put(job)

	def run(self) -> None:
		while True:
			try:
				job = self.jobs.get(timeout=LOOK_S)
			except queue.Empty:
				job = None
			self.busy_since = time.monotonic()
			if job:
				job()
			if self.busy_since >= self.next_look:
				self.seen = self.look()
				self.sync_due()
				self.next_look = time.monotonic() + LOOK_S
			self.busy_since = None

	def sync_due(self) -> None:
		for file in list(self.open_files):
			file.sync_if_due()


class OpenFile:
	"""A file being written. Its methods that write run in the volume's thread, in the order in which they are
	asked for; what came of it is told to `told`, from that thread."""

	def __init__(
		self,
		writer: VolumeWriter,
		camera: str,
		start_utc_ms: int,
		info: StreamInfo,
		told: Callable[["OpenFile", FileClosed | None, StreamError | None], None],
	):
		self.writer, self.camera, self.start_utc_ms, self.info, self.told = (
			writer,
			camera,
			start_utc_ms,
			info,
			told,
		)
		self.path = layout.file_path(camera, start_utc_ms)
		self.full = writer.volume / self.path
		self.handle = -1
		self.digest = hashlib.sha256()
		self.fragments: list[Fragment] = []
		self.size = 0
		self.waiting_bytes = 0  # asked for and not written yet
		self.synced_at = time.monotonic()
		self.error: StreamError | None = None

	# Asked for, by the thread that reads the camera

	def begin(self, header: bytes) -> None:
		self.waiting_bytes += len(header)
		self.writer.do(lambda: self.guarded(lambda: self.create(header)))

	def append(self, data: bytes, start: int, duration: int, key: bool) -> None:
		"""A whole fragment; its time in ticks."""
		self.waiting_bytes += len(data)
		self.writer.do(lambda: self.guarded(lambda: self.add(data, start, duration, key)))

	def finish(self) -> None:
		self.writer.do(self.end)

	# Done, by the volume's thread

	def guarded(self, action: Callable[[], None]) -> None:
		if self.error:
			return
		try:
			action()
		except OSError as error:
			self.error = storage_error(error)
			self.told(self, self.rescue(), self.error)

	def create(self, header: bytes) -> None:
		self.full.parent.mkdir(parents=True, exist_ok=True)
		self.handle = os.open(self.full, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
		self.writer.open_files.add(self)
		self.write(header)
		self.header_size = self.size

	def add(self, data: bytes, start: int, duration: int, key: bool) -> None:
		offset = self.size
		self.write(data)
		if self.fragments:
			offset = self.fragments[-1].offset + self.fragments[-1].size
		self.fragments.append(Fragment(offset, self.size - offset, start, duration, key))

	def write(self, data: bytes) -> None:
		view = memoryview(data)
		while view:
			view = view[os.write(self.handle, view) :]
		self.size += len(data)
		self.waiting_bytes -= len(data)
		self.digest.update(data)

	def sync_if_due(self) -> None:
		if self.handle < 0 or time.monotonic() - self.synced_at < SYNC_S:
			return
		self.synced_at = time.monotonic()
		self.guarded(lambda: os.fdatasync(self.handle))

	def end(self) -> None:
		if self.error:
			return
		try:
			closed = self.closed()
		except OSError as error:
			self.error = storage_error(error)
			self.told(self, self.rescue(), self.error)
			return
		self.told(self, closed, None)

	def closed(self) -> FileClosed | None:
		if not self.fragments:
			self.let_go()
			self.full.unlink(missing_ok=True)
			return None
		self.write_index()
		self.let_go()
		sync_folder(self.full.parent)
		return self.described(self.fragments[-1].end, self.size, self.digest.hexdigest())

	def write_index(self) -> None:
		data = index_box(self.fragments)
		self.waiting_bytes += len(data)
		self.write(data)
		os.fsync(self.handle)

	def described(self, ticks: int, size: int, sha256: str) -> FileClosed:
		duration = round(ticks / TICKS_A_MS)
		return FileClosed(self.camera, self.path, self.start_utc_ms, duration, size, sha256, self.info)

	def rescue(self) -> FileClosed | None:
		"""After an error of the disk: what is whole is kept. None when that fails too; a later start, or a
		later try, mends it."""
		self.let_go()
		try:
			kept = repair(self.writer.volume, self.path)
		except EmptyRecording:
			self.full.unlink(missing_ok=True)
			return None
		except OSError:
			return None
		return self.described(kept.duration_ms * TICKS_A_MS, kept.size_bytes, kept.sha256)

	def let_go(self) -> None:
		handle, self.handle = self.handle, -1
		self.writer.open_files.discard(self)
		if handle >= 0:
			os.close(handle)

	@property
	def kept_until_utc_ms(self) -> int:
		"""End of what is whole on the disk."""
		return self.start_utc_ms + (self.fragments[-1].end // TICKS_A_MS if self.fragments else 0)


def storage_error(error: OSError) -> StreamError:
	return StreamError(
		StreamFault.STORAGE, f"the volume cannot be written ({error.strerror or 'unknown error'})"
	)
