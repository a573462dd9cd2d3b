"""Counters of events for the metrics, kept in Redis so that nobody has to count rows. The rows are the truth;
a count that Redis loses begins anew, as readers of counters expect."""

from functools import partial

import frappe
from redis import Redis
from redis.exceptions import RedisError

TIMEOUT_S = 1.0


def note(key: str, counts: dict[str, int]) -> None:
	"""Adds to the counters under `key` once this transaction is committed."""
	frappe.db.after_commit.add(partial(add, frappe.conf.redis_queue, key, counts))


def add(address: str, key: str, counts: dict[str, int]) -> None:
	try:
		with Redis.from_url(address, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S) as redis:
			for name, number in counts.items():
				redis.hincrby(key, name, number)
	except RedisError:
		pass  # a count less; what is counted does not depend on it


def read(redis: Redis, key: str) -> dict[str, int]:
	"""The counters under `key`. May raise RedisError."""
	return {name.decode(): int(number) for name, number in redis.hgetall(key).items()}
