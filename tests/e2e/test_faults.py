"""Everything is killed once: all comes back by itself, nothing recorded is lost, rows are complete again."""

import os
import signal
import time

import frappe
import pytest

from giam_sat_mot_cua.media import layout, repair
from giam_sat_mot_cua.recording import clock
from tests.cameras.server import wait_for
from tests.e2e import rows
from tests.e2e.test_recording import EXPECTED, short_files  # noqa: F401
from tests.open_footage import written_by

WORKERS = ["worker-short", "worker-default", "worker-long", "recorder-1", "recorder-2"]


@pytest.fixture(autouse=True)
def healthy_before_and_after(stack):
	wait_all_recording()
	yield
	wait_for(lambda: set(stack.states().values()) == {"RUNNING"}, 30, f"not all is back: {stack.states()}")
	wait_for(stack.web_answers, 30, "the web server does not answer")
	wait_all_recording()


def wait_all_recording(patience_s: float = 60) -> None:
	def all_recording() -> bool:
		reconnect()
		return all(rows.state(camera)[0] == "Recording" for camera in EXPECTED)

	wait_for(all_recording, patience_s, "not every camera is recorded", pause_s=0.5)


def reconnect() -> None:
	"""The test's own connection died with the server."""
	try:
		frappe.db.sql("select 1")
	except Exception:
		frappe.connect()


def assert_complete(stack, begin: int, longest_gap_s: float = 15) -> None:
	"""From `begin` to the newest indexed file every moment is in a file or in a gap of bounded length, and
	every file has its row."""
	now = clock.now_ms()
	for camera in EXPECTED:
		found = rows.wait_indexed(camera, now)
		end = found[-1].end_utc_ms
		recorded, explained = rows.explained_ms(camera, begin, end)
		# a gap shorter than half a second is not written down
		assert recorded + explained >= end - begin - 1500, (
			camera,
			begin,
			end,
			recorded,
			explained,
			rows.gaps(camera),
		)
		assert end - begin - recorded < longest_gap_s * 1000, (camera, rows.gaps(camera))
		known = {file.start_utc_ms: file for file in rows.files(camera, begin)}
		on_disk = [
			(path, start)
			for path, start, _size in layout.iter_files(
				stack.footage, camera, from_utc_ms=begin, to_utc_ms=end
			)
		]
		for path, start in on_disk:
			assert start in known, f"{path} has no row"
			mended = repair.repair(stack.footage, path)  # a whole file is not touched
			assert (mended.sha256, mended.duration_ms) == (known[start].sha256, known[start].duration_ms)


@pytest.mark.parametrize("program", ["web", *WORKERS, "scheduler", "mariadb", "redis-queue", "redis-cache"])
def test_killed_program_comes_back_and_nothing_is_lost(stack, program):
	begin = clock.now_ms() - 12_000
	old = stack.kill(program)
	stack.wait_back(program, old)
	time.sleep(2)
	wait_all_recording()
	assert_complete(stack, begin)


def test_killed_work_horse_loses_only_its_last_moment(stack):
	begin = clock.now_ms() - 12_000
	horses = [pid for name in ("recorder-1", "recorder-2") for pid in stack.children(name)]
	assert len(horses) == 2, "a recorder and a hot standby were expected"
	for pid in horses:
		os.kill(pid, signal.SIGKILL)
		time.sleep(6)
	wait_all_recording()
	assert_complete(stack, begin)


def test_database_away_for_a_while_delays_rows_only(stack):
	begin = clock.now_ms() - 5000
	stack.stop("mariadb")
	time.sleep(25)  # two files are closed meanwhile
	away_until = clock.now_ms()
	stack.start("mariadb")
	wait_all_recording()
	for camera in EXPECTED:
		rows.wait_indexed(camera, away_until)
		recorded, _explained = rows.explained_ms(camera, begin, away_until)
		assert recorded > (away_until - begin) * 0.98, (camera, rows.gaps(camera))
	assert_complete(stack, begin, longest_gap_s=2)


def test_redis_away_for_a_while_changes_nothing(stack):
	begin = clock.now_ms() - 5000
	stack.stop("redis-queue")
	time.sleep(10)
	stack.start("redis-queue")
	time.sleep(5)
	wait_all_recording()
	assert_complete(stack, begin, longest_gap_s=5)  # RQ's worker ends when it speaks to Redis just then


def test_what_changes_while_redis_is_away_is_recorded_on(stack):
	"""A camera with other settings begins a new file; it keeps the lease that it has."""
	begin = clock.now_ms() - 5000
	stack.stop("redis-queue")
	try:
		time.sleep(2)
		set_file_seconds(7)
		time.sleep(12)
	finally:
		stack.start("redis-queue")
		set_file_seconds(5)
	time.sleep(8)
	wait_all_recording()
	assert_complete(stack, begin, longest_gap_s=7)  # two new connections


def set_file_seconds(seconds: int) -> None:
	frappe.db.rollback()
	frappe.db.set_single_value("Monitoring Settings", "file_seconds", seconds)
	frappe.db.commit()  # recorders must see it


def test_recordings_outlive_workers_that_give_up_without_redis(stack):
	"""RQ's workers end when Redis stays away. Their recorders go on, also when Redis is back, until others
	may take over: those know only after a while which leases are held."""
	begin = clock.now_ms() - 5000
	writing = recorders_that_write(stack)
	workers = {name: stack.pid(name) for name in ("recorder-1", "recorder-2")}
	stack.stop("redis-queue")
	for name, pid in workers.items():
		wait_for(lambda pid=pid: not os.path.exists(f"/proc/{pid}"), 90, f"{name} goes on without Redis")
	stack.start("redis-queue")
	wait_for(lambda: not any(map(written_by, writing)), 60, "the orphans go on for ever")
	wait_for(lambda: recorders_that_write(stack), 30, "nobody took over")
	wait_all_recording()
	assert_complete(stack, begin, longest_gap_s=6)


def recorders_that_write(stack) -> list[int]:
	"""Process ids of the recorders of living workers that have files of footage open."""
	horses = [pid for name in ("recorder-1", "recorder-2") for pid in stack.children(name)]
	return [pid for pid in horses if written_by(pid)]


def test_orderly_stop_of_the_recorders_hands_over(stack):
	"""A deployment restarts one worker after the other: each hand-over costs a moment."""
	begin = clock.now_ms() - 12_000
	for name in ("recorder-1", "recorder-2"):
		old = stack.pid(name)
		stack.stop(name)
		stack.start(name)
		stack.wait_back(name, old, 60)
		wait_all_recording()
		time.sleep(3)
	assert_complete(stack, begin, longest_gap_s=16)
