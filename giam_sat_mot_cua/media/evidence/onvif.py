"""The start time of a file as ONVIF's Export File Format (26.06, section Timing) writes it, for players of
other makers."""

import struct

from giam_sat_mot_cua.media.fmp4 import TIMESCALE, box
from giam_sat_mot_cua.media.mp4_write import full

SECONDS_FROM_1601_TO_1970 = 11_644_473_600
INTERVALS = 10_000_000  # of 100 ns in a second


def start_time_meta(track: int, start_utc_ticks: int) -> bytes:
	"""A `meta` box of the file with the StartTimeBox `cstb`: when the time line of `track` begins (UTC, ticks
	of TIMESCALE since 1970).

	The specification's `suep` is left out: its track numbers have 16 bits there and 32 in ONVIF's own player.
	"""
	time = start_utc_ticks * INTERVALS // TIMESCALE + SECONDS_FROM_1601_TO_1970 * INTERVALS
	handler = full(b"hdlr", 0, 0, bytes(4) + b"null" + bytes(12) + b"\0")  # only holds what follows
	return full(b"meta", 0, 0, handler + box(b"cstb", struct.pack(">IIQ", 1, track, time)))
