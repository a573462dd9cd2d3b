"""Moves older footage of one volume to an archive.

A file goes up with its hash, the store is asked what it has, and in one transaction the row in the index
names the archive instead; only then the file in the folder goes. A run that is killed leaves nothing that the
next one does not finish: an object without its row is replaced by the same bytes, and a file whose row names
the archive goes after another look at its object. A file whose bytes are not what the index says stays, and
people are told.
"""

import hashlib
import threading
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

import frappe
from frappe import _
from frappe.utils import cint

from giam_sat_mot_cua.evidence import holds
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import (
	archive_counts,
	archives,
	changed_footage,
	clock,
	hour_index,
	retention,
)
from giam_sat_mot_cua.recording.hour_index import IndexedFile
from giam_sat_mot_cua.recording.object_store import LARGEST_BYTES, StoreError
from giam_sat_mot_cua.workers import turns, volumes
from giam_sat_mot_cua.workers.archive_files import ArchiveFiles, facts_of

ROWS_AT_ONCE = 200
BATCH_FILES = 16
UPLOADS_AT_ONCE = 4
LONGEST_S = 600.0  # then another job goes on, so that others get their turn
CHUNK_BYTES = 1 << 20
NAMED_FILES = 3


class Candidate(NamedTuple):
	camera: str
	file: IndexedFile


def hours() -> int:
	"""How old footage is when it is moved; 0: it is not."""
	return cint(frappe.db.get_single_value("Monitoring Settings", "archive_after_hours"))


class Moving:
	"""One run over one volume. Takes the volume's turn for each batch, so that a purge that makes room need
	not wait for long; every batch is committed. `row`, `archive`: of volumes.rows."""

	def __init__(self, row, archive, policy: retention.Policy):
		self.volume, self.archive, self.policy = row.name, archive.name, policy
		self.archive_id = archive.volume_id
		self.files, self.target = volumes.files_of(row), ArchiveFiles(archive.name)
		self.holds = holds.active()
		self.moved_before = policy.now_utc_ms - hours() * clock.HOUR_MS
		self.until = time.monotonic() + LONGEST_S
		self.pace = Pace(cint(frappe.db.get_single_value("Monitoring Settings", "move_mbit_s")))
		self.changed: list[Candidate] = []

	def work(self) -> bool:
		"""Whether it is finished; else there was no time for the rest. Raises StoreError, VolumeBusy."""
		for batch in self.batches():
			if self.out_of_time:
				return False
			with self.turn():
				self.move(batch)
		self.remove_what_was_moved()
		self.tell()
		frappe.db.commit()  # the run is over
		return True

	@property
	def out_of_time(self) -> bool:
		return time.monotonic() > self.until

	@contextmanager
	def turn(self) -> Iterator[None]:
		with turns.turn(self.volume, turns.PATIENCE_S) as mine:
			if not mine:
				raise turns.VolumeBusy(self.volume)
			yield

	# What is to be moved

	def batches(self) -> Iterator[list[Candidate]]:
		names = hour_index.hours_to_move(self.volume, self.moved_before)
		for begin in range(0, len(names), ROWS_AT_ONCE):
			frappe.db.commit()  # the index as it is now
			rows = hour_index.files_of_rows(names[begin : begin + ROWS_AT_ONCE])
			found = [Candidate(camera, file) for camera, file in rows if self.is_wanted(camera, file)]
			for number in range(0, len(found), BATCH_FILES):
				yield found[number : number + BATCH_FILES]

	def is_wanted(self, camera: str, file: IndexedFile) -> bool:
		"""What is past its retention goes from the folder, if nobody holds it."""
		if file.volume != self.volume or file.gone or file.end_utc_ms > self.moved_before:
			return False
		if camera not in self.policy.days or file.size_bytes > LARGEST_BYTES:
			return False
		due = file.end_utc_ms <= self.policy.due_before(camera)
		return not due or self.holds.held(camera, file.start_utc_ms, file.end_utc_ms)

	# Moving

	def move(self, batch: list[Candidate]) -> None:
		frappe.db.commit()  # no transaction waits for a store
		with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
			sent = list(pool.map(self.send, batch))
		moved = self.name_archive([one for one, done in zip(batch, sent, strict=True) if done])
		self.remove_files(moved)

	def send(self, one: Candidate) -> bool:
		"""Stores one file in the archive, in a thread of its own; whether the archive has it now. Needs no
		database."""
		path = layout.file_path(one.camera, one.file.start_utc_ms)
		try:
			with layout.safe_join(self.files.path, path).open("rb") as source:
				sha256, md5 = digests(source)
				if sha256.hex() != one.file.sha256:
					self.changed.append(one)
					return False
				self.pace.take(one.file.size_bytes)
				source.seek(0)
				self.target.store.put(path, source, sha256, md5, facts_of(one.file))
		except StoreError:
			raise
		except (OSError, ValueError):
			return False  # the audit, or the volume's own state, says what is wrong
		return self.target.holds(one.camera, one.file)

	def name_archive(self, sent: list[Candidate]) -> list[Candidate]:
		"""From here on the index says that these files are in the archive; those of which it says something
		else by now are left out."""
		archives.require_marker(self.target.store, self.archive_id)
		by_camera: dict[str, list[IndexedFile]] = {}
		for one in sent:
			by_camera.setdefault(one.camera, []).append(one.file)
		starts = {camera: [file.start_utc_ms for file in files] for camera, files in by_camera.items()}
		moved = [
			Candidate(camera, file)
			for camera, rows in hour_index.lock_hours(starts).items()
			for row in rows
			for file in hour_index.move(row, self.volume, by_camera[camera], self.archive)
		]
		if moved:
			archive_counts.note(self.archive, len(moved), sum(one.file.size_bytes for one in moved))
		frappe.db.commit()  # before the first file goes
		return moved

	def remove_files(self, moved: Collection[Candidate]) -> None:
		days: dict[tuple[str, str], list[int]] = {}
		for one in moved:
			day = layout.day_of(one.file.start_utc_ms)
			days.setdefault((one.camera, day), []).append(one.file.start_utc_ms)
		today = layout.day_of(self.policy.now_utc_ms)
		for (camera, day), starts in days.items():
			self.files.remove(camera, starts)  # one that cannot be removed is tried again by the next run
			self.files.remove_empty_folders(camera, day, today)

	# What a killed run has left

	def remove_what_was_moved(self) -> None:
		"""Removes files of the folder that the index has in the archive, when they are there."""
		for day, cameras in self.files.days():
			if layout.parse_day(day) >= self.moved_before:
				return
			for camera in cameras:
				if self.out_of_time:
					return  # what is left takes room, and does no harm
				with self.turn():
					left = self.left_over(camera, day, set(self.files.starts(camera, day)))
					self.remove_files([one for one in left if self.target.holds(camera, one.file)])

	def left_over(self, camera: str, day: str, starts: set[int]) -> list[Candidate]:
		if not starts:
			return []
		begin = layout.parse_day(day)
		frappe.db.commit()  # the index as it is now
		known = hour_index.files_between(camera, begin, begin + layout.DAY_MS)
		return [
			Candidate(camera, file)
			for file in known
			if file.start_utc_ms in starts and file.volume == self.archive and not file.gone
		]

	# What people are told

	def tell(self) -> None:
		if not self.changed:
			changed_footage.is_right_again(storage_volume=self.volume)
			return
		named = ", ".join(
			f"{one.camera} {retention.site_text(one.file.start_utc_ms)}" for one in self.changed[:NAMED_FILES]
		)
		if len(self.changed) > NAMED_FILES:
			named += " " + _("and {0} more").format(len(self.changed) - NAMED_FILES)
		changed_footage.report(named, storage_volume=self.volume)


def digests(source: BinaryIO) -> tuple[bytes, bytes]:
	"""(SHA-256, MD5) of a file."""
	sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
	while chunk := source.read(CHUNK_BYTES):
		sha256.update(chunk)
		md5.update(chunk)
	return sha256.digest(), md5.digest()


class Pace:
	"""Lets so many bytes pass in a second, of all threads together. 0 Mbit/s: as many as come."""

	def __init__(self, mbit_s: int):
		self.bytes_s = mbit_s * 1_000_000 / 8
		self.free_at = time.monotonic()
		self.lock = threading.Lock()

	def take(self, count: int) -> None:
		if not self.bytes_s:
			return
		with self.lock:
			begin = max(self.free_at, time.monotonic())
			self.free_at = begin + count / self.bytes_s
		time.sleep(max(begin - time.monotonic(), 0))
