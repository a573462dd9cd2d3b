"""Footage moved to an archive, and what becomes of it there: real files, rows, and a real store over HTTP."""

import json
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import frappe
import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.api import archives as api
from giam_sat_mot_cua.api import coverage, links, media_files, playback
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import archives, clock, footage, hour_index
from giam_sat_mot_cua.recording.hour_index import MISSING, PAST_RETENTION, REMOVED, Gone
from giam_sat_mot_cua.recording.object_store import NoSuchBucket, StoreAway
from giam_sat_mot_cua.recording.retention_runs import Run
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import metrics, moving, reconcile, tick, volume_state
from giam_sat_mot_cua.workers import retention as work
from giam_sat_mot_cua.workers.archive_files import FACTS
from tests import footage_files
from tests.archive import killed_move, store_server
from tests.footage_bytes import whole_file
from tests.footage_files import DAY_MS, MINUTE_MS, archive_row, in_index, lay, on_disk, write
from tests.site.test_retention import World, rows_of, run_of, run_purge

SOURCE = Path(__file__).resolve().parents[2]
AFTER_HOURS = 24


@pytest.fixture(scope="module")
def server():
	with store_server.store_server() as found:
		found.bucket("kho")
		yield found


@pytest.fixture
def world(tmp_path, server):
	"""A World whose footage is moved after a day. Its archive is one to which nothing is moved by itself."""
	frappe.db.rollback()
	frappe.db.set_single_value("Monitoring Settings", "archive_after_hours", AFTER_HOURS)
	made = World(tmp_path)
	yield made
	frappe.set_user("Administrator")
	frappe.local.lang = "en"
	made.turns.close()
	footage_files.forget(made.volumes, made.cameras)
	frappe.db.set_single_value("Monitoring Settings", "archive_after_hours", 0)
	frappe.db.commit()  # the running instance is to be as before


def make_archive(world, url: str, bucket: str = "kho", **values):
	made = footage_files.make_archive(url, bucket, **values)
	world.volumes[made.name] = made
	frappe.db.commit()  # jobs see what is stored
	return made


@pytest.fixture
def archive(world, server):
	return make_archive(world, server.url)


def move(volume, archive) -> bool:
	"""The job's work, in this process."""
	frappe.db.commit()  # a job sees what is stored
	return work.move_to(archive_row(archive), footage_files.archive_row(volume))


def objects(server, archive) -> set[tuple[str, int]]:
	"""{(camera, start)} of what is in the store."""
	found = set()
	for key in server.keys("kho", f"{archive.name}/"):
		path = key[len(archive.name) + 1 :]
		if path.endswith(".mp4"):
			found.add(layout.parse_path(path))
	return found


def event(kind: str, volume):
	return frappe.db.get_value(
		"Health Event",
		{"kind": kind, "storage_volume": volume.name},
		["status", "severity", "detail"],
		order_by="creation desc",
		as_dict=True,
	)


def outside(camera: str) -> dict[str, int]:
	frappe.db.rollback()  # a new look
	return dict(
		frappe.get_all("Recording Hour", {"camera": camera}, ["name", "outside_archive"], as_list=True)
	)


def contents(cameras) -> dict[tuple[str, int], bytes]:
	"""Every file that the index calls there, read from where it says."""
	frappe.db.rollback()  # a new look
	found = {}
	for camera in cameras:
		for file in footage.files_between(camera, 0, 4_000_000_000_000):
			with footage.open_file(file) as opened:
				found[camera, file.start_utc_ms] = opened.read()
	return found


# Moving


def test_closed_files_of_the_right_age_go_to_the_archive_and_stay_in_the_index(world, server, archive):
	volume, camera = world.volume(), world.camera(days=40)
	old, young = [*lay(volume, camera, world.day(3)), *lay(volume, camera, world.day(2))], []
	edge = clock.now_ms() - AFTER_HOURS * clock.HOUR_MS
	young += lay(volume, camera, [edge - MINUTE_MS // 2])  # a part of it is too young
	young += lay(volume, camera, [clock.now_ms() - 2 * clock.HOUR_MS])
	orphan = world.day(4, 1)[0]
	write(volume, camera, orphan, b"without a row")
	frappe.db.commit()  # a look at the rows is a new one
	before = [{**row, "files": None, "modified": None, "outside_archive": None} for row in rows_of(camera)]
	assert set(outside(camera).values()) == {1}
	assert move(volume, archive)
	assert objects(server, archive) == {(camera, start) for start in old}
	assert on_disk(volume) == {(camera, start) for start in [*young, orphan]}
	assert in_index(archive, [camera]) == {(camera, start): None for start in old}
	assert in_index(volume, [camera]) == {(camera, start): None for start in young}
	assert before == [
		{**row, "files": None, "modified": None, "outside_archive": None} for row in rows_of(camera)
	]
	flags = outside(camera)
	for start in old:
		assert flags[hour_index.row_name(camera, clock.hour_of(start))] == 0
	for start in young:
		assert flags[hour_index.row_name(camera, clock.hour_of(start))] == 1
	assert set(contents([camera]).values()) == {b"\1" * 1000}
	days = list(layout.days(Path(volume.path) / camera))
	assert layout.day_of(old[0]) not in days, "the empty folder went as well"
	assert move(volume, archive), "nothing is left to do"


def test_nothing_is_moved_unless_the_settings_say_so(world, server, archive):
	volume, camera = world.volume(), world.camera()
	lay(volume, camera, world.day(2))
	frappe.db.set_single_value("Monitoring Settings", "archive_after_hours", 0)
	assert move(volume, archive)
	assert len(on_disk(volume)) == 3 and objects(server, archive) == set()


def test_the_enabled_archive_with_the_smallest_priority_takes_footage(world, server, archive, monkeypatch):
	second = make_archive(world, server.url, priority=3)
	volume, camera = world.volume(), world.camera()
	lay(volume, camera, world.day(2))
	frappe.db.set_value("Storage Volume", archive.name, {"enabled": 1, "priority": 5})
	frappe.db.set_value("Storage Volume", second.name, {"enabled": 1, "priority": 4})
	frappe.db.commit()  # a job sees what is stored
	try:
		work.move(volume.name)
	finally:
		frappe.db.set_value("Storage Volume", {"name": ("in", [archive.name, second.name])}, "enabled", 0)
		frappe.db.commit()  # nothing else is moved there
	assert len(objects(server, second)) == 3 and objects(server, archive) == set()


def test_a_job_for_each_folder_is_queued_when_there_is_an_archive(world, archive, monkeypatch):
	queued = []
	monkeypatch.setattr(
		tick.retention, "enqueue", lambda row, method, **_more: queued.append((row.name, method))
	)
	volume = world.volume()
	tick.move_footage()
	assert queued == [], "no archive takes footage"
	frappe.db.set_value("Storage Volume", archive.name, "enabled", 1)
	tick.move_footage()
	assert (volume.name, "move") in queued and archive.name not in dict(queued)
	queued.clear()
	tick.apply_retention()
	assert (archive.name, "purge") in queued and (archive.name, "audit") not in queued
	frappe.db.rollback()


@pytest.mark.parametrize("step", [step.__name__ for step in killed_move.STEPS])
def test_a_run_killed_at_any_step_loses_nothing_and_the_next_one_finishes(world, server, archive, step):
	volume = footage_files.make_volume(world.path / "killed")
	world.volumes[volume.name] = volume
	cameras = [world.camera(days=40) for _n in range(2)]
	starts = world.day(3, 7)
	for number, camera in enumerate(cameras):
		lay(volume, camera, starts, size_bytes=1000 + number)
	frappe.db.commit()  # another process must see it
	wanted = {
		(camera, start): b"\1" * (1000 + number) for number, camera in enumerate(cameras) for start in starts
	}
	command = [sys.executable, "-m", "tests.archive.killed_move", step, volume.name, archive.name]
	killed = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, timeout=120)
	assert killed.returncode == -signal.SIGKILL, killed.stderr
	assert contents(cameras) == wanted
	assert len(on_disk(volume)) + len(objects(server, archive)) >= len(wanted)
	assert move(volume, archive)
	assert on_disk(volume) == set()
	assert objects(server, archive) == set(wanted)
	assert set(in_index(archive, cameras)) == set(wanted) and in_index(volume, cameras) == {}
	assert contents(cameras) == wanted
	assert {flag for camera in cameras for flag in outside(camera).values()} == {0}


def test_a_file_that_is_not_what_was_recorded_stays_and_is_told(world, server, archive):
	volume, camera = world.volume(), world.camera()
	starts = lay(volume, camera, world.day(2))
	write(volume, camera, starts[1], b"\2" * 1000)
	assert move(volume, archive)
	assert on_disk(volume) == {(camera, starts[1])}
	assert in_index(volume, [camera]) == {(camera, starts[1]): None}
	assert (camera, starts[1]) not in objects(server, archive)
	told = event("Footage Changed", volume)
	assert (told.status, told.severity) == ("Open", "Critical") and camera in told.detail
	write(volume, camera, starts[1], b"\1" * 1000)  # the right bytes are back
	assert move(volume, archive)
	assert on_disk(volume) == set()
	assert event("Footage Changed", volume).status == "Closed"


def test_a_file_left_in_its_folder_goes_only_when_its_object_is_there(world, server, archive):
	volume, camera = world.volume(), world.camera()
	starts = lay(volume, camera, world.day(2))
	move(volume, archive)
	for start in starts:
		write(volume, camera, start, b"\1" * 1000)
	keys = [f"{archive.name}/{layout.file_path(camera, start)}" for start in starts]
	server.client().delete_object(Bucket="kho", Key=keys[0])
	server.client().put_object(Bucket="kho", Key=keys[1], Body=b"something else")
	move(volume, archive)
	assert on_disk(volume) == {(camera, start) for start in starts[:2]}


def test_an_event_that_is_delivered_late_does_not_name_the_old_place_again(world, archive):
	volume, camera = world.volume(), world.camera()
	starts = world.day(2)
	lay(volume, camera, starts)
	move(volume, archive)
	before = rows_of(camera)
	digest = hour_index.files_between(camera, starts[0], starts[0] + 1)[0].sha256
	late = [hour_index.IndexedFile(start, MINUTE_MS, 1000, digest, volume.name) for start in starts]
	hour_index.merge(camera, frappe.db.get_value("Camera", camera, "unit"), late)
	frappe.db.commit()  # as a recorder does
	assert rows_of(camera) == before


def test_the_pace_is_kept_by_all_threads_together():
	pace = moving.Pace(80)  # 10 MB/s
	began = time.monotonic()
	for _n in range(4):
		pace.take(1_000_000)
	assert 0.25 < time.monotonic() - began < 1
	moving.Pace(0).take(10**12)


# A store that is not as it should be


def test_a_store_that_is_away_holds_up_nothing_and_is_told(world, server, archive):
	volume, camera = world.volume(), world.camera()
	lay(volume, camera, world.day(2))
	with store_server.silent_peer() as url:
		silent = make_archive(world, url)
		frappe.db.set_value("Storage Volume", silent.name, "checked_at", frappe.utils.now())
		before = on_disk(volume)
		began = time.monotonic()
		error = archives.check(archive_row(silent), archives.WATCHING)
		assert isinstance(error, StoreAway) and time.monotonic() - began < 8
		volume_state.show_archive(archive_row(silent), error)
	assert on_disk(volume) == before
	told = event("Volume Failing", silent)
	assert (told.status, told.severity) == ("Open", "Critical")
	assert told.detail.startswith("The archive does not answer.")
	silent.reload()
	assert (silent.state, silent.state_message) == ("Failing", told.detail)
	frappe.db.set_value("Storage Volume", silent.name, {"endpoint": server.url, "checked_at": None})
	assert archives.check(archive_row(silent)) is None
	volume_state.show_archive(archive_row(silent), None)
	assert event("Volume Failing", silent).status == "Closed"
	assert frappe.db.get_value("Storage Volume", silent.name, "state") == "Ready"


def test_a_store_that_goes_away_in_the_middle_leaves_rows_and_files_as_they_were(world, archive, monkeypatch):
	volume, camera = world.volume(), world.camera()
	starts = lay(volume, camera, world.day(2, 6))
	monkeypatch.setattr(moving, "BATCH_FILES", 2)
	with store_server.store_server() as stopping:
		stopping.bucket("kho")
		target = make_archive(world, stopping.url)
		real = moving.Moving.name_archive

		def name_archive(self, sent):
			moved = real(self, sent)
			stopping.process.kill()
			return moved

		monkeypatch.setattr(moving.Moving, "name_archive", name_archive)
		assert move(volume, target)
	assert on_disk(volume) == {(camera, start) for start in starts[2:]}
	assert set(in_index(volume, [camera])) == on_disk(volume)
	assert event("Volume Failing", target).status == "Open"


def test_another_folder_in_the_bucket_does_not_look_like_one_that_lost_everything(world, server, archive):
	volume, camera = world.volume(), world.camera()
	lay(volume, camera, world.day(2))
	move(volume, archive)
	lay(volume, camera, world.day(3))
	frappe.db.set_value("Storage Volume", archive.name, "prefix", "nowhere")
	assert work.reason_to_leave(archive_row(archive)) == "Failing"
	assert work.audit_volume(archive_row(archive)) == work.Found()
	assert move(volume, archive)
	assert len(on_disk(volume)) == 3
	assert set(in_index(archive, [camera]).values()) == {None}
	assert "marker" in event("Volume Failing", archive).detail
	frappe.db.set_value("Storage Volume", archive.name, {"prefix": archive.name, "bucket": "none"})
	assert isinstance(archives.check(archive_row(archive)), NoSuchBucket)


def test_administrators_check_an_archive_and_read_why_it_fails(world, archive):
	volume = world.volume()
	assert api.check(archive.name) == {"answers": True, "text": "The archive answers."}
	with store_server.store_server() as strict:
		strict.bucket("kho")
		strict.require_signatures()
		frappe.db.set_value("Storage Volume", archive.name, "endpoint", strict.url)
		found = api.check(archive.name)
	assert not found["answers"] and found["text"].startswith("The archive refuses access.")
	assert store_server.ACCESS_KEY not in found["text"] + frappe.as_json(frappe.get_doc(archive.as_dict()))
	assert frappe.db.get_value("Storage Volume", archive.name, "state") == "Failing"
	with pytest.raises(frappe.ValidationError, match="is not an archive"):
		api.check(volume.name)
	unit = factories.unit().name
	for role in roles.ALL_ROLES:
		frappe.set_user("Administrator")
		frappe.set_user(factories.user(role, unit).name)
		if role == roles.MONITORING_ADMINISTRATOR:
			assert not api.check(archive.name)["answers"]
		else:
			with pytest.raises(frappe.PermissionError):
				api.check(archive.name)
	frappe.set_user("Administrator")


MARKUP = b"<Error><Code>&lt;img src=x onerror=alert(1)&gt;</Code></Error>"
REFUSES = b"HTTP/1.1 403 X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(MARKUP), MARKUP)
NONSENSE = (
	b"HTTP/1.1 206 X\r\nContent-Length: 3\r\nContent-Range: bytes 0-2/*\r\nConnection: close\r\n\r\nabc"
)


def test_an_archive_that_answers_nonsense_hurts_itself_alone(world, archive):
	with store_server.answering(REFUSES) as refusing, store_server.answering(NONSENSE) as talking:
		broken = [make_archive(world, url, priority=1) for url in (refusing, talking)]
		names = [archive.name, *(one.name for one in broken)]
		frappe.db.set_value("Storage Volume", {"name": ("in", names)}, "enabled", 1)
		for name in names:
			frappe.db.set_value("Storage Volume", name, "state", "")
		volume_state.inspect_archives()
	states = [frappe.db.get_value("Storage Volume", name, "state") for name in names]
	assert states == ["Ready", "Failing", "Failing"]
	assert [event("Volume Failing", one).status for one in broken] == ["Open", "Open"]
	assert event("Volume Failing", broken[0]).detail.endswith("(imgsrcxonerroralert1 (403))")
	frappe.db.rollback()


def test_an_unforeseen_fault_of_one_archive_is_told_of_it_alone(world, server, archive, monkeypatch):
	broken = make_archive(world, server.url, priority=1)
	names = [archive.name, broken.name]
	real = archives.store

	def store(volume, *patience):
		if volume == broken.name:
			raise KeyError("unforeseen")
		return real(volume, *patience)

	monkeypatch.setattr(archives, "store", store)
	frappe.db.set_value("Storage Volume", {"name": ("in", names)}, "enabled", 1)
	volume_state.inspect_archives()
	assert [frappe.db.get_value("Storage Volume", name, "state") for name in names] == ["Ready", "Failing"]
	assert event("Volume Failing", broken).status == "Open"
	told = {
		run.volume: [line.reason for line in run.tally.lines.values()] for run in work.run_now(None, True)
	}
	assert told[broken.name] == ["Failing"] and told[archive.name] == ["Nothing to Remove"]
	frappe.db.set_value("Storage Volume", {"name": ("in", names)}, "enabled", 0)
	frappe.db.commit()  # nothing is moved there


def fetched(volume: str, path: str, **headers) -> int:
	"""The status with which a signed link is answered."""
	address = links.signed_url(volume, path, 5)
	before = getattr(frappe.local, "request", None)
	frappe.local.request = Request(EnvironBuilder(path=address, headers=headers).get_environ())
	try:
		with closing(media_files.MediaFileRenderer().render()) as response:
			return response.status_code
	finally:
		frappe.local.request = before


def test_a_link_to_what_cannot_be_had_has_a_status_of_its_own(world, archive):
	_volume, camera, starts = recorded(world, archive)
	path = layout.file_path(camera, starts[0])
	assert fetched(archive.name, path) == 200
	assert fetched("khong-co", "CAM-KHONG-CO/2026/11/24/120000000.mp4") == 404
	with store_server.answering(NONSENSE) as url:
		broken = make_archive(world, url)
		assert fetched(broken.name, path) == 424
		assert fetched(broken.name, path, Range="bytes=0-2") == 424


@pytest.mark.parametrize("asked", ["bytes=-0", "bytes=-00", "bytes=0-1,3-4", "bytes=5-2", "rows=0-1", "x"])
def test_ranges_that_are_not_served_are_refused_alike(world, archive, asked):
	volume, camera, starts = recorded(world, archive)
	path = layout.file_path(camera, starts[0])
	write(volume, camera, starts[0], whole_file())
	for name in (volume.name, archive.name):
		assert fetched(name, path, Range=asked) == 416
		assert fetched(name, path, Range="bytes=0-0") == 206
		assert fetched(name, path, Range="bytes=-5") == 206


# Retention in the archive


def test_held_footage_is_moved_and_not_removed_until_its_release(world, server, archive):
	volume, camera = world.volume(), world.camera(days=5)
	starts = lay(volume, camera, world.day(9))
	world.hold(camera, starts[1] + 30_000, starts[1] + 40_000)
	assert move(volume, archive)
	assert objects(server, archive) == {(camera, starts[1])}, (
		"what is past its retention goes from the folder"
	)
	run_purge(volume)
	run_purge(archive)
	assert on_disk(volume) == set() and objects(server, archive) == {(camera, starts[1])}
	frappe.db.set_value("Legal Hold", {"title": "test-giữ"}, "status", "Released")
	run_purge(archive)
	assert objects(server, archive) == set()
	gone = in_index(archive, [camera])[camera, starts[1]]
	assert (gone.kind, gone.why) == (REMOVED, PAST_RETENTION)


def test_footage_past_its_retention_goes_from_the_archive_with_a_record(world, server, archive):
	volume, short, long = world.volume(), world.camera(days=40), world.camera(days=400)
	for camera in (short, long):
		for ago in (5, 6, 50):
			lay(volume, camera, world.day(ago) if ago < 50 else [])
	lay(volume, long, world.day(50))
	move(volume, archive)
	assert len(objects(server, archive)) == 15
	for camera in (short, long):
		frappe.db.set_value("Camera", camera, "retention_days", {short: 5, long: 40}[camera])
	frappe.db.commit()  # a look at the rows is a new one
	before = [row.recorded_ms for row in rows_of(long)]
	run_purge(archive)
	kept = {(camera, start) for camera in (short, long) for start in world.day(5)}
	kept |= {(long, start) for start in world.day(6)}
	now = clock.now_ms()
	kept = {key for key in kept if key[0] == long or key[1] + MINUTE_MS > now - 5 * DAY_MS}
	assert objects(server, archive) == kept
	index = in_index(archive, [short, long])
	assert {key for key, gone in index.items() if not gone} == kept
	assert {gone.why for gone in index.values() if gone} == {PAST_RETENTION}
	assert [row.recorded_ms for row in rows_of(long)] == before
	run = run_of(archive)
	assert (run.status, run.volume, run.pending) == ("Finished", archive.name, None)
	assert run.file_count == 15 - len(kept)


def test_a_dry_run_over_an_archive_tells_and_removes_nothing(world, server, archive):
	volume, camera = world.volume(), world.camera(days=40)
	lay(volume, camera, world.day(9))
	move(volume, archive)
	frappe.db.set_value("Camera", camera, "retention_days", 5)
	frappe.db.commit()  # a command sees what is stored
	run = next(work.run_now(archive.name, dry_run=True))
	assert sum(line.files for line in run.tally.removals) == 3
	assert len(objects(server, archive)) == 3
	assert set(in_index(archive, [camera]).values()) == {None}


def test_what_a_killed_purge_had_removed_from_the_archive_is_marked_by_the_next(world, server, archive):
	volume, camera = world.volume(), world.camera(days=40)
	starts = lay(volume, camera, world.day(9, 6))
	move(volume, archive)
	frappe.db.set_value("Camera", camera, "retention_days", 5)
	frappe.db.commit()  # a run sees what is stored
	run = Run(archive.name, "here")
	gone = Gone(REMOVED, clock.now_ms() - 1000, PAST_RETENTION)
	run.begin_batch(archive.name, gone, {camera: starts})
	for start in starts[:2]:  # and then the process died
		key = f"{archive.name}/{layout.file_path(camera, start)}"
		server.client().delete_object(Bucket="kho", Key=key)
	run_purge(archive)
	index = in_index(archive, [camera])
	assert objects(server, archive) == set() and {mark.kind for mark in index.values()} == {REMOVED}
	assert [index[camera, start].at_utc_ms for start in starts[:2]] == [gone.at_utc_ms] * 2
	dead = frappe.get_doc("Retention Run", run.name)
	assert (dead.status, dead.file_count, dead.pending) == ("Interrupted", 2, None)


def test_an_object_whose_row_is_still_in_the_folder_is_left_to_the_move(world, server, archive):
	volume, camera = world.volume(), world.camera(days=40)
	starts = lay(volume, camera, world.day(9, 2))
	lay(volume, camera, world.day(9, 4)[2:])
	move(volume, archive)
	row = hour_index.row_name(camera, clock.hour_of(starts[0]))
	frappe.db.delete("Recording Hour", {"name": row})
	lay(volume, camera, starts)  # as if its row had not been written yet
	frappe.db.set_value("Camera", camera, "retention_days", 5)
	run_purge(archive)
	assert objects(server, archive) >= {(camera, start) for start in starts}
	assert set(in_index(volume, [camera]).values()) == {None}


def test_a_copy_left_in_the_folder_goes_by_its_age_and_the_archive_keeps_its_own_mark(world, server, archive):
	volume, camera = world.volume(), world.camera(days=40)
	starts = lay(volume, camera, world.day(9))
	move(volume, archive)
	for start in starts:
		write(volume, camera, start, b"\1" * 1000)
	frappe.db.set_value("Camera", camera, "retention_days", 5)
	run_purge(volume)
	assert on_disk(volume) == set()
	assert set(in_index(archive, [camera]).values()) == {None}
	run_purge(archive)
	assert objects(server, archive) == set()


# The index and the archive


def recorded(world, archive) -> tuple[object, str, list[int]]:
	"""Real footage of two days, moved: (volume, camera, starts)."""
	volume, camera = world.volume(), world.camera(days=40)
	starts = [*world.day(3), *world.day(2)]
	for start in starts:
		write(volume, camera, start, whole_file())
	frappe.db.commit()  # a command sees what is stored
	assert reconcile.reconcile_site(camera).indexed[camera] == len(starts)
	assert move(volume, archive)
	assert on_disk(volume) == set()
	return volume, camera, starts


def test_the_index_is_made_anew_from_the_archive_alone(world, archive):
	volume, camera, starts = recorded(world, archive)
	before = {row.name: {**row, "creation": None, "modified": None} for row in rows_of(camera)}
	frappe.db.delete("Recording Hour", {"camera": camera})
	frappe.db.commit()  # a command sees what is stored
	assert reconcile.reconcile_site(camera, again=True).indexed[camera] == len(starts)
	assert before == {row.name: {**row, "creation": None, "modified": None} for row in rows_of(camera)}


def test_a_whole_index_written_anew_stays_as_it_is(world, archive):
	_volume, camera, starts = recorded(world, archive)
	before = rows_of(camera)
	assert reconcile.reconcile_site(camera, again=True).indexed[camera] == 0
	assert rows_of(camera) == before, "not even the time of change"


def test_an_archive_that_is_away_keeps_its_rows(world, server, archive):
	_volume, camera, _starts = recorded(world, archive)
	before = rows_of(camera)
	frappe.db.set_value("Storage Volume", archive.name, "endpoint", "http://127.0.0.1:9")
	frappe.db.commit()  # a command sees what is stored
	found = reconcile.reconcile_site(camera, again=True)
	assert archive.name in found.away
	assert work.audit_volume(archive_row(archive)) == work.Found()
	assert rows_of(camera) == before


def test_the_audit_finds_what_is_missing_in_the_archive_and_what_is_back(world, server, archive):
	_volume, camera, starts = recorded(world, archive)
	key = f"{archive.name}/{layout.file_path(camera, starts[1])}"
	kept = server.client().get_object(Bucket="kho", Key=key)
	body, facts = kept["Body"].read(), kept["Metadata"]
	server.client().delete_object(Bucket="kho", Key=key)
	assert work.audit_volume(archive_row(archive)).missing == 1
	index = in_index(archive, [camera])
	assert [start for (_camera, start), gone in index.items() if gone] == [starts[1]]
	assert index[camera, starts[1]].kind == MISSING
	assert event("Footage Missing", archive).status == "Open"
	server.client().put_object(Bucket="kho", Key=key, Body=body, Metadata=facts)
	assert work.audit_volume(archive_row(archive)).back == 1
	assert event("Footage Missing", archive).status == "Closed"


def test_an_audit_of_a_folder_asks_a_store_that_is_away_once(world, monkeypatch):
	volume, camera = world.volume(), world.camera(days=40)
	starts = lay(volume, camera, world.day(2))
	for start in starts:
		(Path(volume.path) / layout.file_path(camera, start)).unlink()
	monkeypatch.setattr(archives.store, "__defaults__", (archives.WATCHING,))  # a short patience
	with store_server.silent_peer() as url:
		make_archive(world, url)
		began = time.monotonic()
		assert work.audit_volume(footage_files.archive_row(volume)).missing == 3
		assert time.monotonic() - began < 2 * archives.WATCHING.read_s


def test_an_object_without_a_row_gets_one_at_the_audit(world, archive):
	_volume, camera, starts = recorded(world, archive)
	before = {row.name: row.files for row in rows_of(camera)}
	frappe.db.delete("Recording Hour", {"camera": camera})
	frappe.db.commit()  # a job sees what is stored
	assert work.audit_volume(archive_row(archive)).indexed == len(starts)
	assert {row.name: row.files for row in rows_of(camera)} == before


def replace_object(server, archive, camera: str, start: int, body: bytes, **told) -> None:
	"""Puts an object that the store has no SHA-256 of, with facts that differ by `told`."""
	key = f"{archive.name}/{layout.file_path(camera, start)}"
	facts = json.loads(server.client().head_object(Bucket="kho", Key=key)["Metadata"][FACTS])
	facts = json.dumps({**facts, **told})
	server.client().put_object(Bucket="kho", Key=key, Body=body, Metadata={FACTS: facts})


def test_an_object_gets_a_row_only_when_it_is_what_is_said_of_it(world, server, archive):
	_volume, camera, starts = recorded(world, archive)
	changed = bytearray(whole_file())
	changed[len(changed) // 2] ^= 1
	replace_object(server, archive, camera, starts[0], whole_file())
	replace_object(server, archive, camera, starts[1], whole_file(), sha256="ab" * 32)
	replace_object(server, archive, camera, starts[2], bytes(changed))
	replace_object(server, archive, camera, starts[3], whole_file(), duration_ms=3_600_000)
	replace_object(server, archive, camera, starts[4], b"no footage")
	key = f"{archive.name}/{layout.file_path(camera, starts[5])}"
	server.client().put_object(Bucket="kho", Key=key, Body=b"x", Metadata={FACTS: "[]"})
	frappe.db.delete("Recording Hour", {"camera": camera})
	frappe.db.commit()  # a job sees what is stored
	found = work.audit_volume(archive_row(archive))
	assert (found.indexed, found.unindexed) == (1, 5)
	assert set(in_index(archive, [camera])) == {(camera, starts[0])}
	frappe.db.delete("Recording Hour", {"camera": camera})
	frappe.db.commit()  # a command sees what is stored
	assert reconcile.reconcile_site(camera, again=True).indexed[camera] == 1
	assert len(objects(server, archive)) == len(starts), "what is not ours is left alone"


# What people are told and play


def period(begin: int, end: int) -> tuple[str, str]:
	return str(clock.site_time(begin)), str(clock.site_time(end))


def test_archived_footage_is_played_and_read_through_one_door(world, archive):
	_volume, camera, starts = recorded(world, archive)
	text = playback.playlist(camera, *period(starts[0], starts[2] + MINUTE_MS)).get_data(as_text=True)
	assert text.count("#EXT-X-MAP") == 3
	assert f"/gsmc-media/{archive.name}/{layout.file_path(camera, starts[1])}?e=" in text
	for secret in (store_server.ACCESS_KEY, store_server.SECRET_KEY, archive.endpoint, archive.bucket + "/"):
		assert secret not in text
	file = footage.files_between(camera, starts[0], starts[0] + 1)[0]
	with closing(footage.open_file(file)) as opened:
		assert opened.read() == whole_file()
	kinds = [p["kind"] for p in coverage.period(camera, *period(starts[0], starts[0] + 900))["pieces"]]
	assert kinds == ["recorded"]


def test_an_archive_that_is_away_is_told_and_the_rest_is_played(world, server, archive):
	volume, camera, starts = recorded(world, archive)
	local = clock.now_ms() - 3 * clock.HOUR_MS
	write(volume, camera, local, whole_file())
	frappe.db.commit()  # a command sees what is stored
	assert reconcile.reconcile_site(camera).indexed[camera] == 1
	frappe.local.lang = "vi"
	server.pause()
	try:
		began = time.monotonic()
		with pytest.raises(playback.FootageAway, match=r"nằm trong kho lưu trữ.*Bản ghi không bị mất"):
			playback.playlist(camera, *period(starts[0], starts[0] + MINUTE_MS))
		assert time.monotonic() - began < 7
		began = time.monotonic()
		found = coverage.period(camera, *period(starts[0], starts[0] + 1000))["pieces"]
		assert (found[0]["kind"], archive.name in found[0]["text"]) == ("away", True)
		both = footage.read_indexes(footage.files_between(camera, starts[-1], local + MINUTE_MS))
		assert list(both) == [local]
		assert time.monotonic() - began < 1, "it is remembered for a moment"
	finally:
		server.go_on()
		frappe.local.lang = "en"
	frappe.cache().delete_value(archives.away_key(archive.name))  # the seconds have passed
	assert b"#EXTINF" in playback.playlist(camera, *period(starts[0], starts[0] + MINUTE_MS)).data


def test_a_missing_object_is_not_promised(world, server, archive):
	_volume, camera, starts = recorded(world, archive)
	server.client().delete_object(Bucket="kho", Key=f"{archive.name}/{layout.file_path(camera, starts[0])}")
	with pytest.raises(playback.FootageGone):
		playback.playlist(camera, *period(starts[0], starts[0] + 900))


def test_the_metrics_count_what_was_moved_and_say_whether_the_archive_answers(world, archive):
	volume, camera = world.volume(), world.camera()
	lay(volume, camera, world.day(2))
	move(volume, archive)
	frappe.db.set_value("Storage Volume", archive.name, "enabled", 1)
	shown = {family.name: family for family in metrics.collect()}

	def value(name: str) -> float:
		return next(v for labels, v in shown[name].samples if labels["volume"] == archive.name)

	assert (value("gsmc_archive_files_moved_total"), value("gsmc_archive_bytes_moved_total")) == (3, 3000)
	assert value("gsmc_archive_up") == 1
	sizes = [labels["volume"] for labels, _v in shown["gsmc_volume_size_bytes"].samples]
	assert archive.name not in sizes
	frappe.db.rollback()
