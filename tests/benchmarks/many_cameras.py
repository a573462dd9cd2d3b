"""Many cameras for a while: 300 of 1 Mbit/s on this machine, recorded by a running instance. Afterwards the
ledger must hold no gap, and the files every frame that was sent: the cameras number their frames.

`MINUTES=15 make bench ARGS="many-cameras"`; it needs about 7 MB of disk a camera and minute, and removes it.
"""

import json
import os
import time

import frappe

from devbench.stack import Stack
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import clock
from tests.benchmarks import processes
from tests.benchmarks.connection import connected
from tests.benchmarks.recorder_cost import RECORDERS, being_recorded, register, remove_footage
from tests.cameras.feeder import Feeding, frame_numbers

CAMERAS, KBIT, FPS = 300, 1000, 12
MINUTES = float(os.environ.get("MINUTES", "15"))
LOOK_S = 15


def run(stack: Stack) -> dict:
	with Feeding(CAMERAS, kbit=KBIT, fps=FPS, width=480, height=270) as feeding, connected():
		cameras = register(feeding)
		with being_recorded(stack, cameras):
			begin = clock.now_ms() + 5_000
			load = watch(stack, MINUTES * 60 + 5)
			end = clock.now_ms() - 5_000
			left_out = feeding.control("state")["left_out"]
		found = {**counted(stack, cameras, begin, end), **load}
		remove_footage(stack, cameras)
	return {
		"cameras": CAMERAS,
		"kbit_each": feeding.kbit,
		"minutes": MINUTES,
		"frames_a_slow_reader_did_not_get": left_out,
		**found,
	}


def watch(stack: Stack, seconds: float) -> dict:
	"""CPU and memory of the recorders meanwhile."""
	counted_ones = processes.trees([stack.pid(name) for name in RECORDERS])
	used, began = processes.cpu_seconds(counted_ones), time.monotonic()
	memory = []
	while time.monotonic() - began < seconds:
		memory.append(processes.memory_mb(counted_ones))
		time.sleep(LOOK_S)
	passed = time.monotonic() - began
	third = max(len(memory) // 3, 1)
	return {
		"cpu_percent_of_a_core": round((processes.cpu_seconds(counted_ones) - used) / passed * 100, 1),
		"memory_mb_first_third": round(sum(memory[:third]) / third, 1),
		"memory_mb_last_third": round(sum(memory[-third:]) / third, 1),
		"memory_mb_each_minute": [round(value) for value in memory[:: round(60 / LOOK_S)]],
	}


def counted(stack: Stack, cameras: list[str], begin: int, end: int) -> dict:
	"""Frames of [begin, end) that are there, missing or there twice, and gaps on the ledger."""
	frappe.db.rollback()
	gaps = frappe.get_all(
		"Recording Gap",
		[
			["camera", "in", cameras],
			["start_utc", ">=", clock.utc_time(begin)],
			["start_utc", "<", clock.utc_time(end)],
		],
		["camera", "cause", "duration_s"],
		order_by="start_utc",
	)
	frames = missing = twice = 0
	for camera in cameras:
		numbers = []
		for path, _start, _size in layout.iter_files(stack.footage, camera, begin, end):
			numbers += frame_numbers(stack.footage / path)
		frames += len(numbers)
		twice += len(numbers) - len(set(numbers))
		missing += max(numbers) + 1 - min(numbers) - len(set(numbers))
	return {
		"frames": frames,
		"frames_missing": missing,
		"frames_twice": twice,
		"gaps_on_the_ledger": len(gaps),
		"gaps": gaps[:10],
	}


if __name__ == "__main__":
	print(json.dumps(run(Stack.from_env()), indent=1))
