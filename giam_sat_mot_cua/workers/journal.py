"""Events on their way to the database, kept on the volume until they have arrived.

A recorder appends what must not be lost (closed files, gaps) to `VOLUME/.gsmc/journal/OWNER.jsonl` before it
tries the database, and empties the file when the database has them. A recorder that died leaves its
journal; the next one on the node takes it over. Delivering an event twice changes nothing.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

from giam_sat_mot_cua.media import events
from giam_sat_mot_cua.workers import leases

FOLDER = Path(".gsmc/journal")
REJECTED = "rejected.jsonl"
ABANDONED_S = 3600  # a journal of another node, or of a node that changed its name, untouched for so long


class Journal:
	"""The journal of one recorder on one volume. `OSError` when the volume cannot be written."""

	def __init__(self, volume: Path, owner: str):
		self.path = volume / FOLDER / f"{quote(owner, safe='')}.jsonl"

	def append(self, found: Iterable) -> None:
		"""Writes events and waits until they are on the disk."""
		lines = "".join(events.to_json(event) + "\n" for event in found)
		if not lines:
			return
		self.path.parent.mkdir(parents=True, exist_ok=True)
		with self.path.open("a") as file:
			file.write(lines)
			file.flush()
			os.fsync(file.fileno())

	def read(self) -> list:
		return read_events(self.path)

	def empty(self) -> None:
		"""Everything has arrived in the database."""
		self.path.unlink(missing_ok=True)


def read_events(path: Path) -> list:
	"""Events of a journal file; a torn last line, the trace of a power cut, is left out."""
	found = []
	try:
		lines = path.read_text().split("\n")
	except FileNotFoundError:
		return []
	for line in lines:
		try:
			found.append(events.from_json(line))
		except ValueError:
			continue
	return found


def left_behind(volume: Path) -> list[Path]:
	"""Journals on `volume` whose recorder no longer runs on this node, or that nobody has touched for an
	hour."""
	folder = volume / FOLDER
	if not folder.is_dir():
		return []
	found = []
	for path in sorted(folder.glob("*.jsonl")):
		if path.name == REJECTED:
			continue
		if leases.process_is_gone(unquote(path.stem)) or time.time() - path.stat().st_mtime > ABANDONED_S:
			found.append(path)
	return found


def lines_left_behind(volume: Path) -> int:
	"""How many events wait in journals of recorders that no longer run."""
	return sum(map(lines, left_behind(volume)))


def lines(path: Path) -> int:
	try:
		with path.open("rb") as file:
			return sum(1 for _line in file)
	except FileNotFoundError:
		return 0  # delivered meanwhile


def reject(volume: Path, event) -> None:
	"""Keeps an event that the database refuses, for a person to look at."""
	path = volume / FOLDER / REJECTED
	path.parent.mkdir(parents=True, exist_ok=True)
	with path.open("a") as file:
		file.write(events.to_json(event) + "\n")
