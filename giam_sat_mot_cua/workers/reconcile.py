"""Files without rows: repaired, hashed, indexed.

A recorder that was killed leaves a file without an end and perhaps closed files whose rows did not arrive.
Whoever takes the camera over mends them before it records; `bench gsmc reconcile` does it for all.
"""

from dataclasses import dataclass, field
from pathlib import Path

import frappe

from giam_sat_mot_cua.media import events, layout, repair
from giam_sat_mot_cua.recording import clock, gap_ledger, hour_index
from giam_sat_mot_cua.recording.hour_index import IndexedFile, Span
from giam_sat_mot_cua.recording.object_store import StoreError
from giam_sat_mot_cua.workers import indexer, volumes
from giam_sat_mot_cua.workers.archive_files import ArchiveFiles
from giam_sat_mot_cua.workers.turns import PATIENCE_S, VolumeBusy, turn
from giam_sat_mot_cua.workers.volume_files import VolumeFiles
from giam_sat_mot_cua.workers.volumes import Volume

STILL_WRITTEN_S = 30  # a file that grew so lately belongs to a recorder


@dataclass
class Recovered:
	"""What is known of a camera's past: the end of its footage (UTC, ms), and events for what had no row."""

	recorded_until_utc_ms: int | None = None
	events: list = field(default_factory=list)


def recover_camera(camera: str, volume: Volume | None) -> Recovered:
	"""Mends what is newer than the index on `volume`; None: on none. Needs a unit of work, and the camera's
	lease."""
	until = hour_index.recorded_until(camera)
	found = Recovered(until)
	for path in newer_files(camera, volume, until):
		event = mend(camera, volume.path, path)
		if event:
			found.events.append(event)
			end = event.start_utc_ms + event.duration_ms
			found.recorded_until_utc_ms = max(found.recorded_until_utc_ms or end, end)
	if found.recorded_until_utc_ms is None:
		# never recorded yet, but known to be missing since then
		for gap in gap_ledger.open_gaps(camera)[:1]:
			found.recorded_until_utc_ms = clock.utc_ms(gap.start_utc)
	return found


def newer_files(camera: str, volume: Volume | None, from_utc_ms: int | None) -> list[str]:
	if not volume:
		return []
	try:
		return [path for path, _start, _size in layout.iter_files(volume.path, camera, from_utc_ms)]
	except OSError:
		return []  # the volume's own state says what is wrong


def mend(camera: str, volume: Path, path: str) -> events.FileClosed | None:
	"""Repairs one file and describes it; an empty one is removed."""
	try:
		mended = repair.repair(volume, path)
	except repair.EmptyRecording:
		layout.safe_join(volume, path).unlink(missing_ok=True)
		return None
	except OSError:
		return None  # the volume's own state says what is wrong
	return events.FileClosed(
		camera,
		path,
		mended.start_utc_ms,
		mended.duration_ms,
		mended.size_bytes,
		mended.sha256,
		mended.info,
	)


@dataclass
class Reconciled:
	"""What came of all volumes of this machine."""

	indexed: dict[str, int] = field(default_factory=dict)  # camera -> files
	away: list[str] = field(default_factory=list)  # volumes that are not there


def reconcile_site(camera: str | None = None, again: bool = False) -> Reconciled:
	"""Indexes files without a row, of one camera or all; `again` indexes every file.

	Needs a connection; commits after each day of a camera. A file that a recorder writes at this moment is
	left alone. Raises VolumeBusy when retention does not give a volume back in time.
	"""
	found = Reconciled()
	rows = list(filter(volumes.is_own, volumes.rows()))
	for row in rows:
		if not is_there(row):
			found.away.append(row.name)
			continue
		work = Reconciling(row, [other for other in rows if other.name != row.name], again)
		try:
			for name in [camera] if camera else work.files.cameras():
				if frappe.db.exists("Camera", name):
					found.indexed[name] = found.indexed.get(name, 0) + work.index_files(name)
		except StoreError:
			frappe.db.rollback()  # a day that was not finished
			found.away.append(row.name)
	return found


def is_there(row) -> bool:
	"""Whether the volume of the row is mounted; another one under its path is not taken for it."""
	try:
		return volumes.is_mounted(row)
	except OSError:
		return False


class Reconciling:
	"""Adds the files of one volume to the index. `row`, `others`: of volumes.rows."""

	def __init__(self, row, others: list, again: bool):
		self.volume, self.files, self.again = row.name, volumes.files_of(row), again
		self.others = {other.name: other for other in others}

	def index_files(self, camera: str) -> int:
		"""Returns how many files of the camera it has added."""
		total = 0
		for day in self.files.days_of(camera):
			with turn(self.volume, PATIENCE_S) as mine:
				if not mine:
					raise VolumeBusy(self.volume)
				total += self.index_day(camera, day)
				frappe.db.commit()  # a long command: what is done stays done
		return total

	def index_day(self, camera: str, day: str) -> int:
		begin, being_written = layout.parse_day(day), newest_written(self.files, camera)
		if begin is None:
			return 0
		frappe.db.commit()  # the index as it is now: retention may have had its turn
		spans = {s.start_utc_ms: s for s in hour_index.spans_between(camera, begin, begin + layout.DAY_MS)}
		whole = self.whole_in_archive(camera, day, spans)
		starts = [
			start
			for start in self.files.starts(camera, day)
			if start not in whole and start != being_written
			if self.is_wanted(camera, start, spans.get(start))
		]
		return index_found(camera, self.volume, self.files, starts) if starts else 0

	def whole_in_archive(self, camera: str, day: str, spans: dict[int, Span]) -> set[int]:
		"""Starts of files in an archive that the index has as they are there: their bytes were compared when
		they came, and do not change. To ask for each of millions would take days."""
		if not isinstance(self.files, ArchiveFiles):
			return set()
		return {
			start
			for start, size in self.files.sizes(camera, day).items()
			if (span := spans.get(start)) and not span.gone
			if (span.volume, span.size_bytes) == (self.volume, size)
		}

	def is_wanted(self, camera: str, start: int, span: Span | None) -> bool:
		if span is None or span.gone:
			return True
		if span.volume == self.volume:
			return self.again
		# the index names a copy elsewhere: it counts as long as it is there, or may be
		return self.again and is_gone_from(self.others.get(span.volume), camera, start)


def newest_written(files: VolumeFiles | ArchiveFiles, camera: str) -> int | None:
	"""Start of the newest file when it has grown a moment ago: it belongs to a recorder, which writes to no
	archive."""
	if isinstance(files, ArchiveFiles):
		return None
	newest = files.newest(camera)
	return newest if newest is not None and files.grew_lately(camera, newest, STILL_WRITTEN_S) else None


def is_gone_from(row, camera: str, start: int) -> bool:
	"""Whether the volume of the row is there, and the file is not on it. None: a volume that this machine
	does not see."""
	try:
		return bool(row and volumes.files_of(row).size(camera, start) is None and volumes.is_mounted(row))
	except OSError:
		return False


def index_found(camera: str, volume: str, files: VolumeFiles | ArchiveFiles, starts: list[int]) -> int:
	"""Mends and indexes files that lie on the volume; returns how many could be read. The caller holds the
	volume's turn."""
	described = [describe(camera, volume, files, start) for start in starts]
	found = [file for file in described if file]
	frappe.db.commit()  # reading files takes a while: the rows are to be as they are now
	hour_index.merge(camera, frappe.db.get_value("Camera", camera, "unit"), found, seen=True)
	return len(found)


def describe(camera: str, volume: str, files: VolumeFiles | ArchiveFiles, start: int) -> IndexedFile | None:
	if isinstance(files, ArchiveFiles):
		return files.proven(camera, start)
	event = mend(camera, files.path, layout.file_path(camera, start))
	return indexer.indexed(event, volume) if event else None
