"""The demo cameras are real ones: what they claim is what a foreign RTSP client sees."""

import subprocess

import pytest

from tests.cameras.server import PASSWORD, USERNAME, CameraServer, camera

CAMERAS = [
	camera("/plain"),
	camera("/alaw", audio="pcma"),
	camera("/aac", audio="aac"),
	camera("/hevc", codec="h265"),
	camera("/locked", auth="digest"),
	camera("/sound", audio="pcmu", video=False),
]


@pytest.fixture(scope="module")
def server():
	with CameraServer(CAMERAS) as running:
		yield running


def probe(url: str) -> subprocess.CompletedProcess:
	command = ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_entries"]
	command += ["stream=codec_name,width,height,sample_rate", "-of", "csv=p=0", url]
	return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
	("path", "expected"),
	[
		("/plain", ["h264,320,180"]),
		("/alaw", ["h264,320,180", "pcm_alaw,8000"]),
		("/aac", ["h264,320,180", "aac,16000"]),
		("/hevc", ["hevc,320,180"]),
		("/sound", ["pcm_mulaw,8000"]),
	],
)
def test_streams_are_what_the_configuration_says(server, path, expected):
	assert probe(server.url(path)).stdout.split() == expected


def test_digest_login_is_asked_for(server):
	assert "401" in probe(server.url("/locked")).stderr
	with_login = server.url("/locked").replace("://", f"://{USERNAME}:{PASSWORD}@")
	assert probe(with_login).stdout.split() == ["h264,320,180"]


def test_refused_camera_is_not_found(server):
	server.control("refuse", "/plain")
	try:
		assert "404" in probe(server.url("/plain")).stderr
	finally:
		server.control("allow", "/plain")
	assert probe(server.url("/plain")).stdout.split() == ["h264,320,180"]


def test_taken_port_is_told(server):
	command = [
		"/usr/bin/python3",
		"-m",
		"devbench.cameras",
		"--config",
		server.config,
		"--port",
		str(server.port),
	]
	done = subprocess.run(command, capture_output=True, text=True, timeout=30)
	assert done.returncode == 3
	assert "taken" in done.stderr
