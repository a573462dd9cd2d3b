"""Packets of RTP (RFC 3550) made whole again: access units of H.264 (RFC 6184) and H.265 (RFC 7798), frames
of AAC (RFC 3640) and of plain sound.

This is the hot path: a recorder reads some twenty thousand packets a second here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from giam_sat_mot_cua.media.rtsp.sdp import Media

HALF = 1 << 31
FULL = 1 << 32
AAC_FRAME = 1024  # samples


@dataclass(slots=True)
class Unit:
	"""A picture (its NAL units without start codes) or a piece of sound, as the camera sent it.

	stamp: its RTP time, counted on past the wrap of 32 bits, in ticks of the clock rate. whole: nothing of it
	was lost on the way.
	"""

	stamp: int
	parts: list[bytes]
	whole: bool = True


class Track:
	"""One medium of a session: packets in, units out through `deliver`."""

	def __init__(self, media: Media, deliver: Callable[[Unit], None]):
		self.media, self.deliver = media, deliver
		self.stamp = 0
		self.last_raw: int | None = None
		self.sequence: int | None = None
		self.first_sequence = self.cycles = 0
		self.received = self.lost = 0
		self.source = 0
		self.unpack = PAYLOADS[media.codec](self)

	def packet(self, data: bytes, start: int, end: int) -> None:
		"""Takes the RTP packet in data[start:end]; what is none is passed over."""
		if end - start < 12 or data[start] >> 6 != 2 or data[start + 1] & 0x7F != self.media.payload_type:
			return
		first = data[start]
		body = start + 12 + 4 * (first & 15)
		if first & 0x10:  # an extension of the header
			body += 4 + 4 * int.from_bytes(data[body + 2 : body + 4], "big")
		if first & 0x20:
			end -= data[end - 1]
		if body >= end:
			return
		whole = self.follows((data[start + 2] << 8) | data[start + 3])
		if whole is None:
			return
		raw = int.from_bytes(data[start + 4 : start + 8], "big")
		if raw != self.last_raw:
			self.advance(raw)
			self.source = int.from_bytes(data[start + 8 : start + 12], "big")
		self.unpack.take(data, body, end, self.stamp, data[start + 1] & 0x80, whole)

	def follows(self, number: int) -> bool | None:
		"""Whether the packet comes right after the one before; None for one that was there already."""
		self.received += 1
		if self.sequence is None:
			self.first_sequence = self.sequence = number
			return True
		step = (number - self.sequence) & 0xFFFF
		if step == 1:
			if number == 0:
				self.cycles += 1
			self.sequence = number
			return True
		if step == 0 or step > 0xFF00:
			return None  # twice, or too late
		if number < self.sequence:
			self.cycles += 1
		self.sequence = number
		self.lost += step - 1
		return False

	def advance(self, raw: int) -> None:
		if self.last_raw is None:
			self.stamp = raw
		else:
			step = (raw - self.last_raw) % FULL
			self.stamp += step - FULL if step >= HALF else step
		self.last_raw = raw

	def stamp_near(self, raw: int) -> int:
		"""The counted-on time of the 32-bit time `raw` of a report."""
		step = (raw - (self.last_raw or 0)) % FULL
		return self.stamp + (step - FULL if step >= HALF else step)


class Pictures:
	"""Collects the NAL units of one time stamp. Subclasses say how they are packed."""

	def __init__(self, track: Track):
		self.deliver = track.deliver
		self.parts: list[bytes] = []
		self.fragments: list[bytes] | None = None
		self.stamp = 0
		self.whole = True

	def begin(self, stamp: int, whole: bool) -> None:
		"""Before each packet: another time ends the picture, also when no packet was marked as its last."""
		if not whole:
			self.fragments, self.whole = None, False
		if stamp != self.stamp:
			self.flush()
			self.stamp = stamp

	def flush(self) -> None:
		parts, self.parts = self.parts, []
		whole, self.whole = self.whole, True
		if parts:
			self.deliver(Unit(self.stamp, parts, whole))

	def fragment(self, head: bytes | None, data: bytes, last: int) -> None:
		"""A piece of a NAL unit; the first one brings its rebuilt head."""
		if head is not None:
			self.fragments = [head, data]
		elif self.fragments is not None:
			self.fragments.append(data)
		else:
			self.whole = False
			return
		if last:
			self.parts.append(b"".join(self.fragments))
			self.fragments = None

	def aggregate(self, data: bytes, place: int, end: int) -> None:
		"""Several NAL units in one packet, each behind its length."""
		while place + 2 < end:
			size = (data[place] << 8) | data[place + 1]
			place += 2
			if not size or place + size > end:
				self.whole = False
				return
			self.parts.append(data[place : place + size])
			place += size


class H264(Pictures):
	def take(self, data: bytes, start: int, end: int, stamp: int, marker: int, whole: bool) -> None:
		if stamp != self.stamp or not whole:
			self.begin(stamp, whole)
		kind = data[start] & 31
		if kind == 28:  # FU-A
			head = data[start + 1]
			first = bytes((data[start] & 0xE0 | head & 31,)) if head & 0x80 else None
			self.fragment(first, data[start + 2 : end], head & 0x40)
		elif 0 < kind < 24:
			self.parts.append(data[start:end])
		elif kind == 24:  # STAP-A
			self.aggregate(data, start + 1, end)
		if marker:
			self.flush()


class H265(Pictures):
	def take(self, data: bytes, start: int, end: int, stamp: int, marker: int, whole: bool) -> None:
		if stamp != self.stamp or not whole:
			self.begin(stamp, whole)
		kind = (data[start] >> 1) & 63
		if kind == 49:  # FU
			head = data[start + 2]
			first = bytes((data[start] & 0x81 | (head & 63) << 1, data[start + 1])) if head & 0x80 else None
			self.fragment(first, data[start + 3 : end], head & 0x40)
		elif kind == 48:  # AP
			self.aggregate(data, start + 2, end)
		elif kind < 48:
			self.parts.append(data[start:end])
		if marker:
			self.flush()


class Aac:
	"""AAC in hbr or lbr mode: the lengths first, then the frames; a long frame comes in several packets."""

	def __init__(self, track: Track):
		self.deliver = track.deliver
		given = track.media.parameters
		self.size_bits = int(given.get("sizelength") or 13)
		self.header_bits = self.size_bits + int(given.get("indexlength") or 3)
		self.pieces: list[bytes] = []
		self.wanted = 0

	def take(self, data: bytes, start: int, end: int, stamp: int, _marker: int, whole: bool) -> None:
		if not whole:
			self.pieces, self.wanted = [], 0
		bits = (data[start] << 8) | data[start + 1]
		heads = int.from_bytes(data[start + 2 : start + 2 + (bits + 7) // 8], "big")
		heads >>= -bits % 8
		count = bits // self.header_bits
		place = start + 2 + (bits + 7) // 8
		for number in range(count):
			head = heads >> (self.header_bits * (count - 1 - number)) & ((1 << self.header_bits) - 1)
			size = head >> (self.header_bits - self.size_bits)
			if place + size > end:
				self.piece(data[place:end], size, stamp)
				return
			self.deliver(Unit(stamp + number * AAC_FRAME, [data[place : place + size]]))
			place += size

	def piece(self, data: bytes, size: int, stamp: int) -> None:
		if size != self.wanted:
			self.pieces, self.wanted = [], size
		self.pieces.append(data)
		if sum(map(len, self.pieces)) >= size:
			self.deliver(Unit(stamp, [b"".join(self.pieces)[:size]]))
			self.pieces, self.wanted = [], 0


class Plain:
	"""Sound whose packets are simply a piece of it: G.711, G.722, L16, Opus."""

	def __init__(self, track: Track):
		self.deliver = track.deliver

	def take(self, data: bytes, start: int, end: int, stamp: int, _marker: int, _whole: bool) -> None:
		self.deliver(Unit(stamp, [data[start:end]]))


PAYLOADS = {"h264": H264, "hevc": H265, "aac": Aac}
PAYLOADS |= dict.fromkeys(("pcm_alaw", "pcm_mulaw", "pcm_s16be", "g722", "opus"), Plain)
