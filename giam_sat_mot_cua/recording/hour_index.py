"""Recording Hour: the index of footage, one row per camera and UTC hour. This file is its only writer.

A row lists the files that *start* in its hour; `recorded_ms` counts what of the hour is covered, by these
files and by the last one of the hour before that reaches into it. Merging the same file again changes
nothing. A row stays for ever: a file that is no longer there is marked, and what was recorded does not
change.

`files` holds compact JSON: {"volumes": [name], "streams": [stream], "files": [[offset_ms, duration_ms, bytes,
sha256 in base64, index into volumes, index into streams]]}, sorted by offset from the start of the hour. A
file that is gone has a seventh number, an index into "gone": [[kind, when in UTC ms, why]], which only rows
with such files have.
"""

import base64
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import frappe
from frappe.query_builder.functions import Sum
from frappe.utils import cint, flt, now

from giam_sat_mot_cua.recording import clock
from giam_sat_mot_cua.recording.clock import HOUR_MS
from giam_sat_mot_cua.recording.volume_kinds import is_archive

MB = 1_000_000
REMOVED, MISSING = "removed", "missing"
PAST_RETENTION, VOLUME_FULL = "age", "space"
# why retention removed a file -> option of the DocType
REASONS = {PAST_RETENTION: "Past Its Retention", VOLUME_FULL: "Volume Full"}
LOCKED_AT_ONCE = 500
STORED_AT_ONCE = 100
MARK_COLUMNS = (
	"name",
	"files",
	"has_footage",
	"outside_archive",
	"removed_count",
	"missing_count",
	"removed_on",
	"removal_reason",
	"modified",
	"modified_by",
)
# of rows that are locked, so that each is there: one statement changes many
STORE_MARKS = """
	insert into `tabRecording Hour` ({columns}) values {rows}
	on duplicate key update {changes}
"""


class Gone(NamedTuple):
	"""Why a file is no longer there: removed by retention, or missing without anybody having said so."""

	kind: str  # REMOVED, MISSING
	at_utc_ms: int  # when it was removed, or found to be missing
	why: str = ""  # a key of REASONS


@dataclass(frozen=True)
class IndexedFile:
	"""A closed file of footage: when, how long, how big, its hash, where; `gone` when it is not there any
	more."""

	start_utc_ms: int
	duration_ms: int
	size_bytes: int
	sha256: str  # hex
	volume: str
	stream: dict = field(default_factory=dict)  # video_codec, width, height, fps, audio_codec, audio_rate
	gone: Gone | None = None

	@property
	def end_utc_ms(self) -> int:
		return self.start_utc_ms + self.duration_ms


def row_name(camera: str, hour_utc_ms: int) -> str:
	return f"{camera}-{clock.utc_time(hour_utc_ms):%Y%m%d%H}"


def pack(files: Iterable[IndexedFile], hour_utc_ms: int) -> str:
	return compact(as_data(files, hour_utc_ms))


def as_data(files: Iterable[IndexedFile], hour_utc_ms: int) -> dict:
	"""What `files` of a row holds, before it is a text."""
	volumes: list[str] = []
	streams: list[dict] = []
	gone: list[Gone] = []
	rows = []
	for file in sorted(files, key=lambda f: f.start_utc_ms):
		row = [
			file.start_utc_ms - hour_utc_ms,
			file.duration_ms,
			file.size_bytes,
			base64.b64encode(bytes.fromhex(file.sha256)).decode(),
			place(volumes, file.volume),
			place(streams, file.stream),
		]
		if file.gone:
			row.append(place(gone, file.gone))
		rows.append(row)
	data = {"volumes": volumes, "streams": streams, "files": rows}
	return {**data, "gone": gone} if gone else data


def place(known: list, value) -> int:
	"""Index of `value` in `known`, to which it is added when it is new."""
	if value not in known:
		known.append(value)
	return known.index(value)


def compact(data: dict) -> str:
	return json.dumps(data, separators=(",", ":"))


def unpack(text: str | None, hour_utc_ms: int) -> list[IndexedFile]:
	if not text:
		return []
	data = json.loads(text)
	gone = [Gone(*each) for each in data.get("gone", ())]
	return [
		IndexedFile(
			hour_utc_ms + offset,
			duration,
			size,
			base64.b64decode(digest).hex(),
			data["volumes"][volume],
			data["streams"][stream],
			gone[mark[0]] if mark else None,
		)
		for offset, duration, size, digest, volume, stream, *mark in data["files"]
	]


class Span(NamedTuple):
	"""What retention and timelines need of a file: less than an IndexedFile, and fast to read."""

	start_utc_ms: int
	duration_ms: int
	size_bytes: int
	volume: str
	gone: Gone | None

	@property
	def end_utc_ms(self) -> int:
		return self.start_utc_ms + self.duration_ms


def unpack_spans(text: str | None, hour_utc_ms: int) -> Iterator[Span]:
	return spans_of(json.loads(text), hour_utc_ms) if text else iter(())


def spans_of(data: dict, hour_utc_ms: int) -> Iterator[Span]:
	gone = [Gone(*each) for each in data.get("gone", ())]
	volumes = data["volumes"]
	for offset, duration, size, _digest, volume, _stream, *mark in data["files"]:
		yield Span(hour_utc_ms + offset, duration, size, volumes[volume], gone[mark[0]] if mark else None)


def covered_ms(files: Iterable[IndexedFile | Span], start_ms: int, end_ms: int) -> int:
	"""Milliseconds of [start_ms, end_ms) that any of `files` covers; overlaps count once."""
	total, reached = 0, start_ms
	for file in sorted(files, key=lambda f: f.start_utc_ms):
		begin, end = max(file.start_utc_ms, reached), min(file.end_utc_ms, end_ms)
		if end > begin:
			total += end - begin
			reached = end
	return total


def merge(camera: str, unit: str, files: list[IndexedFile], seen: bool = False) -> None:
	"""Adds closed files to the rows of `camera`. A file already there by its start is replaced.

	An event may be delivered late: a file that is marked as gone stays so, and one that was moved stays where
	it is now; but not when the caller has `seen` the files on their volume. Rows are written in order of time
	under a row lock, so writers of the same camera queue up and never overwrite.
	"""
	hours: dict[int, list[IndexedFile]] = {}
	for file in files:
		hours.setdefault(clock.hour_of(file.start_utc_ms), []).append(file)
		# the hour into which the file reaches counts its tail
		hours.setdefault(clock.hour_of(max(file.end_utc_ms - 1, file.start_utc_ms)), [])
	for hour in sorted(hours):
		write_hour(camera, unit, hour, hours[hour], seen)


def write_hour(camera: str, unit: str, hour: int, new: list[IndexedFile], seen: bool = False) -> None:
	name = row_name(camera, hour)
	stored = locked_row(name)
	merged = {file.start_utc_ms: file for file in unpack(stored and stored.files, hour)}
	for file in new:
		known = merged.get(file.start_utc_ms)
		kept = None if seen or not known else known.gone
		merged[file.start_utc_ms] = replace(known if is_known(known, file, seen) else file, gone=kept)
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
		**kept_values(files),
	}
	if files:
		zone = clock.site_zone()
		values["first_start"] = clock.site_time(min(file.start_utc_ms for file in files), zone)
		values["last_end"] = clock.site_time(max(file.end_utc_ms for file in files), zone)
	if stored is None:
		insert_row(name, camera, unit, hour, values)
	elif any(stored[key] != value for key, value in values.items()):
		frappe.db.set_value("Recording Hour", name, values)


def is_known(known: IndexedFile | None, file: IndexedFile, seen: bool) -> bool:
	"""Whether the row has the file already: then what its recorder has said of it stays. FFmpeg may judge the
	frame rate of a file otherwise than that of its stream. Who has not `seen` it may know an old place."""
	return bool(known) and known.sha256 == file.sha256 and (not seen or known.volume == file.volume)


def kept_values(files: Iterable[IndexedFile | Span]) -> dict:
	"""What a row says, without its packed files, of which are still there and where."""
	files = list(files)
	removed = [file.gone for file in files if file.gone and file.gone.kind == REMOVED]
	missing = sum(1 for file in files if file.gone and file.gone.kind == MISSING)
	last = max(removed, key=lambda gone: gone.at_utc_ms, default=None)
	return {
		"has_footage": int(len(files) > len(removed) + missing),
		"outside_archive": int(any(not is_archive(v) for v in {f.volume for f in files if not f.gone})),
		"removed_count": len(removed),
		"missing_count": missing,
		"removed_on": clock.site_time(last.at_utc_ms).replace(microsecond=0) if last else None,
		"removal_reason": REASONS.get(last.why) if last else None,
	}


def locked_row(name: str) -> dict | None:
	"""The stored values of a row, locked until the end of the transaction; None when there is no such row."""
	table = frappe.qb.DocType("Recording Hour")
	rows = frappe.qb.from_(table).select("*").where(table.name == name).for_update().run(as_dict=True)
	return rows[0] if rows else None


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


# Files that are no longer there


class LockedHour(NamedTuple):
	"""A row that is locked until the end of the transaction."""

	name: str
	hour_utc_ms: int
	files: str


def lock_hours(starts: dict[str, Collection[int]]) -> dict[str, list[LockedHour]]:
	"""The rows of files, {camera: starts in UTC ms}, locked in one order for everybody; {camera: rows}."""
	cameras = {
		row_name(camera, hour): camera for camera in starts for hour in {*map(clock.hour_of, starts[camera])}
	}
	found: dict[str, list[LockedHour]] = {}
	names = sorted(cameras)
	table = frappe.qb.DocType("Recording Hour")
	for begin in range(0, len(names), LOCKED_AT_ONCE):
		query = frappe.qb.from_(table).select(table.name, table.hour_start_utc, table.files)
		query = query.where(table.name.isin(names[begin : begin + LOCKED_AT_ONCE])).orderby(table.name)
		for name, hour, files in query.for_update().run():
			found.setdefault(cameras[name], []).append(LockedHour(name, clock.utc_ms(hour), files or ""))
	return found


def mark_gone(row: LockedHour, volume: str, starts: Collection[int], gone: Gone) -> list[Span]:
	"""As mark_rows_gone, of one row."""
	return mark_rows_gone([row], volume, starts, gone)


def mark_rows_gone(
	rows: Iterable[LockedHour], volume: str, starts: Collection[int], gone: Gone
) -> list[Span]:
	"""Marks the files of `rows`, of one camera, on `volume` that begin at `starts` and are not marked yet;
	returns them as they were. What was recorded, the hashes too, stays as it is."""
	marked: list[Span] = []
	changed: list[tuple[LockedHour, dict]] = []
	for row in rows:
		data = json.loads(row.files or '{"volumes":[],"files":[]}')
		spans = mark_data(data, row.hour_utc_ms, volume, starts, gone)
		if spans:
			marked += spans
			changed.append((row, data))
	store_marks(changed)
	return marked


def mark_data(data: dict, hour_utc_ms: int, volume: str, starts: Collection[int], gone: Gone) -> list[Span]:
	"""Marks files in what a row's `files` holds; returns them as they were."""
	if volume not in data["volumes"]:
		return []
	number = data["volumes"].index(volume)
	chosen = [
		entry
		for entry in data["files"]
		if len(entry) == 6 and entry[4] == number and hour_utc_ms + entry[0] in starts
	]
	if not chosen:
		return []
	marked = [Span(hour_utc_ms + e[0], e[1], e[2], volume, None) for e in chosen]
	at = place(data.setdefault("gone", []), list(gone))
	for entry in chosen:
		entry.append(at)
	return marked


def mark_found(row: LockedHour, volume: str, starts: Collection[int]) -> int:
	"""Takes the mark off files on `volume` that are there after all; returns how many."""
	files = unpack(row.files, row.hour_utc_ms)
	back = [f for f in files if f.gone and f.volume == volume and f.start_utc_ms in starts]
	if back:
		kept = [replace(file, gone=None) if file in back else file for file in files]
		store_marks([(row, as_data(kept, row.hour_utc_ms))])
	return len(back)


def move(row: LockedHour, volume: str, files: Collection[IndexedFile], archive: str) -> list[IndexedFile]:
	"""Names `archive` instead of `volume` for those of `files` that the row still has there, just so; returns
	them. Nothing else of the row changes."""
	known = unpack(row.files, row.hour_utc_ms)
	wanted = {file.start_utc_ms: file for file in files}
	moved = [file for file in known if file.volume == volume and wanted.get(file.start_utc_ms) == file]
	if moved:
		now_there = [replace(file, volume=archive) if file in moved else file for file in known]
		store_marks([(row, as_data(now_there, row.hour_utc_ms))])
	return moved


def store_marks(changed: list[tuple[LockedHour, dict]]) -> None:
	"""Locked rows with what `files` is to hold. As Database.set_value, but many at once, and without the
	document cache, in which these rows never are: a purge marks thousands."""
	at, by = now(), frappe.session.user
	for begin in range(0, len(changed), STORED_AT_ONCE):
		values: list = []
		part = changed[begin : begin + STORED_AT_ONCE]
		for row, data in part:
			told = kept_values(spans_of(data, row.hour_utc_ms))
			told |= {"name": row.name, "files": compact(data), "modified": at, "modified_by": by}
			values += [told[column] for column in MARK_COLUMNS]
		marks = f"({', '.join(['%s'] * len(MARK_COLUMNS))})"
		statement = STORE_MARKS.format(
			columns=", ".join(f"`{column}`" for column in MARK_COLUMNS),
			rows=", ".join([marks] * len(part)),
			changes=", ".join(f"`{column}` = values(`{column}`)" for column in MARK_COLUMNS[1:]),
		)
		frappe.db.sql(statement, values)


# Reading


def spans_between(camera: str, from_utc_ms: int, to_utc_ms: int) -> list[Span]:
	"""As `files_between`, without hashes and streams."""
	rows = rows_between(camera, from_utc_ms, to_utc_ms)
	found = (span for row in rows for span in unpack_spans(row.files, clock.utc_ms(row.hour_start_utc)))
	return [span for span in found if span.end_utc_ms > from_utc_ms and span.start_utc_ms < to_utc_ms]


def files_between(camera: str, from_utc_ms: int, to_utc_ms: int) -> list[IndexedFile]:
	"""Closed files of `camera` that overlap [from_utc_ms, to_utc_ms), in order of time."""
	rows = rows_between(camera, from_utc_ms, to_utc_ms)
	found = [file for row in rows for file in unpack(row.files, clock.utc_ms(row.hour_start_utc))]
	return [f for f in found if f.end_utc_ms > from_utc_ms and f.start_utc_ms < to_utc_ms]


def kept_between(camera: str, from_utc_ms: int, to_utc_ms: int) -> tuple[int, int]:
	"""(files, bytes) of `camera` that overlap [from_utc_ms, to_utc_ms) and are still there. Whole hours of
	which nothing is gone are added up by the database: a period may be years."""
	first, last = clock.hour_of(from_utc_ms), clock.hour_of(max(to_utc_ms - 1, from_utc_ms))
	table = frappe.qb.DocType("Recording Hour")
	hour_utc = table.hour_start_utc
	whole = (table.removed_count == 0) & (table.missing_count == 0)
	whole &= (hour_utc > clock.utc_time(first)) & (hour_utc < clock.utc_time(last))
	around = (hour_utc >= clock.utc_time(first - HOUR_MS)) & (hour_utc <= clock.utc_time(last))
	mine = frappe.qb.from_(table).where(table.camera == camera)
	((files, size_mb),) = mine.select(Sum(table.file_count), Sum(table.size_mb)).where(whole).run()
	files, size = cint(files), round(flt(size_mb) * MB)
	others = mine.select(table.files, hour_utc).where(around & whole.negate())
	for packed, hour in others.run():
		for span in unpack_spans(packed, clock.utc_ms(hour)):
			if not span.gone and span.end_utc_ms > from_utc_ms and span.start_utc_ms < to_utc_ms:
				files, size = files + 1, size + span.size_bytes
	return files, size


def rows_between(camera: str, from_utc_ms: int, to_utc_ms: int) -> list:
	first, last = clock.hour_of(from_utc_ms) - HOUR_MS, clock.hour_of(max(to_utc_ms - 1, from_utc_ms))
	return frappe.get_all(
		"Recording Hour",
		[
			["camera", "=", camera],
			["hour_start_utc", ">=", clock.utc_time(first)],  # "between" means days in Frappe 15
			["hour_start_utc", "<=", clock.utc_time(last)],
		],
		["files", "hour_start_utc"],
		order_by="hour_start_utc",
	)


def hours_to_move(volume: str, before_utc_ms: int) -> list[str]:
	"""Names of rows, the oldest first, of hours that begin before then and have files outside of archives,
	`volume` among their volumes: the list of these stands at the head of a row's packed files."""
	return frappe.get_all(
		"Recording Hour",
		{
			"outside_archive": 1,
			"hour_start_utc": ("<", clock.utc_time(before_utc_ms)),
			"files": ("like", names_volume(volume)),
		},
		pluck="name",
		order_by="hour_start_utc, camera",
	)


def names_volume(volume: str) -> str:
	"""A pattern for the packed files of rows that name the volume."""
	return f'%{json.dumps(volume)}%"streams"%'


def files_of_rows(names: list[str]) -> list[tuple[str, IndexedFile]]:
	"""(camera, file) of the rows, in order of time."""
	rows = frappe.get_all(
		"Recording Hour",
		{"name": ("in", names)},
		["camera", "files", "hour_start_utc"],
		order_by="hour_start_utc, camera",
	)
	return [(row.camera, f) for row in rows for f in unpack(row.files, clock.utc_ms(row.hour_start_utc))]


def days_on(volume: str, camera: str, before_utc_ms: int) -> list[str]:
	"""`YYYY/MM/DD` of days before then of which footage of `camera` is still there, on `volume` by the
	index."""
	rows = frappe.get_all(
		"Recording Hour",
		{
			"has_footage": 1,
			"camera": camera,
			"hour_start_utc": ("<", clock.utc_time(before_utc_ms)),
			"files": ("like", names_volume(volume)),
		},
		pluck="hour_start_utc",
		order_by="hour_start_utc",
	)
	return sorted({f"{hour:%Y/%m/%d}" for hour in rows})


def volume_of(camera: str, start_utc_ms: int) -> str | None:
	"""The volume on which the file that begins then is by the index; None when it is gone, or not known."""
	hour = clock.hour_of(start_utc_ms)
	text = frappe.db.get_value("Recording Hour", row_name(camera, hour), "files")
	return next(
		(s.volume for s in unpack_spans(text, hour) if s.start_utc_ms == start_utc_ms and not s.gone), None
	)


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
