"""One import at a time, and whether it is alive: a key in Redis that its job renews and that expires.
How far it is, is told in a second key. Losing Redis costs the progress bar, never a row."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe.utils.background_jobs import get_queue, get_redis_conn
from redis.exceptions import RedisError

QUEUE = "long"
JOB_PREFIX = "gsmc-register-import-"
ALIVE_S = 20
RENEW_S = 4
TOLD_S = 3600


def key(word: str) -> str:
	return f"gsmc:{frappe.local.site}:register-import:{word}"


def take(run: str) -> bool:
	"""Whether `run` has the slot now. Another living run keeps it."""
	redis, slot = get_redis_conn(), key("slot")
	return bool(redis.set(slot, run, nx=True, ex=ALIVE_S)) or redis.get(slot) == run.encode()


def holder() -> str | None:
	return (get_redis_conn().get(key("slot")) or b"").decode() or None


def seize(run: str) -> None:
	"""Takes the slot from a run that is known to have ended."""
	get_redis_conn().set(key("slot"), run, ex=ALIVE_S)


def leave(run: str) -> None:
	redis, slot = get_redis_conn(), key("slot")
	if redis.get(slot) == run.encode():
		redis.delete(slot)


def is_alive(run: str) -> bool:
	"""Whether `run` is at work, or waits in the queue. May raise RedisError: then nobody knows."""
	if get_redis_conn().get(key("slot")) == run.encode():
		return True
	if is_queued(run):
		take(run)  # so that it still counts while a worker takes it up
		return True
	return False


def is_queued(run: str) -> bool:
	return any(job.endswith(JOB_PREFIX + run) for job in get_queue(QUEUE).get_job_ids())


@contextmanager
def held(run: str) -> Iterator[None]:
	"""Renews the slot in a thread of its own while the body works."""
	done, redis, slot = threading.Event(), get_redis_conn(), key("slot")

	def renew() -> None:
		while not done.wait(RENEW_S):
			try:
				if redis.get(slot) in (None, run.encode()):
					redis.set(slot, run, ex=ALIVE_S)
			except RedisError:
				pass  # Redis is away; the record's row decides who may commit

	thread = threading.Thread(target=renew, name="register-import", daemon=True)
	thread.start()
	try:
		yield
	finally:
		done.set()
		thread.join()
		try:
			leave(run)
		except RedisError:
			pass  # it expires by itself


def tell(run: str, done: int, total: int) -> None:
	try:
		get_redis_conn().set(key(run), f"{done}/{total}", ex=TOLD_S)
	except RedisError:
		pass


def told(run: str) -> tuple[int, int]:
	"""(rows done, rows in all); zeros when nothing is known."""
	try:
		value = get_redis_conn().get(key(run))
	except RedisError:
		return 0, 0
	done, _slash, total = (value or b"0/0").decode().partition("/")
	return int(done), int(total)
