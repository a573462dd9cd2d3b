"""Files without rows: repaired, hashed, indexed.

A recorder that was killed leaves a file without an end and perhaps closed files whose rows did not arrive.
Whoever takes the camera over mends them before it records; `bench gsmc reconcile` does it for all.
"""

from dataclasses import dataclass, field
from pathlib import Path

import frappe

from giam_sat_mot_cua.media import events, layout, repair
from giam_sat_mot_cua.recording import clock, gap_ledger, hour_index
from giam_sat_mot_cua.recording.hour_index import Span
from giam_sat_mot_cua.workers import indexer, volumes
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
		for name in [camera] if camera else layout.folder_names(work.path):
			if frappe.db.exists("Camera", name):
				found.indexed[name] = found.indexed.get(name, 0) + work.index_files(name)
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
		self.volume, self.path, self.again = row.name, Path(row.path), again
		self.others = {other.name: other for other in others}

	def index_files(self, camera: str) -> int:
		"""Returns how many files of the camera it has added."""
		total = 0
		for day in sorted(layout.days(self.path / camera)):
			with turn(self.volume, PATIENCE_S) as mine:
				if not mine:
					raise VolumeBusy(self.volume)
				total += self.index_day(camera, day)
				frappe.db.commit()  # a long command: what is done stays done
		return total

	def index_day(self, camera: str, day: str) -> int:
		begin, being_written = layout.parse_day(day), newest_written(self.path, camera)
		if begin is None:
			return 0
		frappe.db.commit()  # the index as it is now: retention may have had its turn
		spans = {s.start_utc_ms: s for s in hour_index.spans_between(camera, begin, begin + layout.DAY_MS)}
		starts = [
			start
			for start in layout.starts_of_day(self.path, camera, day)
			if start != being_written and self.is_wanted(camera, start, spans.get(start))
		]
		return index_found(camera, self.volume, self.path, starts) if starts else 0

	def is_wanted(self, camera: str, start: int, span: Span | None) -> bool:
		if span is None or span.gone:
			return True
		if span.volume == self.volume:
			return self.again
		# the index names a copy elsewhere: it counts as long as it is there, or may be
		return self.again and is_gone_from(self.others.get(span.volume), camera, start)


def newest_written(path: Path, camera: str) -> int | None:
	"""Start of the newest file when it has grown a moment ago: it belongs to a recorder."""
	files = VolumeFiles(path)
	newest = files.newest(camera)
	return newest if newest is not None and files.grew_lately(camera, newest, STILL_WRITTEN_S) else None


def is_gone_from(row, camera: str, start: int) -> bool:
	"""Whether the volume of the row is there, and the file is not on it. None: a volume that this machine
	does not see."""
	try:
		return bool(
			row and VolumeFiles(Path(row.path)).size(camera, start) is None and volumes.is_mounted(row)
		)
	except OSError:
		return False


def index_found(camera: str, volume: str, path: Path, starts: list[int]) -> int:
	"""Mends and indexes files that lie on the volume at `path`; returns how many could be read. The caller
	holds the volume's turn."""
	mended = [mend(camera, path, layout.file_path(camera, start)) for start in starts]
	found = [indexer.indexed(event, volume) for event in mended if event]
	frappe.db.commit()  # reading files takes a while: the rows are to be as they are now
	hour_index.merge(camera, frappe.db.get_value("Camera", camera, "unit"), found, seen=True)
	return len(found)
