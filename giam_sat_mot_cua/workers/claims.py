"""Who records what while Redis is away.

A lease that is not renewed ends, and then another machine may take its camera. A recorder that cannot reach
Redis therefore says in its node's row in MariaDB, every few seconds, that it goes on; whoever has just got a
lease looks there first. A recorder that reaches neither stops before its leases end, unless there is no other
machine, or both services refuse connections: then nobody else can take a camera either.
"""

import json
import socket
import time
from urllib.parse import urlsplit

import frappe
from frappe.utils import add_to_date, cint, now_datetime

ANSWER_S = 1.0
LONGEST_S = 600.0  # no recorder claims for so long at a time
KNOWN_HOURS = 24  # a machine that has not spoken for so long takes no cameras


def write(node: str, owner: str, cameras: list[str], seconds: float) -> bool:
	"""Claims `cameras` for `owner`, a recorder of `node`, for so long from now on, by the database's clock.
	False when the node has no row yet. Needs a unit of work. Only SQL: the cache that Frappe's own functions
	ask lies in Redis, and may hang with it."""
	rows = frappe.db.sql("select claims from `tabRecorder Node` where name = %s for update", node)
	if not rows:
		return False
	now = database_time()
	claims = {name: claim for name, claim in unpack(rows[0][0]).items() if claim[0] > now}
	claims[owner] = [round(now + seconds, 1), sorted(cameras)]
	frappe.db.sql("update `tabRecorder Node` set claims = %s where name = %s", (json.dumps(claims), node))
	return True


def of_others(owner: str) -> set[str]:
	"""Cameras that recorders other than `owner` claim now. Needs a unit of work."""
	texts = frappe.get_all("Recorder Node", {"claims": ("is", "set")}, pluck="claims", order_by="name")
	if not texts:
		return set()
	now = database_time()
	return {
		camera
		for text in texts
		for name, (until, cameras) in unpack(text).items()
		if name != owner and now < until < now + LONGEST_S
		for camera in cameras
	}


def other_nodes(node: str) -> bool:
	"""Whether another machine may record. Needs a unit of work."""
	since = add_to_date(now_datetime(), hours=-KNOWN_HOURS)
	return bool(
		frappe.get_all(
			"Recorder Node",
			{"name": ("!=", node), "last_report": (">", since)},
			limit=1,
			order_by="name",
		)
	)


def unpack(text: str | None) -> dict[str, list]:
	"""{owner: [until, seconds since the epoch; cameras]}. What is no such text claims nothing."""
	try:
		found = json.loads(text or "{}")
		return {str(owner): [float(until), list(cameras)] for owner, (until, cameras) in found.items()}
	except (ValueError, TypeError, AttributeError):
		return {}


def database_time() -> float:
	"""Seconds since the epoch by the clock that all machines share."""
	return float(frappe.db.sql("select unix_timestamp(now(3))")[0][0])


def services_refuse() -> bool:
	"""Whether the machines of Redis and MariaDB answer that nothing listens there: the services are stopped,
	which is something else than being cut off from them."""
	redis = urlsplit(frappe.conf.redis_queue)
	places = [
		(redis.hostname or "localhost", redis.port or 6379),
		(frappe.conf.db_host or "127.0.0.1", cint(frappe.conf.db_port) or 3306),
	]
	return all(map(refuses, places))


def refuses(place: tuple[str, int]) -> bool:
	try:
		socket.create_connection(place, ANSWER_S).close()
	except ConnectionRefusedError:
		return True
	except OSError:
		return False
	return False


class Right:
	"""Until when this recorder may write the cameras it holds, on the monotonic clock. Times given are those
	from before the question was asked."""

	def __init__(self):
		self.renewed_at = self.claimed_at = time.monotonic()
		self.alone = False  # no other machine is known

	def until(self, lease_s: float) -> float:
		return float("inf") if self.alone else max(self.renewed_at, self.claimed_at) + lease_s
