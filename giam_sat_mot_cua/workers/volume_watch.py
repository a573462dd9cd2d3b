"""Volumes looked at again and again, each in a thread of its own, so that a disk that hangs holds up nobody.

Knows no database: whoever reads the rows of the volumes hands them over with `follow`. A recorder keeps one
watch for its life.
"""

import statistics
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from giam_sat_mot_cua.workers import volumes
from giam_sat_mot_cua.workers.volumes import VolumeCheck

EVERY_S = 2.0
HUNG_S = 10.0  # a look that takes so long: the disk does not answer
FIRST_LOOK_S = 5.0
SAMPLES = 15
FEWEST_SAMPLES = 3  # one slow write tells nothing


class VolumeWatch:
	"""The volumes of one machine as they are now."""

	def __init__(self) -> None:
		self.looks: dict[str, Look] = {}
		self.percent = 0.0

	def follow(self, rows: list, min_free_percent: float) -> None:
		"""From now on these volumes (rows of volumes.of_node) are looked at, and no others. Waits a moment
		for the first look at new ones."""
		self.percent = min_free_percent
		for name in set(self.looks) - {row.name for row in rows}:
			self.looks.pop(name).end()
		begun = []
		for row in rows:
			look = self.looks.get(row.name)
			if look and (look.row.path, look.row.volume_id) != (row.path, row.volume_id):
				look.end()
				look = None
			if look:
				look.row, look.percent = row, min_free_percent
			else:
				begun.append(Look(row, min_free_percent))
				begun[-1].thread.start()
				self.looks[row.name] = begun[-1]
		until = time.monotonic() + FIRST_LOOK_S
		for look in begun:
			look.looked.wait(max(until - time.monotonic(), 0))

	def seen(self, name: str) -> VolumeCheck:
		"""What the last look found; Failing when it has not come back for HUNG_S."""
		look = self.looks.get(name)
		return look.result() if look else VolumeCheck(volumes.NOT_MOUNTED)

	def has_room(self, name: str) -> bool:
		return self.seen(name).has_room(self.percent)

	def answers(self, name: str) -> bool:
		"""Whether a file operation on the volume comes back. True for volumes that nobody looks at."""
		return name not in self.looks or not self.looks[name].hangs()

	def good_for_s(self, name: str) -> float:
		"""For how long the volume has been without a fault and without want of space."""
		look = self.looks.get(name)
		since = look.good_since if look and look.result().state == volumes.READY else None
		return time.monotonic() - since if since is not None else 0.0

	def stops_at(self, name: str) -> int:
		"""Bytes at which recorders stop writing to it. The size is remembered while the volume is away, so
		that nothing changes for its cameras."""
		look = self.looks.get(name)
		return volumes.stops_at(look.total_bytes if look else 0, self.percent)

	def stop(self) -> None:
		for look in self.looks.values():
			look.end()
		self.looks = {}


class Look:
	"""The looks at one volume."""

	def __init__(self, row, percent: float):
		self.row, self.percent = row, percent
		self.last = VolumeCheck(volumes.FAILING)
		self.began: float | None = time.monotonic()  # of a look that has not come back
		self.good_since: float | None = None
		self.total_bytes = 0
		self.write_ms: deque[float] = deque(maxlen=SAMPLES)
		self.looked, self.ended = threading.Event(), threading.Event()
		self.thread = threading.Thread(target=self.run, name=f"volume {row.name}", daemon=True)

	def run(self) -> None:
		while not self.ended.is_set():
			self.began = time.monotonic()
			# it has been there when its size is known: then its marker is not written again
			found = volumes.check(self.row, self.percent, greets=not self.total_bytes)
			self.take(found, came_back=self.hangs())
			self.began = None
			self.looked.set()
			self.ended.wait(EVERY_S)

	def take(self, found: VolumeCheck, came_back: bool) -> None:
		"""`came_back`: after it had not answered for a while."""
		if found.write_ms is not None:
			self.write_ms.append(found.write_ms)
		if found.state != volumes.READY or came_back:
			self.good_since = None
		elif self.good_since is None:
			self.good_since = time.monotonic()
		self.total_bytes = found.total_bytes or self.total_bytes
		self.last = found

	def hangs(self) -> bool:
		began = self.began
		return began is not None and time.monotonic() - began > HUNG_S

	def result(self) -> VolumeCheck:
		if self.hangs():
			return replace(self.last, state=volumes.FAILING, writes=False, write_ms=None)
		samples = list(self.write_ms)
		middle = statistics.median(samples) if len(samples) >= FEWEST_SAMPLES else None
		return replace(self.last, write_ms=middle)

	def end(self) -> None:
		self.ended.set()


@contextmanager
def looking(watch: VolumeWatch, rows: list, percent: float, keep: bool) -> Iterator[dict[str, VolumeCheck]]:
	"""{volume: what was seen}. Unless it is to `keep` looking, the watch waits for enough and ends."""
	try:
		watch.follow(rows, percent)
		if not keep:
			wait_for_samples(watch)
		yield {row.name: watch.seen(row.name) for row in rows}
	finally:
		if not keep:
			watch.stop()


def wait_for_samples(watch: VolumeWatch) -> None:
	"""Until each volume was looked at often enough to say how fast it is, or hangs."""
	until = time.monotonic() + HUNG_S + 1
	while time.monotonic() < until and any(
		len(look.write_ms) < FEWEST_SAMPLES and (look.last.writes or not look.looked.is_set())
		for look in watch.looks.values()
	):
		time.sleep(0.1)
