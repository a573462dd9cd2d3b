"""One process at a time for a kind of work on this machine. The lock ends with its process, however that
ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

import frappe


class AlreadyRunning(Exception):
	"""Another process of this machine is at the same work."""


@contextmanager
def only_one(work: str) -> Iterator[None]:
	with open(frappe.get_site_path("private", f".gsmc-{work}.lock"), "w") as file:
		try:
			fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
		except BlockingIOError:
			raise AlreadyRunning(work) from None
		yield
