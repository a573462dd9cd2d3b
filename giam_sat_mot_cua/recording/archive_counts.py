"""How many files and bytes were moved to each archive: counters of redis_counts.py."""

import frappe
from redis import Redis

from giam_sat_mot_cua.recording import redis_counts


def note(archive: str, files: int, size_bytes: int) -> None:
	"""Counts what was moved once its rows are committed."""
	redis_counts.note(key(), {f"files|{archive}": files, f"bytes|{archive}": size_bytes})


def read(redis: Redis) -> dict[tuple[str, str], int]:
	"""("files" or "bytes", archive) -> how many. May raise RedisError."""
	found = {}
	for name, number in redis_counts.read(redis, key()).items():
		what, _bar, archive = name.partition("|")
		found[what, archive] = number
	return found


def key() -> str:
	return f"gsmc:{frappe.local.site}:moved"
