"""What a scrape costs: 400 cameras held by eight recorders that report to Redis.

`python -m tests.benchmarks.metrics` with the environment that `make test` sets.
"""

import json
import statistics
import time

import frappe
import requests

from devbench.stack import Stack
from giam_sat_mot_cua.api.metrics import METHOD
from giam_sat_mot_cua.recording import gap_counts, gap_ledger
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import overview
from giam_sat_mot_cua.workers.fleet import Fleet
from giam_sat_mot_cua.workers.leases import LeaseTable
from tests.benchmarks.connection import connected

CAMERAS, RECORDERS, ROUNDS = 400, 8, 30
CAUSES = ("Camera Offline", "Network", "Storage")


def run(stack: Stack) -> dict:
	"""Milliseconds over HTTP, and how long the answer is."""
	with connected():
		fleet = Busy(make_cameras())
		token = frappe.conf.gsmc_metrics_token
		headers = {"Authorization": f"Bearer {token}"}
		times, text = [], ""
		try:
			for number in range(ROUNDS + 2):
				fleet.report()
				began = time.perf_counter()
				answer = requests.get(f"{stack.url}/api/method/{METHOD}", headers=headers, timeout=30)
				assert answer.status_code == 200
				if number >= 2:  # the first ones fill caches
					times.append((time.perf_counter() - began) * 1000)
				text = answer.text
		finally:
			fleet.leave()
	return {
		"cameras": text.count("\ngsmc_camera_wanted{"),
		"recording": text.count("\ngsmc_camera_packet_age_seconds{"),
		"measurements": sum(bool(line) and line[0] != "#" for line in text.split("\n")),
		"kilobytes": round(len(text) / 1000),
		"median_ms": round(statistics.median(times), 1),
		"slowest_ms": round(max(times), 1),
	}


def make_cameras() -> list[str]:
	unit = factories.unit().name
	names = [factories.camera(unit).name for _n in range(CAMERAS)]
	frappe.db.commit()  # the web server must see them
	return names


class Busy:
	"""Recorders that say they hold these cameras."""

	def __init__(self, cameras: list[str]):
		self.redis = overview.connect()
		self.fleet = Fleet(self.redis, frappe.local.site)
		self.held = {f"bench-{n}/pid:[1]:{n + 1}:1": cameras[n::RECORDERS] for n in range(RECORDERS)}
		assert set(CAUSES) <= set(gap_ledger.CAUSES.values())
		self.redis.hset(gap_counts.key(), mapping={f"{c}|{cause}": 7 for c in cameras for cause in CAUSES})
		for owner, names in self.held.items():
			table = LeaseTable(self.redis, frappe.local.site, owner, 600_000)
			for name in names:
				table.acquire(name)

	def report(self) -> None:
		for owner, names in self.held.items():
			facts = {
				"node": owner.split("/")[0],
				"cameras": len(names),
				"capacity": 50,
				"leaving": False,
				"version": "1",
				"load": 1.0,
				"memory_mb": 100,
				"waiting": 0,
				"left_behind": 0,
				"index_delay_s": 0.5,
				"database_ok": time.time(),
			}
			health = {
				"state": "recording",
				"fault": None,
				"packet_age_s": 0.1,
				"bytes_written": 10**9,
				"connected_since_utc_ms": 1,
				"connections": 2,
				"files": 60,
				"fragments": 3600,
				"packets_lost": 12,
				"clock_offset_s": 0.2,
			}
			self.fleet.report(owner, facts, dict.fromkeys(names, health))

	def leave(self) -> None:
		for owner, names in self.held.items():
			self.fleet.leave(owner)
			self.fleet.forget(names)
			table = LeaseTable(self.redis, frappe.local.site, owner, 600_000)
			for name in names:
				self.redis.delete(*table.keys(name))
				self.redis.hdel(gap_counts.key(), *(f"{name}|{cause}" for cause in CAUSES))


if __name__ == "__main__":
	print(json.dumps(run(Stack.from_env()), indent=1))
