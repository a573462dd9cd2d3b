"""How a recorder leaves: some cameras at a time, to recorders that stand ready, so that each camera is
missing for a moment only.

A recorder whose worker has died (an orphan) has all the time: it records on until its cameras are with
others. One that is told to stop hands over for a bounded time, and closes the rest at once.
"""

import time
from collections.abc import Collection

from giam_sat_mot_cua.workers.fleet import Fleet
from giam_sat_mot_cua.workers.leases import LeaseTable

AT_ONCE = 10  # what another recorder takes in one turn
TAKEN_WITHIN_S = 20.0  # else the next ones follow all the same: one camera must not keep the others
LEAVE_WITHIN_S = 20.0  # whoever is told to stop
DATABASE_S = 15.0  # since it answered a recorder that asks it every few seconds


class Departure:
	"""The leaving of one recorder. Methods may raise RedisError."""

	def __init__(self, fleet: Fleet, owner: str):
		self.fleet, self.owner = fleet, owner
		self.began = time.monotonic()
		self.given: list[str] = []  # the last ones
		self.given_at = 0.0

	def over(self, mine: int, table: LeaseTable | None, patient: bool) -> bool:
		"""Whether the recorder ends now, with `mine` cameras its own; a patient one only without any."""
		if not mine:
			return True
		if patient:
			return False
		return time.monotonic() - self.began > LEAVE_WITHIN_S or not self.others_are_ready(mine, table)

	def others_are_ready(self, mine: int, table: LeaseTable | None) -> bool:
		"""Whether other recorders, with workers of their own, have room for `mine` cameras and may take them
		now: not while Redis is so young that leases may be unknown to it, nor without the database."""
		if not table or not table.settled():
			return False
		room = 0
		for owner, facts in self.fleet.alive().items():
			if owner != self.owner and not facts["leaving"] and has_database(facts):
				room += facts["capacity"] - facts["cameras"]
		return room >= mine

	def next_ones(self, running: Collection[str], table: LeaseTable | None) -> list[str]:
		"""The cameras to end now: none while those before them are not taken, or nobody is ready."""
		if self.given and time.monotonic() - self.given_at < TAKEN_WITHIN_S:
			if len(table.holders(self.given)) < len(self.given):
				return []
		if not running or not self.others_are_ready(len(running), table):
			return []
		self.given, self.given_at = list(running)[:AT_ONCE], time.monotonic()
		return self.given


def has_database(facts: dict) -> bool:
	return time.time() - (facts.get("database_ok") or 0) < DATABASE_S
