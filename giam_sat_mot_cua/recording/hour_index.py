"""Recording Hour: the index of footage, one row per camera and UTC hour. This file is its only writer.

A row lists the files that *start* in its hour; `recorded_ms` counts what of the hour is covered, by these
files and by the last one of the hour before that reaches into it. Merging the same file again changes
nothing.

`files` holds compact JSON: {"volumes": [name], "streams": [stream], "files": [[offset_ms, duration_ms, bytes,
sha256 in base64, index into volumes, index into streams]]}, sorted by offset from the start of the hour.
"""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import frappe

from giam_sat_mot_cua.recording import clock
from giam_sat_mot_cua.recording.clock import HOUR_MS

MB = 1_000_000


@dataclass(frozen=True)
class IndexedFile:
	"""A closed file of footage: when, how long, how big, its hash, where."""

	start_utc_ms: int
	duration_ms: int
	size_bytes: int
	sha256: str  # hex
	volume: str
	stream: dict = field(default_factory=dict)  # video_codec, width, height, fps, audio_codec, audio_rate

	@property
	def end_utc_ms(self) -> int:
		return self.start_utc_ms + self.duration_ms


def row_name(camera: str, hour_utc_ms: int) -> str:
	return f"{camera}-{clock.utc_time(hour_utc_ms):%Y%m%d%H}"


def pack(files: Iterable[IndexedFile], hour_utc_ms: int) -> str:
	volumes: list[str] = []
	streams: list[dict] = []
	rows = []
	for file in sorted(files, key=lambda f: f.start_utc_ms):
		if file.volume not in volumes:
			volumes.append(file.volume)
		if file.stream not in streams:
			streams.append(file.stream)
		digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
		rows.append(
			[
				file.start_utc_ms - hour_utc_ms,
				file.duration_ms,
				file.size_bytes,
				digest,
				volumes.index(file.volume),
				streams.index(file.stream),
			]
		)
	return json.dumps({"volumes": volumes, "streams": streams, "files": rows}, separators=(",", ":"))


def unpack(text: str | None, hour_utc_ms: int) -> list[IndexedFile]:
	if not text:
		return []
	data = json.loads(text)
	return [
		IndexedFile(
			hour_utc_ms + offset,
			duration,
			size,
			base64.b64decode(digest).hex(),
			data["volumes"][volume],
			data["streams"][stream],
		)
		for offset, duration, size, digest, volume, stream in data["files"]
	]


def covered_ms(files: Iterable[IndexedFile], start_ms: int, end_ms: int) -> int:
	"""Milliseconds of [start_ms, end_ms) that any of `files` covers; overlaps count once."""
	total, reached = 0, start_ms
	for file in sorted(files, key=lambda f: f.start_utc_ms):
		begin, end = max(file.start_utc_ms, reached), min(file.end_utc_ms, end_ms)
		if end > begin:
			total += end - begin
			reached = end
	return total


def merge(camera: str, unit: str, files: list[IndexedFile]) -> None:
	"""Adds closed files to the rows of `camera`. A file already there by its start is replaced.

	Rows are written in order of time under a row lock, so writers of the same camera queue up and never
	overwrite.
	"""
	hours: dict[int, list[IndexedFile]] = {}
	for file in files:
		hours.setdefault(clock.hour_of(file.start_utc_ms), []).append(file)
		# the hour into which the file reaches counts its tail
		hours.setdefault(clock.hour_of(max(file.end_utc_ms - 1, file.start_utc_ms)), [])
	for hour in sorted(hours):
		write_hour(camera, unit, hour, hours[hour])


def write_hour(camera: str, unit: str, hour: int, new: list[IndexedFile]) -> None:
	name = row_name(camera, hour)
	stored = locked_files(name)
	merged = {file.start_utc_ms: file for file in unpack(stored, hour)}
	merged.update({file.start_utc_ms: file for file in new})
	files = list(merged.values())
	before = unpack(
		frappe.db.get_value("Recording Hour", row_name(camera, hour - HOUR_MS), "files"), hour - HOUR_MS
	)
	recorded = covered_ms([*before[-1:], *files], hour, hour + HOUR_MS)
	values = {
		"recorded_ms": recorded,
		"coverage_percent": round(recorded / HOUR_MS * 100, 3),
		"file_count": len(files),
		"size_mb": sum(file.size_bytes for file in files) / MB,
		"files": pack(files, hour),
	}
	if files:
		zone = clock.site_zone()
		values["first_start"] = clock.site_time(min(file.start_utc_ms for file in files), zone)
		values["last_end"] = clock.site_time(max(file.end_utc_ms for file in files), zone)
	if stored is None:
		insert_row(name, camera, unit, hour, values)
	else:
		frappe.db.set_value("Recording Hour", name, values)


def locked_files(name: str) -> str | None:
	"""The stored files of a row, locked until the end of the transaction; None when there is no such row."""
	table = frappe.qb.DocType("Recording Hour")
	rows = frappe.qb.from_(table).select(table.files).where(table.name == name).for_update().run()
	return (rows[0][0] or "") if rows else None


def insert_row(name: str, camera: str, unit: str, hour: int, values: dict) -> None:
	doc = frappe.get_doc(
		{
			"doctype": "Recording Hour",
			"name": name,
			"camera": camera,
			"unit": unit,
			"owner": frappe.session.user,
			"hour_start_utc": clock.utc_time(hour),
			"hour_start": clock.site_time(hour),
			**values,
		}
	)
	doc.flags.name_set = True
	doc.db_insert()  # an index row that recorders write: nothing of a form applies to it


def files_between(camera: str, from_utc_ms: int, to_utc_ms: int) -> list[IndexedFile]:
	"""Closed files of `camera` that overlap [from_utc_ms, to_utc_ms), in order of time."""
	first, last = clock.hour_of(from_utc_ms) - HOUR_MS, clock.hour_of(max(to_utc_ms - 1, from_utc_ms))
	rows = frappe.get_all(
		"Recording Hour",
		{
			"camera": camera,
			"hour_start_utc": ("between", [clock.utc_time(first), clock.utc_time(last)]),
		},
		["files", "hour_start_utc"],
		order_by="hour_start_utc",
	)
	found = [file for row in rows for file in unpack(row.files, clock.utc_ms(row.hour_start_utc))]
	return [f for f in found if f.end_utc_ms > from_utc_ms and f.start_utc_ms < to_utc_ms]


def recorded_until(camera: str) -> int | None:
	"""End of the newest indexed file of `camera`, or None when there is none."""
	rows = frappe.get_all(
		"Recording Hour",
		{"camera": camera, "file_count": (">", 0)},
		["files", "hour_start_utc"],
		order_by="hour_start_utc desc",
		limit=1,
	)
	if not rows:
		return None
	return unpack(rows[0].files, clock.utc_ms(rows[0].hour_start_utc))[-1].end_utc_ms
