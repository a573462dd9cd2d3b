"""The main job: demo cameras stream, workers record, rows say what the files hold."""

import time

import frappe
import pytest

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import clock, hour_index
from tests.cameras.server import wait_for
from tests.e2e import rows
from tests.media.recording import decoding_errors, ffprobe, sha256

# camera: (codec, width, height, sound in the file)
EXPECTED = {
	"NB-HL-01": ("h264", 640, 360, None),
	"NB-HL-NM-01": ("h264", 640, 360, "aac"),
	"NB-HL-NG-01": ("h264", 640, 360, "aac"),
	"NB-GV-01": ("hevc", 640, 360, None),
	"NB-GV-GT-01": ("h264", 1280, 720, "aac"),
	"NB-GV-GN-01": ("h264", 640, 360, None),
}


@pytest.fixture(scope="module", autouse=True)
def short_files():
	"""Files of five seconds, so that these tests see many. Recorders pick the setting up by themselves."""
	frappe.db.rollback()
	frappe.db.set_single_value("Monitoring Settings", "file_seconds", 5)
	frappe.db.commit()  # recorders must see it
	yield
	frappe.db.rollback()
	frappe.db.set_single_value("Monitoring Settings", "file_seconds", 60)
	frappe.db.commit()  # recorders must see it


@pytest.mark.parametrize("camera", EXPECTED)
def test_files_and_rows_agree(stack, camera):
	since = clock.now_ms() - 5000
	found = rows.wait_indexed(camera, since)
	for file in found[-2:]:
		full = stack.footage / layout.file_path(camera, file.start_utc_ms)
		probed = ffprobe(full)
		streams = {stream["codec_type"]: stream for stream in probed["streams"]}
		sound = (streams.get("audio") or {}).get("codec_name")
		video = streams["video"]
		assert (video["codec_name"], video["width"], video["height"], sound) == EXPECTED[camera]
		said = (
			file.stream["video_codec"],
			file.stream["width"],
			file.stream["height"],
			file.stream["audio_codec"],
		)
		assert said == EXPECTED[camera]
		assert float(video["duration"]) * 1000 == pytest.approx(file.duration_ms, abs=2)
		assert full.stat().st_size == file.size_bytes and sha256(full) == file.sha256
		assert not decoding_errors(full)


def test_durations_add_up_to_the_wall_clock(stack):
	"""0.5 % of the time that passed, and every moment either recorded or in a gap."""
	begin = clock.now_ms() + 1000
	time.sleep(25)
	for camera in EXPECTED:
		found = rows.wait_indexed(camera, clock.now_ms() - 12_000)
		end = found[-1].end_utc_ms
		recorded = hour_index.covered_ms(rows.files(camera, begin), begin, end)
		assert recorded >= (end - begin) * 0.995, (camera, recorded, end - begin, rows.gaps(camera, begin))
	for camera in EXPECTED:
		assert [gap for gap in rows.gaps(camera) if clock.utc_ms(gap.start_utc) > begin] == []


def test_rows_count_what_their_files_hold(stack):
	rows.refresh()
	for row in frappe.get_all("Recording Hour", fields=["*"]):
		hour = clock.utc_ms(row.hour_start_utc)
		held = hour_index.unpack(row.files, hour)
		assert row.file_count == len(held)
		before = hour_index.files_between(row.camera, hour - 1, hour)
		assert row.recorded_ms == hour_index.covered_ms([*before, *held], hour, hour + 3_600_000)
		assert row.unit == frappe.db.get_value("Camera", row.camera, "unit")
		assert row.owner == "Administrator"


def test_an_index_written_anew_from_the_files_says_the_same(stack):
	rows.refresh()
	camera = "NB-GV-01"
	before = {row.name: row for row in frappe.get_all("Recording Hour", {"camera": camera}, ["*"])}
	command = stack.start_bench("gsmc", "rebuild-index", "--camera", camera)
	printed, _errors = command.communicate(timeout=120)
	assert command.returncode == 0 and "files in the index" in printed, printed
	rows.refresh()
	for name, row in before.items():
		after = frappe.get_doc("Recording Hour", name)
		old, new = (files_by_start(one) for one in (row, after))
		assert {start: new.get(start) for start in old} == old, name
		if len(new) == len(old) and after.recorded_ms == row.recorded_ms:  # nothing was recorded meanwhile
			assert after.modified == row.modified, name


def files_by_start(row) -> dict[int, hour_index.IndexedFile]:
	hour = clock.utc_ms(frappe.utils.get_datetime(row.hour_start_utc))
	return {file.start_utc_ms: file for file in hour_index.unpack(row.files, hour)}


def test_camera_shows_what_it_records(stack):
	rows.refresh()
	for camera in EXPECTED:
		shown = frappe.db.get_value(
			"Camera", camera, ["state", "picture", "sound", "recorder_node"], as_dict=True
		)
		assert shown.state == "Recording"
		assert "hình/giây" in shown.picture and shown.recorder_node
	assert frappe.db.get_value("Camera", "NB-HL-01", "sound") == "không có"
	assert frappe.db.get_value("Camera", "NB-GV-GT-01", "sound") == "G.711 µ, 8 kHz"


def test_switched_off_and_on_again(stack):
	camera = "NB-HL-NG-01"
	doc = frappe.get_doc("Camera", camera)
	doc.enabled = 0
	doc.save()
	frappe.db.commit()  # recorders must see it
	try:
		wait_for(lambda: rows.state(camera)[0] == "Not Recording", 30, "the camera is still recorded")
		gap = wait_for(lambda: [g for g in rows.gaps(camera) if g.cause == "Switched Off"], 20, "no gap")[-1]
		begins = clock.utc_ms(gap.start_utc)
		wait_for(lambda: abs(begins - rows.files(camera)[-1].end_utc_ms) < 3000, 20, "not where footage ends")
	finally:
		doc.reload()
		doc.enabled = 1
		doc.save()
		frappe.db.commit()  # recorders must see it
	wait_for(lambda: rows.state(camera)[0] == "Recording", 30, "the camera is not recorded again")
	wait_for(lambda: rows.gaps(camera)[-1].end_utc, 20, "the gap is still open")
	assert rows.gaps(camera)[-1].cause == "Switched Off"


def test_a_changed_connection_is_told_as_such(stack):
	camera = "NB-HL-NG-01"
	doc = frappe.get_doc("Camera", camera)
	since = clock.now_ms()
	doc.transport = "UDP"
	doc.save()
	frappe.db.commit()  # recorders must see it
	try:
		found = wait_for(
			lambda: [g for g in rows.gaps(camera) if clock.utc_ms(g.start_utc) > since and g.end_utc],
			40,
			"no gap",
		)
		assert [gap.cause for gap in found] == ["Configuration"]
	finally:
		doc.reload()
		doc.transport = "TCP"
		doc.save()
		frappe.db.commit()  # recorders must see it
	wait_for(lambda: rows.state(camera)[0] == "Recording", 30, "the camera is not recorded again")


@pytest.mark.parametrize(
	"words", [("rebuild-index", "--camera", "KHONG"), ("retention", "--volume", "khong")]
)
def test_a_command_for_a_record_that_is_not_there_says_so(stack, words):
	done = stack.bench("gsmc", *words)
	assert done.returncode and "There is no" in done.stdout + done.stderr
