"""Hours of faults: 20 cameras that break, hang, restart and have their clocks set, recorders that are killed,
MariaDB, Redis and the web server that stop and come back. Afterwards recorded time and ledger must add up to
the wall clock, every fault stand on the ledger with its cause and its bounds, and nothing else.

`HOURS=3 make bench ARGS="long-run"`. Cameras number their frames: what is missing is known to the frame.
"""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import frappe

from devbench.stack import Stack
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import clock, hour_index
from tests.benchmarks import processes
from tests.benchmarks.connection import connected
from tests.benchmarks.recorder_cost import RECORDERS, being_recorded, register, remove_footage
from tests.cameras.feeder import Feeding, frame_numbers
from tests.open_footage import written_by

CAMERAS, KBIT, FPS, GOP_S = 20, 1000, 12, 1.0
HOURS = float(os.environ.get("HOURS", "3"))
CAMERA_FAULT_S, SERVICE_FAULT_S = (8.0, 25.0), (150.0, 300.0)
REST_S = 45  # no camera breaks so shortly before and after a recorder is killed
SHORTEST_GAP_S = 0.5  # less is not written down
BOUND_S, BACK_S, BALANCE_S_PER_HOUR = 2.0, 5.0, 0.5
HANDS_OVER = "redis-queue"  # RQ's workers end without it, and their recorders hand over when it is back
OF_RECORDERS = ("kill", HANDS_OVER)
CAUSES = {kind: "Camera Offline" for kind in ("drop", "reset", "reboot", "stall")}


@dataclass
class Fault:
	kind: str
	began: float  # UTC, s
	camera: str | None = None  # None: all of a recorder
	ended: float = 0.0  # when the camera can be recorded again
	gaps: list = field(default_factory=list)


class Script:
	"""Injects faults, and remembers them."""

	def __init__(self, stack: Stack, feeding: Feeding, cameras: list[str]):
		self.stack, self.feeding, self.cameras = stack, feeding, cameras
		self.random = random.Random(20261125)
		self.done: list[Fault] = []
		self.waiting: dict[str, tuple[float, Fault]] = {}  # stalled cameras, and when they go on
		self.services = ["kill", "mariadb", "redis-queue", "web", "kill", "redis-cache", "scheduler"]
		self.back: tuple[float, str, int] | None = None  # when which service starts, and its fault's place
		self.memory: list[float] = []

	def run(self, seconds: float) -> None:
		end = time.monotonic() + seconds
		next_camera = time.monotonic() + 5
		next_service, next_look = time.monotonic() + 60, 0.0
		while time.monotonic() < end:
			now = time.monotonic()
			self.finish(now)
			if now >= next_service and not self.back:
				if self.services[0] != "kill":
					self.service_fault(now)
					next_service = now + self.random.uniform(*SERVICE_FAULT_S)
				elif not self.waiting and now >= next_camera - CAMERA_FAULT_S[0]:
					time.sleep(REST_S)  # whatever broke is back
					self.service_fault(now)
					next_service = time.monotonic() + self.random.uniform(*SERVICE_FAULT_S)
					time.sleep(REST_S)
					next_camera = time.monotonic()
			elif now >= next_camera and now < end - 60:
				self.camera_fault(now)
				next_camera = now + self.random.uniform(*CAMERA_FAULT_S)
			if now >= next_look:
				pids = [self.stack.pid(name) for name in RECORDERS]
				self.memory.append(processes.memory_mb(processes.trees(pids)))
				next_look = now + 60
			time.sleep(0.2)
		self.finish(float("inf"))

	def finish(self, now: float) -> None:
		for camera, (until, fault) in list(self.waiting.items()):
			if now >= until:
				fault.ended = self.order("resume", camera)["at"] if fault.kind == "stall" else time.time()
				del self.waiting[camera]
		if self.back and now >= self.back[0]:
			self.stack.start(self.back[1])
			self.done[self.back[2]].ended = time.time()
			self.back = None

	def order(self, action: str, camera: str, **values) -> dict:
		return self.feeding.control(action, f"/{self.cameras.index(camera):04d}", **values)

	def camera_fault(self, now: float) -> None:
		recent = {fault.camera for fault in self.done if fault.ended > time.time() - 20}
		free = [name for name in self.cameras if name not in self.waiting and name not in recent]
		if not free:
			return
		camera = self.random.choice(free)
		kind = self.random.choice(("drop", "reset", "reboot", "stall", "jump"))
		if kind == "jump":
			answer = self.order("jump", camera, seconds=self.random.choice((-3600, -40, -2, 3, 75, 86_400)))
		elif kind == "reboot":
			seconds = self.random.uniform(4, 40)
			answer = self.order("reboot", camera, seconds=seconds)
		else:
			answer = self.order(kind, camera)
		fault = Fault(kind, answer["at"], camera, answer["at"])
		self.done.append(fault)
		if kind == "reboot":
			fault.ended = answer["at"] + seconds
			self.waiting[camera] = (now + seconds, fault)
		elif kind == "stall":
			self.waiting[camera] = (now + self.random.uniform(12, 60), fault)

	def service_fault(self, now: float) -> None:
		kind = self.services[0]
		self.services.append(self.services.pop(0))
		if kind == "kill":
			for pid in [pid for name in RECORDERS for pid in self.stack.children(name)]:
				if written_by(pid):
					at = time.time()
					os.kill(pid, signal.SIGKILL)
					self.done.append(Fault(kind, at, None, at))
			return
		at = time.time()
		self.stack.stop(kind)
		self.done.append(Fault(kind, at, None, at))
		self.back = (now + self.random.uniform(10, 60), kind, len(self.done) - 1)


def run(stack: Stack) -> dict:
	with Feeding(CAMERAS, kbit=KBIT, fps=FPS, gop=GOP_S, width=480, height=270) as feeding, connected():
		cameras = register(feeding)
		script = Script(stack, feeding, cameras)
		with being_recorded(stack, cameras):
			time.sleep(10)
			begin = clock.now_ms()
			script.run(HOURS * 3600)
			time.sleep(90)  # every camera is back, and a file is closed
			end = clock.now_ms() - 70_000
		found = judged(stack, script, begin, end)
		remove_footage(stack, cameras)
	return found


def judged(stack: Stack, script: Script, begin: int, end: int) -> dict:
	"""What files and ledger say of [begin, end), UTC in ms, against what was done."""
	frappe.db.rollback()
	hours = (end - begin) / 3_600_000
	worst_balance = outside = frames = twice = 0
	strangers: list = []
	untold: list = []
	for camera in script.cameras:
		gaps = ledger(camera, begin, end)
		files = hour_index.files_between(camera, begin, end)
		recorded = hour_index.covered_ms(files, begin, end)
		missing = sum(min(g[1], end) - max(g[0], begin) for g in gaps)
		worst_balance = max(worst_balance, abs(end - begin - recorded - missing) / 1000 / hours)
		strangers += [(camera, *gap) for gap in gaps if not matched(script, camera, gap)]
		spans = [
			*((gap[0], gap[1]) for gap in gaps),
			*((file.start_utc_ms, file.end_utc_ms) for file in files),
		]
		untold += [(camera, *hole) for hole in holes(spans, begin, end)]
		numbers = []
		for path, _start, _size in layout.iter_files(stack.footage, camera, begin, end):
			numbers += frame_numbers(stack.footage / path)
		frames += len(set(numbers))
		twice += len(numbers) - len(set(numbers))
		lost = max(numbers) + 1 - min(numbers) - len(set(numbers))
		outside = max(outside, round(lost - missing / 1000 * FPS))
	broken = [fault for fault in script.done if fault.camera and fault.kind in CAUSES]
	told = [fault for fault in broken if fault.gaps]
	third = max(len(script.memory) // 3, 1)
	return {
		"cameras": CAMERAS,
		"hours": round(hours, 2),
		"faults": {kind: sum(f.kind == kind for f in script.done) for kind in {f.kind for f in script.done}},
		"worst_balance_s_per_camera_hour": round(worst_balance, 3),
		"faults_of_cameras": len(broken),
		"on_the_ledger": len(told),
		"not_on_the_ledger": [(f.kind, f.camera, f.began) for f in broken if not f.gaps],
		"wrong_cause": [(f.kind, f.gaps) for f in told if f.gaps[0][2] != CAUSES[f.kind]],
		"worst_begin_s": worst(abs(f.gaps[0][0] / 1000 - f.began) for f in told),
		"worst_back_s": worst(f.gaps[-1][1] / 1000 - f.ended for f in told),
		"gaps_of_killed_recorders_at_most_s": worst(
			(gap[1] - gap[0]) / 1000 for f in script.done if f.kind == "kill" for gap in f.gaps
		),
		"gaps_of_handovers_at_most_s": worst(
			(gap[1] - gap[0]) / 1000 for f in script.done if f.kind == HANDS_OVER for gap in f.gaps
		),
		"gaps_that_no_fault_explains": strangers[:20],
		"neither_recorded_nor_told": [
			(camera, at, ms, nearest(script, camera, at))
			for camera, at, ms in sorted(untold, key=lambda hole: -hole[2])[:10]
		],
		"frames": frames,
		"frames_twice": twice,
		"frames_missing_beside_the_ledger": outside,
		"memory_mb_first_third": round(sum(script.memory[:third]) / third, 1),
		"memory_mb_last_third": round(sum(script.memory[-third:]) / third, 1),
		"memory_mb_each_quarter": [round(value) for value in script.memory[::15]],
		"asked": {"balance": BALANCE_S_PER_HOUR, "begin": BOUND_S, "back": BACK_S},
	}


def holes(spans: list[tuple[int, int]], begin: int, end: int) -> Iterator[tuple[int, int]]:
	"""(moment, ms) of what no span of [begin, end) covers, in UTC, ms."""
	reached = begin
	for start, stop in [*sorted(spans), (end, end)]:
		if start - reached > 1000 / FPS:
			yield reached, start - reached
		reached = max(reached, stop)


def nearest(script: Script, camera: str, at: int) -> tuple[str, float]:
	"""The fault of the camera, or of all, that began last before a moment, and how long before, in s."""
	before = [f for f in script.done if f.camera in (None, camera) and f.began * 1000 <= at + 1000]
	last = max(before, key=lambda fault: fault.began, default=None)
	return (last.kind, round(at / 1000 - last.began, 2)) if last else ("none", 0.0)


def worst(values) -> float | None:
	return round(max(values, default=0.0), 2)


def ledger(camera: str, begin: int, end: int) -> list[tuple[int, int, str]]:
	rows = frappe.get_all(
		"Recording Gap", {"camera": camera}, ["start_utc", "end_utc", "cause"], order_by="start_utc"
	)
	found = [
		(clock.utc_ms(row.start_utc), clock.utc_ms(row.end_utc) if row.end_utc else end, row.cause)
		for row in rows
	]
	return [gap for gap in found if gap[1] > begin and gap[0] < end]


def matched(script: Script, camera: str, gap: tuple[int, int, str]) -> bool:
	"""Whether a fault explains the gap: it lies between the fault and the camera's return."""
	begin, end = gap[0] / 1000, gap[1] / 1000
	for fault in script.done:
		if fault.camera not in (None, camera) or (fault.camera is None and fault.kind not in OF_RECORDERS):
			continue
		if fault.kind == HANDS_OVER and gap[2] != "Recorder Down":
			continue
		latest = fault.ended + (BACK_S if fault.camera else 30)
		if begin >= fault.began - BOUND_S and end <= latest + BOUND_S:
			fault.gaps.append(gap)
			return True
	return False


if __name__ == "__main__":
	print(json.dumps(run(Stack.from_env()), indent=1))
