"""One at a time for each volume: whoever removes footage, or says in the index that it is there or gone."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

PATIENCE_S = 900  # longer than a purge lasts


class VolumeBusy(Exception):
	"""Another process had the volume's turn for too long."""


@contextmanager
def turn(volume: str, patience_s: int = 0) -> Iterator[bool]:
	"""Whether this connection has the volume for itself meanwhile. The database lets go of it when the
	connection ends, however the process died."""
	name = f"gsmc-{frappe.conf.db_name[:20]}-{volume}"
	mine = bool(frappe.db.sql("select get_lock(%s, %s)", (name, patience_s))[0][0])
	try:
		yield mine
	finally:
		if mine:
			frappe.db.sql("do release_lock(%s)", name)
