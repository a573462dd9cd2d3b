"""MariaDB is away for ten minutes while cameras are recorded: how long after its return all rows are there,
whether any is there twice, and whether a frame is missing.

`MINUTES=10 make bench ARGS="database-away"`
"""

import json
import os
import time
from itertools import pairwise

from devbench.stack import Stack
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import clock, hour_index
from tests.benchmarks.connection import connected, reconnect
from tests.benchmarks.many_cameras import counted
from tests.benchmarks.recorder_cost import being_recorded, register, remove_footage
from tests.cameras.feeder import Feeding

CAMERAS, KBIT, FPS = 50, 1000, 12
MINUTES = float(os.environ.get("MINUTES", "10"))
SOON_MS = 90_000  # a file lasts a minute: so old, it is closed and its row was written or waits in a journal
LATEST_S = 600
MOST_S = 60


def run(stack: Stack) -> dict:
	with Feeding(CAMERAS, kbit=KBIT, fps=FPS, width=480, height=270) as feeding, connected():
		cameras = register(feeding)
		with being_recorded(stack, cameras):
			time.sleep(70)  # each has closed a file
			begin = clock.now_ms()
			stack.stop("mariadb")
			time.sleep(MINUTES * 60)
			back = clock.now_ms()
			stack.start("mariadb")
			complete_s = seconds_until_complete(stack, cameras, begin, back)
			time.sleep(5)
			end = clock.now_ms() - 5_000
		found = {**counted(stack, cameras, begin, end), "files_twice": twice(cameras, begin, end)}
		remove_footage(stack, cameras)
	return {
		"cameras": CAMERAS,
		"minutes_away": MINUTES,
		"all_rows_there_after_s": complete_s,
		"asked_s": MOST_S,
		**found,
	}


def seconds_until_complete(stack: Stack, cameras: list[str], begin: int, back: int) -> float | None:
	"""From MariaDB's start until every file that was closed by then has its row; None: not in LATEST_S."""
	began = time.monotonic()
	while time.monotonic() - began < LATEST_S:
		try:
			reconnect()
			if all(is_complete(stack, camera, begin, back - SOON_MS) for camera in cameras):
				return round(time.monotonic() - began, 1)
		except Exception:
			pass  # not up yet
		time.sleep(0.5)
	return None


def is_complete(stack: Stack, camera: str, begin: int, end: int) -> bool:
	known = {file.start_utc_ms for file in hour_index.files_between(camera, begin, end)}
	there = {start for _path, start, _size in layout.iter_files(stack.footage, camera, begin, end)}
	return bool(there) and there <= known


def twice(cameras: list[str], begin: int, end: int) -> int:
	"""Files that the rows name more than once, or whose times overlap."""
	found = 0
	for camera in cameras:
		files = hour_index.files_between(camera, begin, end)
		found += sum(later.start_utc_ms < file.end_utc_ms for file, later in pairwise(files))
	return found


if __name__ == "__main__":
	print(json.dumps(run(Stack.from_env()), indent=1))
