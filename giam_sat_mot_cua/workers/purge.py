"""Removes footage from one volume: what is due, and the oldest while the volume is too full.

Files go in batches. Before the first file of a batch goes, the batch is written down (retention_runs); in one
transaction the holds are looked at again, the files removed, and their rows marked. A crash in between leaves
files that are gone and rows that say they are there: the next run finds the batch and marks them as removed.
A row never says "removed" of a file that is there.
"""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import frappe
from frappe import _

from giam_sat_mot_cua.evidence import holds
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import clock, footage, health_events, hour_index, retention
from giam_sat_mot_cua.recording.hour_index import PAST_RETENTION, REMOVED, VOLUME_FULL, Gone, Span
from giam_sat_mot_cua.recording.retention import Policy
from giam_sat_mot_cua.recording.retention_runs import INTERRUPTED, Run, interrupted, space_awaited
from giam_sat_mot_cua.workers import reconcile, volumes

BATCH_FILES = 10_000
EARLY_BATCH_FILES = 500
REMOVED_AT_ONCE = 4  # folders: a disk takes away files of several at a time
ENOUGH = 1.2  # times what is to be free: else the next minute would begin anew
LATE_S = 15.0  # an open file frees its space only when it is closed
COMES_FREE = 0.5  # the share of a batch's bytes that must be seen free; recorders write meanwhile
SMALLEST_SHARE = 0.001  # of a volume, for a batch: less could not be told from what recorders write meanwhile
WRITTEN_WITHIN_MS = retention.DAY_MS  # no file is open for longer
ORPHANS_A_RUN = 500  # each is read as a whole for its hash
LONGEST_S = 600.0  # then another job goes on, so that others get their turn
EARLY = "Footage Removed Early"


class VolumeAway(Exception):
	"""The volume was unmounted, or cannot be written any more."""


class Item(NamedTuple):
	"""A file that is to go."""

	camera: str
	start_utc_ms: int
	end_utc_ms: int
	size_bytes: int


class Purge:
	"""One run over one volume. The caller holds the volume's turn, and a connection; every batch is
	committed.

	`row`: of volumes.of_node. With `run.dry_run` nothing is removed, and the space is reckoned.
	"""

	def __init__(self, row, policy: Policy, run: Run):
		self.row, self.policy, self.run = row, policy, run
		self.volume: str = row.name
		self.files = volumes.files_of(row)
		self.holds = holds.active()
		self.orphans_left = ORPHANS_A_RUN
		self.reckoned_bytes = 0  # what a dry run would have freed
		self.hours: dict[str, tuple[int, dict[int, Span]]] = {}  # camera -> (hour, files) read last
		self.day, self.next_cameras = "", []  # at work, and the cameras of it whose turn is still to come
		# (camera, day) -> its files by the index
		self.read_ahead: dict[tuple[str, str], dict[int, Span]] = {}
		self.until = float("inf") if run.dry_run else time.monotonic() + LONGEST_S
		self.unfinished = False
		self.message = ""

	def work(self) -> None:
		"""Removes what is due, then what must go for want of space. Raises VolumeAway."""
		if not self.run.dry_run:
			self.finish_interrupted()
		before = self.free_bytes()
		removed = self.remove_due()
		if self.row.enabled and not self.unfinished and self.is_too_full():
			self.make_room(before, removed)
		self.note_unknown_cameras()

	@property
	def out_of_time(self) -> bool:
		self.unfinished = self.unfinished or time.monotonic() > self.until
		return self.unfinished

	def finish_interrupted(self) -> None:
		"""What a run that was killed had removed and not marked yet."""
		for run, gone, starts in interrupted(self.volume):
			self.require_volume()
			rows = hour_index.lock_hours(starts)
			for camera, locked in rows.items():
				away = {start for start in starts[camera] if self.files.size(camera, start) is None}
				self.require_volume()  # else all would look as if they were gone
				for span in hour_index.mark_rows_gone(locked, self.volume, away, gone):
					run.tally.removed(self.volume, camera, gone.why, span.start_utc_ms, span.size_bytes)
			run.end_batch()
			run.finish(INTERRUPTED, _("The run was interrupted. The next one has finished its last batch."))
			frappe.db.commit()  # what the dead run did is told, whatever this one meets

	# What is due

	def remove_due(self) -> int:
		"""Removes what is due; returns its bytes."""
		total = 0
		today = layout.day_of(self.policy.now_utc_ms)
		for day, cameras in self.days():
			begin = layout.parse_day(day)
			if begin >= self.policy.first_not_due:
				break
			due = [c for c in cameras if c in self.policy.days and begin < self.policy.due_before(c)]
			self.read_ahead.clear()
			for batch in self.due_batches(due, day):
				total += self.remove(PAST_RETENTION, batch)
			if self.out_of_time:
				return total
			if not self.run.dry_run:
				for camera in due:
					self.files.remove_empty_folders(camera, day, today)
		return total

	def due_batches(self, cameras: list[str], day: str) -> Iterator[list[Item]]:
		"""What is due of a day, of several cameras at a time: a batch costs two commits."""
		batch: list[Item] = []
		for number, camera in enumerate(cameras):
			if self.out_of_time:
				break
			self.day, self.next_cameras = day, cameras[number + 1 :]
			batch += self.due_of_day(camera, day)
			while len(batch) >= BATCH_FILES:
				yield batch[:BATCH_FILES]
				del batch[:BATCH_FILES]
		if batch:
			yield batch

	def days(self) -> Iterator[tuple[str, list[str]]]:
		"""(`YYYY/MM/DD`, cameras with footage of that day), the oldest first."""
		return self.files.days()

	def due_of_day(self, camera: str, day: str) -> list[Item]:
		"""Files of one day's folder that are due and may go, those without a row included."""
		starts = self.files.starts(camera, day)
		due_before, longest = self.policy.due_before(camera), footage.longest_file_ms()
		known = self.read_ahead.pop((camera, day), None)
		known = self.index_of_day(camera, day) if known is None else known
		orphans = [s for s in starts if not in_index(known.get(s)) and s + longest <= due_before]
		waiting = set(orphans[self.orphans_left :])
		if orphans and not self.run.dry_run:
			self.index_orphans(camera, orphans[: self.orphans_left])
			known = self.index_of_day(camera, day)
		items = []
		for start in starts:
			span = known.get(start)
			end = span.end_utc_ms if in_index(span) else start + longest
			if end > due_before:
				continue
			if start in waiting:
				self.keep(camera, retention.NOT_INDEXED, start, span)
			else:
				items += self.allowed(camera, start, end, span)
		return items

	def index_of_day(self, camera: str, day: str) -> dict[int, Span]:
		begin = layout.parse_day(day)
		spans = hour_index.spans_between(camera, begin, begin + retention.DAY_MS)
		return {span.start_utc_ms: span for span in spans}

	def index_orphans(self, camera: str, starts: list[int]) -> None:
		"""Files without a row are history too: they get one before they go. One that cannot be read goes
		without."""
		self.orphans_left -= len(starts)
		reconcile.index_found(camera, self.volume, self.files, starts)
		frappe.db.commit()  # a batch's transaction begins afresh

	# What must go for want of space

	def is_too_full(self) -> bool:
		return self.free_bytes() < self.wanted_bytes()

	def make_room(self, before: int, removed: int) -> None:
		"""The oldest footage of all cameras goes, batch by batch, until enough is free. `removed`: bytes that
		went since `before` bytes were free, and whose space may still be on its way."""
		wanted = int(self.wanted_bytes() * ENOUGH)
		if self.awaits_space() or not self.comes_free(before, removed, wanted):
			return
		for batch in self.early_batches(wanted):
			if self.out_of_time:
				return
			self.alarm(batch)
			before = self.free_bytes()
			removed = self.remove(VOLUME_FULL, batch)
			if not self.comes_free(before, removed, wanted) or self.free_bytes() >= wanted:
				return

	def awaits_space(self) -> bool:
		"""Whether an earlier run has removed footage whose space has not come yet."""
		if self.run.dry_run or self.free_bytes() >= space_awaited(self.volume):
			return False
		self.tell_awaited()
		return True

	def tell_awaited(self) -> None:
		self.run.tally.left_alone(self.volume, retention.SPACE_NOT_FREED)
		self.message = _(
			"Removed footage does not give its space back: another program writes to this volume, or holds "
			"files open. Nothing younger than its retention is removed meanwhile."
		)

	def early_batches(self, wanted: int) -> Iterator[list[Item]]:
		"""Batches of the oldest footage, each just as much as is still wanted when it is asked for."""
		smallest = volumes.total_bytes(self.files.path) * SMALLEST_SHARE
		batch: list[Item] = []
		total = 0
		for camera, start in self.files.oldest_first():
			if time.monotonic() > self.until:
				return  # nearly all of a large volume is held: this is not done again at once
			for item in self.early_item(camera, start):
				batch.append(item)
				total += item.size_bytes
			if len(batch) >= EARLY_BATCH_FILES or total >= max(wanted - self.free_bytes(), smallest):
				yield batch
				batch, total = [], 0
		if batch:
			yield batch

	def early_item(self, camera: str, start: int) -> list[Item]:
		"""The file as a list of one, when it is in the index of this volume, may go, and is not due: due
		files that are still there were judged before."""
		span = self.span(camera, start) if camera in self.policy.days else None
		if not in_index(span) or span.volume != self.volume:
			return []
		if span.end_utc_ms <= self.policy.due_before(camera):
			return []
		return self.allowed(camera, start, span.end_utc_ms, span)

	def span(self, camera: str, start: int) -> Span | None:
		hour = clock.hour_of(start)
		if self.hours.get(camera, (None,))[0] != hour:
			text = frappe.db.get_value("Recording Hour", hour_index.row_name(camera, hour), "files")
			self.hours[camera] = (hour, {s.start_utc_ms: s for s in hour_index.unpack_spans(text, hour)})
		return self.hours[camera][1].get(start)

	def alarm(self, batch: list[Item]) -> None:
		"""Told before it happens, and kept even if what follows fails."""
		if self.run.dry_run:
			return
		youngest = max(batch, key=lambda item: item.start_utc_ms)
		text = retention.early_text(youngest.camera, youngest.start_utc_ms, self.policy)
		health_events.report(EARLY, text, health_events.CRITICAL, storage_volume=self.volume)
		frappe.db.commit()  # before the first file goes

	def comes_free(self, before: int, removed: int, wanted: int) -> bool:
		"""Waits a moment for the space of what was removed. Without it the run must not go on: it would
		remove more and more for space that is already on its way, or that somebody else takes."""
		if not removed:
			return True
		awaited = min(before + int(removed * COMES_FREE), wanted)
		until = time.monotonic() + LATE_S
		while self.free_bytes() < awaited:
			if time.monotonic() > until:
				self.run.awaited_bytes = awaited
				self.tell_awaited()
				return False
			time.sleep(0.2)
		return True

	def free_bytes(self) -> int:
		return volumes.free_bytes(self.files.path) + self.reckoned_bytes

	def wanted_bytes(self) -> int:
		return int(volumes.total_bytes(self.files.path) * self.policy.min_free_percent / 100)

	# Both

	def allowed(self, camera: str, start: int, end: int, span: Span | None) -> list[Item]:
		"""The file as a list of one, or of none when it must stay."""
		reason = self.reason_to_keep(camera, start, end)
		if reason:
			self.keep(camera, reason, start, span)
			return []
		return [Item(camera, start, end, self.size(camera, start, span))]

	def keep(self, camera: str, reason: str, start: int, span: Span | None = None) -> None:
		self.run.tally.kept(self.volume, camera, reason, start, self.size(camera, start, span))

	def size(self, camera: str, start: int, span: Span | None) -> int:
		return span.size_bytes if span else self.files.size(camera, start) or 0

	def reason_to_keep(self, camera: str, start: int, end: int) -> str | None:
		if self.holds.held(camera, start, end):
			return retention.HELD
		if self.is_written(camera, start):
			return retention.WRITTEN
		return retention.FRESH if self.policy.is_fresh(end) else None

	def is_written(self, camera: str, start: int) -> bool:
		"""Whether a recorder may have the file open: the newest of a camera that one holds, or that grew
		lately."""
		newest = self.files.newest(camera)
		if newest is not None and start < newest:
			return False
		recent = start > self.policy.now_utc_ms - WRITTEN_WITHIN_MS
		return (recent and self.policy.is_recorded(camera)) or self.files.grew_lately(camera, start)

	def remove(self, why: str, items: list[Item]) -> int:
		"""Removes one batch; returns its bytes."""
		if self.run.dry_run:
			self.count(why, items)
			self.reckoned_bytes += sum(item.size_bytes for item in items)
			return sum(item.size_bytes for item in items)
		gone = Gone(REMOVED, clock.now_ms(), why)
		self.run.begin_batch(self.volume, gone, by_camera(items))
		holds.take_turn()  # no hold is placed from here to the commit
		self.holds = holds.active(latest=True)
		allowed = {item for item in items if not self.keep_held(item)}
		# before the first file goes: a deadlock ends it here
		rows = hour_index.lock_hours(by_camera(allowed))
		self.require_volume()
		removed = self.unlink(allowed)
		for camera, starts in by_camera(removed).items():
			hour_index.mark_rows_gone(rows.get(camera, ()), self.volume, set(starts), gone)
		self.count(why, removed)
		self.run.end_batch()
		frappe.db.commit()  # files and rows of this batch agree
		self.hours.clear()
		return sum(item.size_bytes for item in removed)

	def count(self, why: str, items: Iterable[Item]) -> None:
		for item in items:
			self.run.tally.removed(self.volume, item.camera, why, item.start_utc_ms, item.size_bytes)

	def keep_held(self, item: Item) -> bool:
		held = self.holds.held(item.camera, item.start_utc_ms, item.end_utc_ms)
		if held:
			self.run.tally.kept(self.volume, item.camera, retention.HELD, item.start_utc_ms, item.size_bytes)
		return held

	def unlink(self, items: Iterable[Item]) -> list[Item]:
		"""Removes files; returns those that are gone by this."""
		folders: dict[tuple[str, int], dict[int, Item]] = {}
		for item in items:
			folder = (item.camera, item.start_utc_ms // layout.DAY_MS)
			folders.setdefault(folder, {})[item.start_utc_ms] = item
		gone = []
		with ThreadPoolExecutor(REMOVED_AT_ONCE) as pool:
			answers = pool.map(lambda folder: self.files.remove(folder[0], list(folders[folder])), folders)
			self.look_ahead(len(folders))
			told = dict(zip(folders, answers, strict=True))
		for folder, (removed, errors) in told.items():
			camera, of_day = folder[0], folders[folder]
			gone += [of_day[start] for start in removed]
			for start, error in errors.items():
				self.message = _("Files could not be removed: {0}").format(error)
				self.run.tally.kept(
					self.volume, camera, retention.NOT_REMOVABLE, start, of_day[start].size_bytes
				)
		return gone

	def look_ahead(self, cameras: int) -> None:
		"""Reads of the index what the next batch asks it, while the disk takes away the files of this one.
		What is marked then is read once more, with a lock."""
		for camera in self.next_cameras[:cameras]:
			if (camera, self.day) not in self.read_ahead:
				self.read_ahead[camera, self.day] = self.index_of_day(camera, self.day)

	def require_volume(self) -> None:
		if not volumes.is_mounted(self.row):
			raise VolumeAway(self.volume)

	def note_unknown_cameras(self) -> None:
		for camera in self.files.cameras():
			if camera not in self.policy.days:
				self.run.tally.left_alone(self.volume, retention.UNKNOWN_CAMERA, camera)


def in_index(span: Span | None) -> bool:
	return span is not None and not span.gone


def by_camera(items: Iterable[Item]) -> dict[str, list[int]]:
	found: dict[str, list[int]] = {}
	for item in items:
		found.setdefault(item.camera, []).append(item.start_utc_ms)
	return found
