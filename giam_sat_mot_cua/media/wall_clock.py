"""From a stream's own timestamps to UTC.

A packet arrives at some time of the server's monotonic clock; it was taken no later than that, and network
and probing only ever add delay. So the smallest difference (arrival - timestamp) seen lately is the truth
about where the stream's clock stands, and everything above it is delay. The mapping follows that smallest
difference slowly (at most 0.5 %), so that a camera whose clock runs fast or slow is corrected without a
visible jump, and the duration of footage adds up to the wall clock's. See docs/time.md.
"""

import time

MAX_SLEW = 0.005
WINDOW_S = 20.0
STEP_S = 3.0  # a larger error than this is a clock that was set, not one that drifts
CAMERA_STEP_S = 0.5  # nothing comes so much sooner than all before it, unless the camera's clock was set
LATE_LIMIT_S = 30.0  # a stalled network that recovers delivers late, which is no step; nothing is that late
MAX_LEAD_S = 60.0  # footage may be ahead of a clock that was set back by so much, rather than overlap


def utc_offset_s() -> float:
	"""UTC minus the monotonic clock, in seconds. Follows steps of the system's clock."""
	return time.time() - time.monotonic()


class WallClock:
	"""Maps timestamps of one connection to UTC. All times in seconds."""

	def __init__(self, not_before: float = 0.0) -> None:
		"""`not_before`: UTC in seconds, the end of what is recorded already."""
		self.offset = 0.0
		self.lead = 0.0  # how far UTC as told is ahead of UTC as it is, after a clock was set back
		self.last_stamp: float | None = None
		self.last_wall = not_before
		self.window_began = 0.0
		self.lowest = self.lowest_before = float("inf")
		self.early = (0.0, 0.0)  # the newest stamp observed, and how much sooner it came than any before it
		self.stepped = False  # the last `wall` crossed a step of a clock

	def observe(self, stamp: float, arrival: float) -> None:
		"""Notes that the packet with timestamp `stamp` arrived at `arrival` (monotonic clock)."""
		delay = arrival - stamp
		known = min(self.lowest, self.lowest_before)
		self.early = (stamp, known - delay if known != float("inf") else 0.0)
		if arrival - self.window_began > WINDOW_S:
			self.lowest_before, self.lowest = self.lowest, delay
			self.window_began = arrival
		self.lowest = min(self.lowest, delay)

	def settle(self) -> None:
		"""Fixes the mapping from what was observed so far: call it before the first `wall`."""
		self.offset = self.target()

	def target(self) -> float:
		return min(self.lowest, self.lowest_before) + utc_offset_s()

	def wall(self, stamp: float, arrival: float) -> float:
		"""UTC of the packet, in seconds; never less than the one before, unless the server's clock was set
		back by more than MAX_LEAD_S."""
		first = self.last_stamp is None
		passed = 0.0 if first else stamp - self.last_stamp
		error = arrival - stamp + utc_offset_s() - self.offset
		early = self.early[1] if self.early[0] == stamp else 0.0
		camera_set = early > CAMERA_STEP_S or passed < -CAMERA_STEP_S
		self.stepped = camera_set or error < -STEP_S or error > LATE_LIMIT_S
		if self.stepped:
			self.step(stamp, arrival)
		else:
			most = abs(passed) * MAX_SLEW
			self.offset += min(max(self.target() - self.offset, -most), most)
		if first or self.stepped:
			self.take_lead(stamp)
		else:
			self.lead = max(self.lead - abs(passed) * MAX_SLEW, 0.0)
			self.last_wall = max(self.place(stamp), self.last_wall)
		self.last_stamp = stamp
		return self.last_wall

	def take_lead(self, stamp: float) -> None:
		"""Goes on at the end of what is recorded already when a clock was set back a little.

		Standing still until the clock has caught up would press the footage of that time together; that is
		right only for a new connection's first picture, which may be a moment old and recorded already. After
		a larger step the true time counts, though it was recorded under once before.
		"""
		ahead = self.last_wall - (stamp + self.offset)
		least = 0.0 if self.stepped else STEP_S
		self.lead = ahead if least < ahead <= MAX_LEAD_S else 0.0
		self.last_wall = self.place(stamp) if ahead > MAX_LEAD_S else max(self.place(stamp), self.last_wall)

	def place(self, stamp: float) -> float:
		"""UTC of another packet of the stream, audio say, by the mapping as it is now."""
		return stamp + self.offset + self.lead

	def step(self, stamp: float, arrival: float) -> None:
		"""A clock was set, the camera's or ours: begin anew from this packet's arrival."""
		self.lowest_before, self.lowest, self.window_began = float("inf"), arrival - stamp, arrival
		self.offset = self.target()
		self.stepped = True
