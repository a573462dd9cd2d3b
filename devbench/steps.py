"""Steps that are remembered: done once for each fingerprint of what they depend on."""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devbench.console import Progress
from devbench.places import State, write_private


class Steps:
	"""Which steps are done, and for which fingerprint. Written after every step, so that a broken run goes
	on."""

	def __init__(self, state: State, progress: Progress):
		self.state, self.progress = state, progress

	def done(self) -> dict[str, str]:
		try:
			return json.loads(self.state.steps_file.read_text())
		except (OSError, ValueError):
			return {}

	def needs(self, name: str, fingerprint: str) -> bool:
		return self.done().get(name) != fingerprint

	def remember(self, name: str, fingerprint: str) -> None:
		write_private(self.state.steps_file, json.dumps({**self.done(), name: fingerprint}, indent=1))

	def forget(self, *names: str) -> None:
		kept = {name: value for name, value in self.done().items() if name not in names}
		write_private(self.state.steps_file, json.dumps(kept, indent=1))

	def once(
		self,
		name: str,
		title: str,
		fingerprint: str,
		action: Callable[[], None],
		there: Callable[[], bool] = lambda: True,
	) -> bool:
		"""Runs `action` unless it was done for this fingerprint and its result is still `there`."""
		if not self.needs(name, fingerprint) and there():
			return False
		with self.progress.step(title):
			action()
		self.remember(name, fingerprint)
		return True


def fingerprint(*parts: object) -> str:
	"""Hash of texts, and of files and folders (their names and contents)."""
	digest = hashlib.sha256()
	for part in parts:
		if isinstance(part, Path):
			for file in files_below(part):
				digest.update(str(file.relative_to(part.parent)).encode() + b"\0")
				digest.update(hashlib.sha256(file.read_bytes()).digest())
		else:
			digest.update(str(part).encode())
		digest.update(b"\1")
	return digest.hexdigest()


def files_below(path: Path) -> list[Path]:
	if path.is_file():
		return [path]
	skipped = {"__pycache__", "node_modules", "dist", ".git"}
	found = []
	for folder, names, files in os.walk(path):
		names[:] = sorted(name for name in names if name not in skipped)
		found += [Path(folder, name) for name in sorted(files) if not name.endswith(".pyc")]
	return found


@contextmanager
def only_one(lock: Path, what: str, progress: Progress) -> Iterator[None]:
	"""Lets one command at a time change the state; a second one waits and says for whom."""
	lock.parent.mkdir(parents=True, exist_ok=True)
	with lock.open("a+") as file:
		told = False
		while True:
			try:
				fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
				break
			except BlockingIOError:
				if not told:
					file.seek(0)
					progress.say(f"Waiting for another command: {file.read().strip() or 'unknown'}")
					told = True
				time.sleep(0.5)
		file.truncate(0)
		file.write(f"{what} (process {os.getpid()})")
		file.flush()
		try:
			yield
		finally:
			file.truncate(0)
