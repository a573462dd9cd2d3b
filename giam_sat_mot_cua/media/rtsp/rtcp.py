"""Reports beside the media (RFC 3550): the camera's clock out of a sender report, and what we received."""

import struct
from dataclasses import dataclass

NTP_EPOCH_S = 2_208_988_800
SENDER_REPORT, RECEIVER_REPORT, GOODBYE = 200, 201, 203
OWN_SOURCE = 0x67736D63


@dataclass(frozen=True)
class SenderReport:
	"""The camera's clock (UTC, s) at the RTP time `raw`; `middle` goes back in a receiver report."""

	utc_s: float
	raw: int
	middle: int


def read(data: bytes, start: int, end: int) -> SenderReport | None:
	"""The sender report in a compound packet data[start:end]; None when there is none, or its clock was never
	set."""
	while start + 8 <= end:
		kind = data[start + 1]
		size = 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
		if kind == SENDER_REPORT and start + 28 <= end:
			seconds, part, raw = struct.unpack_from(">III", data, start + 8)
			if not seconds:
				return None
			return SenderReport(
				seconds - NTP_EPOCH_S + part / 2**32, raw, (seconds & 0xFFFF) << 16 | part >> 16
			)
		start += size
	return None


def receiver_report(track, report: SenderReport | None, since_s: float) -> bytes:
	"""What of `track` arrived, and `since_s` after the last sender report."""
	highest = (track.cycles << 16) | (track.sequence or 0)
	delay = round(min(since_s, 65_000) * 65_536) if report else 0
	middle = report.middle if report else 0
	lost = min(track.lost, 0x7FFFFF)
	block = struct.pack(">IIIIII", track.source, lost, highest & 0xFFFFFFFF, 0, middle, delay)
	return struct.pack(">BBHI", 0x81, RECEIVER_REPORT, 7, OWN_SOURCE) + block
