"""A camera's stream: its address and login, opening it, and what went wrong when it does not open.

FFmpeg's errors are ambiguous and their texts may hold the address with its password, so a failure is looked
into by `rtsp_check` and told in words of our own.
"""

from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.error
import av.logging

from giam_sat_mot_cua.media import events
from giam_sat_mot_cua.media.events import StreamInfo

av.logging.set_level(None)  # FFmpeg's log can deadlock threads, and prints addresses

VIDEO_CODECS = ("h264", "hevc")
SCHEMES = ("rtsp", "rtsps")


class StreamFault(str, Enum):
	"""Why a camera is not being recorded."""

	BAD_ADDRESS = "bad_address"
	UNREACHABLE = "unreachable"
	AUTHENTICATION = "authentication"
	NOT_FOUND = "not_found"
	NO_VIDEO = "no_video"
	UNSUPPORTED_CODEC = "unsupported_codec"
	STALLED = "stalled"
	ENDED = "ended"
	STORAGE = "storage"
	INTERNAL = "internal"


GAP_CAUSES = {
	StreamFault.BAD_ADDRESS: events.CONFIGURATION,
	StreamFault.UNREACHABLE: events.CAMERA_OFFLINE,
	StreamFault.AUTHENTICATION: events.AUTHENTICATION,
	StreamFault.NOT_FOUND: events.CONFIGURATION,
	StreamFault.NO_VIDEO: events.CONFIGURATION,
	StreamFault.UNSUPPORTED_CODEC: events.CONFIGURATION,
	StreamFault.STALLED: events.CAMERA_OFFLINE,
	StreamFault.ENDED: events.CAMERA_OFFLINE,
	StreamFault.STORAGE: events.DISK,
	StreamFault.INTERNAL: events.UNKNOWN,
}


class StreamError(Exception):
	"""A fault with a short message that holds no secret, and the cause of the gap that it makes."""

	def __init__(self, fault: StreamFault, message: str, cause: str | None = None):
		super().__init__(f"{fault.value}: {message}")
		self.fault, self.message, self.cause = fault, message, cause or GAP_CAUSES[fault]


@dataclass(frozen=True)
class CameraStream:
	"""Where a camera's stream is. `url` holds no login; `transport` is tcp or udp."""

	camera: str
	url: str
	username: str = ""
	password: str = field(default="", repr=False)
	transport: str = "tcp"


def checked_address(url: str) -> str:
	"""`url` if it is an RTSP address without a login; else StreamError(BAD_ADDRESS)."""
	try:
		parts = urlsplit(url)
		valid = (
			parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
		)
	except ValueError:  # a port that is no number
		valid = False
	if not valid or any(c.isspace() for c in url):
		raise StreamError(
			StreamFault.BAD_ADDRESS, "the address is not rtsp://HOST[:PORT]/PATH without a login"
		)
	return url


def with_login(stream: CameraStream) -> str:
	"""The address with its login, for FFmpeg alone: never to be shown or logged."""
	parts = urlsplit(checked_address(stream.url))
	if not stream.username:
		return stream.url
	login = f"{quote(stream.username, safe='')}:{quote(stream.password, safe='')}@"
	return urlunsplit((parts.scheme, login + parts.netloc, parts.path, parts.query, ""))


def open_source(stream: CameraStream, timeout_s: float = 8.0, read_timeout_s: float = 5.0):
	"""Opens the stream with PyAV; the caller closes it, in the same thread. Raises StreamError.

	A read that brings nothing for `read_timeout_s` ends with av.error.ExitError.
	"""
	from giam_sat_mot_cua.media import rtsp_check

	address = with_login(stream)
	try:
		source = av.open(
			address,
			options={"rtsp_transport": stream.transport, "fpsprobesize": "0"},
			timeout=(timeout_s, read_timeout_s),
		)
	except (av.error.FFmpegError, OSError, ValueError):
		error = rtsp_check.diagnose(stream, timeout_s=4.0)
		raise error from None  # FFmpeg's own text may hold the login
	try:
		require_video(source)
	except StreamError:
		source.close()
		raise
	return source


def require_video(source) -> None:
	if not source.streams.video:
		raise StreamError(StreamFault.NO_VIDEO, "the stream holds no video")
	codec = source.streams.video[0].codec_context.name
	if codec not in VIDEO_CODECS:
		raise StreamError(StreamFault.UNSUPPORTED_CODEC, f"video is {codec}, not H.264 or H.265")


def describe(source) -> StreamInfo:
	"""What an opened container holds."""
	video = source.streams.video[0]
	rate = video.average_rate or video.guessed_rate or video.base_rate
	audio = source.streams.audio[0] if source.streams.audio else None
	return StreamInfo(
		video_codec=video.codec_context.name,
		width=video.codec_context.width,
		height=video.codec_context.height,
		fps=round(float(rate), 3) if rate and rate < 1000 else 0.0,
		audio_codec=audio.codec_context.name if audio else None,
		audio_rate=audio.codec_context.sample_rate if audio else None,
	)


def probe(stream: CameraStream) -> StreamInfo:
	"""Opens the stream, says what it holds, closes it. Raises StreamError."""
	source = open_source(stream)
	try:
		return describe(source)
	finally:
		source.close()
