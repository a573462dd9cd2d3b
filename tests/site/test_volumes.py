"""Which volume a camera is recorded to, and what people are told of volumes: on real folders."""

import os
from pathlib import Path

import frappe
import pytest
from frappe.utils.background_jobs import get_queue, get_queues_timeout

from giam_sat_mot_cua.recording import health_events
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import leases, retention, volume_state, volume_watch, volumes, wanted
from giam_sat_mot_cua.workers.volume_watch import VolumeWatch
from giam_sat_mot_cua.workers.volumes import FAILING, FULL, NOT_MOUNTED, READ_ONLY, READY, VolumeCheck
from tests.cameras.server import wait_for

PERCENT = 1e-9  # the disk of a test may be as full as it likes
MB = 1_000_000


def row(path: Path, name: str, **values):
	path.mkdir(exist_ok=True)
	return frappe._dict(name=name, path=str(path), volume_id=f"id-{name}", checked_at=None, **values)


@pytest.fixture
def listed(tmp_path, monkeypatch):
	"""A WantedList that follows two volumes, "a" the preferred one, looked at all the time."""
	monkeypatch.setattr(volume_watch, "EVERY_S", 0.05)
	found = wanted.WantedList("here")
	found.watch.follow([row(tmp_path / name, name) for name in "ab"], PERCENT)
	yield found
	found.watch.stop()


def break_marker(path: Path) -> None:
	(path / volumes.MARKER).rename(path / "away")


def mend_marker(path: Path) -> None:
	(path / "away").rename(path / volumes.MARKER)


BREAKS = {
	"unmounted": (break_marker, mend_marker, NOT_MOUNTED),
	"read only": (lambda path: path.chmod(0o555), lambda path: path.chmod(0o755), READ_ONLY),
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_camera_leaves_at_once_and_comes_back_only_after_a_while(listed, tmp_path, how):
	harm, mend, state = BREAKS[how]
	watch, names = listed.watch, ["a", "b"]
	assert listed.place("cam", names) == "a"
	harm(tmp_path / "a")
	try:
		wait_for(lambda: watch.seen("a").state == state, 10, f"not seen: {watch.seen('a')}")
		assert listed.place("cam", names) == "b"
	finally:
		mend(tmp_path / "a")
	wait_for(lambda: watch.seen("a").state == READY, 10, "not seen to be back")
	assert listed.place("cam", names) == "b", "it came back at once: it would flap"
	watch.looks["a"].good_since -= wanted.BACK_AFTER_S - 1
	assert listed.place("cam", names) == "b"
	watch.looks["a"].good_since -= wanted.BACK_WITHIN_S + 1
	assert listed.place("cam", names) == "a"
	assert listed.place("new", names) == "a"


def test_where_no_volume_can_be_written_a_camera_stays_and_says_so(listed, tmp_path):
	names = ["a", "b"]
	for name in names:
		break_marker(tmp_path / name)
	wait_for(lambda: not any(map(listed.watch.has_room, names)), 10, "not seen")
	assert listed.place("cam", names) == "a"
	listed.places["other"] = "b"
	assert listed.place("other", names) == "b"
	assert listed.place("third", []) is None


def test_cameras_come_back_one_after_the_other():
	moments = {wanted.comes_back_after_s(f"NB-{number:03d}") for number in range(100)}
	assert len(moments) > 50
	assert wanted.BACK_AFTER_S <= min(moments) <= max(moments) < wanted.BACK_AFTER_S + wanted.BACK_WITHIN_S


@pytest.mark.parametrize(
	("free", "state", "room"),
	[(60, READY, True), (49, FULL, True), (31, FULL, True), (29, FULL, False), (0, FULL, False)],
)
def test_a_volume_is_left_before_recording_stops_and_after_retention_had_time(free, state, room):
	"""Five per cent of 1000 MB are to be free."""
	seen = VolumeCheck(state, 1000 * MB, free * MB, writes=True)
	assert seen.has_room(5) == room
	assert volumes.stops_at(1000 * MB, 5) == 25 * MB


def test_a_disk_that_does_not_answer_holds_up_nobody(tmp_path, monkeypatch):
	monkeypatch.setattr(volume_watch, "EVERY_S", 0.05)
	monkeypatch.setattr(volume_watch, "HUNG_S", 1.0)
	monkeypatch.setattr(volume_watch, "FIRST_LOOK_S", 2.0)
	good, bad = row(tmp_path / "good", "good"), row(tmp_path / "bad", "bad")
	os.mkfifo(tmp_path / "bad" / volumes.MARKER)  # whoever reads it waits
	watch = VolumeWatch()
	try:
		watch.follow([good, bad], PERCENT)
		assert watch.seen("good").state == READY and watch.answers("good")
		wait_for(lambda: watch.seen("bad").state == FAILING, 10, "not seen to hang")
		assert not watch.answers("bad") and not watch.has_room("bad")
		with (tmp_path / "bad" / volumes.MARKER).open("w") as marker:
			marker.write("id-bad")
		wait_for(lambda: watch.looks["bad"].last.state == READY, 10, "not seen to be back")
		assert watch.good_for_s("bad") < 1, "a disk that came back after a while is not good for long"
	finally:
		watch.stop()
		wait_for(lambda: nobody_reads(tmp_path / "bad" / volumes.MARKER), 10, "the look goes on")


def nobody_reads(fifo: Path) -> bool:
	"""Lets a look that waits for the marker go."""
	try:
		os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
	except OSError:
		return True
	return False


def test_the_size_of_a_volume_is_remembered_while_it_is_away(listed, tmp_path):
	listed.watch.percent = 5
	before = listed.watch.stops_at("a")
	break_marker(tmp_path / "a")
	wait_for(lambda: listed.watch.seen("a").state == NOT_MOUNTED, 10, "not seen")
	assert listed.watch.stops_at("a") == before > 0


# What people are told


@pytest.fixture
def volume():
	frappe.db.rollback()
	name = f"t{frappe.generate_hash(length=10)}"
	doc = factories.insert(doctype="Storage Volume", volume_name=name, path=f"/srv/{name}", enabled=0)
	yield doc.name
	frappe.db.rollback()


def told(volume: str) -> set[str]:
	filters = {"storage_volume": volume, "status": "Open"}
	return set(frappe.get_all("Health Event", filters, pluck="kind", order_by="kind"))


def seen(state: str, free_mb: int = 500, **values) -> VolumeCheck:
	return VolumeCheck(state, 1000 * MB, free_mb * MB, **{"writes": state in (READY, FULL), **values})


@pytest.mark.parametrize(
	("state", "kind"),
	[(NOT_MOUNTED, "Volume Not Mounted"), (READ_ONLY, "Volume Read Only"), (FAILING, "Volume Failing")],
)
def test_a_fault_is_told_and_ends_when_it_is_over(volume, state, kind):
	for _again in range(2):
		volume_state.tell(volume, seen(state), 5)
	assert told(volume) == {kind}
	assert frappe.db.get_value("Health Event", {"storage_volume": volume}, "severity") == "Critical"
	volume_state.tell(volume, seen(READY), 5)
	assert told(volume) == set()


def test_a_full_volume_is_told_when_recording_is_about_to_stop_and_ends_when_there_is_room(volume):
	for free_mb, expected in ((45, set()), (29, {"Volume Full"}), (45, {"Volume Full"})):
		volume_state.tell(volume, seen(FULL, free_mb), 5)
		assert told(volume) == expected, free_mb
	volume_state.tell(volume, seen(READY, 60), 5)
	assert told(volume) == set()


def test_a_fault_does_not_hide_another_that_nobody_can_see_now(volume):
	volume_state.tell(volume, seen(FULL, 0), 5)
	volume_state.tell(volume, seen(NOT_MOUNTED, 0), 5)
	assert told(volume) == {"Volume Full", "Volume Not Mounted"}


def test_a_slow_volume_is_told_from_many_looks_and_does_not_flap(volume):
	limit = frappe.db.get_single_value("Monitoring Settings", "slow_write_ms")
	for share, expected in ((0.9, set()), (1.1, {"Volume Slow"}), (0.7, {"Volume Slow"}), (0.4, set())):
		volume_state.tell(volume, seen(READY, write_ms=limit * share), 5)
		assert told(volume) == expected, share


def test_one_slow_write_tells_nothing(tmp_path):
	look = volume_watch.Look(row(tmp_path, "v"), PERCENT)
	look.began = None
	for number in range(10):
		look.take(seen(READY, write_ms=9000.0 if number == 4 else 5.0), came_back=False)
		assert look.result().write_ms in (None, 5.0)


def test_what_was_wrong_with_a_volume_nobody_records_to_is_over(volume):
	health_events.report("Volume Full", storage_volume=volume)
	volume_state.close_events_of_disabled()
	assert told(volume) == set()


def test_a_look_is_stored(tmp_path, volume):
	frappe.db.set_value("Storage Volume", volume, {"path": str(tmp_path / "v"), "enabled": 1, "node": None})
	volume_state.inspect(leases.node_name())
	stored = frappe.db.get_value(
		"Storage Volume", volume, ["state", "total_gb", "write_ms", "checked_at"], as_dict=True
	)
	assert stored.state in (READY, FULL) and stored.total_gb > 0 and stored.write_ms > 0 and stored.checked_at
	assert (tmp_path / "v" / volumes.MARKER).exists()


def test_a_machines_own_queue_gets_one_job_for_each_volume(monkeypatch):
	node = f"t{frappe.generate_hash(length=8)}"
	workers = {**(frappe.local.conf.get("workers") or {}), f"volumes-{node}": {"timeout": 60}}
	monkeypatch.setitem(frappe.local.conf, "workers", workers)
	get_queues_timeout.cache_clear()  # Frappe reads the queues once in a process
	queue = get_queue(f"volumes-{node}")  # nobody works here
	try:
		for name in ("disk", "old-disk", "disk"):
			retention.enqueue(frappe._dict(name=name, node=node), "purge")
			retention.enqueue(frappe._dict(name=name, node=node), "audit", hours=1)
		waiting = [job.rpartition("-")[0].partition("gsmc-retention-")[2] for job in queue.get_job_ids()]
		assert sorted(waiting) == ["audit-disk", "audit-old-disk", "purge-disk", "purge-old-disk"]
	finally:
		queue.delete(delete_jobs=True)
		get_queues_timeout.cache_clear()
	assert retention.queue_of(None) == retention.queue_of("a-machine-without-one") == "long"
