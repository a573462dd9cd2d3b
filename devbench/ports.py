"""Ports: chosen once, remembered, chosen again only when somebody else has taken one meanwhile."""

import json
import random
import socket
from pathlib import Path

from devbench.console import Failure
from devbench.places import DEMO, Instance, write_private

# What a person would expect is tried first; the rest lies below the range that the kernel gives out by
# itself.
PREFERRED = {"web": 8000, "rtsp": 8554}
RANGE = range(20000, 30000)
NAMES = ("web", "mariadb", "redis_cache", "redis_queue", "rtsp", "rtsp_control")


def is_free(port: int) -> bool:
	"""Whether nothing listens on `port`, on loopback or on all addresses."""
	for address in ("127.0.0.1", "0.0.0.0"):
		with socket.socket() as probe:
			probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
			try:
				probe.bind((address, port))
				probe.listen(1)
			except OSError:
				return False
	return True


def remembered(instance: Instance) -> dict[str, int]:
	try:
		return json.loads(ports_file(instance).read_text())
	except (OSError, ValueError):
		return {}


def ports_file(instance: Instance) -> Path:
	return instance.root / "ports.json"


def choose(instance: Instance) -> tuple[dict[str, int], list[str]]:
	"""The ports of an instance that does not run now, and the names of those that had to change."""
	old = remembered(instance)
	others = set()
	for path in instance.state.root.glob("*/ports.json"):
		if path != ports_file(instance):
			others |= set(json.loads(path.read_text()).values())
	ports: dict[str, int] = {}
	for name in NAMES:
		wanted = [old.get(name), PREFERRED.get(name) if instance.name == DEMO else None]
		ports[name] = first_free([port for port in wanted if port], others | set(ports.values()))
	write_private(ports_file(instance), json.dumps(ports, indent=1))
	return ports, [name for name in NAMES if name in old and old[name] != ports[name]]


def first_free(wanted: list[int], taken: set[int]) -> int:
	for port in wanted:
		if port not in taken and is_free(port):
			return port
	for port in random.sample(RANGE, 200):
		if port not in taken and is_free(port):
			return port
	raise Failure("No free port was found between 20000 and 29999.", "End programs that hold them.")
