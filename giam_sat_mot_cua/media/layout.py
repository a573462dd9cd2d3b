"""Where footage lies on a volume: `CAMERA/YYYY/MM/DD/HHMMSSmmm.mp4`, in UTC, named for its first sample."""

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

CAMERA = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
FILE = re.compile(r"(?P<camera>[^/]+)/(?P<day>\d{4}/\d{2}/\d{2})/(?P<time>\d{9})\.mp4", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAY_MS = 86_400_000
STILL = "latest.jpg"


def check_camera(camera: str) -> str:
	"""`camera` if it can name a folder; else ValueError."""
	if not CAMERA.fullmatch(camera):
		raise ValueError(f"not a camera id: {camera!r}")
	return camera


def file_path(camera: str, start_utc_ms: int) -> str:
	"""Path, relative to the volume, of the file whose first sample is at `start_utc_ms`."""
	time = EPOCH + timedelta(milliseconds=start_utc_ms)
	return f"{check_camera(camera)}/{time:%Y/%m/%d/%H%M%S}{time.microsecond // 1000:03d}.mp4"


def parse_path(path: str) -> tuple[str, int]:
	"""Camera and start (UTC, ms) of a relative path. ValueError when it is not one of ours."""
	match = FILE.fullmatch(path)
	if not match:
		raise ValueError(f"not a footage file: {path!r}")
	digits = match["time"]
	time = datetime.strptime(match["day"] + digits[:6], "%Y/%m/%d%H%M%S").replace(tzinfo=timezone.utc)
	return check_camera(match["camera"]), round((time - EPOCH).total_seconds()) * 1000 + int(digits[6:])


def file_name(start_utc_ms: int) -> str:
	"""Name, in its day's folder, of the file whose first sample is at `start_utc_ms`."""
	seconds, ms = divmod(start_utc_ms % DAY_MS, 1000)
	return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}{ms:03d}.mp4"


def day_of(start_utc_ms: int) -> str:
	"""`YYYY/MM/DD` of the folder that holds the file."""
	return f"{EPOCH + timedelta(milliseconds=start_utc_ms):%Y/%m/%d}"


def still_path(camera: str) -> str:
	"""Path, relative to the volume, of a camera's newest still."""
	return f"{check_camera(camera)}/{STILL}"


def safe_join(volume: Path, path: str) -> Path:
	"""`volume / path`, which must lie inside the volume even after links are followed; else ValueError."""
	if path.startswith("/") or "\0" in path or ".." in path.split("/"):
		raise ValueError(f"not a path inside a volume: {path!r}")
	root = volume.resolve()
	joined = (root / path).resolve()
	if not joined.is_relative_to(root):
		raise ValueError(f"not a path inside a volume: {path!r}")
	return joined


def iter_files(
	volume: Path,
	camera: str | None = None,
	from_utc_ms: int | None = None,
	to_utc_ms: int | None = None,
) -> Iterator[tuple[str, int, int]]:
	"""(relative path, start, bytes) of footage that starts in [from_utc_ms, to_utc_ms), by camera and time.

	Only the day folders of the period are read.
	"""
	cameras = [check_camera(camera)] if camera else sorted(folder_names(volume))
	for name in cameras:
		for day in sorted(days(volume / name)):
			start_of_day = parse_day(day)
			if start_of_day is None or not overlaps(start_of_day, from_utc_ms, to_utc_ms):
				continue
			yield from files_of_day(volume, name, day, from_utc_ms, to_utc_ms)


def files_of_day(
	volume: Path, camera: str, day: str, from_utc_ms: int | None, to_utc_ms: int | None
) -> Iterator[tuple[str, int, int]]:
	try:
		entries = sorted(os.scandir(volume / camera / day), key=lambda entry: entry.name)
	except FileNotFoundError:
		return
	for entry in entries:
		path = f"{camera}/{day}/{entry.name}"
		try:
			_camera, start = parse_path(path)
		except ValueError:
			continue
		if (from_utc_ms is None or start >= from_utc_ms) and (to_utc_ms is None or start < to_utc_ms):
			try:
				size = entry.stat().st_size
			except FileNotFoundError:
				continue  # removed since
			yield path, start, size


def starts_of_day(volume: Path, camera: str, day: str) -> list[int]:
	"""Starts (UTC, ms) of the footage in one day's folder, in order. Names only: nothing else is looked
	at."""
	begin = parse_day(day)
	try:
		names = os.listdir(volume / camera / day)
	except (FileNotFoundError, NotADirectoryError):
		return []
	found = (start_in_day(name) for name in names)
	return sorted(begin + start for start in found if start is not None)


def start_in_day(name: str) -> int | None:
	"""Milliseconds since midnight that a file's name says; None when it is not footage."""
	digits = name[:9]
	if len(name) != 13 or not name.endswith(".mp4") or not (digits.isascii() and digits.isdigit()):
		return None
	hours, minutes, seconds = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
	if hours > 23 or minutes > 59 or seconds > 59:
		return None
	return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(digits[6:])


def overlaps(start_of_day: int, from_utc_ms: int | None, to_utc_ms: int | None) -> bool:
	return (from_utc_ms is None or start_of_day + DAY_MS > from_utc_ms) and (
		to_utc_ms is None or start_of_day < to_utc_ms
	)


def folder_names(volume: Path) -> list[str]:
	try:
		return [e.name for e in os.scandir(volume) if e.is_dir() and CAMERA.fullmatch(e.name)]
	except FileNotFoundError:
		return []


def days(camera: Path) -> Iterator[str]:
	"""`YYYY/MM/DD` of the day folders below a camera's folder."""
	for year in digit_folders(camera, 4):
		for month in digit_folders(camera / year, 2):
			for day in digit_folders(camera / year / month, 2):
				yield f"{year}/{month}/{day}"


def digit_folders(folder: Path, digits: int) -> list[str]:
	try:
		return [e.name for e in os.scandir(folder) if len(e.name) == digits and e.name.isdigit()]
	except (FileNotFoundError, NotADirectoryError):
		return []


def parse_day(day: str) -> int | None:
	try:
		time = datetime.strptime(day, "%Y/%m/%d").replace(tzinfo=timezone.utc)
	except ValueError:
		return None
	return round((time - EPOCH).total_seconds()) * 1000
