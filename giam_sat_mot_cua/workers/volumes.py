"""Storage volumes as a recorder sees them: which one to write to, whether it is there, how full it is, how
fast.

A volume carries a marker file with its id. A volume whose marker is missing is not mounted, and nothing is
written to the empty folder beneath the mount point. The marker of a new volume is written when it is first
seen.

How full a volume may be, in shares of what Monitoring Settings keep free: below all of it the volume is
*Full* and retention makes room; below LEAVES_AT cameras go on at another volume; below STOPS_AT recorders
write no more. Between these lies the time that retention needs, so that a volume that is always nearly full,
as footage makes it, never loses its cameras.
"""

import errno
import os
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import frappe
from frappe.utils import flt

from giam_sat_mot_cua.recording import archives as stores
from giam_sat_mot_cua.recording.footage import MARKER, carries_marker
from giam_sat_mot_cua.recording.volume_kinds import IS_LOCAL, S3_ARCHIVE
from giam_sat_mot_cua.workers import leases
from giam_sat_mot_cua.workers.archive_files import ArchiveFiles
from giam_sat_mot_cua.workers.volume_files import VolumeFiles

PROBE = Path(".gsmc") / "probe"
PROBE_BYTES = b"\0" * 4096
READY, NOT_MOUNTED, READ_ONLY, FULL, FAILING = "Ready", "Not Mounted", "Read Only", "Full", "Failing"
LEAVES_AT, STOPS_AT = 0.6, 0.5
NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
NO_RIGHT = {errno.EROFS, errno.EACCES, errno.EPERM}


@dataclass(frozen=True)
class Volume:
	name: str
	path: Path
	min_free_bytes: int


@dataclass(frozen=True)
class VolumeCheck:
	"""What a look at a volume found. `writes`: a small file could be written, within `write_ms`; `error` is
	what the system says when it could not."""

	state: str  # an option of Storage Volume.state
	total_bytes: int = 0
	free_bytes: int = 0
	writes: bool = False
	write_ms: float | None = None
	error: str = ""

	def has_room(self, min_free_percent: float) -> bool:
		"""Whether cameras may stay, or go on, here."""
		enough = self.total_bytes * min_free_percent / 100 * LEAVES_AT
		return self.writes and self.state in (READY, FULL) and self.free_bytes >= enough


def of_node(node: str) -> list:
	"""Storage Volume rows that this node writes to, the preferred one first."""
	return rows({"enabled": 1, "node": ("in", ["", None, node]), "kind": IS_LOCAL})


def archives() -> list:
	"""Rows of the archives that footage is moved to, the one that takes it first."""
	return rows({"enabled": 1, "kind": S3_ARCHIVE})


def rows(filters: dict | None = None) -> list:
	"""Rows of Storage Volume, the preferred one first; without `filters` also those of other machines, and
	those that nobody records to any more."""
	return frappe.get_all(
		"Storage Volume",
		filters or {},
		["name", "kind", "path", "volume_id", "state", "checked_at", "enabled", "node"],
		order_by="priority, name",
	)


def is_archive(row) -> bool:
	return row.kind == S3_ARCHIVE


def files_of(row) -> VolumeFiles | ArchiveFiles:
	"""The footage that lies on the volume of the row."""
	return ArchiveFiles(row.name) if is_archive(row) else VolumeFiles(Path(row.path))


def is_own(row) -> bool:
	"""Whether this machine sees the volume of the row."""
	return not row.node or row.node == leases.node_name()


def min_free_percent() -> float:
	return flt(frappe.db.get_single_value("Monitoring Settings", "min_free_percent"))


def is_mounted(row) -> bool:
	"""Whether the volume of the row is there: its own marker, and not another volume's. May raise OSError."""
	if is_archive(row):
		return stores.carries_marker(row)
	return carries_marker(Path(row.path), row.volume_id)


def check(row, min_free_percent: float, greets: bool = True) -> VolumeCheck:
	"""Looks at a volume; `greets`: writes the marker of one that has never been seen before. Takes as long as
	the disk takes."""
	path = Path(row.path)
	if greets and not row.checked_at and not (path / MARKER).exists():
		greet(path, row.volume_id)
	try:
		if not is_mounted(row):
			return VolumeCheck(NOT_MOUNTED)
		usage = shutil.disk_usage(path)
		read_only = os.statvfs(path).f_flag & os.ST_RDONLY
	except OSError as error:
		if error.errno == errno.EACCES:
			return VolumeCheck(NOT_MOUNTED, error=os.strerror(errno.EACCES))
		return VolumeCheck(FAILING, error=error.strerror or "")
	if not os.access(path, os.W_OK) or read_only:
		return VolumeCheck(READ_ONLY, usage.total, usage.free)
	found = probe(path, VolumeCheck(READY, usage.total, usage.free))
	if found.state == READY and usage.free < usage.total * min_free_percent / 100:
		return replace(found, state=FULL)
	return found


def probe(path: Path, seen: VolumeCheck) -> VolumeCheck:
	"""Writes a small file and waits until it is on the disk. The same file each time: a full disk has its
	blocks already."""
	began = time.monotonic()
	try:
		(path / PROBE).parent.mkdir(exist_ok=True)
		handle = os.open(path / PROBE, os.O_WRONLY | os.O_CREAT, 0o640)
		try:
			os.write(handle, PROBE_BYTES)
			os.fsync(handle)
		finally:
			os.close(handle)
	except OSError as error:
		state = FULL if error.errno in NO_SPACE else READ_ONLY if error.errno in NO_RIGHT else FAILING
		return replace(seen, state=state, error=error.strerror or "")
	return replace(seen, writes=True, write_ms=(time.monotonic() - began) * 1000)


def greet(path: Path, volume_id: str) -> None:
	"""Marks a new volume. Its folder is made when the folder above exists: a site's own folder, a mounted
	disk."""
	try:
		if path.parent.is_dir():
			path.mkdir(exist_ok=True)
		(path / MARKER).write_text(f"{volume_id}\n")
	except OSError:
		pass  # check() reports what is missing


def free_bytes(path: Path) -> int:
	return shutil.disk_usage(path).free


def total_bytes(path: Path) -> int:
	return shutil.disk_usage(path).total


def stops_at(total_bytes: int, percent: float) -> int:
	return int(total_bytes * percent / 100 * STOPS_AT)
