"""Leases, journals, volumes: on real Redis, real files, real MariaDB."""

import contextlib
import os
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import frappe
import pymysql
import pytest
from frappe.utils.background_jobs import create_job_id, get_queue, get_redis_conn
from rq.exceptions import NoSuchJobError
from rq.job import Job

from giam_sat_mot_cua.media import events
from giam_sat_mot_cua.recording import clock
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import camera_state, indexer, journal, leases, stuck_jobs, volumes, wanted
from giam_sat_mot_cua.workers.database import DatabaseAway, is_away, unit_of_work
from giam_sat_mot_cua.workers.leases import LeaseTable


@pytest.fixture
def tables():
	"""Lease tables of two owners elsewhere, on cameras that no test shares."""
	site = f"test-{frappe.generate_hash(length=8)}"
	yield [LeaseTable(get_redis_conn(), site, f"elsewhere:{n}:1", 600) for n in (1, 2)]
	redis = get_redis_conn()
	for key in redis.keys(f"gsmc:{site}:*"):
		redis.delete(key)


def test_one_owner_at_a_time(tables):
	first, second = tables
	held = first.acquire("a")
	assert held and second.acquire("a") is None
	assert first.acquire("a") == held  # asking again is harmless
	assert not first.renew([held])
	assert first.release(held)
	taken = second.acquire("a")
	assert taken.token > held.token
	assert first.renew([held]) == [held] and not first.release(held)


def test_a_lease_that_is_not_renewed_moves(tables):
	first, second = tables
	held = first.acquire("a")
	time.sleep(0.8)
	taken = second.acquire("a")
	assert taken.token > held.token and first.renew([held]) == [held]


def test_a_lease_that_redis_forgot_is_restored(tables):
	first, second = tables
	held = first.acquire("a")
	lease, counter = first.keys("a")
	get_redis_conn().delete(lease, counter)
	assert first.renew([held]) == []
	assert second.acquire("a") is None
	assert second.holders(["a", "b"]) == {"a": first.owner}


def test_a_dead_process_of_this_machine_loses_its_leases_at_once(tables):
	child = subprocess.Popen(["/bin/sleep", "60"])
	name = f"{leases.process_space()}:{child.pid}:{leases.start_ticks(child.pid)}"
	dead = LeaseTable(tables[0].redis, tables[0].site, name, 60_000)
	assert dead.acquire("a")
	assert tables[1].acquire("a") is None
	child.kill()
	child.wait()
	assert leases.process_is_gone(name)
	assert tables[1].acquire("a")


def test_a_process_id_used_again_is_another_process():
	assert leases.process_is_gone(f"{leases.process_space()}:{os.getpid()}:1")
	assert not leases.process_is_gone(leases.own_name())
	assert not leases.process_is_gone("another-machine/pid:[1]:1:1")


def gap(camera: str = "a", start: int = 5) -> events.GapOpened:
	return events.GapOpened(camera, start, events.NETWORK)


def test_a_journal_gives_back_what_was_written(tmp_path):
	own = journal.Journal(tmp_path, leases.own_name())
	own.append([gap(start=1)])
	own.append([gap(start=2), gap(start=3)])
	assert [event.start_utc_ms for event in own.read()] == [1, 2, 3]
	with own.path.open("a") as file:
		file.write('{"event": "GapOpe')  # power cut
	assert len(own.read()) == 3
	own.empty()
	assert own.read() == []


def test_only_a_dead_recorders_journal_is_taken_over(tmp_path):
	journal.Journal(tmp_path, leases.own_name()).append([gap()])
	assert journal.left_behind(tmp_path) == []
	gone = journal.Journal(tmp_path, f"{leases.process_space()}:{os.getpid()}:1")
	gone.append([gap()])
	assert journal.left_behind(tmp_path) == [gone.path]
	gone.append([gap(start=7)])
	assert journal.lines_left_behind(tmp_path) == 2


def test_an_event_that_is_refused_holds_up_nobody(tmp_path, monkeypatch):
	frappe.db.commit()  # units of work replace the connection of this test
	stored = []

	def store(found, volume, node):
		for event in found:
			if event.start_utc_ms == 2:
				raise ValueError("refused")
			stored.append(event.start_utc_ms)

	monkeypatch.setattr(indexer, "store", store)
	try:
		indexer.deliver([gap(start=1), gap(start=2), gap(start=3)], "main", tmp_path, "node")
	finally:
		frappe.connect()
	assert stored[-2:] == [1, 3]
	assert journal.read_events(tmp_path / journal.FOLDER / journal.REJECTED) == [gap(start=2)]


def test_a_server_that_does_not_answer_is_told_apart(monkeypatch):
	frappe.db.commit()  # units of work replace the connection of this test
	port = frappe.local.conf.db_port
	frappe.local.conf.db_port = 1
	try:
		with pytest.raises(DatabaseAway), unit_of_work():
			pass
	finally:
		frappe.local.conf.db_port = port
		frappe.connect()


def test_lost_connections_are_known_whichever_driver_tells_of_them():
	"""mysqlclient, with which Frappe 16 works, has a family of errors of its own, by the same names."""

	class Error(Exception): ...

	class OperationalError(Error): ...

	class InterfaceError(Error): ...

	for family in (
		pymysql.err,
		frappe._dict(OperationalError=OperationalError, InterfaceError=InterfaceError),
	):
		assert is_away(family.OperationalError(2006, "Server has gone away"))
		assert is_away(family.OperationalError(1213, "Deadlock found"))
		assert is_away(family.InterfaceError(0, ""))
		assert not is_away(family.OperationalError(1054, "Unknown column"))
	assert not is_away(ValueError(2006))


def row(path: Path, **values):
	return frappe._dict({"name": "v", "path": str(path), "volume_id": "id-1", "checked_at": None, **values})


def test_a_new_volume_is_marked_and_known_again(tmp_path):
	volume = tmp_path / "new"
	assert volumes.check(row(volume), 0).state == "Ready"
	assert (volume / volumes.MARKER).read_text().strip() == "id-1"
	assert volumes.check(row(volume, checked_at="2026-01-01"), 0).state == "Ready"


def test_an_unmounted_volume_is_not_written_to(tmp_path):
	assert volumes.check(row(tmp_path, checked_at="2026-01-01"), 0).state == "Not Mounted"
	assert list(tmp_path.iterdir()) == []
	(tmp_path / volumes.MARKER).write_text("another\n")
	assert volumes.check(row(tmp_path, checked_at="2026-01-01"), 0).state == "Not Mounted"
	assert volumes.check(row(tmp_path / "none/at/all"), 0).state == "Not Mounted"


def test_a_full_volume_is_full(tmp_path):
	assert volumes.check(row(tmp_path / "v"), 100).state == "Full"


def test_a_read_only_volume_is_told(tmp_path):
	volume = tmp_path / "v"
	volumes.check(row(volume), 0)
	volume.chmod(0o555)
	try:
		assert volumes.check(row(volume), 0).state == "Read Only"
	finally:
		volume.chmod(0o755)


def test_wanted_cameras_are_those_to_record():
	frappe.db.rollback()
	listed = wanted.WantedList(leases.node_name())
	settings, found = listed.read()
	listed.watch.stop()
	assert settings.cameras_per_recorder == 50
	assert {name for name in found if name.startswith("NB-")} == {
		"NB-HL-01",
		"NB-HL-NM-01",
		"NB-HL-NG-01",
		"NB-GV-01",
		"NB-GV-GT-01",
		"NB-GV-GN-01",
	}
	assert found["NB-GV-GN-01"].stream.password and "@" not in found["NB-GV-GN-01"].stream.url
	assert found["NB-GV-GN-01"].stream.password not in repr(found)


def test_a_state_that_is_told_late_changes_nothing():
	camera = factories.camera(factories.unit().name).name
	now = clock.now_ms()
	camera_state.show(camera, "recording", None, now, node="a")
	camera_state.show(camera, "stopped", None, now - 5000, node="b")
	assert frappe.db.get_value("Camera", camera, ["state", "recorder_node"]) == ("Recording", "a")
	camera_state.show(camera, "waiting", "stalled", now + 1)
	assert frappe.db.get_value("Camera", camera, "state") == "Waiting"
	frappe.db.rollback()


@pytest.fixture
def started_job():
	"""A scheduled job of the app as RQ knows one that a worker has begun; it says since when it is silent."""
	method = "giam_sat_mot_cua.workers.tick.make_room"
	rq_id = create_job_id(frappe.get_doc("Scheduled Job Type", {"method": method}).rq_job_id)
	redis = get_redis_conn()
	made = []

	def begin(silent_s: float) -> Job:
		with contextlib.suppress(NoSuchJobError):
			Job.fetch(rq_id, connection=redis).delete()
		job = Job.create("frappe.ping", id=rq_id, connection=redis, origin=get_queue("default").name)
		job.save()
		with redis.pipeline() as pipe:
			job.prepare_for_execution("nobody", pipe)
			job.heartbeat(job.started_at - timedelta(seconds=silent_s), 600, pipeline=pipe)
			pipe.execute()
		made.append(job)
		return job

	yield begin
	for job in made:
		job.delete()


def test_a_job_that_nobody_runs_does_not_keep_the_next_one_from_its_turn(started_job):
	scheduled = frappe.get_doc("Scheduled Job Type", {"method": "giam_sat_mot_cua.workers.tick.make_room"})
	started_job(silent_s=stuck_jobs.SILENT_S + 5)
	assert scheduled.is_job_in_queue()
	assert scheduled.name in stuck_jobs.free()
	assert not scheduled.is_job_in_queue()


def test_a_job_that_a_worker_runs_is_left_alone(started_job):
	scheduled = frappe.get_doc("Scheduled Job Type", {"method": "giam_sat_mot_cua.workers.tick.make_room"})
	started_job(silent_s=stuck_jobs.SILENT_S - 30)
	assert scheduled.name not in stuck_jobs.free()
	assert scheduled.is_job_in_queue()
