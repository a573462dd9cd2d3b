"""Where a camera's stream is, how one logs in, and what can be wrong with it."""

from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

from giam_sat_mot_cua.media import events

SCHEMES = ("rtsp", "rtsps")


class StreamFault(str, Enum):
	"""Why a camera is not being recorded."""

	BAD_ADDRESS = "bad_address"
	UNKNOWN_HOST = "unknown_host"
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
	StreamFault.UNKNOWN_HOST: events.CONFIGURATION,
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
