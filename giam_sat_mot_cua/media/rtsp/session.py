"""One RTSP session (RFC 2326) from the first word to PLAY: blocking, with a time limit for each answer. What
comes after PLAY is read by the ingest loop."""

import re
import socket
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from giam_sat_mot_cua.media import events
from giam_sat_mot_cua.media.camera_stream import CameraStream, StreamError, StreamFault, checked_address
from giam_sat_mot_cua.media.rtsp import names, sdp
from giam_sat_mot_cua.media.rtsp.login import Login

PORTS = {"rtsp": 554, "rtsps": 322}
AGENT = "gsmc-media"
LARGEST_ANSWER_BYTES = 65_536
MOST_REDIRECTS = 2
VIDEO_CODECS = ("h264", "hevc")
SOUND_CODECS = ("aac", "pcm_alaw", "pcm_mulaw", "pcm_s16be", "g722", "opus")
DEFAULT_TIMEOUT_S = 60


@dataclass
class Answer:
	status: int
	headers: list[tuple[str, str]]
	body: str

	def header(self, name: str) -> str:
		return next((value for key, value in self.headers if key == name), "")


@dataclass
class Channel:
	"""A medium that was set up. Over TCP `channel` is its interleaved number, the next one its RTCP; over UDP
	`sockets` are those for RTP and RTCP."""

	media: sdp.Media
	channel: int
	sockets: tuple[socket.socket, socket.socket] | None = None
	server: tuple[str, int] | None = None  # where its RTCP goes, over UDP


@dataclass
class Session:
	"""A camera that plays. `left` is what arrived behind the answer to PLAY."""

	link: socket.socket
	stream: CameraStream
	url: str
	channels: list[Channel]
	session_id: str
	timeout_s: int
	login: Login
	number: int
	left: bytes
	understands: frozenset[str] = frozenset()
	described: list[sdp.Media] = field(default_factory=list)

	@property
	def video(self) -> Channel:
		return self.channels[0]

	@property
	def sound(self) -> Channel | None:
		return self.channels[1] if len(self.channels) > 1 else None

	def keep_alive(self) -> bytes:
		"""The request that keeps the session; its answer is read past."""
		method = "GET_PARAMETER" if "GET_PARAMETER" in self.understands else "OPTIONS"
		return self.request(method, self.url)

	def request(self, method: str, url: str) -> bytes:
		self.number += 1
		text = f"{method} {url} RTSP/1.0\r\nCSeq: {self.number}\r\nSession: {self.session_id}\r\n"
		return f"{text}{self.login.header(method, url)}User-Agent: {AGENT}\r\n\r\n".encode()

	def close(self) -> None:
		"""Says goodbye as far as that is possible at once, and frees what the session holds."""
		try:
			self.link.settimeout(0.2)
			self.link.sendall(self.request("TEARDOWN", self.url))
		except (OSError, ValueError):
			pass  # the camera is gone already
		for channel in self.channels:
			for one in channel.sockets or ():
				one.close()
		self.link.close()


class Handshake:
	"""Leads a connected socket to PLAY. Raises StreamError; the caller closes the socket then."""

	def __init__(self, link: socket.socket, stream: CameraStream, with_sound: bool, timeout_s: float):
		self.stream, self.with_sound, self.timeout_s = stream, with_sound, timeout_s
		self.link, self.url, self.number, self.data = link, stream.url, 0, b""
		self.login = Login(stream.username, stream.password)
		self.channels: list[Channel] = []
		self.session_id, self.keep_s = "", DEFAULT_TIMEOUT_S

	def run(self) -> Session:
		try:
			return self.lead()
		except StreamError:
			self.drop_sockets()
			raise
		except TimeoutError:
			self.drop_sockets()
			raise StreamError(StreamFault.UNREACHABLE, "no answer in time", events.NETWORK) from None
		except (OSError, ValueError):
			self.drop_sockets()
			raise StreamError(StreamFault.UNREACHABLE, "the camera ends the connection") from None

	def lead(self) -> Session:
		options = self.ask("OPTIONS", self.url)
		understands = frozenset(re.findall(r"[A-Z_]+", options.header("public")))
		described = self.describe()
		chosen = choose(described, self.with_sound)
		for number, media in enumerate(chosen):
			self.set_up(media, number * 2)
		self.play()
		return Session(
			self.link,
			self.stream,
			self.url,
			self.channels,
			self.session_id,
			self.keep_s,
			self.login,
			self.number,
			self.data,
			understands,
			described,
		)

	def describe(self) -> list[sdp.Media]:
		for _try in range(MOST_REDIRECTS + 1):
			answer = self.ask("DESCRIBE", self.url, "Accept: application/sdp\r\n")
			if answer.status not in (301, 302, 303, 307):
				break
			self.follow(answer.header("location"))
		if answer.status != 200:
			raise refused(answer.status)
		base = answer.header("content-base") or answer.header("content-location") or self.url
		found = sdp.parse(answer.body, base)
		self.base = base
		return found

	def follow(self, location: str) -> None:
		"""To another address of the same camera; its login goes nowhere else."""
		here, there = urlsplit(self.url), urlsplit(checked_address(location))
		if there.hostname != here.hostname:
			raise StreamError(StreamFault.BAD_ADDRESS, "the camera sends to another host")
		self.link.close()
		self.url = location
		self.link = connect(self.url, self.timeout_s)

	def set_up(self, media: sdp.Media, number: int) -> None:
		channel = Channel(media, number)
		self.channels.append(channel)
		if self.stream.transport == "udp":
			channel.sockets = udp_pair()
			low = channel.sockets[0].getsockname()[1]
			wanted = f"RTP/AVP;unicast;client_port={low}-{low + 1}"
		else:
			wanted = f"RTP/AVP/TCP;unicast;interleaved={number}-{number + 1}"
		answer = self.ask("SETUP", media.control, f"Transport: {wanted}\r\n")
		if answer.status != 200:
			raise refused(answer.status)
		session, _semicolon, rest = answer.header("session").partition(";")
		self.session_id = session.strip() or self.session_id
		limit = re.search(r"timeout=(\d+)", rest)
		self.keep_s = max(int(limit[1]), 5) if limit else self.keep_s
		self.note_transport(channel, answer.header("transport"))

	def note_transport(self, channel: Channel, transport: str) -> None:
		given = re.search(r"interleaved=(\d+)", transport)
		if given and not channel.sockets:
			channel.channel = int(given[1])
		ports = re.search(r"server_port=(\d+)-(\d+)", transport)
		if ports and channel.sockets:
			host = self.link.getpeername()[0]
			channel.server = (host, int(ports[2]))
			for one, port in zip(channel.sockets, ports.groups(), strict=True):
				one.sendto(b"\x80\xc9\x00\x01\0\0\0\0", (host, int(port)))  # opens a way through a firewall

	def play(self) -> None:
		answer = self.ask("PLAY", self.base_url(), "Range: npt=0.000-\r\n")
		if answer.status != 200:
			raise refused(answer.status)

	def base_url(self) -> str:
		return self.base if "://" in self.base else self.url

	# Words

	def ask(self, method: str, url: str, extra: str = "") -> Answer:
		answer = self.exchange(method, url, extra)
		if answer.status == 401 and self.login.challenged(answer.headers):
			answer = self.exchange(method, url, extra)
		if answer.status == 401:
			raise refused(401)
		return answer

	def exchange(self, method: str, url: str, extra: str) -> Answer:
		self.number += 1
		session = f"Session: {self.session_id}\r\n" if self.session_id else ""
		head = f"{method} {url} RTSP/1.0\r\nCSeq: {self.number}\r\nUser-Agent: {AGENT}\r\n"
		self.link.settimeout(self.timeout_s)
		self.link.sendall(f"{head}{session}{self.login.header(method, url)}{extra}\r\n".encode())
		while True:
			answer, number = self.read_answer()
			if number in (None, self.number):
				return answer

	def read_answer(self) -> tuple[Answer, int | None]:
		"""The next answer, past media packets that come before it, and its CSeq."""
		self.skip_packets()
		while b"\r\n\r\n" not in self.data:
			self.more()
		head, _blank, self.data = self.data.partition(b"\r\n\r\n")
		lines = head.decode("latin-1").split("\r\n")
		words = lines[0].split(" ", 2)
		if not words[0].startswith("RTSP/") or len(words) < 2 or not words[1].isdigit():
			raise ValueError("the answer is not RTSP")
		pairs = (line.partition(":") for line in lines[1:])
		headers = [(name.strip().lower(), value.strip()) for name, _colon, value in pairs]
		found = dict(headers)
		length = min(int(found.get("content-length") or 0), LARGEST_ANSWER_BYTES)
		while len(self.data) < length:
			self.more()
		body, self.data = self.data[:length], self.data[length:]
		number = found.get("cseq", "")
		return (
			Answer(int(words[1]), headers, body.decode("utf-8", errors="replace")),
			int(number) if number.isdigit() else None,
		)

	def skip_packets(self) -> None:
		while True:
			while len(self.data) < 4:
				self.more()
			if self.data[0] != 0x24:
				return
			size = 4 + int.from_bytes(self.data[2:4], "big")
			while len(self.data) < size:
				self.more()
			self.data = self.data[size:]

	def more(self) -> None:
		chunk = self.link.recv(65_536)
		if not chunk or len(self.data) > 4 * LARGEST_ANSWER_BYTES:
			raise ValueError("the answer ended too early or is too long")
		self.data += chunk

	def drop_sockets(self) -> None:
		for channel in self.channels:
			for one in channel.sockets or ():
				one.close()


def choose(described: list[sdp.Media], with_sound: bool) -> list[sdp.Media]:
	"""The picture, and the sound that can be kept. Metadata and the like are left out."""
	pictures = [media for media in described if media.kind == "video"]
	if not pictures:
		raise StreamError(StreamFault.NO_VIDEO, "the stream holds no video")
	video = next((media for media in pictures if media.codec in VIDEO_CODECS), None)
	if not video:
		name = pictures[0].encoding or "of an unknown kind"
		raise StreamError(StreamFault.UNSUPPORTED_CODEC, f"video is {name}, not H.264 or H.265")
	sounds = [media for media in described if media.kind == "audio" and media.codec in SOUND_CODECS]
	return [video, *(sounds[:1] if with_sound else [])]


def refused(status: int) -> StreamError:
	if status in (401, 403):
		return StreamError(StreamFault.AUTHENTICATION, "the camera refuses the login")
	if status in (404, 410, 451, 454):
		return StreamError(StreamFault.NOT_FOUND, "the camera has no stream at this path")
	return StreamError(StreamFault.INTERNAL, f"the camera answers with RTSP status {status}")


def connect(url: str, timeout_s: float) -> socket.socket:
	"""A connection to the camera, encrypted for rtsps. Raises OSError."""
	parts = urlsplit(url)
	link = names.connect(parts.hostname, parts.port or PORTS[parts.scheme], timeout_s)
	return encrypted(link, parts.hostname) if parts.scheme == "rtsps" else link


def encrypted(plain: socket.socket, host: str) -> ssl.SSLSocket:
	"""Cameras have certificates of their own making: none is checked here."""
	context = ssl.create_default_context()
	context.check_hostname = False
	context.verify_mode = ssl.CERT_NONE
	return context.wrap_socket(plain, server_hostname=host)


def udp_pair() -> tuple[socket.socket, socket.socket]:
	"""Two sockets on an even port and the one after it. Raises OSError when none is free."""
	for _try in range(50):
		first = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		first.bind(("", 0))
		low = first.getsockname()[1]
		second = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		try:
			if low % 2:
				raise OSError("odd")
			second.bind(("", low + 1))
		except OSError:
			first.close()
			second.close()
			continue
		first.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_000_000)
		for one in (first, second):
			one.setblocking(False)
		return first, second
	raise OSError("no pair of ports is free")


def open_session(stream: CameraStream, with_sound: bool = True, timeout_s: float = 5.0) -> Session:
	"""Connects and plays `stream`; the caller closes the session. Raises StreamError."""
	checked_address(stream.url)
	try:
		link = connect(stream.url, timeout_s)
	except OSError as error:
		raise connection_error(error) from None
	hand = Handshake(link, stream, with_sound, timeout_s)
	try:
		return hand.run()
	except StreamError:
		hand.link.close()
		raise


def connection_error(error: OSError) -> StreamError:
	if isinstance(error, socket.gaierror):
		return StreamError(StreamFault.UNKNOWN_HOST, "the host name is not known")
	if isinstance(error, ConnectionRefusedError):
		return StreamError(StreamFault.UNREACHABLE, "the host refuses connections on this port")
	if isinstance(error, TimeoutError):
		return StreamError(StreamFault.UNREACHABLE, "no answer in time", events.NETWORK)
	return StreamError(StreamFault.UNREACHABLE, "the host cannot be reached", events.NETWORK)
