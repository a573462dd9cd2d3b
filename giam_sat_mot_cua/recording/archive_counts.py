"""How many files and bytes were moved to each archive, for the metrics: counted in Redis, as gaps are. The
index is the truth; a count that Redis loses begins anew, as readers of counters expect."""

from functools import partial

import frappe
from redis import Redis
from redis.exceptions import RedisError

TIMEOUT_S = 1.0


def note(archive: str, files: int, size_bytes: int) -> None:
	"""Counts what was moved once its rows are committed."""
	frappe.db.after_commit.add(partial(count, frappe.conf.redis_queue, key(), archive, files, size_bytes))


def count(address: str, key: str, archive: str, files: int, size_bytes: int) -> None:
	try:
		with Redis.from_url(address, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S) as redis:
			redis.hincrby(key, f"files|{archive}", files)
			redis.hincrby(key, f"bytes|{archive}", size_bytes)
	except RedisError:
		pass  # a count less; moving does not depend on it


def read(redis: Redis) -> dict[tuple[str, str], int]:
	"""("files" or "bytes", archive) -> how many. May raise RedisError."""
	found = {}
	for name, number in redis.hgetall(key()).items():
		what, _bar, archive = name.decode().partition("|")
		found[what, archive] = int(number)
	return found


def key() -> str:
	return f"gsmc:{frappe.local.site}:moved"
