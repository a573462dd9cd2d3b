"""Processes of an instance: found by the mark in their environment, whoever their parent is now."""

import os
import signal
import time
from pathlib import Path

MARK = "GSMC_DEVBENCH"


def marked(mark: str) -> list[int]:
	"""Process ids of all living processes that carry the mark of an instance; never our own."""
	wanted = f"{MARK}={mark}".encode()
	found = []
	for folder in Path("/proc").iterdir():
		if not folder.name.isdigit() or int(folder.name) == os.getpid():
			continue
		try:
			if wanted in (folder / "environ").read_bytes().split(b"\0") and not is_zombie(folder):
				found.append(int(folder.name))
		except OSError:
			continue  # gone, or somebody else's
	return found


def is_zombie(folder: Path) -> bool:
	return (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"


def is_alive(pid: int) -> bool:
	try:
		return not is_zombie(Path("/proc") / str(pid))
	except OSError:
		return False


def end(pids: list[int], patience_s: float) -> None:
	"""SIGTERM, and SIGKILL for those that are still there after `patience_s`."""
	for pid in pids:
		send(pid, signal.SIGTERM)
	until = time.monotonic() + patience_s
	while any(is_alive(pid) for pid in pids) and time.monotonic() < until:
		time.sleep(0.1)
	for pid in pids:
		if is_alive(pid):
			send(pid, signal.SIGKILL)
	while any(is_alive(pid) for pid in pids) and time.monotonic() < until + 5:
		time.sleep(0.1)


def send(pid: int, what: signal.Signals) -> None:
	try:
		os.kill(pid, what)
	except ProcessLookupError:
		pass
