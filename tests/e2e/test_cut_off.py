"""Two machines that are cut from each other never both write one camera; one that is cut from Redis alone
goes on; one that dies is replaced. The other machine is a recorder in network and host name namespaces of its
own."""

import contextlib
import itertools
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import frappe
import pytest

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.media.segment_index import read_index
from giam_sat_mot_cua.recording import clock
from tests.cameras.server import wait_for
from tests.e2e import rows
from tests.e2e.test_faults import assert_complete, reconnect, wait_all_recording
from tests.e2e.test_recording import EXPECTED, short_files  # noqa: F401
from tests.namespaces import separated
from tests.open_footage import written_by

SOURCE = Path(__file__).resolve().parents[2]
RECORDERS = ("recorder-1", "recorder-2")


class OtherMachine:
	"""A recorder that reaches this machine's services through forwarders, which can be stopped."""

	def __init__(self, stack, folder: Path):
		self.stack, self.folder = stack, folder
		self.separated = separated("net", "uts")
		self.host = f"t-{frappe.generate_hash(length=8)}"
		conf = frappe.get_site_config()
		redis = [int(conf[key].rpartition(":")[2]) for key in ("redis_queue", "redis_cache")]
		self.ports = {"redis": redis, "mariadb": [conf.db_port], "cameras": [stack.rtsp_port]}
		self.log = (folder / "log").open("w", buffering=1)
		self.started: list[subprocess.Popen] = []
		self.links: dict[str, subprocess.Popen] = {}

	def python(self, *words: str, inside: bool = True) -> subprocess.Popen:
		"""A process in the other machine's namespaces, or in ours; its first line has been read."""
		enter = []
		if inside and self.started:
			enter = ["nsenter", "--preserve-credentials", "--user", "--net", "--uts", "-t", str(self.pid)]
		elif inside:
			enter = self.separated
		process = subprocess.Popen(
			[*enter, sys.executable, "-u", "-m", *words],
			cwd=SOURCE,
			stdin=subprocess.PIPE,
			stdout=subprocess.PIPE,
			stderr=self.log,
			text=True,
		)
		assert process.stdout.readline(), (self.folder / "log").read_text()
		threading.Thread(target=shutil.copyfileobj, args=(process.stdout, self.log), daemon=True).start()
		return process

	@property
	def pid(self) -> int:
		return self.started[0].pid

	def start(self) -> None:
		sites = str(self.stack.instance.sites)
		self.started.append(self.python("tests.e2e.other_machine", self.host, self.stack.site, sites))
		every = [str(port) for ports in self.ports.values() for port in ports]
		outside = self.python("tests.e2e.forward", "outside", str(self.folder), *every, inside=False)
		self.started.append(outside)
		for name, ports in self.ports.items():
			self.links[name] = self.python("tests.e2e.forward", "inside", str(self.folder), *map(str, ports))
		self.started[0].stdin.write("go\n")
		self.started[0].stdin.flush()

	def cut(self, *names: str) -> None:
		for name in names:
			self.links[name].send_signal(signal.SIGSTOP)

	def heal(self) -> None:
		for link in self.links.values():
			link.send_signal(signal.SIGCONT)

	def die(self) -> None:
		"""As when its power fails: nothing of it can say goodbye, or be reached."""
		for process in [self.started[0], *self.links.values()]:
			process.kill()

	def end(self) -> None:
		self.heal()
		if self.started:
			self.started[0].terminate()
			with contextlib.suppress(subprocess.TimeoutExpired):
				self.started[0].wait(30)
		for process in [*self.started, *self.links.values()]:
			process.kill()
			process.wait()
		self.log.close()

	def writes(self) -> set[str]:
		return written_by(self.pid)


@pytest.fixture(scope="module")
def other(stack, tmp_path_factory):
	"""Another machine that records all cameras; the recorders of this one stand by."""
	machine = OtherMachine(stack, tmp_path_factory.mktemp("machine"))
	stack.stop(*RECORDERS)
	try:
		machine.start()
		wait_for(lambda: machine.writes() == set(EXPECTED), 60, "the other machine does not record")
		stand_by(stack)
		time.sleep(8)  # it knows of them, and a file is closed
		assert machine.writes() == set(EXPECTED), "small differences move no cameras"
		yield machine
	finally:
		machine.end()
		stack.start(*RECORDERS)
		wait_all_recording()
		frappe.db.delete("Recorder Node", {"name": machine.host})
		frappe.db.commit()  # recorders look at this table


def stand_by(stack) -> None:
	"""Starts the recorders of this machine, for which no camera is left."""
	stack.start(*RECORDERS)
	wait_for(lambda: all(stack.children(name) for name in RECORDERS), 30, "no recorder stands by")


def ours(stack) -> set[str]:
	return set().union(*(written_by(pid) for name in RECORDERS for pid in stack.children(name)))


def watch(stack, other: OtherMachine, seconds: float, until=lambda: False) -> None:
	"""Sees to it that no camera is written by both."""
	end = time.monotonic() + seconds
	while time.monotonic() < end and not until():
		both = other.writes() & ours(stack) & other.writes()
		assert not both, f"two machines write {both}"
		time.sleep(0.05)


def assert_no_overlap(stack, begin: int) -> None:
	for camera in EXPECTED:
		spans = []
		for path, start, _size in layout.iter_files(stack.footage, camera, from_utc_ms=begin):
			spans.append((start, start + read_index(stack.footage / path).duration_ms, path))
		for (_start, end, path), (start, _end, later) in itertools.pairwise(sorted(spans)):
			assert start >= end - 5, f"{path} and {later} overlap by {end - start} ms"


def test_a_machine_that_is_cut_off_from_redis_alone_goes_on(stack, other):
	begin = clock.now_ms()
	other.cut("redis")
	watch(stack, other, 16)  # twice as long as a lease
	assert other.writes() == set(EXPECTED), (other.folder / "log").read_text()
	other.heal()
	watch(stack, other, 6)
	assert other.writes() == set(EXPECTED)
	healed = clock.now_ms()
	reconnect()
	for camera in EXPECTED:
		end = rows.wait_indexed(camera, healed)[-1].end_utc_ms
		recorded, _explained = rows.explained_ms(camera, begin, end)
		assert recorded > (end - begin) * 0.98, (camera, rows.gaps(camera))
	assert_no_overlap(stack, begin - 5000)


def test_a_machine_that_is_cut_off_ends_before_another_takes_over(stack, other):
	begin = clock.now_ms()
	other.cut("redis", "mariadb")
	watch(stack, other, 45, until=lambda: ours(stack) == set(EXPECTED))
	assert ours(stack) == set(EXPECTED), "nobody took over"
	assert not other.writes()
	assert (clock.now_ms() - begin) / 1000 < 25, "the cameras were away for too long"
	watch(stack, other, 3)
	other.heal()
	watch(stack, other, 10)
	assert ours(stack) == set(EXPECTED)
	time.sleep(5)  # what the other machine kept in its journal arrives
	wait_all_recording()
	assert_no_overlap(stack, begin - 20_000)
	assert_complete(stack, begin - 5000, longest_gap_s=20)


def test_a_machine_that_dies_is_replaced(stack, other):
	stack.stop(*RECORDERS)
	wait_for(lambda: other.writes() == set(EXPECTED), 60, "the other machine does not record")
	stand_by(stack)
	time.sleep(6)  # a file is closed
	begin = clock.now_ms()
	other.die()
	wait_for(lambda: ours(stack) == set(EXPECTED), 30, "nobody took over")
	wait_all_recording()
	assert_no_overlap(stack, begin - 20_000)
	assert_complete(stack, begin - 5000, longest_gap_s=18)
