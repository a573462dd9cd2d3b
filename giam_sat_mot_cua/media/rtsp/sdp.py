"""What a camera says that it sends: SDP (RFC 8866), with the payload formats of RTP."""

from dataclasses import dataclass, field
from urllib.parse import urljoin

# Encoding name of rtpmap -> codec as FFmpeg calls it
CODECS = {
	"H264": "h264",
	"H265": "hevc",
	"MPEG4-GENERIC": "aac",
	"PCMA": "pcm_alaw",
	"PCMU": "pcm_mulaw",
	"L16": "pcm_s16be",
	"G722": "g722",
	"OPUS": "opus",
	"JPEG": "mjpeg",
	"MP4V-ES": "mpeg4",
}
# Payload types that need no rtpmap (RFC 3551)
STATIC = {0: ("PCMU", 8000), 8: ("PCMA", 8000), 9: ("G722", 8000), 10: ("L16", 44100), 11: ("L16", 44100)}
STATIC |= {26: ("JPEG", 90000)}


@dataclass(frozen=True)
class Media:
	"""One stream of a session. `codec` is empty for what is no picture or sound that we know (metadata)."""

	kind: str
	codec: str
	encoding: str  # as the camera calls it
	payload_type: int
	clock_rate: int  # Hz
	channels: int
	control: str  # address for SETUP
	parameters: dict[str, str] = field(default_factory=dict)  # of fmtp, names in lower case


def parse(text: str, base: str) -> list[Media]:
	"""The streams of a description. `base`: the address that relative controls belong to."""
	head, *sections = split(text)
	session = attribute(head, "control")
	base = resolve(base, session) if session else base
	return [media(section, base) for section in sections if section[0].startswith("m=")]


def split(text: str) -> list[list[str]]:
	"""Lines of the session, then of each medium."""
	found: list[list[str]] = [[]]
	for line in text.replace("\r\n", "\n").split("\n"):
		if line.startswith("m="):
			found.append([])
		if line:
			found[-1].append(line)
	return found


def media(lines: list[str], base: str) -> Media:
	words = lines[0][2:].split()
	kind, number = words[0], int(words[3]) if len(words) > 3 and words[3].isdigit() else -1
	encoding, rate, channels = rtpmap(lines, number)
	return Media(
		kind,
		CODECS.get(encoding, "") if kind in ("video", "audio") else "",
		encoding,
		number,
		rate,
		channels,
		resolve(base, attribute(lines, "control") or ""),
		fmtp(lines, number),
	)


def rtpmap(lines: list[str], number: int) -> tuple[str, int, int]:
	"""(encoding in capitals, clock rate, channels) of a payload type."""
	for line in lines:
		if line.startswith(f"a=rtpmap:{number} "):
			name, rate, *more = [*line.split(" ", 1)[1].strip().split("/"), "0"][:3]
			channels = int(more[0]) if more and more[0].isdigit() else 0
			return name.upper(), int(rate) if rate.isdigit() else 90_000, max(channels, 1)
	name, rate = STATIC.get(number, ("", 90_000))
	return name, rate, 1


def fmtp(lines: list[str], number: int) -> dict[str, str]:
	for line in lines:
		if line.startswith(f"a=fmtp:{number} "):
			pairs = (part.strip().partition("=") for part in line.split(" ", 1)[1].split(";"))
			return {name.lower(): value for name, _equals, value in pairs if name}
	return {}


def attribute(lines: list[str], name: str) -> str:
	return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"a={name}:")), "")


def resolve(base: str, control: str) -> str:
	"""RFC 2326 C.1.1, as cameras mean it: the control is put behind the base as it is."""
	if not control or control == "*":
		return base
	if "://" in control:
		return control
	if control.startswith("/"):
		return urljoin(base, control)
	return base.rstrip("/") + "/" + control
