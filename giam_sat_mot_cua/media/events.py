"""What a recorder tells: plain facts, each on one JSON line when it has to be kept or piped."""

import json
from dataclasses import asdict, dataclass

# Causes of gaps, as media knows them
CAMERA_OFFLINE, NETWORK, AUTHENTICATION, CONFIGURATION = (
	"camera_offline",
	"network",
	"authentication",
	"configuration",
)
DISK, CLOCK, RECORDER_DOWN, UNKNOWN = "disk", "clock", "recorder_down", "unknown"


@dataclass(frozen=True)
class StreamInfo:
	"""What a stream or file holds. `fps` is 0 when unknown; audio is None when there is none; rates in Hz."""

	video_codec: str
	width: int
	height: int
	fps: float = 0.0
	audio_codec: str | None = None
	audio_rate: int | None = None


@dataclass(frozen=True)
class StateChanged:
	"""state: connecting, recording, waiting (for the next attempt), stopped. fault: a StreamFault value or
	None."""

	camera: str
	at_utc_ms: int
	state: str
	fault: str | None = None
	message: str = ""
	info: StreamInfo | None = None


@dataclass(frozen=True)
class FileOpened:
	camera: str
	path: str  # relative to the volume
	start_utc_ms: int


@dataclass(frozen=True)
class FileClosed:
	"""A file that will not change any more and is on the disk."""

	camera: str
	path: str
	start_utc_ms: int
	duration_ms: int
	size_bytes: int
	sha256: str  # hex
	info: StreamInfo | None = None


@dataclass(frozen=True)
class GapOpened:
	"""Nothing is recorded from `start_utc_ms` on."""

	camera: str
	start_utc_ms: int
	cause: str


@dataclass(frozen=True)
class GapClosed:
	"""Nothing was recorded in [start_utc_ms, end_utc_ms). `GapOpened` with the same start may have come
	before."""

	camera: str
	start_utc_ms: int
	end_utc_ms: int
	cause: str


@dataclass(frozen=True)
class StillTaken:
	camera: str
	path: str
	at_utc_ms: int


Event = StateChanged | FileOpened | FileClosed | GapOpened | GapClosed | StillTaken
KINDS = {
	kind.__name__: kind for kind in (StateChanged, FileOpened, FileClosed, GapOpened, GapClosed, StillTaken)
}


def to_json(event: Event) -> str:
	"""One line of JSON with the event's name under "event"."""
	return json.dumps({"event": type(event).__name__, **asdict(event)}, ensure_ascii=False)


def from_json(line: str) -> Event:
	"""The event of a line that `to_json` wrote. ValueError when it is none."""
	try:
		values = json.loads(line)
		kind = KINDS[values.pop("event")]
		if values.get("info"):
			values["info"] = StreamInfo(**values["info"])
		return kind(**values)
	except (TypeError, KeyError, AttributeError) as error:
		raise ValueError(f"not an event: {line!r}") from error
