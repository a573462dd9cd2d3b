"""A province's month: 288,000 Recording Hour rows (400 cameras, 30 days), a day of one camera read as the API
reads it, and a day of all cameras purged: rows marked and real files, of one byte, removed; then `rm -rf` of
such files. On a running instance. `python -m tests.benchmarks.retention` with the environment that
`make test` sets."""

import base64
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

import frappe

from devbench.stack import Stack
from giam_sat_mot_cua.api import coverage
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import clock, hour_index
from giam_sat_mot_cua.recording.retention_runs import Run
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import leases, retention
from tests import footage_files
from tests.benchmarks.connection import connected, log_in

CAMERAS, DAYS, ROUNDS = 400, 30, 40
DAY_MS, HOUR_MS, MINUTE_MS = 86_400_000, 3_600_000, 60_000
FILE_BYTES = 15_000_000  # as the rows say; the files that are removed hold one
STREAM = {
	"video_codec": "h264",
	"width": 1920,
	"height": 1080,
	"fps": 25.0,
	"audio_codec": "aac",
	"audio_rate": 8000,
}
LONGEST_DAY_MS, LONGEST_PURGE_S = 50, 30


def run(stack: Stack) -> dict:
	"""Milliseconds of a camera's day, seconds of a purge, and what they were measured on."""
	folder = Path(tempfile.mkdtemp(prefix="gsmc-retention-"))
	with connected():
		volume, cameras = None, []
		try:
			volume = footage_files.make_volume(folder / "volume")
			unit = factories.unit().name
			cameras = [factories.camera(unit, retention_days=DAYS).name for _n in range(CAMERAS)]
			with retention.turn(volume.name):  # the instance's own jobs leave it alone meanwhile
				return measure(stack, volume, cameras, unit)
		finally:
			shutil.rmtree(folder, ignore_errors=True)
			footage_files.forget([volume.name] if volume else [], cameras)


def measure(stack: Stack, volume, cameras: list[str], unit: str) -> dict:
	first = clock.now_ms() - clock.now_ms() % DAY_MS - (DAYS + 1) * DAY_MS
	rows_s = timed(lambda: make_rows(volume.name, cameras, unit, first))
	files_s = timed(lambda: make_files(Path(volume.path), cameras, first))
	return {
		"rows": frappe.db.count("Recording Hour", {"camera": ("in", cameras)}),
		"rows_made_s": rows_s,
		"files_made_s": files_s,
		**day_of_a_camera(stack, cameras[CAMERAS // 2], first),
		"day_target_ms": LONGEST_DAY_MS,
		**purge_of_a_day(volume, cameras),
		"purge_target_s": LONGEST_PURGE_S,
		"rm_of_the_same_files_s": rm_of_a_day(Path(volume.path), cameras, first),
	}


def timed(work) -> float:
	began = time.monotonic()
	work()
	return round(time.monotonic() - began, 1)


def shift_ms(camera: str) -> int:
	"""Each camera begins its files at a second of its own."""
	return zlib.crc32(camera.encode()) % 60 * 1000


def make_rows(volume: str, cameras: list[str], unit: str, first: int) -> None:
	table = frappe.qb.DocType("Recording Hour")
	columns = ("name", "camera", "unit", "owner", "hour_start_utc", "hour_start", "recorded_ms")
	columns += ("coverage_percent", "file_count", "size_mb", "has_footage", "files")
	for camera in cameras:
		query = frappe.qb.into(table).columns(*columns)
		packed = packed_hour(volume, camera)
		for number in range(DAYS * 24):
			hour = first + number * HOUR_MS
			times = (clock.utc_time(hour), clock.site_time(hour))
			counted = (HOUR_MS, 100, 60, 60 * FILE_BYTES / 1e6, 1)
			name = hour_index.row_name(camera, hour)
			query = query.insert(name, camera, unit, "Administrator", *times, *counted, packed)
		query.run()
		frappe.db.commit()  # a transaction of its own for each camera


def packed_hour(volume: str, camera: str) -> str:
	"""An hour of sixty files, each with a hash of its own."""
	shift = shift_ms(camera)
	files = []
	for minute in range(60):
		digest = base64.b64encode(hashlib.sha256(f"{camera}{minute}".encode()).digest()).decode()
		files.append([shift + minute * MINUTE_MS, MINUTE_MS, FILE_BYTES + minute, digest, 0, 0])
	return hour_index.compact({"volumes": [volume], "streams": [STREAM], "files": files})


def make_files(path: Path, cameras: list[str], first: int) -> None:
	"""The files of the oldest day: 576,000 inodes."""
	for camera in cameras:
		folder = path / camera / layout.day_of(first)
		folder.mkdir(parents=True)
		for minute in range(24 * 60):
			name = layout.file_name(first + shift_ms(camera) + minute * MINUTE_MS)
			handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o640)
			os.write(handle, b"\1")
			os.close(handle)
		os.utime(folder / name, (first / 1000,) * 2)  # the newest of a camera: it has not grown lately


def day_of_a_camera(stack: Stack, camera: str, first: int) -> dict:
	"""The day whose files are there, and its rows alone, by turns; and the same over HTTP."""
	begin = first
	period = [str(clock.site_time(moment)) for moment in (begin, begin + DAY_MS)]
	kinds = {piece["kind"] for piece in coverage.period(camera, *period)["pieces"]}
	assert "recorded" in kinds and kinds <= {"recorded", "unknown"}, kinds
	person = log_in(stack, "Administrator")
	url = f"{stack.url}/api/method/giam_sat_mot_cua.api.coverage.period"
	query = {"camera": camera, "start": period[0], "end": period[1]}
	ways = {
		"rows_of_a_day_ms": lambda: hour_index.spans_between(camera, begin, begin + DAY_MS),
		"api_of_a_day_ms": lambda: coverage.period(camera, *period),
		"api_of_a_day_over_http_ms": lambda: person.get(url, params=query, timeout=60).raise_for_status(),
	}
	times: dict[str, list[float]] = {name: [] for name in ways}
	for number in range(ROUNDS + 2):
		for name, work in ways.items():
			began = time.perf_counter()
			work()
			if number >= 2:  # the first ones fill caches
				times[name].append((time.perf_counter() - began) * 1000)
	return {name: round(statistics.median(found), 1) for name, found in times.items()}


def purge_of_a_day(volume, cameras: list[str]) -> dict:
	"""The oldest day is past its retention: every file goes, every row is marked."""
	row = retention.row_of(volume.name)
	work = Run(row.name, leases.node_name())
	os.sync()
	began = time.monotonic()
	with retention.turn(row.name) as mine:
		assert mine and retention.purge_in_turn(row, work)
	seconds = time.monotonic() - began
	removed = sum(line.files for line in work.tally.removals)
	left = len(footage_files.on_disk(volume))
	marked = frappe.db.count("Recording Hour", {"camera": ("in", cameras), "removed_count": (">", 0)})
	assert (removed, left, marked) == (CAMERAS * 24 * 60, 0, CAMERAS * 24), (removed, left, marked)
	return {"purged_files": removed, "marked_rows": marked, "purge_s": round(seconds, 1)}


def rm_of_a_day(path: Path, cameras: list[str], first: int) -> float:
	"""What coreutils need for the same files on the same disk, without any index."""
	make_files(path, cameras, first)
	os.sync()
	return timed(lambda: subprocess.run(["rm", "-rf", *(path / camera for camera in cameras)], check=True))


if __name__ == "__main__":
	print(json.dumps(run(Stack.from_env()), indent=1))
