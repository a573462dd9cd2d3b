"""Real RTSP in, files out: right, contiguous, hashed, playable; and every fault that a camera can have."""

import json
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from giam_sat_mot_cua.media import events, layout, repair
from giam_sat_mot_cua.media.segment_index import GrowingIndex, read_index
from tests.cameras.server import PASSWORD, USERNAME, CameraServer, camera, wait_for
from tests.media.recording import Recording, decoding_errors, ffprobe, sha256

CAMERAS = [
	camera("/plain"),
	camera("/alaw", audio="pcma"),
	camera("/aac", audio="aac"),
	camera("/bframes", b_frames=2),
	camera("/hevc", codec="h265"),
	camera("/locked", auth="digest"),
	camera("/sound", audio="pcmu", video=False),
]


@pytest.fixture(scope="module")
def server():
	with CameraServer(CAMERAS) as running:
		yield running


@pytest.mark.parametrize(
	("path", "video", "audio"),
	[
		("/plain", ("h264", "avc1"), None),
		("/alaw", ("h264", "avc1"), "aac"),
		("/aac", ("h264", "avc1"), "aac"),
		("/hevc", ("hevc", "hvc1"), None),
	],
)
def test_files_hold_what_the_camera_sent(server, tmp_path, path, video, audio):
	with Recording(server.url(path), tmp_path) as recording:
		files = recording.wait_files(3)[:3]
	for file in files:
		full = tmp_path / file.path
		found = ffprobe(full)
		streams = {stream["codec_type"]: stream for stream in found["streams"]}
		assert (streams["video"]["codec_name"], streams["video"]["codec_tag_string"]) == video
		assert (streams["video"]["width"], streams["video"]["height"]) == (320, 180)
		assert (streams.get("audio") or {}).get("codec_name") == audio
		assert float(streams["video"]["duration"]) * 1000 == pytest.approx(file.duration_ms, abs=2)
		assert full.stat().st_size == file.size_bytes
		assert sha256(full) == file.sha256
		assert not decoding_errors(full)
	if audio:  # no sound is lost where files meet
		heard = sum(float(ffprobe(tmp_path / f.path)["streams"][1]["duration"]) for f in files[1:])
		assert heard == pytest.approx(sum(f.duration_ms for f in files[1:]) / 1000, abs=0.4)


def test_files_join_and_add_up_to_the_time_that_passed(server, tmp_path):
	began = time.time()
	with Recording(server.url("/plain"), tmp_path) as recording:
		recording.wait_files(4)
	ended = time.time()
	files = recording.of(events.FileClosed)
	for earlier, later in pairwise(files):
		assert later.start_utc_ms == earlier.start_utc_ms + earlier.duration_ms
	assert recording.of(events.GapOpened) == recording.of(events.GapClosed) == []
	# the first key frame was taken before we asked, by a GOP
	assert files[0].start_utc_ms / 1000 > began - 2.5
	assert abs(files[-1].start_utc_ms + files[-1].duration_ms - ended * 1000) < 1500


def test_b_frames_keep_their_order_and_their_time(server, tmp_path):
	with Recording(server.url("/bframes"), tmp_path) as recording:
		files = recording.wait_files(3)
	for file in files[:3]:
		command = ["ffprobe", "-v", "error", "-show_entries", "packet=pts_time,dts_time", "-of", "json"]
		done = subprocess.run([*command, tmp_path / file.path], capture_output=True, check=True)
		packets = json.loads(done.stdout)["packets"]
		shown = [float(packet["pts_time"]) for packet in packets]
		assert shown != sorted(shown), "the camera sent no B-frames"
		assert not decoding_errors(tmp_path / file.path)
	for earlier, later in pairwise(sorted(shown)):  # of the last file
		assert later - earlier == pytest.approx(0.1, abs=0.02)


def test_index_of_a_closed_file_is_what_walking_it_finds(server, tmp_path):
	with Recording(server.url("/alaw"), tmp_path) as recording:
		file = recording.wait_files(2)[1]
	full = tmp_path / file.path
	index = read_index(full)
	assert index.complete and index.duration_ms == file.duration_ms
	assert index == GrowingIndex(full).update()
	assert index.fragments[0].key and sum(f.key for f in index.fragments) >= 3


def test_newest_key_frame_is_kept_as_a_picture(server, tmp_path):
	with Recording(server.url("/hevc"), tmp_path) as recording:
		wait_for(lambda: len(recording.of(events.StillTaken)) >= 2, 30, "no stills")
	still = tmp_path / layout.still_path("cam")
	assert ffprobe(still)["streams"][0]["width"] == 640
	assert [path.name for path in still.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
	("url", "login", "fault"),
	[
		("rtsp://127.0.0.1:1/x", ("", ""), "unreachable"),
		("rtsp://no-such-host.invalid/x", ("", ""), "unknown_host"),
		("http://127.0.0.1/x", ("", ""), "bad_address"),
		("{server}/nothing-here", ("", ""), "not_found"),
		("{server}/sound", ("", ""), "no_video"),
		("{server}/locked", (USERNAME, "wrong"), "authentication"),
		("{server}/locked", ("", ""), "authentication"),
	],
)
def test_what_is_wrong_is_told_once_and_without_secrets(server, tmp_path, url, login, fault, capfd):
	url = url.replace("{server}", server.url(""))
	with Recording(url, tmp_path, username=login[0], password=login[1]) as recording:
		recording.wait_state("waiting", fault)
		time.sleep(2)  # several attempts
	assert [event.state for event in recording.of(events.StateChanged)] == [
		"connecting",
		"waiting",
		"stopped",
	]
	assert len(recording.of(events.GapOpened)) == 1
	assert recording.of(events.FileClosed) == []
	told = (
		"".join(map(events.to_json, recording.events)) + "".join(capfd.readouterr()) + repr(recording.stream)
	)
	assert "wrong" not in told.replace("wrong_", "")


def test_login_is_used_and_never_shown(server, tmp_path, capfd):
	with Recording(server.url("/locked"), tmp_path, username=USERNAME, password=PASSWORD) as recording:
		recording.wait_files(1)
	told = (
		"".join(map(events.to_json, recording.events)) + "".join(capfd.readouterr()) + repr(recording.stream)
	)
	assert PASSWORD not in told


@pytest.mark.parametrize("how", ["kill", "stall", "freeze"])
def test_a_lost_camera_is_noticed_and_comes_back(tmp_path, how):
	"""kill: the peer dies. stall: it hangs, connections open. freeze: RTCP goes on, pictures do not."""
	with CameraServer([camera("/a")]) as server, Recording(server.url("/a"), tmp_path) as recording:
		recording.wait_files(1)
		lost_at = time.time() * 1000
		{"kill": server.kill, "stall": server.stall, "freeze": lambda: server.control("freeze", "/a")}[how]()
		wait_for(lambda: recording.recorder.health().state == "waiting", 30, "the loss was not noticed")
		opened = wait_for(lambda: recording.of(events.GapOpened), 10, "no gap")[0]

		def closed_at_the_gap() -> bool:
			ends = [file.start_utc_ms + file.duration_ms for file in recording.of(events.FileClosed)]
			return bool(ends) and ends[-1] == opened.start_utc_ms

		wait_for(closed_at_the_gap, 10, "the gap does not begin where the last file ends")
		assert abs(opened.start_utc_ms - lost_at) < 3000
		assert opened.cause == events.CAMERA_OFFLINE
		back = {
			"kill": server.start,
			"stall": server.resume,
			"freeze": lambda: server.control("resume", "/a"),
		}
		back[how]()
		recording.wait_state("recording")
		closed = recording.of(events.GapClosed)[0]
		assert (closed.start_utc_ms, closed.cause) == (opened.start_utc_ms, opened.cause)
		assert closed.end_utc_ms in [opened.start_utc_ms for opened in recording.of(events.FileOpened)[1:]]
		files = recording.of(events.FileClosed)
		health = recording.recorder.health()
		assert health.connections >= 2 and health.fragments > health.files >= len(files)
		assert health.bytes_written >= sum(file.size_bytes for file in files)


def test_a_change_of_size_begins_a_new_file_of_that_size(tmp_path):
	with CameraServer([camera("/a")]) as server, Recording(server.url("/a"), tmp_path) as recording:
		recording.wait_files(1)
		server.control("resolution", "/a", width=640, height=360)
		wait_for(
			lambda: any(f.info.width == 640 for f in recording.of(events.FileClosed)),
			40,
			"no file of the new size",
		)
	for file in recording.of(events.FileClosed):
		stream = ffprobe(tmp_path / file.path)["streams"][0]
		assert stream["width"] == file.info.width
		assert not decoding_errors(tmp_path / file.path)


def test_time_before_this_recorder_is_a_gap_of_its_own(server, tmp_path):
	before = round(time.time() * 1000) - 60_000
	with Recording(server.url("/plain"), tmp_path, recorded_until_utc_ms=before) as recording:
		recording.wait_files(1)
	gap = recording.of(events.GapClosed)[0]
	assert (gap.start_utc_ms, gap.cause) == (before, events.RECORDER_DOWN)
	assert gap.end_utc_ms == recording.of(events.FileOpened)[0].start_utc_ms


def test_a_missing_volume_is_told_and_not_made(server, tmp_path):
	volume = tmp_path / "unmounted"
	with Recording(server.url("/plain"), volume) as recording:
		recording.wait_state("waiting", "storage")
	assert not volume.exists()
	volume.mkdir()
	with Recording(server.url("/plain"), volume, marker=".here") as recording:
		recording.wait_state("waiting", "storage")
		(volume / ".here").touch()
		recording.wait_state("recording")
	assert recording.of(events.GapOpened)[0].cause == events.DISK


def test_a_volume_that_vanishes_leaves_no_file_open(server, tmp_path):
	marker = tmp_path / ".here"
	marker.touch()
	with Recording(server.url("/plain"), tmp_path, marker=".here", file_seconds=3) as recording:
		recording.wait_files(1)
		marker.unlink()
		recording.wait_state("waiting", "storage")
		opened = {event.path for event in recording.of(events.FileOpened)}
		wait_for(
			lambda: {event.path for event in recording.of(events.FileClosed)} == opened, 10, "one stays open"
		)
		last = recording.of(events.FileClosed)[-1]
		gap = recording.of(events.GapOpened)[-1]
	assert gap.start_utc_ms == last.start_utc_ms + last.duration_ms
	assert read_index(tmp_path / last.path).complete


def test_a_disk_that_runs_full_keeps_what_is_whole(server, tmp_path):
	"""The limit of file sizes stands for the full disk: write() fails in the middle of a file."""
	script = (
		"import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
		"resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)); "
		"from giam_sat_mot_cua.media.cli import main; sys.exit(main(sys.argv[1:]))"
	)
	command = [sys.executable, "-c", script, "record", "--camera", f"cam={server.url('/plain')}"]
	command += ["--out", str(tmp_path), "--seconds", "14", "--file-seconds", "60", "--json"]
	done = subprocess.run(command, capture_output=True, text=True, timeout=90)
	told = [events.from_json(line) for line in done.stdout.splitlines()]
	assert any(isinstance(e, events.StateChanged) and e.fault == "storage" for e in told)
	assert any(isinstance(e, events.GapOpened) and e.cause == events.DISK for e in told)
	closed = [e for e in told if isinstance(e, events.FileClosed)]
	assert closed
	for file in closed:
		full = tmp_path / file.path
		assert sha256(full) == file.sha256 and read_index(full).complete and not decoding_errors(full)
	gap = next(e for e in told if isinstance(e, events.GapOpened))
	assert gap.start_utc_ms in [file.start_utc_ms + file.duration_ms for file in closed]


def test_killed_in_the_middle_all_but_the_last_moment_is_kept(server, tmp_path):
	command = [sys.executable, "-m", "giam_sat_mot_cua.media.cli", "record", "--out", str(tmp_path)]
	command += ["--camera", f"cam={server.url('/alaw')}", "--file-seconds", "60", "--json"]
	process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
	first = next(e for e in map(events.from_json, process.stdout) if isinstance(e, events.FileOpened))
	time.sleep(6)
	killed_ms = time.time() * 1000
	process.kill()
	process.wait(10)
	process.stdout.close()
	newest = [path for path, _start, _size in layout.iter_files(tmp_path)][-1]
	assert newest >= first.path
	mended = repair.repair(tmp_path, newest)
	full = tmp_path / newest
	# a fragment of one second, and the sound's 0.4 s, were on their way
	assert 0 <= killed_ms - (mended.start_utc_ms + mended.duration_ms) < 2500
	assert mended.sha256 == sha256(full) and mended.info.audio_codec == "aac"
	assert not decoding_errors(full)
	assert repair.repair(tmp_path, newest) == mended


def test_torn_anywhere_a_file_is_mended_or_said_to_be_empty(server, tmp_path):
	with Recording(server.url("/alaw"), made(tmp_path / "whole")) as recording:
		file = recording.wait_files(2)[1]
	data = (tmp_path / "whole" / file.path).read_bytes()
	whole = read_index(tmp_path / "whole" / file.path)
	torn = made(tmp_path / "torn") / file.path
	torn.parent.mkdir(parents=True)
	for cut in [*range(0, len(data), max(len(data) // 60, 1)), len(data) - 1, len(data) - 17]:
		torn.write_bytes(data[:cut])
		kept = [f for f in whole.fragments if f.offset + f.size <= cut]
		if not kept:
			with pytest.raises(repair.EmptyRecording):
				repair.repair(tmp_path / "torn", file.path)
			continue
		mended = repair.repair(tmp_path / "torn", file.path)
		index = read_index(torn)
		assert index.complete and list(index.fragments) == kept
		assert mended.sha256 == sha256(torn)


def made(folder: Path) -> Path:
	os.makedirs(folder)
	return folder
