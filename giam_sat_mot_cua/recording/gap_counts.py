"""How many gaps were written down, by camera and cause, for the metrics: counted in Redis as they are
written, so that nobody has to count the ledger. The ledger is the truth; a count that Redis loses begins
anew, as readers of counters expect.
"""

from functools import partial

import frappe
from redis import Redis
from redis.exceptions import RedisError

TIMEOUT_S = 1.0


def note(camera: str, cause: str) -> None:
	"""Counts a gap of `camera` with `cause` (an option of Recording Gap) once its row is committed."""
	frappe.db.after_commit.add(partial(count, frappe.conf.redis_queue, key(), camera, cause))


def count(address: str, key: str, camera: str, cause: str) -> None:
	try:
		with Redis.from_url(address, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S) as redis:
			redis.hincrby(key, f"{camera}|{cause}", 1)
	except RedisError:
		pass  # a count less; recording and ledger do not depend on it


def read(redis: Redis) -> dict[tuple[str, str], int]:
	"""(camera, cause) -> gaps counted. May raise RedisError."""
	found = {}
	for name, number in redis.hgetall(key()).items():
		camera, _bar, cause = name.decode().rpartition("|")
		found[camera, cause] = int(number)
	return found


def key() -> str:
	return f"gsmc:{frappe.local.site}:gaps"
