"""The log of a recorder: one JSON object a line. What is lost is said once when it is lost and once when it
is back, with how long it was away; never an address or a login.

{"at": UTC, "event": "camera_lost" | "camera_back" | "service_away" | "service_back" | "cut_off",
"camera" or "service", "fault" or "error", "after_s": seconds, "message": the same for people}
"""

import contextlib
import json
import time
from collections.abc import Callable
from datetime import datetime, timezone

from giam_sat_mot_cua.media import events


def print_line(line: str) -> None:
	"""To the worker's log. Whoever read it may have gone with the worker: that never ends a recording."""
	with contextlib.suppress(OSError, ValueError):
		print(line, flush=True)


class RecorderLog:
	"""Called by one thread at a time for cameras; by any for services."""

	def __init__(self, write: Callable[[str], None] = print_line):
		self.write = write
		self.lost: dict[str, int] = {}  # camera -> since when, UTC in ms
		self.away: dict[str, float] = {}  # service -> since when, on the monotonic clock

	def follow(self, event: events.Event) -> None:
		"""Says what a change of a camera's state means. Other faults of a camera that is lost already, and
		attempts in between, are not said again."""
		if not isinstance(event, events.StateChanged):
			return
		camera = event.camera
		if event.state == "waiting" and camera not in self.lost:
			self.lost[camera] = event.at_utc_ms
			self.say("camera_lost", f"camera {camera} lost ({event.fault})", camera=camera, fault=event.fault)
		elif event.state == "recording" and camera in self.lost:
			after_s = (event.at_utc_ms - self.lost.pop(camera)) / 1000
			self.say(
				"camera_back",
				f"camera {camera} back after {after_s:.0f} s",
				camera=camera,
				after_s=round(after_s, 1),
			)
		elif event.state == "stopped":
			self.lost.pop(camera, None)  # switched off, or another recorder's now

	def service_away(self, service: str, error: Exception) -> None:
		if service in self.away:
			return
		self.away[service] = time.monotonic()
		kind = type(error).__name__  # its text may hold an address
		self.say(
			"service_away", f"{service} is away ({kind}); recording goes on", service=service, error=kind
		)

	def service_back(self, service: str) -> None:
		since = self.away.pop(service, None)
		if since is not None:
			after_s = time.monotonic() - since
			self.say(
				"service_back",
				f"{service} is back after {after_s:.0f} s",
				service=service,
				after_s=round(after_s, 1),
			)

	def cut_off(self) -> None:
		text = "cut off from Redis and MariaDB: recording ends, since another machine may take the cameras"
		self.say("cut_off", text)

	def say(self, event: str, message: str, **values) -> None:
		at = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
		self.write(json.dumps({"at": at, "event": event, **values, "message": message}, ensure_ascii=False))
