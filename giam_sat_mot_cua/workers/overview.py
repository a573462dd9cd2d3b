"""How recording stands now: recorders, nodes and cameras, from what recorders report to Redis, from leases
and from the Camera table. Read by the metrics, the page of a node and the alarms; writes nothing.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import frappe
from redis import Redis

from giam_sat_mot_cua.workers import leases
from giam_sat_mot_cua.workers.fleet import ALIVE_S, Fleet
from giam_sat_mot_cua.workers.leases import LeaseTable

REDIS_TIMEOUT_S = 2.0


@dataclass
class CameraNow:
	"""A camera: what it should do (`row`, of the table), and what its recorder says (`health`, as
	media.recorder.RecorderHealth with `node` and `at`; None when there is no report)."""

	row: frappe._dict
	owner: str | None = None  # of the lease
	health: dict | None = None
	now: float = field(default_factory=time.time)

	@property
	def name(self) -> str:
		return self.row.name

	@property
	def wanted(self) -> bool:
		return bool(self.row.enabled and not self.row.is_internal and self.row.stream_url)

	@property
	def node(self) -> str | None:
		return node_of(self.owner) if self.owner else None

	@property
	def silent_s(self) -> float:
		"""How long ago a recorder spoke of it."""
		return self.now - self.health["at"] if self.health else float("inf")

	@property
	def reported(self) -> bool:
		"""Whether a recorder has spoken of it within the last seconds."""
		return self.silent_s <= ALIVE_S

	@property
	def reporter(self) -> str | None:
		"""The node whose recorder speaks of it."""
		return self.health.get("node") if self.reported else None

	@property
	def state(self) -> str:
		"""As `media` calls states; "unattended" when no recorder speaks of it."""
		return self.health["state"] if self.reported else "unattended"

	@property
	def fault(self) -> str | None:
		return self.health["fault"] if self.reported else None

	@property
	def packet_age_s(self) -> float | None:
		"""Age of its newest packet now; None while there is no connection."""
		age = self.health["packet_age_s"] if self.reported else None
		return None if age is None else age + self.now - self.health["at"]

	def records(self, stall_seconds: int) -> bool:
		"""Whether pictures arrive and are written. A recorder that hangs may still say so: the age of the
		newest packet counts."""
		age = self.packet_age_s
		return self.state == "recording" and age is not None and age <= stall_seconds + ALIVE_S


@dataclass
class NodeNow:
	"""What the live recorders of a node say together; times in seconds since the epoch."""

	recorders: int = 0
	standby: int = 0
	cameras: int = 0
	capacity: int = 0
	waiting: int = 0  # events on their way to the database
	index_delay_s: float = 0.0  # how long the oldest of them has waited
	load: float = 0.0
	memory_mb: float = 0.0
	versions: list[str] = field(default_factory=list)
	database_ok: float | None = None  # when the one that has waited longest last had an answer
	reported_at: float = 0.0


def connect(timeout_s: float = REDIS_TIMEOUT_S) -> Redis:
	"""Redis of the recorders, with short timeouts: whoever looks must not hang with it."""
	return Redis.from_url(frappe.conf.redis_queue, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)


def cameras(redis: Redis | None) -> list[CameraNow]:
	"""Every camera. Without Redis nothing is known of their recorders. May raise RedisError."""
	rows = frappe.get_all(
		"Camera",
		fields=[
			"name",
			"modified",
			"camera_name",
			"unit",
			"enabled",
			"is_internal",
			"stream_url",  # stars: whether there is one
			"state",
			"state_since",
			"state_message",
			"recorder_node",
			"clock_offset_s",
			"clock_checked_on",
		],
		order_by="name",
	)
	if redis is None:
		return [CameraNow(row) for row in rows]
	table = LeaseTable(redis, frappe.local.site, leases.own_name(), 0)
	owners = table.holders([row.name for row in rows])
	health = Fleet(redis, frappe.local.site).camera_health()
	now = time.time()
	return [CameraNow(row, owners.get(row.name), health.get(row.name), now) for row in rows]


def nodes(recorders: Iterable[dict]) -> dict[str, NodeNow]:
	"""Node -> what its recorders (facts of `Fleet.alive`) say together. One of older code says less."""
	found: dict[str, NodeNow] = {}
	left_behind: dict[str, int] = {}
	for facts in recorders:
		name = facts["node"]
		add(found.setdefault(name, NodeNow()), facts)
		# each recorder of a node counts the same journals of dead ones
		left_behind[name] = max(left_behind.get(name, 0), facts.get("left_behind", 0))
	for name, count in left_behind.items():
		found[name].waiting += count
	return found


def add(node: NodeNow, facts: dict) -> None:
	node.recorders += 1
	node.standby += not facts["cameras"]
	node.cameras += facts["cameras"]
	node.capacity += facts["capacity"]
	node.waiting += facts.get("waiting", 0)
	node.index_delay_s = max(node.index_delay_s, facts.get("index_delay_s", 0))
	node.load = max(node.load, facts.get("load", 0))
	node.memory_mb += facts.get("memory_mb", 0)
	node.versions = sorted({*node.versions, facts.get("version", "")})
	answered = facts.get("database_ok") or 0
	node.database_ok = answered if node.database_ok is None else min(node.database_ok, answered)
	node.reported_at = max(node.reported_at, facts["at"])


def oldest_packet_s(health: dict[str, dict], node: str) -> float | None:
	"""Age of the oldest newest packet among the cameras that `node` records; None when none is connected.
	`health`: as Fleet.camera_health tells it."""
	now = time.time()
	ages = [
		told["packet_age_s"] + now - told["at"]
		for told in health.values()
		if told.get("node") == node and now - told["at"] <= ALIVE_S and told["packet_age_s"] is not None
	]
	return max(ages, default=None)


def node_of(owner: str) -> str:
	"""The node of a lease's owner (leases.own_name)."""
	return owner.rsplit(":", 2)[0].split("/")[0]
