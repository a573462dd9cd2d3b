"""What recording costs: our recorder against one `ffmpeg -c copy -f segment` per camera, in turn, the same
100 cameras of 2 Mbit/s, with a running instance's RQ, Redis and MariaDB.

Counted are all processes of the recorder programs (workers, recorder, standby), and all ffmpeg processes.
"""

import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import frappe

from devbench.stack import Stack
from giam_sat_mot_cua.setup import factories
from tests.benchmarks import processes
from tests.benchmarks.connection import connected, reconnect
from tests.cameras.feeder import Feeding
from tests.cameras.server import wait_for

CAMERAS, KBIT, FPS = 100, 2000, 25
ROUNDS, SETTLE_S, WINDOW_S = 2, 20, 60
RECORDERS = ("recorder-1", "recorder-2")
MOST_CPU, MOST_MEMORY = 0.75, 0.35


def run(stack: Stack) -> dict:
	"""For each peer the medians of percent of a core and MB for each camera, and their ratios."""
	found: dict[str, list[dict]] = {"recorder": [], "ffmpeg": []}
	with Feeding(CAMERAS, kbit=KBIT, fps=FPS) as feeding, connected():
		cameras = register(feeding)
		for _round in range(ROUNDS):
			found["recorder"].append(of_recorder(stack, cameras))
			demo(stack, False)
			found["ffmpeg"].append(of_ffmpeg(feeding))
			demo(stack, True)
	medians = {peer: middle(rounds) for peer, rounds in found.items()}
	ours, theirs = medians["recorder"], medians["ffmpeg"]
	return {
		"cameras": CAMERAS,
		"kbit_each": feeding.kbit,
		**medians,
		"cpu_ratio": round(ours["cpu_percent_each"] / theirs["cpu_percent_each"], 2),
		"memory_ratio": round(ours["memory_mb_each"] / theirs["memory_mb_each"], 2),
		"largest_cpu_ratio": MOST_CPU,
		"largest_memory_ratio": MOST_MEMORY,
	}


def middle(rounds: list[dict]) -> dict:
	return {key: round(statistics.median(one[key] for one in rounds), 3) for key in rounds[0]}


def register(feeding: Feeding) -> list[str]:
	"""Switched-off Camera rows for the feeder's cameras; one recorder can hold them all."""
	frappe.db.set_single_value("Monitoring Settings", "cameras_per_recorder", feeding.cameras)
	unit = factories.unit().name
	names = [factories.camera(unit, stream_url=url).name for url in feeding.urls]
	frappe.db.commit()
	return names


def switch(cameras: list[str], on: bool) -> None:
	frappe.db.rollback()
	table = frappe.qb.DocType("Camera")
	frappe.qb.update(table).set(table.enabled, int(on)).where(table.name.isin(cameras)).run()
	frappe.db.commit()


def demo(stack: Stack, on: bool) -> None:
	"""The demo cameras encode their pictures on this machine: they rest meanwhile."""
	switch(stack.cameras, on)


@contextmanager
def being_recorded(stack: Stack, cameras: list[str]) -> Iterator[None]:
	"""All of `cameras` are recorded in the block, and nothing else; afterwards their last rows are there."""
	demo(stack, False)
	switch(cameras, True)
	try:
		wait_for(lambda: recording(cameras) == len(cameras), 300, "not all are recorded", pause_s=1)
		yield
	finally:
		reconnect()  # the server may have been away
		switch(cameras, False)
		wait_for(lambda: recording(cameras) == 0, 120, "recording goes on", pause_s=1)
		demo(stack, True)
	time.sleep(5)  # the last rows


def remove_footage(stack: Stack, cameras: list[str]) -> None:
	for camera in cameras:
		shutil.rmtree(stack.footage / camera, ignore_errors=True)


def of_recorder(stack: Stack, cameras: list[str]) -> dict:
	with being_recorded(stack, cameras):
		return measured([stack.pid(name) for name in RECORDERS])


def recording(cameras: list[str]) -> int:
	frappe.db.rollback()
	return frappe.db.count("Camera", {"name": ("in", cameras), "state": "Recording"})


def of_ffmpeg(feeding: Feeding) -> dict:
	with segmenting(feeding.urls) as pids:
		return measured(pids)


@contextmanager
def segmenting(urls: list[str]) -> Iterator[list[int]]:
	"""The named peer, as people run it: a process for each camera, a file a minute."""
	folder = Path(tempfile.mkdtemp(prefix="gsmc-segments-"))
	running = []
	try:
		for number, url in enumerate(urls):
			command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url]
			command += ["-c", "copy", "-f", "segment", "-segment_time", "60", "-reset_timestamps", "1"]
			running.append(subprocess.Popen([*command, folder / f"{number:03d}-%05d.mp4"]))
		yield [process.pid for process in running]
		assert all(process.poll() is None for process in running), "an ffmpeg ended"
	finally:
		for process in running:
			process.terminate()
		for process in running:
			process.wait()
		shutil.rmtree(folder, ignore_errors=True)


def measured(pids: list[int]) -> dict:
	time.sleep(SETTLE_S)
	counted = processes.trees(pids)
	before, began = processes.cpu_seconds(counted), time.monotonic()
	time.sleep(WINDOW_S)
	used, passed = processes.cpu_seconds(counted) - before, time.monotonic() - began
	return {
		"cpu_percent_each": used / passed / CAMERAS * 100,
		"memory_mb_each": processes.memory_mb(counted) / CAMERAS,
	}


if __name__ == "__main__":
	print(json.dumps(run(Stack.from_env()), indent=1))
