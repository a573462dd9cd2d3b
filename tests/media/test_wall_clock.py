"""Timestamps become UTC: delay is not time, drift is followed, steps are noticed."""

import random
import time
from itertools import pairwise

import pytest

from giam_sat_mot_cua.media import wall_clock
from giam_sat_mot_cua.media.wall_clock import WallClock

FRAME = 0.04


@pytest.fixture(autouse=True)
def fixed_offset(monkeypatch):
	"""UTC = monotonic + 1000 s, so that numbers can be written down."""
	state = {"offset": 1000.0}
	monkeypatch.setattr(wall_clock, "utc_offset_s", lambda: state["offset"])
	return state


def play(clock: WallClock, frames: int, rate: float = 1.0, delay=lambda n: 0.01, start: float = 50.0):
	"""Feeds frames whose camera clock runs at `rate`; returns (true UTC, mapped UTC) of each."""
	found = []
	for number in range(frames):
		true = start + number * FRAME
		stamp, arrival = number * FRAME * rate, true + delay(number)
		clock.observe(stamp, arrival)
		if number == 0:
			clock.settle()
		found.append((true + 1000, clock.wall(stamp, arrival)))
	return found


def test_jitter_does_not_move_the_clock():
	random.seed(7)
	found = play(WallClock(), 3000, delay=lambda n: 0.01 + (random.random() * 0.3 if n else 0))
	assert all(abs(mapped - true - 0.01) < 0.02 for true, mapped in found)


@pytest.mark.parametrize("rate", [0.9995, 1.0005])
def test_a_drifting_camera_keeps_the_servers_time(rate):
	found = play(WallClock(), 20_000, rate=rate)  # 800 s: 0.4 s off without correction
	true, mapped = found[-1]
	assert abs(mapped - true) < 0.06
	steps = [later[1] - earlier[1] for earlier, later in pairwise(found)]
	assert min(steps) > 0 and max(steps) < FRAME * 1.02


def test_late_delivery_after_a_stalled_network_is_no_step():
	clock = WallClock()
	play(clock, 100)
	stamp, arrival = 100 * FRAME, 50 + 100 * FRAME + 8
	clock.observe(stamp, arrival)
	assert clock.wall(stamp, arrival) == pytest.approx(1050.01 + 100 * FRAME, abs=0.02)
	assert not clock.stepped


@pytest.mark.parametrize("jump", [600.0, -600.0, 3.0, -3.0, 0.7, -0.7])
def test_a_camera_clock_that_is_set_does_not_move_the_footage(jump):
	clock = WallClock()
	play(clock, 100)
	for number in range(100, 200):
		stamp, arrival = number * FRAME + jump, 50 + number * FRAME + 0.01
		clock.observe(stamp, arrival)
		assert clock.wall(stamp, arrival) == pytest.approx(arrival + 1000, abs=0.02)
		assert clock.stepped == (number == 100)


def test_packets_that_were_late_at_the_beginning_are_followed_without_a_jump():
	clock = WallClock()
	found = play(clock, 500, delay=lambda n: 0.8 if n < 20 else 0.01)
	steps = [later[1] - earlier[1] for earlier, later in pairwise(found)]
	assert min(steps) >= 0 and max(steps) < FRAME * 1.02
	assert found[-1][1] - found[-1][0] < 0.8 - 19 * FRAME * 0.005 / 2


def test_the_servers_clock_that_is_set_forward_is_a_step(fixed_offset):
	clock = WallClock()
	play(clock, 100)
	fixed_offset["offset"] += 60
	stamp, arrival = 100 * FRAME, 50 + 100 * FRAME + 0.01
	clock.observe(stamp, arrival)
	assert clock.wall(stamp, arrival) == pytest.approx(arrival + 1060, abs=0.02)
	assert clock.stepped


def test_footage_goes_on_where_it_ended_when_a_clock_was_set_back_a_little(fixed_offset):
	"""No overlap, nothing pressed together, and back to the true time by 0.5 %."""
	clock = WallClock()
	before = play(clock, 100)
	fixed_offset["offset"] -= 20
	after = []
	for number in range(100, 125_000):  # 5,000 s: 20 s are worked off after 4,000
		arrival = 50 + number * FRAME + 0.01
		clock.observe(number * FRAME, arrival)
		after.append((arrival + 980, clock.wall(number * FRAME, arrival)))
		assert clock.stepped == (number == 100)
	assert after[0][1] == pytest.approx(before[-1][1], abs=FRAME)
	steps = [later[1] - earlier[1] for earlier, later in pairwise(after)]
	assert min(steps) > FRAME * 0.99 and max(steps) < FRAME * 1.01
	assert after[-1][1] == pytest.approx(after[-1][0], abs=0.02)


def test_a_new_connection_begins_where_the_footage_ends():
	found = play(WallClock(not_before=1060.0), 10)  # 10 s ahead of the clock
	assert found[0][1] == 1060.0
	assert all(later[1] - earlier[1] == pytest.approx(FRAME, rel=0.01) for earlier, later in pairwise(found))


def test_a_picture_of_just_before_the_connection_does_not_shift_the_rest():
	found = play(WallClock(not_before=1051.0), 100)  # one second is recorded already
	assert found[0][1] == 1051.0
	assert found[-1][1] == pytest.approx(found[-1][0] + 0.01, abs=0.001)


def test_a_clock_that_was_far_ahead_is_not_waited_for():
	"""A server that booted with a date of next year must record today all the same."""
	found = play(WallClock(not_before=40_000_000.0), 10)
	assert all(mapped == pytest.approx(true, abs=0.02) for true, mapped in found)


def test_offset_is_that_of_this_machine(monkeypatch):
	monkeypatch.undo()
	assert abs(wall_clock.utc_offset_s() + time.monotonic() - time.time()) < 1
