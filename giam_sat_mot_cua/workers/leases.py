"""One writer for each camera: leases in Redis with fencing tokens.

A lease is a key that expires by itself; its value is `owner|token`. The token grows with every change of
owner, so whoever sees a larger one knows that its own lease is gone. An owner is a process,
`node:pid:start`; a process on the same node that no longer exists loses its leases at once instead of at
expiry.
"""

import os
import socket
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from redis import Redis

# KEYS lease, token counter; ARGV owner, ttl ms, owner known to be dead ("" when none)
ACQUIRE = """
local held = redis.call('GET', KEYS[1])
if held then
	local owner = string.match(held, '^(.*)|')
	if owner == ARGV[1] then
		redis.call('PEXPIRE', KEYS[1], ARGV[2])
		return held
	end
	if owner ~= ARGV[3] then return false end
end
local token = redis.call('INCR', KEYS[2])
local value = ARGV[1] .. '|' .. token
redis.call('SET', KEYS[1], value, 'PX', ARGV[2])
return value
"""

# KEYS lease, token counter; ARGV value, token, ttl ms. A lease that vanished (Redis lost data) is restored.
RENEW = """
local held = redis.call('GET', KEYS[1])
if held == ARGV[1] then
	redis.call('PEXPIRE', KEYS[1], ARGV[3])
	return 1
end
if held then return 0 end
local counter = tonumber(redis.call('GET', KEYS[2]) or '0')
if counter > tonumber(ARGV[2]) then return 0 end
if counter < tonumber(ARGV[2]) then redis.call('SET', KEYS[2], ARGV[2]) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1
"""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


@dataclass(frozen=True)
class Lease:
	camera: str
	owner: str
	token: int

	@property
	def value(self) -> str:
		return f"{self.owner}|{self.token}"


class LeaseTable:
	"""The leases of one site, seen by one owner. Every method may raise redis.exceptions.RedisError."""

	def __init__(self, redis: Redis, site: str, owner: str, ttl_ms: int):
		self.redis, self.site, self.owner, self.ttl_ms = redis, site, owner, ttl_ms

	def acquire(self, camera: str) -> Lease | None:
		"""The lease of `camera`, or None while another living owner holds it."""
		lease, counter = self.keys(camera)
		dead = self.dead_holder(camera)
		value = self.redis.eval(ACQUIRE, 2, lease, counter, self.owner, self.ttl_ms, dead)
		return parse(camera, value) if value else None

	def renew(self, leases: list[Lease]) -> list[Lease]:
		"""Renews all in one round trip; returns those that are lost to somebody else."""
		pipe = self.redis.pipeline(transaction=False)
		for held in leases:
			pipe.eval(RENEW, 2, *self.keys(held.camera), held.value, held.token, self.ttl_ms)
		return [held for held, kept in zip(leases, pipe.execute(), strict=True) if not kept]

	def release(self, held: Lease) -> bool:
		return bool(self.redis.eval(RELEASE, 1, self.keys(held.camera)[0], held.value))

	def holders(self, cameras: list[str]) -> dict[str, str]:
		"""Owner of each camera that is leased now."""
		if not cameras:
			return {}
		values = self.redis.mget([self.keys(camera)[0] for camera in cameras])
		return {camera: parse(camera, v).owner for camera, v in zip(cameras, values, strict=True) if v}

	def free(self, cameras: list[str]) -> list[str]:
		"""Those of `cameras` that nobody holds, or a process of this machine that no longer runs."""
		holders = self.holders(cameras)
		return [name for name in cameras if name not in holders or process_is_gone(holders[name])]

	def settled(self) -> bool:
		"""Whether Redis has been up for as long as a lease lasts. One that has just begun may know nothing of
		the leases that are held: their owners tell it within a second."""
		return self.redis.info("server")["uptime_in_seconds"] * 1000 > self.ttl_ms

	def dead_holder(self, camera: str) -> str:
		value = self.redis.get(self.keys(camera)[0])
		if not value:
			return ""
		owner = parse(camera, value).owner
		return owner if process_is_gone(owner) else ""

	def keys(self, camera: str) -> tuple[str, str]:
		return f"gsmc:{self.site}:lease:{camera}", f"gsmc:{self.site}:lease-token:{camera}"


def parse(camera: str, value: bytes | str) -> Lease:
	text = value.decode() if isinstance(value, bytes) else value
	owner, _bar, token = text.rpartition("|")
	return Lease(camera, owner, int(token))


@lru_cache
def node_name() -> str:
	return socket.gethostname()


@lru_cache
def process_space() -> str:
	"""Tells apart machines, and containers on one machine, in which process ids mean different processes."""
	try:
		return f"{node_name()}/{os.readlink('/proc/self/ns/pid')}"
	except OSError:
		return node_name()


def start_ticks(pid: int) -> str | None:
	"""Start time of a process in clock ticks since boot (proc(5), field 22); None when there is no such
	process or only its zombie is left."""
	try:
		fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
	except OSError:
		return None
	return None if fields[0] == "Z" else fields[19]


def own_name() -> str:
	return f"{process_space()}:{os.getpid()}:{start_ticks(os.getpid())}"


def process_is_gone(owner: str) -> bool:
	"""Whether `owner` was a process of this node that no longer runs. False for owners elsewhere."""
	space, _c, rest = owner.rpartition(":")
	start = rest
	space, _c, pid = space.rpartition(":")
	return space == process_space() and pid.isdigit() and start_ticks(int(pid)) != start
