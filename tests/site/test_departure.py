"""How a recorder that leaves gives its cameras to others."""

import time

import frappe
import pytest

from giam_sat_mot_cua.workers import departure, leases, overview
from giam_sat_mot_cua.workers.departure import Departure
from giam_sat_mot_cua.workers.fleet import Fleet
from giam_sat_mot_cua.workers.leases import LeaseTable

CAMERAS = [f"CAM-{number:02d}" for number in range(25)]


class World:
	"""A recorder that leaves and others beside it, on a Redis site of their own."""

	def __init__(self):
		self.redis = overview.connect()
		self.site = f"roi-di-{frappe.generate_hash(length=8)}"
		self.fleet = Fleet(self.redis, self.site)
		self.table = LeaseTable(self.redis, self.site, leases.own_name(), 500)
		self.other = LeaseTable(self.redis, self.site, "may-khac:1:1", 60_000)
		self.leaver = Departure(self.fleet, leases.own_name())

	def report(self, owner: str, **facts) -> None:
		values = {"node": "x", "cameras": 0, "capacity": 50, "leaving": False, "database_ok": time.time()}
		self.fleet.report(owner, {**values, **facts}, {})


@pytest.fixture
def world():
	made = World()
	yield made
	for key in made.redis.scan_iter(f"gsmc:{made.site}:*"):
		made.redis.delete(key)


def test_cameras_go_a_few_at_a_time_as_others_take_them(world):
	world.report("may-khac:1:1")
	running = list(CAMERAS)
	first = world.leaver.next_ones(running, world.table)
	assert first == CAMERAS[: departure.AT_ONCE]
	running = running[departure.AT_ONCE :]
	assert world.leaver.next_ones(running, world.table) == []
	for name in first:
		assert world.other.acquire(name)
	assert world.leaver.next_ones(running, world.table) == CAMERAS[departure.AT_ONCE : 2 * departure.AT_ONCE]


@pytest.mark.parametrize(
	"facts",
	[
		{"leaving": True},
		{"capacity": 24},
		{"cameras": 40},
		{"database_ok": None},
		{"database_ok": 1.0},
	],
	ids=["leaves itself", "too small", "too full", "never had a database", "has lost it"],
)
def test_nothing_goes_to_one_who_cannot_take_it(world, facts):
	world.report("may-khac:1:1", **facts)
	assert world.leaver.next_ones(CAMERAS, world.table) == []
	assert not world.leaver.over(len(CAMERAS), world.table, patient=True)
	assert world.leaver.over(len(CAMERAS), world.table, patient=False)  # told to stop: it closes its files


def test_nothing_goes_while_redis_may_not_know_the_leases(world):
	world.report("may-khac:1:1")
	young = LeaseTable(world.redis, world.site, leases.own_name(), 10**12)  # longer than Redis is up
	assert world.leaver.next_ones(CAMERAS, young) == []
	assert world.leaver.next_ones(CAMERAS, None) == []


def test_who_has_nothing_left_ends(world):
	assert world.leaver.over(0, world.table, patient=True)
	assert world.leaver.over(0, None, patient=False)


def test_who_is_told_to_stop_does_not_wait_for_ever(world):
	world.report("may-khac:1:1")
	assert not world.leaver.over(3, world.table, patient=False)
	world.leaver.began -= departure.LEAVE_WITHIN_S + 1
	assert world.leaver.over(3, world.table, patient=False)
	assert not world.leaver.over(3, world.table, patient=True)
