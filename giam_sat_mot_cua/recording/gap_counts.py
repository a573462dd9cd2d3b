"""How many gaps were written down, by camera and cause: counters of redis_counts.py."""

import frappe
from redis import Redis

from giam_sat_mot_cua.recording import redis_counts


def note(camera: str, cause: str) -> None:
	"""Counts a gap of `camera` with `cause` (an option of Recording Gap) once its row is committed."""
	redis_counts.note(key(), {f"{camera}|{cause}": 1})


def read(redis: Redis) -> dict[tuple[str, str], int]:
	"""(camera, cause) -> gaps counted. May raise RedisError."""
	found = {}
	for name, number in redis_counts.read(redis, key()).items():
		camera, _bar, cause = name.rpartition("|")
		found[camera, cause] = number
	return found


def key() -> str:
	return f"gsmc:{frappe.local.site}:gaps"
