"""Rows and files compared, both ways: does the index tell the truth about one volume?

A row whose file is gone without retention having removed it is marked as missing, and people are told. A file
without a row gets one. A file that is there although its row says otherwise is believed. What cannot be
decided now, since a disk does not answer or another volume is away, is left as it is.
"""

from dataclasses import dataclass

import frappe
from frappe import _

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import clock, health_events, hour_index, retention
from giam_sat_mot_cua.recording.hour_index import MISSING, Gone, Span
from giam_sat_mot_cua.recording.object_store import StoreError
from giam_sat_mot_cua.workers import reconcile, volumes
from giam_sat_mot_cua.workers.purge import ORPHANS_A_RUN, VolumeAway

YOUNGEST_MS = 3_600_000  # younger files may still be on their way into the index
NAMED_CAMERAS = 5
KIND = "Footage Missing"


@dataclass
class Found:
	"""What a comparison came to, in files."""

	missing: int = 0  # rows marked now
	indexed: int = 0  # files that got a row
	back: int = 0  # files that are there after all
	unindexed: int = 0  # files left without a row: too many for once, or not readable

	def __iadd__(self, other: "Found") -> "Found":
		for name, value in vars(other).items():
			setattr(self, name, getattr(self, name) + value)
		return self


class Audit:
	"""Compares the rows of cameras with the files of one volume. The caller holds the volume's turn, and a
	connection; each camera is committed. `rows`: every volume of this machine, of volumes.of_node."""

	def __init__(self, row, rows: list, since_utc_ms: int | None = None):
		self.row, self.volume = row, row.name
		self.others = {other.name: other for other in rows if other.name != row.name}
		self.files = volumes.files_of(row)
		self.since_day = layout.day_of(since_utc_ms) if since_utc_ms else ""
		self.before_utc_ms = clock.now_ms() - YOUNGEST_MS
		self.orphans_left = ORPHANS_A_RUN

	def cameras(self) -> list[str]:
		return frappe.get_all("Camera", pluck="name", order_by="name")

	def compare(self, camera: str) -> Found:
		"""Raises VolumeAway, OSError."""
		found = Found()
		for day in sorted({*self.files.days_of(camera), *self.claimed_days(camera)}):
			if day >= self.since_day and layout.parse_day(day) is not None:
				found += self.compare_day(camera, day)
				frappe.db.commit()  # a day of a camera is told at once, and its locks are let go
		return found

	def claimed_days(self, camera: str) -> set[str]:
		"""Days of which the index says that footage is still there, on whichever volume."""
		filters: dict = {"camera": camera, "has_footage": 1}
		if self.since_day:
			filters["hour_start_utc"] = (">=", clock.utc_time(layout.parse_day(self.since_day)))
		hours = frappe.get_all("Recording Hour", filters, pluck="hour_start_utc", order_by="hour_start_utc")
		return {f"{hour:%Y/%m/%d}" for hour in hours}

	def compare_day(self, camera: str, day: str) -> Found:
		begin = layout.parse_day(day)
		spans = {
			span.start_utc_ms: span
			for span in hour_index.spans_between(camera, begin, begin + retention.DAY_MS)
			if span.start_utc_ms >= begin
		}
		there = {start for start in self.files.starts(camera, day) if start < self.before_utc_ms}
		lost = [
			start
			for start, span in spans.items()
			if span.volume == self.volume and not span.gone and start not in there
		]
		found = Found(missing=self.mark_missing(camera, lost) if lost else 0)
		for start in sorted(there):
			span = spans.get(start)
			if span is None or span.gone or span.volume != self.volume:
				self.believe(camera, start, span, found)
		return found

	def mark_missing(self, camera: str, starts: list[int]) -> int:
		"""Each is looked for once more; and an unmounted disk must not look like one that lost everything."""
		lost = {s for s in starts if s < self.before_utc_ms and self.files.size(camera, s) is None}
		lost = {start for start in lost if not self.lies_elsewhere(camera, start)}
		self.require_volume()
		gone = Gone(MISSING, clock.now_ms())
		rows = hour_index.lock_hours({camera: lost}).get(camera, []) if lost else []
		return sum(len(hour_index.mark_gone(row, self.volume, lost, gone)) for row in rows)

	def lies_elsewhere(self, camera: str, start: int) -> bool:
		"""Whether another volume holds the file: then the index follows at the audit of that one."""
		for name, other in list(self.others.items()):
			try:
				if volumes.files_of(other).size(camera, start) is not None:
					return True
			except StoreError:
				del self.others[name]  # asked once: each file more would wait as long
			except OSError:
				continue
		return False

	def believe(self, camera: str, start: int, span: Span | None, found: Found) -> None:
		"""A file is there that the index does not know, or says to be gone or elsewhere."""
		if span and span.gone and span.volume == self.volume:
			if self.files.size(camera, start) == span.size_bytes:
				found.back += self.take_back(camera, start)
				return
		elif (
			span and not span.gone and not reconcile.is_gone_from(self.others.get(span.volume), camera, start)
		):
			return  # the copy that the index names is there, or its volume is away
		if self.orphans_left <= 0:
			found.unindexed += 1
			return
		self.orphans_left -= 1
		added = reconcile.index_found(camera, self.volume, self.files, [start])
		found.indexed += added
		found.unindexed += 1 - added

	def take_back(self, camera: str, start: int) -> int:
		rows = hour_index.lock_hours({camera: [start]}).get(camera, [])
		return sum(hour_index.mark_found(row, self.volume, {start}) for row in rows)

	def require_volume(self) -> None:
		if not volumes.is_mounted(self.row):
			raise VolumeAway(self.volume)


def tell(volume: str) -> None:
	"""Begins, goes on with, or ends the event about files of `volume` that are missing and not past their
	retention."""
	missing = still_missing(volume)
	if not missing:
		health_events.close(KIND, storage_volume=volume)
		return
	files = [start for starts in missing.values() for start in starts]
	named = ", ".join(list(missing)[:NAMED_CAMERAS])
	text = _("{0} recorded files are not there any more: of {1} cameras ({2}), from {3} to {4}.").format(
		len(files),
		len(missing),
		named,
		retention.site_text(min(files)),
		retention.site_text(max(files)),
	)
	health_events.report(KIND, text, health_events.CRITICAL, storage_volume=volume)


def still_missing(volume: str) -> dict[str, list[int]]:
	"""{camera: starts in UTC ms} of files marked as missing on `volume` that are to be kept still."""
	policy = retention.read_policy(frozenset())
	rows = frappe.get_all(
		"Recording Hour",
		{"missing_count": (">", 0), "hour_start_utc": (">", clock.utc_time(oldest_kept(policy)))},
		["camera", "hour_start_utc", "files"],
		order_by="camera, hour_start_utc",
	)
	found: dict[str, list[int]] = {}
	for row in rows:
		for span in hour_index.unpack_spans(row.files, clock.utc_ms(row.hour_start_utc)):
			lost = span.gone and span.gone.kind == MISSING and span.volume == volume
			if lost and row.camera in policy.days and span.end_utc_ms > policy.due_before(row.camera):
				found.setdefault(row.camera, []).append(span.start_utc_ms)
	return found


def oldest_kept(policy: retention.Policy) -> int:
	return policy.now_utc_ms - max(policy.days.values(), default=0) * retention.DAY_MS
