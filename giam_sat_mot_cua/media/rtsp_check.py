"""Asks a camera why its stream did not open: one DESCRIBE request of RTSP 1.0 (RFC 2326), with a
Basic or Digest login (RFC 7616, MD5 and SHA-256)."""

import base64
import hashlib
import re
import secrets
import socket
import ssl
from urllib.parse import urlsplit

from giam_sat_mot_cua.media import events
from giam_sat_mot_cua.media.camera_stream import CameraStream, StreamError, StreamFault, checked_address

PORTS = {"rtsp": 554, "rtsps": 322}
LARGEST_ANSWER_BYTES = 65_536
PLAYABLE = ("H264", "H265")


def diagnose(stream: CameraStream, timeout_s: float = 4.0) -> StreamError:
	"""The most likely reason why `stream` did not open, as an error to raise."""
	try:
		checked_address(stream.url)
		status, body = describe(stream, timeout_s)
	except StreamError as error:
		return error
	except socket.gaierror:
		return StreamError(StreamFault.UNKNOWN_HOST, "the host name is not known")
	except ConnectionRefusedError:
		return StreamError(StreamFault.UNREACHABLE, "the host refuses connections on this port")
	except TimeoutError:
		return StreamError(StreamFault.UNREACHABLE, "no answer in time", events.NETWORK)
	except (OSError, ValueError):
		return StreamError(StreamFault.UNREACHABLE, "the host cannot be reached", events.NETWORK)
	return judged(status, body)


def judged(status: int, body: str) -> StreamError:
	if status in (401, 403):
		return StreamError(StreamFault.AUTHENTICATION, "the camera refuses the login")
	if status in (404, 410, 451, 454):
		return StreamError(StreamFault.NOT_FOUND, "the camera has no stream at this path")
	if status != 200:
		return StreamError(StreamFault.INTERNAL, f"the camera answers with RTSP status {status}")
	video = re.search(r"^m=video.*?(?=^m=|\Z)", body, re.MULTILINE | re.DOTALL)
	if not video:
		return StreamError(StreamFault.NO_VIDEO, "the stream holds no video")
	codec = re.search(r"^a=rtpmap:\d+ ([^/\s]+)", video.group(0), re.MULTILINE)
	if codec and codec.group(1).upper() not in PLAYABLE:
		return StreamError(StreamFault.UNSUPPORTED_CODEC, f"video is {codec.group(1)}, not H.264 or H.265")
	return StreamError(StreamFault.STALLED, "the camera describes its stream but sends no data")


def describe(stream: CameraStream, timeout_s: float) -> tuple[int, str]:
	"""Status and SDP of the camera's answer to DESCRIBE. Raises OSError, or ValueError for an answer that is
	no RTSP."""
	parts = urlsplit(stream.url)
	address = (parts.hostname, parts.port or PORTS[parts.scheme])
	with socket.create_connection(address, timeout=timeout_s) as plain:
		plain.settimeout(timeout_s)
		link = encrypted(plain, parts.hostname) if parts.scheme == "rtsps" else plain
		status, headers, body = ask(link, stream.url, 1, None)
		if status == 401 and stream.username:
			login = authorization(stream, headers)
			if login:
				status, headers, body = ask(link, stream.url, 2, login)
		return status, body


def encrypted(plain: socket.socket, host: str) -> ssl.SSLSocket:
	"""Cameras have certificates of their own making: none is checked here, and FFmpeg checks none either."""
	context = ssl.create_default_context()
	context.check_hostname = False
	context.verify_mode = ssl.CERT_NONE
	return context.wrap_socket(plain, server_hostname=host)


def ask(
	link: socket.socket, url: str, number: int, login: str | None
) -> tuple[int, list[tuple[str, str]], str]:
	request = f"DESCRIBE {url} RTSP/1.0\r\nCSeq: {number}\r\nAccept: application/sdp\r\n"
	request += "User-Agent: gsmc-media\r\n" + (f"Authorization: {login}\r\n" if login else "") + "\r\n"
	link.sendall(request.encode())
	data = b""
	while b"\r\n\r\n" not in data:
		data += received(link, data)
	head, _blank, body = data.partition(b"\r\n\r\n")
	lines = head.decode("latin-1").split("\r\n")
	if not lines[0].startswith("RTSP/"):
		raise ValueError("the answer is not RTSP")
	headers = [(n.strip().lower(), v.strip()) for n, _colon, v in (line.partition(":") for line in lines[1:])]
	length = int(dict(headers).get("content-length", 0))
	while len(body) < min(length, LARGEST_ANSWER_BYTES):
		body += received(link, body)
	return int(lines[0].split()[1]), headers, body.decode("utf-8", errors="replace").replace("\r\n", "\n")


def received(link: socket.socket, so_far: bytes) -> bytes:
	chunk = link.recv(4096)
	if not chunk or len(so_far) > LARGEST_ANSWER_BYTES:
		raise ValueError("the answer ended too early or is too long")
	return chunk


def authorization(stream: CameraStream, headers: list[tuple[str, str]]) -> str | None:
	"""The Authorization header for the first challenge that we can answer; Digest before Basic."""
	challenges = [value for name, value in headers if name == "www-authenticate"]
	for challenge in sorted(challenges, key=lambda text: not text.lower().startswith("digest")):
		if challenge.lower().startswith("digest"):
			return digest(stream, dict(re.findall(r'(\w+)="?([^",]*)"?', challenge[6:])))
		if challenge.lower().startswith("basic"):
			return "Basic " + base64.b64encode(f"{stream.username}:{stream.password}".encode()).decode()
	return None


def digest(stream: CameraStream, given: dict[str, str]) -> str:
	algorithm = given.get("algorithm", "MD5")
	make = hashlib.sha256 if algorithm.upper().startswith("SHA-256") else hashlib.md5

	def hashed(*parts: str) -> str:
		return make(":".join(parts).encode()).hexdigest()

	realm, nonce = given.get("realm", ""), given.get("nonce", "")
	secret, what = hashed(stream.username, realm, stream.password), hashed("DESCRIBE", stream.url)
	fields = f'username="{stream.username}", realm="{realm}", nonce="{nonce}", uri="{stream.url}"'
	if "auth" in given.get("qop", "").split(","):
		client = secrets.token_hex(8)
		fields += f', qop=auth, nc=00000001, cnonce="{client}"'
		answer = hashed(secret, nonce, "00000001", client, "auth", what)
	else:
		answer = hashed(secret, nonce, what)
	fields += f', response="{answer}"'
	if "algorithm" in given:
		fields += f", algorithm={algorithm}"
	if "opaque" in given:
		fields += f', opaque="{given["opaque"]}"'
	return f"Digest {fields}"
