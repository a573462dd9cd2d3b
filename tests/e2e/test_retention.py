"""Retention and volumes under real faults: a disk that is full to the last byte, space that comes late, a run
killed in the middle, a hold placed while files go, a volume that vanishes under live recorders."""

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import frappe
import pytest
import requests

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.evidence import holds
from giam_sat_mot_cua.recording import clock, hour_index
from giam_sat_mot_cua.recording.hour_index import PAST_RETENTION, REMOVED, Gone, IndexedFile
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import volumes
from tests import footage_files
from tests.cameras.server import wait_for
from tests.e2e import rows
from tests.e2e.test_browser import browser, log_in, open_camera, shown  # noqa: F401
from tests.e2e.test_recording import EXPECTED, short_files  # noqa: F401
from tests.footage_files import DAY_MS, MINUTE_MS, in_index, lay, on_disk
from tests.namespaces import separated

SOURCE = Path(__file__).resolve().parents[2]


# A small disk that is full


def small_disk(case: str, folder: Path) -> dict:
	"""Runs a case of small_disk.py on a disk of its own; what it found."""
	host = f"hostname t-{frappe.generate_hash(length=8)} && exec"
	script = f"{host} {sys.executable} -m tests.e2e.small_disk {case} {folder}"
	command = [*separated("mount", "uts"), "sh", "-c", script]
	done = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, timeout=280)
	assert done.returncode == 0, done.stdout + done.stderr
	return json.loads(done.stdout.splitlines()[-1])


def assert_agree(found: dict) -> None:
	assert found["disk"] == found["there"]
	assert not [gone for gone in found["gone"] if gone[:2] in found["disk"]]


def test_a_disk_filled_to_the_last_byte_loses_what_is_past_its_retention(tmp_path):
	found = small_disk("fills_to_the_last_byte", tmp_path)
	assert found["full"] == 0
	assert found["told"]["severity"] == "Critical"
	assert_agree(found)
	old = found["now"] - 10 * DAY_MS
	assert len([start for _camera, start in found["disk"] if start > old]) == 160, "younger footage stays"
	held = [key for key in found["disk"] if key[1] < old]
	assert [camera for camera, _start in held] == [found["cameras"][0]] * 3
	assert {(kind, why) for _camera, _start, kind, _at, why in found["gone"]} == {("removed", "age")}
	assert found["free"] >= found["wanted"]
	assert found["early"] is None
	assert found["full"] == 0 and found["sums"] == found["before"], "what was recorded does not change"
	assert [(run["status"], run["file_count"]) for run in found["runs"]] == [("Finished", 17)]


def test_younger_footage_goes_oldest_first_after_an_alarm_and_no_more_than_needed(tmp_path):
	found = small_disk("must_remove_early", tmp_path)
	assert_agree(found)
	early = found["gone"]
	assert {(kind, why) for _camera, _start, kind, _at, why in early} == {("removed", "space")}
	assert (found["early"]["status"], found["early"]["severity"]) == ("Open", "Critical")
	assert found["early"]["creation"] <= min(at for *_key, at, _why in early)
	held = [key for key in found["disk"] if key[0] == found["cameras"][0]][:9]
	others = [key for key in found["disk"] if key not in held]
	assert max(start for _camera, start, *_gone in early) <= min(start for _camera, start in others)
	assert found["wanted"] <= found["free"] <= found["wanted"] * 1.2 + 2 * 102_400
	youngest = max(start for _camera, start, *_gone in early)
	days = (found["now"] - youngest) / DAY_MS
	assert f"{days:.1f}" in found["early"]["detail"]
	assert "10 " in found["early"]["detail"]


def test_space_that_comes_late_is_waited_for(tmp_path):
	found = small_disk("frees_late", tmp_path)
	assert_agree(found)
	one_batch = found["laid"] - found["first"]
	assert 0 < one_batch < 20
	assert found["second"] == found["first"], "the next run waits for the space of the first"
	assert found["after_closing"] >= found["wanted"]
	assert len(found["disk"]) == found["second"]
	assert found["runs"][0]["message"]


def test_held_footage_stays_on_a_full_disk_and_people_are_told(tmp_path):
	found = small_disk("holds_everything", tmp_path)
	assert_agree(found)
	assert len(found["disk"]) == found["laid"] and found["gone"] == []
	assert (found["full"]["status"], found["full"]["severity"]) == ("Open", "Critical")
	assert found["early"] is None


# A run that is killed, and a hold that comes meanwhile


@pytest.fixture
def old_footage(tmp_path):
	"""A volume that nobody records to, cameras that keep footage for five days, and where days begin."""
	frappe.db.rollback()
	volume = footage_files.make_volume(tmp_path / "volume")
	unit = factories.unit().name
	cameras = [factories.camera(unit, retention_days=5).name for _n in range(3)]
	yield volume, cameras, clock.now_ms() - clock.now_ms() % DAY_MS
	footage_files.forget([volume.name], cameras)


def start_retention(stack, volume) -> subprocess.Popen:
	"""`bench --site SITE gsmc retention`, as a person starts it."""
	frappe.db.commit()  # another process must see it
	return stack.start_bench("gsmc", "retention", "--volume", volume.name)


def test_a_run_killed_again_and_again_ends_with_rows_and_files_that_agree(stack, old_footage):
	volume, cameras, today = old_footage
	for camera in cameras:
		lay(volume, camera, [today - 8 * DAY_MS + n * MINUTE_MS for n in range(1440)], size_bytes=10)
		lay(volume, camera, [today - DAY_MS])
	kills = 0
	for _attempt in range(20):
		before = len(on_disk(volume))
		process = start_retention(stack, volume)
		while process.poll() is None and len(on_disk(volume)) == before:
			pass
		if process.poll() is None:
			process.send_signal(signal.SIGKILL)
			kills += 1
		process.communicate(timeout=60)
		frappe.db.rollback()
		if len(on_disk(volume)) == len(cameras):
			break
	done = start_retention(stack, volume)
	printed = done.communicate(timeout=120)
	assert done.returncode == 0, printed
	assert kills, "no run was killed in the middle"
	index = in_index(volume, cameras)
	assert {key for key, gone in index.items() if not gone} == on_disk(volume)
	assert on_disk(volume) == {(camera, today - DAY_MS) for camera in cameras}
	assert {gone.why for gone in index.values() if gone} == {PAST_RETENTION}, "nothing counts as missing"
	assert len(index) == len(cameras) * 1441
	runs = frappe.get_all("Retention Run", {"volume": volume.name}, ["status", "file_count", "pending"])
	assert sum(run.file_count for run in runs) == len(cameras) * 1440
	assert not [run for run in runs if run.pending or run.status == "Running"]


def test_a_hold_placed_while_a_run_is_at_work_is_kept(stack, old_footage):
	volume, cameras, today = old_footage
	starts = lay(volume, cameras[0], [today - 9 * DAY_MS + n * MINUTE_MS for n in range(60)])
	lay(volume, cameras[0], [today - DAY_MS])
	frappe.db.commit()  # another process must see it
	row = {
		"camera": cameras[0],
		"from_time": clock.site_time(starts[10]),
		"to_time": clock.site_time(starts[20]),
	}
	hold = frappe.get_doc(doctype="Legal Hold", title="test-giữ", basis="Công văn", cameras=[row])
	hold.insert()  # and not committed yet: the run began before
	process = stack.start_bench("gsmc", "retention", "--volume", volume.name)
	wait_for(lambda: process.poll() is not None or waits_for_a_lock(), 60, "the run does not wait")
	assert process.poll() is None and len(on_disk(volume)) == 61, "nothing goes before the hold is decided"
	frappe.db.commit()
	printed = process.communicate(timeout=60)
	assert process.returncode == 0, printed
	assert {start for _camera, start in on_disk(volume)} == {*starts[10:20], today - DAY_MS}
	assert holds.held(cameras[0], starts[10], starts[11])


def waits_for_a_lock() -> bool:
	"""Whether another connection of this site stands before the turn that we hold."""
	statement = "%`tabDocType`%Legal Hold%FOR UPDATE%"
	table = "select info from information_schema.processlist where info like %s and id != connection_id()"
	return bool(frappe.db.sql(table, statement))


# Volumes under live recorders


@pytest.fixture
def spare(stack):
	"""A second volume to which cameras go on when the first is away."""
	frappe.db.rollback()
	name = f"t{frappe.generate_hash(length=8)}"
	path = stack.footage.with_name(name)
	path.mkdir()
	doc = frappe.get_doc(doctype="Storage Volume", volume_name=name, path=str(path), priority=50).insert()
	frappe.db.commit()  # recorders must see it
	wait_for(lambda: (path / volumes.MARKER).exists(), 60, "the new volume was not seen")
	yield doc
	frappe.db.rollback()
	frappe.db.set_value("Storage Volume", name, "enabled", 0)
	frappe.db.commit()  # recorders must see it


def open_event(kind: str, volume: str) -> bool:
	rows.refresh()
	return bool(frappe.db.exists("Health Event", {"kind": kind, "storage_volume": volume, "status": "Open"}))


def wait_on_main() -> None:
	wait_for(lambda: set(newest_volumes().values()) == {"main"}, 120, f"not on main: {newest_volumes()}")


def begin_anew(stack) -> None:
	"""Recorders that begin anew begin with the first volume."""
	stack.stop("recorder-1", "recorder-2")
	stack.start("recorder-1", "recorder-2")
	wait_on_main()


def newest_volumes() -> dict[str, str]:
	"""Volume of each camera's newest file in the index."""
	found = {}
	for camera in EXPECTED:
		files = rows.files(camera, clock.now_ms() - 600_000)
		found[camera] = files[-1].volume if files else ""
	return found


def test_cameras_go_on_at_the_next_volume_and_one_with_a_fixed_volume_stays(stack, spare):
	marker = stack.footage / volumes.MARKER
	fixed = "NB-GV-GN-01"
	frappe.db.set_value("Camera", fixed, "volume", "main")
	frappe.db.commit()  # recorders must see it
	wait_on_main()
	begin = clock.now_ms()
	marker.rename(marker.with_suffix(".away"))
	try:
		others = [camera for camera in EXPECTED if camera != fixed]
		wait_for(
			lambda: all(newest_volumes()[camera] == spare.name for camera in others),
			90,
			f"not all cameras moved: {newest_volumes()}",
		)
		wait_for(lambda: rows.state(fixed)[1] == "Storage Fault", 60, "the fixed camera is not said to fail")
		wait_for(lambda: open_event("Volume Not Mounted", "main"), 60, "nobody was told")
		for camera in others:
			found = rows.files(camera, begin)
			end = found[-1].end_utc_ms
			recorded, explained = rows.explained_ms(camera, begin, end)
			assert recorded + explained >= end - begin - 1500, (camera, rows.gaps(camera, begin))
			assert end - begin - recorded < 30_000, (camera, rows.gaps(camera, begin))
	finally:
		marker.with_suffix(".away").rename(marker)
		frappe.db.rollback()
		frappe.db.set_value("Camera", fixed, "volume", None)
		frappe.db.commit()  # recorders must see it
	wait_for(lambda: not open_event("Volume Not Mounted", "main"), 90, "the event goes on")
	wait_for(lambda: rows.state(fixed)[0] == "Recording", 60, "the fixed camera is not recorded again")
	time.sleep(15)
	moved = newest_volumes()
	assert {moved[camera] for camera in others} == {spare.name}, "they come back later, not at once"
	begin_anew(stack)


def test_a_volume_that_cannot_be_written_is_left_at_once(stack, spare):
	wait_on_main()
	stack.footage.chmod(0o555)
	try:
		wait_for(lambda: set(newest_volumes().values()) == {spare.name}, 90, f"not moved: {newest_volumes()}")
		wait_for(lambda: open_event("Volume Read Only", "main"), 60, "nobody was told")
	finally:
		stack.footage.chmod(0o755)
	wait_for(lambda: not open_event("Volume Read Only", "main"), 90, "the event goes on")
	begin_anew(stack)


# What a person is told


@pytest.fixture
def removed_period():
	"""(camera, start) of an hour, long ago, that retention has removed."""
	camera, start = "NB-HL-NM-01", 1_700_000_000_000
	frappe.db.rollback()
	unit = frappe.db.get_value("Camera", camera, "unit")
	files = [IndexedFile(start + n * MINUTE_MS, MINUTE_MS, 1000, "ab" * 32, "main") for n in range(10)]
	hour_index.merge(camera, unit, files)
	starts = {file.start_utc_ms for file in files}
	for row in hour_index.lock_hours({camera: starts})[camera]:
		hour_index.mark_gone(row, "main", starts, Gone(REMOVED, start + 30 * DAY_MS, PAST_RETENTION))
	frappe.db.commit()  # the web server must see it
	yield camera, start
	frappe.db.rollback()
	names = {hour_index.row_name(camera, clock.hour_of(one)) for one in starts}
	frappe.db.delete("Recording Hour", {"name": ("in", list(names))})
	frappe.db.commit()  # the running instance is to be as before


def period(start: int, minutes: int) -> dict:
	end = clock.site_time(start + minutes * MINUTE_MS)
	return {"start": f"{clock.site_time(start):%Y-%m-%d %H:%M:%S}", "end": f"{end:%Y-%m-%d %H:%M:%S}"}


def test_the_playlist_of_a_removed_period_says_why(stack, session, removed_period):
	camera, start = removed_period
	person = session("Unit Operator")
	method = f"{stack.url}/api/method/giam_sat_mot_cua.api."
	query = {"camera": camera, **period(start, 10)}
	answer = person.get(method + "playback.playlist", params=query, timeout=60)
	assert answer.status_code == 410
	told = json.loads(json.loads(answer.json()["_server_messages"])[0])["message"]
	day = f"{clock.site_time(start + 30 * DAY_MS):%d/%m/%Y %H:%M:%S}"
	assert told == f"Không xem lại được khoảng này. Đã ghi, và đã xóa ngày {day} do hết thời hạn lưu."
	found = person.get(method + "coverage.period", params=query, timeout=60).json()["message"]
	assert [(piece["kind"], piece["seconds"]) for piece in found["pieces"]] == [("removed", 600.0)]
	assert (found["recorded_s"], found["playable_s"]) == (600.0, 0.0)
	other = {**query, "camera": "NB-GV-01"}
	assert person.get(method + "coverage.period", params=other, timeout=60).status_code == 403


def test_the_player_shows_what_was_removed(browser, stack, removed_period):  # noqa: F811
	camera, start = removed_period
	log_in(browser, stack, "Unit Operator")
	open_camera(browser, stack)
	query = {"camera": camera, **period(start, 12)}
	browser.execute_script("cur_frm.gsmc_player.play(arguments[0], false)", query)
	wait_for(
		lambda: "đã xóa ngày" in shown(browser, ".gsmc-note"),
		40,
		f"another message: {shown(browser, '.gsmc-screen')}",
	)
	wait_for(lambda: "do hết thời hạn lưu" in shown(browser, ".gsmc-period"), 40, "no timeline")
	assert "Không có thông tin về khoảng này" in shown(browser, ".gsmc-period")
	classes = "return [...document.querySelectorAll('.gsmc-period span')].map((s) => s.className)"
	assert browser.execute_script(classes) == ["removed", "unknown"]


# Asked for by several at once


def test_of_several_who_ask_at_once_one_starts_a_dry_run(stack, session):
	ended = lambda: rows.refresh() or not unended_dry_runs()  # noqa: E731
	wait_for(ended, 120, "a dry run does not end")
	person = session(roles.MONITORING_ADMINISTRATOR)
	method = stack.url + "/api/method/giam_sat_mot_cua.api.retention.start_dry_run"
	cookies, headers = person.cookies.get_dict(), dict(person.headers)

	def ask(_number: int) -> dict:
		answer = requests.post(method, json={}, cookies=cookies, headers=headers, timeout=60)
		assert answer.status_code == 200, answer.text[-800:]
		return answer.json()["message"]

	with ThreadPoolExecutor(6) as together:
		answers = list(together.map(ask, range(6)))
	rows.refresh()
	for answer in answers:
		if not answer["started"]:
			assert answer["name"] in {one["name"] for one in answers if one["started"]}
	made = [frappe.get_doc("Retention Run", one["name"]) for one in answers if one["started"]]
	spans = sorted((run.creation, run.ended_on) for run in made)
	assert spans
	for (_begin, end), (next_begin, _end) in pairwise(spans):
		assert end and next_begin >= end, "two were under way at the same time"
	wait_for(ended, 120, "the dry run does not end")


def unended_dry_runs() -> list[str]:
	return frappe.get_all(
		"Retention Run",
		{"dry_run": 1, "status": ("in", ("Waiting", "Running"))},
		pluck="name",
		order_by="name",
	)
