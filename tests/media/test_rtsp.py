"""RTSP as cameras speak it: descriptions, logins, packets; and real sessions over TCP, UDP and TLS."""

import struct
import time
from bisect import bisect
from contextlib import ExitStack

import pytest

from giam_sat_mot_cua.media import events
from giam_sat_mot_cua.media.ingest import OPENINGS_A_SECOND
from giam_sat_mot_cua.media.probe import probe
from giam_sat_mot_cua.media.rtsp import rtcp, sdp
from giam_sat_mot_cua.media.rtsp.login import Login
from giam_sat_mot_cua.media.rtsp.rtp import Track, Unit
from tests.cameras.feeder import Feeding, frame_numbers
from tests.cameras.server import CameraServer, camera, wait_for
from tests.media.recording import Recording, decoding_errors

DESCRIPTION = """v=0
o=- 1 1 IN IP4 0.0.0.0
s=Camera
a=control:*
m=video 0 RTP/AVP 96
a=rtpmap:96 H265/90000
a=fmtp:96 sprop-vps=QAE=; sprop-sps=QgE=;sprop-pps=RAE=
a=control:trackID=0
m=audio 0 RTP/AVP 8
a=control:rtsp://10.0.0.1/s/trackID=1
m=audio 0 RTP/AVP 97
a=rtpmap:97 mpeg4-generic/16000/1
a=fmtp:97 streamtype=5;mode=AAC-hbr;config=1408;SizeLength=13;IndexLength=3
a=control:/other/2
m=application 0 RTP/AVP 107
a=rtpmap:107 vnd.onvif.metadata/90000
a=control:trackID=3
"""


def test_a_description_names_what_can_be_recorded():
	found = sdp.parse(DESCRIPTION, "rtsp://10.0.0.1:554/s")
	assert [(m.kind, m.codec, m.clock_rate) for m in found] == [
		("video", "hevc", 90_000),
		("audio", "pcm_alaw", 8_000),
		("audio", "aac", 16_000),
		("application", "", 90_000),
	]
	assert [m.control for m in found] == [
		"rtsp://10.0.0.1:554/s/trackID=0",
		"rtsp://10.0.0.1/s/trackID=1",
		"rtsp://10.0.0.1:554/other/2",
		"rtsp://10.0.0.1:554/s/trackID=3",
	]
	assert found[2].parameters["config"] == "1408" and found[0].parameters["sprop-sps"] == "QgE="


def test_digest_is_answered_as_the_standard_computes_it():
	"""The example of RFC 2617, section 3.5."""
	login = Login("Mufasa", "Circle Of Life")
	challenge = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"'
	assert login.challenged([("www-authenticate", 'Basic realm="x"'), ("www-authenticate", challenge)])
	line = login.header("GET", "/dir/index.html")
	assert 'response="670fd8c2df070c60b045671b8b24ff02"' in line and 'opaque="5ccc"' in line
	assert not Login("", "").challenged([("www-authenticate", challenge)])


# Packets

H264 = sdp.Media("video", "h264", "H264", 96, 90_000, 1, "")
H265 = sdp.Media("video", "hevc", "H265", 96, 90_000, 1, "")
AAC = sdp.Media("audio", "aac", "MPEG4-GENERIC", 97, 16_000, 1, "", {"sizelength": "13", "indexlength": "3"})


def packet(number: int, stamp: int, payload: bytes, marker: bool = False, kind: int = 96) -> bytes:
	return struct.pack(">BBHII", 0x80, kind | marker << 7, number & 0xFFFF, stamp & 0xFFFFFFFF, 7) + payload


def feed(media: sdp.Media, packets: list[bytes]) -> tuple[list[Unit], Track]:
	found: list[Unit] = []
	track = Track(media, found.append)
	for data in packets:
		track.packet(b"head" + data, 4, 4 + len(data))
	return found, track


def test_pictures_are_put_together_from_all_kinds_of_packets():
	found, track = feed(
		H264,
		[
			packet(65534, 0, bytes((24, 0, 2)) + b"\x67a" + bytes((0, 2)) + b"\x68b"),  # STAP-A
			packet(65535, 0, bytes((0x7C, 0x85)) + b"AA"),  # FU-A, begins
			packet(0, 0, bytes((0x7C, 0x05)) + b"BB"),
			packet(1, 0, bytes((0x7C, 0x45)) + b"CC", True),
			packet(2, 3600, b"\x61x"),  # no marker: the next time ends it
			packet(3, 7200, b"\x61y", True),
		],
	)
	assert [unit.parts for unit in found] == [
		[b"\x67a", b"\x68b", b"\x65AABBCC"],
		[b"\x61x"],
		[b"\x61y"],
	]
	assert [unit.stamp for unit in found] == [0, 3600, 7200]
	assert all(unit.whole for unit in found) and (track.lost, track.cycles) == (0, 1)


def test_h265_in_pieces_and_together():
	found, _track = feed(
		H265,
		[
			packet(1, 0, bytes((48 << 1, 1, 0, 3)) + b"\x40\x01v" + bytes((0, 3)) + b"\x42\x01s"),
			packet(2, 0, bytes((49 << 1, 1, 0x80 | 19)) + b"AA"),
			packet(3, 0, bytes((49 << 1, 1, 0x40 | 19)) + b"BB", True),
		],
	)
	assert found[0].parts == [b"\x40\x01v", b"\x42\x01s", bytes((19 << 1, 1)) + b"AABB"]


def test_a_lost_packet_damages_its_picture_alone():
	found, track = feed(
		H264,
		[
			packet(1, 0, bytes((0x7C, 0x85)) + b"A"),
			packet(3, 0, bytes((0x7C, 0x45)) + b"C", True),
			packet(3, 0, bytes((0x7C, 0x45)) + b"C", True),  # twice
			packet(2, 0, bytes((0x7C, 0x05)) + b"B"),  # too late
			packet(4, 3600, b"\x61x", True),
		],
	)
	assert [(unit.parts, unit.whole) for unit in found] == [([b"\x61x"], True)]
	assert track.lost == 1


def test_time_goes_on_when_its_32_bits_are_full():
	start = 2**32 - 3600
	found, _track = feed(H264, [packet(n, start + n * 3600, b"\x61x", True) for n in range(4)])
	assert [unit.stamp - start for unit in found] == [0, 3600, 7200, 10800]


def test_what_is_no_packet_is_passed_over():
	found, _track = feed(
		H264,
		[
			b"",
			b"\x80",
			packet(1, 0, b""),
			packet(1, 0, b"\x61x", True, kind=98),
			b"\xff" * 40,
			packet(2, 0, b"\x61x", True),
		],
	)
	assert [unit.parts for unit in found] == [[b"\x61x"]]


def test_aac_frames_of_one_packet_and_of_several():
	heads = struct.pack(">HHH", 32, 3 << 3, 2 << 3)
	found, _track = feed(
		AAC,
		[
			packet(1, 100, heads + b"abcde", True, 97),
			packet(2, 4000, struct.pack(">HH", 16, 6 << 3) + b"ABC", False, 97),
			packet(3, 4000, struct.pack(">HH", 16, 6 << 3) + b"DEF", True, 97),
		],
	)
	assert [(unit.stamp, unit.parts) for unit in found] == [
		(100, [b"abc"]),
		(1124, [b"de"]),
		(4000, [b"ABCDEF"]),
	]


def test_a_sender_report_tells_the_cameras_clock():
	body = struct.pack(">IIIIII", 7, 1_700_000_000 + rtcp.NTP_EPOCH_S, 1 << 31, 90_000, 1, 2)
	data = struct.pack(">BBH", 0x81, 201, 1) + bytes(4) + struct.pack(">BBH", 0x80, 200, 6) + body
	report = rtcp.read(data, 0, len(data))
	assert (report.utc_s, report.raw) == (1_700_000_000.5, 90_000)
	assert rtcp.read(data[:20], 0, 20) is None


# Real sessions


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("path", ["/h264", "/h265"])
def test_both_transports_bring_the_whole_picture(tmp_path, transport, path):
	cameras = [camera("/h264", audio="pcma"), camera("/h265", codec="h265")]
	with CameraServer(cameras) as server, Recording(server.url(path), tmp_path, transport=transport) as found:
		files = found.wait_files(2)
	for file in files:
		assert not decoding_errors(tmp_path / file.path)
	assert found.recorder.health().packets_lost == 0
	assert not found.of(events.GapOpened)


def test_every_frame_that_the_camera_sent_is_in_a_file(tmp_path):
	with Feeding(1, kbit=500, fps=25, gop=1.0, metadata=True) as feeding:
		with Recording(feeding.urls[0], tmp_path) as found:
			found.wait_files(4)
	numbers = [
		number for file in found.of(events.FileClosed) for number in frame_numbers(tmp_path / file.path)
	]
	assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@pytest.mark.parametrize(("fault", "cause"), [("drop", "camera_offline"), ("reset", "camera_offline")])
def test_a_broken_connection_costs_its_gap_and_nothing_else(tmp_path, fault, cause):
	with Feeding(1, kbit=500, fps=25, gop=1.0) as feeding:
		with Recording(feeding.urls[0], tmp_path) as found:
			found.wait_files(1)
			feeding.control(fault)
			wait_for(lambda: found.of(events.GapClosed), 30, "the gap does not end")
			found.wait_files(3)
	gaps = found.of(events.GapClosed)
	assert [gap.cause for gap in gaps] == [cause]
	numbers = [
		number for file in found.of(events.FileClosed) for number in frame_numbers(tmp_path / file.path)
	]
	missing = set(range(numbers[0], numbers[-1] + 1)) - set(numbers)
	lost_ms = len(missing) * 40
	assert numbers == sorted(set(numbers))
	assert abs(gaps[0].end_utc_ms - gaps[0].start_utc_ms - lost_ms) < 200


def test_many_cameras_that_return_at_once_are_not_stormed(tmp_path):
	count, away_s = 200, 6
	with Feeding(count, kbit=60, fps=4, gop=1.0, width=160, height=90) as feeding, ExitStack() as stack:
		found = [
			stack.enter_context(Recording(url, tmp_path, f"cam-{number}", still_seconds=3600))
			for number, url in enumerate(feeding.urls)
		]
		wait_for(lambda: all(one.recorder.state == "recording" for one in found), 60, "not all are recorded")
		broke = feeding.control("reboot", seconds=away_s)["at"]
		back_ms = (broke + away_s) * 1000
		wait_for(
			lambda: all(any(gap.end_utc_ms > back_ms for gap in one.of(events.GapClosed)) for one in found),
			60,
			"not all are recorded again",
		)
		tried = feeding.control("state", attempts=True)["attempts"]
		for one in found:
			one.recorder.stop(0)  # all are told, then each is waited for
	moments = sorted(at for times in tried.values() for at in times if at > broke)
	# the server may have opened its door a moment before the time that it said
	assert all(any(at > broke + away_s - 1 for at in times) for times in tried.values())
	for number, at in enumerate(moments):
		in_a_second = bisect(moments, at + 1) - number
		# a second's attempts may have been saved up, and go as one burst
		assert in_a_second <= 2 * OPENINGS_A_SECOND, (at - broke, in_a_second)


def test_a_cameras_clock_that_is_set_begins_a_new_file_without_a_gap(tmp_path):
	with Feeding(1, kbit=500, fps=25, gop=1.0) as feeding:
		with Recording(feeding.urls[0], tmp_path) as found:
			found.wait_files(1)
			feeding.control("jump", seconds=3600)
			feeding.control("jump", seconds=-7300)
			time.sleep(1)
			feeding.control("jump", seconds=-2)
			time.sleep(1)
			feeding.control("jump", seconds=3)
			wait_for(lambda: found.recorder.health().clock_offset_s, 20, "the clock is not told")
			found.wait_files(5)
			offset = found.recorder.health().clock_offset_s
			feeding.control("lose", packets=3)
			wait_for(lambda: found.recorder.health().packets_lost == 3, 20, "lost packets are not counted")
	ended = found.recorder.health()
	assert (ended.packets_lost, ended.clock_offset_s) == (3, None)
	assert abs(offset - (3600 - 7300 - 2 + 3)) < 1
	assert all(gap.end_utc_ms - gap.start_utc_ms < 2500 for gap in found.of(events.GapClosed))
	files = found.of(events.FileClosed)
	total = sum(file.duration_ms for file in files)
	assert total <= files[-1].start_utc_ms + files[-1].duration_ms - files[0].start_utc_ms
	frames = sum(len(frame_numbers(tmp_path / file.path)) for file in files)
	assert abs(total - frames * 40) < 300, "time stood still, or ran ahead"


def test_a_probe_says_what_would_not_be_right():
	with Feeding(1, kbit=500, fps=5, gop=6.0) as feeding:
		feeding.control("jump", seconds=100)
		found = probe(Recording(feeding.urls[0], None).stream, seconds=14)
	codes = {finding.code for finding in found.findings}
	assert codes == {"long_key_interval", "clock_off", "low_fps"}, found
	assert abs(found.clock_offset_s - 100) < 1 and found.key_interval_s == 6.0
	assert all("6" in f.vi for f in found.findings if f.code == "long_key_interval")
