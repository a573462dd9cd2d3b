"""Many cheap cameras on loopback: RTSP 1.0 over TCP (RFC 2326), H.264 in RTP (RFC 6184), RTCP sender reports.

One loop of footage is encoded at the start and sent by every camera, so that a hundred cameras cost a
fraction of a core. Each frame carries its number in an SEI message (`frame_numbers` reads them back), which
counts on while nobody watches: what is missing in a recording is known to the frame. Faults are asked for on
the control port, one JSON object a line.

`python -m tests.cameras.feeder --cameras 100 --kbit 2000 --ready-file READY`
"""

import argparse
import asyncio
import base64
import json
import random
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.cameras.server import ROOT, wait_for

TICKS = 90_000
MTU = 1400
SEI_ID = b"gsmc-frame-count"  # 16 bytes: the UUID of user_data_unregistered
DIGITS = 12  # of a frame's number, as text: no start code can arise in it
NTP_EPOCH = 2_208_988_800
REPORT_S = 5.0
MOST_WAITING = 8_000_000  # bytes that a viewer may be behind before frames are left out
TURN_S = 0.005


@dataclass
class Loop:
	"""Encoded footage. `frames`: the NAL units of each, without start codes; the first one is a key frame."""

	frames: list[list[bytes]]
	sps: bytes
	pps: bytes


def encode(width: int, height: int, fps: int, gop_s: float, kbit: int) -> Loop:
	"""One or more groups of pictures of moving noise, near the asked bit rate."""
	seconds = max(gop_s, 4 - 4 % gop_s) if gop_s <= 4 else gop_s
	codec = av.CodecContext.create("libx264", "w")
	codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
	codec.time_base, codec.framerate, codec.gop_size = Fraction(1, fps), fps, round(fps * gop_s)
	codec.bit_rate = kbit * 1000
	rate = (
		f"vbv-maxrate={kbit}:vbv-bufsize={kbit}:nal-hrd=cbr:force-cfr=1:scenecut=0:bframes=0:repeat-headers=1"
	)
	codec.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": rate}
	noise = np.random.default_rng(7).integers(16, 235, (height * 3 // 2, width), dtype=np.uint8)
	frames, sps, pps = [], b"", b""
	for number in range(round(seconds * fps)):
		picture = np.roll(noise, number * 2, axis=1) // 4 + 96
		frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="yuv420p")
		frame.pts = number
		for packet in codec.encode(frame):
			units = [unit for unit in nal_units(bytes(packet)) if unit[0] & 31 in (1, 5, 7, 8)]
			sps = next((unit for unit in units if unit[0] & 31 == 7), sps)
			pps = next((unit for unit in units if unit[0] & 31 == 8), pps)
			frames.append(units)
	return Loop(frames, sps, pps)


def nal_units(data: bytes) -> Iterator[bytes]:
	"""The units of an Annex B stream."""
	for part in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1"):
		if part:
			yield part


def sei(number: int) -> bytes:
	payload = SEI_ID + f"{number:0{DIGITS}d}".encode()
	return bytes([6, 5, len(payload)]) + payload + b"\x80"


def frame_numbers(path: Path) -> list[int]:
	"""The numbers of the frames in a recorded file, in its order."""
	found = []
	with av.open(str(path)) as source:
		for packet in source.demux(source.streams.video[0]):
			data = bytes(packet) if packet.size else b""
			place = data.find(SEI_ID)
			if place >= 0:
				found.append(int(data[place + 16 : place + 16 + DIGITS]))
	return found


class Packed:
	"""A frame as RTP packets, each behind its interleaved header; numbers are filled in for each viewer."""

	def __init__(self, units: list[bytes]):
		parts = list(payloads([sei(0), *units]))
		self.template = bytearray()
		self.heads: list[int] = []
		for number, payload in enumerate(parts):
			self.heads.append(len(self.template) + 4)
			last = number == len(parts) - 1
			self.template += struct.pack(">BBH", 0x24, 0, 12 + len(payload))
			self.template += struct.pack(">BBHII", 0x80, 96 | (last << 7), 0, 0, 0) + payload
		self.digits = self.template.find(SEI_ID) + 16
		self.key = any(unit[0] & 31 == 5 for unit in units)

	def filled(self, number: int, sequence: int, stamp: int, source: int) -> bytearray:
		data = bytearray(self.template)
		for place in self.heads:
			struct.pack_into(">HII", data, place + 2, sequence & 0xFFFF, stamp, source)
			sequence += 1
		data[self.digits : self.digits + DIGITS] = f"{number:0{DIGITS}d}".encode()
		return data


def payloads(units: list[bytes]) -> Iterator[bytes]:
	"""RTP payloads of a frame: single NAL units, and FU-A for large ones."""
	for unit in units:
		if len(unit) <= MTU:
			yield unit
			continue
		head, kind, body = unit[0] & 0xE0 | 28, unit[0] & 31, unit[1:]
		for place in range(0, len(body), MTU):
			end = place + MTU >= len(body)
			yield (
				bytes([head, (0x80 if place == 0 else 0) | (0x40 if end else 0) | kind])
				+ body[place : place + MTU]
			)


@dataclass
class Camera:
	path: str
	phase: float  # seconds; cameras do not send in step
	stamp_base: int = field(default_factory=lambda: random.getrandbits(31))
	source: int = field(default_factory=lambda: random.getrandbits(31))
	away_until: float = 0.0  # monotonic: refuses viewers until then
	stalled: bool = False
	clock_offset_s: float = 0.0  # how far its own clock, told in sender reports, is ahead
	left_out: int = 0  # frames that a slow viewer did not get
	to_lose: int = 0  # packets whose numbers are left out
	attempts: list[float] = field(default_factory=list)


class Viewer(asyncio.Protocol):
	"""One RTSP connection."""

	def __init__(self, feeder: "Feeder"):
		self.feeder, self.camera, self.playing = feeder, None, False
		self.text, self.sequence, self.next_number, self.next_report = b"", random.getrandbits(15), 0, 0.0
		self.packets = self.octets = 0

	def connection_made(self, transport) -> None:
		self.transport = transport
		transport.set_write_buffer_limits(high=MOST_WAITING)
		self.feeder.viewers.add(self)

	def connection_lost(self, _error) -> None:
		self.feeder.viewers.discard(self)

	def data_received(self, data: bytes) -> None:
		self.text += data
		while self.text:
			if self.text[0] == 0x24:  # receiver reports
				if len(self.text) < 4 or len(self.text) < 4 + int.from_bytes(self.text[2:4], "big"):
					return
				self.text = self.text[4 + int.from_bytes(self.text[2:4], "big") :]
				continue
			head, end, rest = self.text.partition(b"\r\n\r\n")
			if not end:
				return
			self.text = rest
			self.answer(head.decode("latin-1"))

	def answer(self, request: str) -> None:
		method, url, _version = request.split("\r\n")[0].split(" ")
		number = next(line[5:].strip() for line in request.split("\r\n") if line.lower().startswith("cseq"))
		path = "/" + url.split("/", 3)[3].split("/track")[0].rstrip("/") if url.count("/") > 2 else "/"
		camera = self.feeder.cameras.get(path)
		if not camera:
			return self.send(number, "404 Not Found")
		if method == "DESCRIBE":
			camera.attempts.append(time.time())
			if time.monotonic() < camera.away_until:
				self.transport.abort()
				return
			extra = f"Content-Base: {url}/\r\nContent-Type: application/sdp\r\n"
			self.send(number, "200 OK", extra, self.feeder.description(camera))
		elif method == "SETUP":
			session = "Session: 1;timeout=60\r\n"
			self.send(number, "200 OK", f"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n{session}")
		elif method == "PLAY":
			self.send(number, "200 OK", "Session: 1\r\n")
			self.camera, self.playing = camera, True
			self.next_number = self.feeder.number_now(camera) + 1
		elif method == "TEARDOWN":
			self.send(number, "200 OK")
			self.transport.close()
		else:
			self.send(number, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n")

	def send(self, number: str, status: str, extra: str = "", body: str = "") -> None:
		length = f"Content-Length: {len(body)}\r\n" if body else ""
		self.transport.write(f"RTSP/1.0 {status}\r\nCSeq: {number}\r\n{extra}{length}\r\n{body}".encode())

	def send_frames(self, now: float) -> None:
		camera = self.camera
		until = self.feeder.number_now(camera, now)
		while self.next_number <= until:
			number, self.next_number = self.next_number, self.next_number + 1
			if camera.stalled:
				continue
			if self.transport.get_write_buffer_size() > MOST_WAITING:
				camera.left_out += 1
				continue
			self.sequence, camera.to_lose = self.sequence + camera.to_lose, 0
			packed = self.feeder.packed[number % len(self.feeder.packed)]
			stamp = self.feeder.stamp(camera, number)
			data = packed.filled(number, self.sequence, stamp, camera.source)
			self.sequence += len(packed.heads)
			self.packets += len(packed.heads)
			self.octets += len(data)
			self.transport.write(data)
		if now >= self.next_report and not camera.stalled:
			self.next_report = now + REPORT_S
			self.report(camera, now)

	def report(self, camera: Camera, now: float) -> None:
		told = time.time() + camera.clock_offset_s + NTP_EPOCH
		number = (now - self.feeder.began - camera.phase) * self.feeder.fps
		stamp = (camera.stamp_base + round(number * TICKS / self.feeder.fps)) & 0xFFFFFFFF
		ntp = (int(told), int(told % 1 * 2**32))
		body = struct.pack(">IIIIII", camera.source, *ntp, stamp, self.packets, self.octets & 0xFFFFFFFF)
		self.transport.write(struct.pack(">BBHBBH", 0x24, 1, 28, 0x80, 200, 6) + body)


def reboot(camera: Camera, order: dict) -> None:
	"""Gone for a while, then other timestamps."""
	camera.away_until = time.monotonic() + order["seconds"]
	camera.stamp_base, camera.source = random.getrandbits(31), random.getrandbits(31)


def stall(camera: Camera, order: dict) -> None:
	camera.stalled = order["action"] == "stall"


def jump(camera: Camera, order: dict) -> None:
	"""The camera's clock is set."""
	camera.stamp_base = (camera.stamp_base + round(order["seconds"] * TICKS)) & 0xFFFFFFFF
	camera.clock_offset_s += order["seconds"]


def lose(camera: Camera, order: dict) -> None:
	"""Packets are lost on the way."""
	camera.to_lose = order["packets"]


def nothing(_camera: Camera, _order: dict) -> None:
	pass


FAULTS = {
	"state": nothing,
	"drop": nothing,  # the connection ends; the camera can be reached again at once
	"reset": nothing,
	"reboot": reboot,
	"stall": stall,
	"resume": stall,
	"jump": jump,
	"lose": lose,
}


class Feeder:
	def __init__(self, options: argparse.Namespace):
		self.fps = options.fps
		self.loop = encode(options.width, options.height, options.fps, options.gop, options.kbit)
		self.packed = [Packed(units) for units in self.loop.frames]
		self.cameras = {
			path: Camera(path, random.random() / options.fps)
			for path in (f"/{number:04d}" for number in range(options.cameras))
		}
		self.metadata = options.metadata
		self.viewers: set[Viewer] = set()
		self.began = time.monotonic()
		self.began_utc = time.time()
		self.closing: list[asyncio.Server] = []

	def number_now(self, camera: Camera, now: float | None = None) -> int:
		return int(((now or time.monotonic()) - self.began - camera.phase) * self.fps)

	def stamp(self, camera: Camera, number: int) -> int:
		return (camera.stamp_base + number * TICKS // self.fps) & 0xFFFFFFFF

	def description(self, camera: Camera) -> str:
		sets = ",".join(base64.b64encode(unit).decode() for unit in (self.loop.sps, self.loop.pps))
		profile = self.loop.sps[1:4].hex()
		lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=feeder", "t=0 0", "m=video 0 RTP/AVP 96"]
		lines += ["c=IN IP4 0.0.0.0", "a=rtpmap:96 H264/90000", "a=control:track1"]
		lines += [f"a=fmtp:96 packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={sets}"]
		if self.metadata:  # as ONVIF cameras have it
			lines += [
				"m=application 0 RTP/AVP 107",
				"a=rtpmap:107 vnd.onvif.metadata/90000",
				"a=control:track2",
			]
		return "\r\n".join(lines) + "\r\n"

	async def send_all(self) -> None:
		while True:
			now = time.monotonic()
			for viewer in list(self.viewers):
				if viewer.playing:
					viewer.send_frames(now)
			await asyncio.sleep(TURN_S)

	# Faults

	def control(self, order: dict) -> dict:
		"""Does what a test asks for at `path`, or at all cameras; answers with the moment (UTC, s)."""
		chosen = [self.cameras[order["path"]]] if order.get("path") else list(self.cameras.values())
		act = FAULTS[order["action"]]
		for camera in chosen:
			act(camera, order)
		for viewer in [viewer for viewer in self.viewers if viewer.camera in chosen]:
			if order["action"] == "drop":
				viewer.transport.close()
			elif order["action"] in ("reset", "reboot"):
				self.abort(viewer)
		return {
			"at": time.time(),
			"numbers": {camera.path: self.number_now(camera) for camera in chosen},
			"left_out": sum(camera.left_out for camera in chosen),
			"viewers": len(self.viewers),
			"attempts": {camera.path: camera.attempts for camera in chosen if order.get("attempts")},
		}

	@staticmethod
	def abort(viewer: Viewer) -> None:
		"""Ends the connection with a reset."""
		sock = viewer.transport.get_extra_info("socket")
		sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
		viewer.transport.abort()

	async def serve_control(self, reader, writer) -> None:
		while line := await reader.readline():
			writer.write(json.dumps(self.control(json.loads(line))).encode() + b"\n")
			await writer.drain()
		writer.close()


async def serve(options: argparse.Namespace) -> None:
	feeder = Feeder(options)
	events = asyncio.get_running_loop()
	cameras = await events.create_server(lambda: Viewer(feeder), options.host, options.port, backlog=1024)
	control = await asyncio.start_server(feeder.serve_control, options.host, options.control_port)
	ready = {
		"port": cameras.sockets[0].getsockname()[1],
		"control_port": control.sockets[0].getsockname()[1],
		"began_utc": feeder.began_utc,
		"kbit": round(
			sum(len(p.template) for p in feeder.packed) * 8 * options.fps / len(feeder.packed) / 1000
		),
	}
	options.ready_file.write_text(json.dumps(ready))
	await feeder.send_all()


class Feeding:
	"""Runs the feeder in a process of its own until the end of the `with` block."""

	def __init__(self, cameras: int, **options):
		self.cameras, self.options = cameras, options
		self.folder = tempfile.TemporaryDirectory(prefix="gsmc-feeder-")

	def __enter__(self) -> "Feeding":
		ready = Path(self.folder.name) / "ready.json"
		command = [sys.executable, "-m", "tests.cameras.feeder", "--ready-file", ready]
		command += ["--cameras", str(self.cameras)]
		for name, value in self.options.items():
			command += [f"--{name}", *([] if value is True else [str(value)])]
		self.process = subprocess.Popen(command, cwd=ROOT)
		wait_for(lambda: ready.exists() and ready.read_text(), 60, "the feeder did not start")
		found = json.loads(ready.read_text())
		self.port, self.control_port, self.kbit = found["port"], found["control_port"], found["kbit"]
		return self

	def __exit__(self, *_error) -> None:
		self.process.terminate()
		self.process.wait(10)
		self.folder.cleanup()

	@property
	def urls(self) -> list[str]:
		return [f"rtsp://127.0.0.1:{self.port}/{number:04d}" for number in range(self.cameras)]

	def control(self, action: str, path: str = "", **values) -> dict:
		with socket.create_connection(("127.0.0.1", self.control_port), timeout=10) as link:
			link.sendall(json.dumps({"action": action, "path": path, **values}).encode() + b"\n")
			return json.loads(link.makefile().readline())


def main() -> None:
	parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
	parser.add_argument("--cameras", type=int, default=1)
	parser.add_argument("--width", type=int, default=640)
	parser.add_argument("--height", type=int, default=360)
	parser.add_argument("--fps", type=int, default=25)
	parser.add_argument("--gop", type=float, default=2.0, help="seconds between key frames")
	parser.add_argument("--kbit", type=int, default=2000)
	parser.add_argument("--metadata", action="store_true", help="announce an ONVIF metadata track as well")
	parser.add_argument("--host", default="127.0.0.1")
	parser.add_argument("--port", type=int, default=0)
	parser.add_argument("--control-port", type=int, default=0)
	parser.add_argument("--ready-file", type=Path, required=True)
	asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
	main()
