"""What a recorder's log says of cameras and services that go and come."""

import json
import subprocess
import sys

from giam_sat_mot_cua.media.events import FileOpened, StateChanged
from giam_sat_mot_cua.workers.recorder_log import RecorderLog


def log_of(*events) -> list[dict]:
	lines: list[str] = []
	log = RecorderLog(lines.append)
	for event in events:
		log.follow(event)
	return [json.loads(line) for line in lines]


def changed(at_s: float, state: str, fault: str | None = None, camera: str = "NB-01") -> StateChanged:
	return StateChanged(camera, round(at_s * 1000), state, fault, "rtsp://user:password@10.1.2.3/x")


def test_a_camera_is_lost_once_and_back_once():
	said = log_of(
		changed(0, "connecting"),
		changed(1, "recording"),
		FileOpened("NB-01", "x.mp4", 1000),
		changed(10, "waiting", "stalled"),
		changed(30, "waiting", "unreachable"),
		changed(103, "recording"),
		changed(104, "recording"),
	)
	assert [line["event"] for line in said] == ["camera_lost", "camera_back"]
	assert [line["message"] for line in said] == [
		"camera NB-01 lost (stalled)",
		"camera NB-01 back after 93 s",
	]
	assert said[0]["fault"] == "stalled" and said[1]["after_s"] == 93.0
	assert all(line["camera"] == "NB-01" and line["at"].endswith("+00:00") for line in said)


def test_each_camera_has_its_own_story():
	said = log_of(
		changed(0, "waiting", "unreachable", "a"),
		changed(1, "waiting", "authentication", "b"),
		changed(5, "recording", None, "b"),
		changed(6, "stopped", None, "a"),
		changed(9, "recording", None, "a"),
	)
	assert [(line["event"], line["camera"]) for line in said] == [
		("camera_lost", "a"),
		("camera_lost", "b"),
		("camera_back", "b"),
	]


def test_no_address_is_repeated():
	lines: list[str] = []
	log = RecorderLog(lines.append)
	log.follow(changed(0, "waiting", "unreachable"))
	log.service_away("Redis", ConnectionError("redis://user:password@10.1.2.3"))
	log.service_away("Redis", ConnectionError("again"))
	log.service_back("Redis")
	log.service_back("Redis")
	assert [json.loads(line)["event"] for line in lines] == ["camera_lost", "service_away", "service_back"]
	assert not [line for line in lines if "password" in line or "10.1.2.3" in line or "\n" in line]


def test_a_log_that_nobody_reads_any_more_ends_nothing():
	"""The worker that read it has died, and with it the pipe."""
	code = (
		"import os, sys\n"
		"from giam_sat_mot_cua.workers.recorder_log import RecorderLog\n"
		"log = RecorderLog()\n"
		"read, write = os.pipe()\n"
		"os.dup2(write, 1); os.close(write); os.close(read)\n"
		"for _attempt in range(3):\n"
		"\tlog.cut_off()\n"
		"os.write(2, b'goes on'); os._exit(7)\n"
	)
	done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
	assert (done.returncode, done.stderr) == (7, b"goes on")
