"""Recorder jobs: who is alive, and whether one more waits in the queue.

Every live recorder sees to it that another recorder job is queued behind it. A worker whose job died takes
that one within milliseconds; a worker without cameras to record is a hot standby.
"""

import json
import time

from redis import Redis

from giam_sat_mot_cua.workers import queues

QUEUE = "recording"
METHOD = "giam_sat_mot_cua.workers.recorder.run"
LABEL = "gsmc-recorder"
ALIVE_S = 10


class Fleet:
	"""The recorders of one site, as they report themselves to Redis. Methods may raise RedisError."""

	def __init__(self, redis: Redis, site: str):
		self.redis, self.key = redis, f"gsmc:{site}:recorders"
		self.health_key = f"gsmc:{site}:camera-health"

	def report(self, owner: str, facts: dict, health: dict[str, dict]) -> None:
		"""Says that `owner` is alive, with facts (node, cameras, capacity, leaving, version, load, waiting,
		left_behind, index_delay_s, database_ok) and the health of its cameras."""
		now, node = time.time(), facts["node"]
		pipe = self.redis.pipeline(transaction=False)
		pipe.hset(self.key, owner, json.dumps({**facts, "at": now}))
		if health:
			told = {c: json.dumps({**h, "at": now, "node": node}) for c, h in health.items()}
			pipe.hset(self.health_key, mapping=told)
		pipe.execute()

	def leave(self, owner: str) -> None:
		self.redis.hdel(self.key, owner)

	def forget(self, cameras: list[str]) -> None:
		"""Their recorder speaks of them no more."""
		self.redis.hdel(self.health_key, *cameras)

	def alive(self) -> dict[str, dict]:
		"""Owner -> facts of the recorders that reported within the last seconds; older ones are forgotten."""
		found, now = {}, time.time()
		for owner, text in self.redis.hgetall(self.key).items():
			facts = json.loads(text)
			if now - facts["at"] <= ALIVE_S:
				found[owner.decode()] = facts
			elif now - facts["at"] > 60 * ALIVE_S:
				self.redis.hdel(self.key, owner)
		return found

	def camera_health(self) -> dict[str, dict]:
		return {c.decode(): json.loads(text) for c, text in self.redis.hgetall(self.health_key).items()}


def queued_recorders() -> int:
	"""Recorder jobs of this site that wait in the queue."""
	return queues.waiting(QUEUE, LABEL)


def keep_one_queued() -> None:
	"""Two at the same moment are one more standby: no harm."""
	queues.enqueue_once(METHOD, QUEUE, LABEL, -1)
