"""Storage volumes as a recorder sees them: which one to write to, whether it is there, how full it is.

A volume carries a marker file with its id. A volume whose marker is missing is not mounted, and nothing is
written to the empty folder beneath the mount point. The marker of a new volume is written when it is first
seen.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import frappe
from frappe import _
from frappe.utils import flt

from giam_sat_mot_cua.recording import clock

MARKER = ".gsmc-volume"
GB = 1e9


@dataclass(frozen=True)
class Volume:
	name: str
	path: Path
	min_free_bytes: int


@dataclass(frozen=True)
class VolumeCheck:
	state: str  # an option of Storage Volume.state
	total_bytes: int = 0
	free_bytes: int = 0


def of_node(node: str) -> list:
	"""Storage Volume rows that this node writes to, the preferred one first."""
	return frappe.get_all(
		"Storage Volume",
		{"enabled": 1, "node": ("in", ["", None, node])},
		["name", "path", "volume_id", "state", "checked_at"],
		order_by="priority, name",
	)


def check(row, min_free_percent: float) -> VolumeCheck:
	"""Looks at a volume, and writes the marker of one that has never been seen before."""
	path = Path(row.path)
	marker = path / MARKER
	if not row.checked_at and not marker.exists():
		greet(path, row.volume_id)
	try:
		if marker.read_text().strip() != row.volume_id:
			return VolumeCheck("Not Mounted")
		usage = shutil.disk_usage(path)
	except OSError:
		return VolumeCheck("Not Mounted")
	if not os.access(path, os.W_OK) or os.statvfs(path).f_flag & os.ST_RDONLY:
		return VolumeCheck("Read Only", usage.total, usage.free)
	if usage.free < usage.total * min_free_percent / 100:
		return VolumeCheck("Full", usage.total, usage.free)
	return VolumeCheck("Ready", usage.total, usage.free)


def greet(path: Path, volume_id: str) -> None:
	"""Marks a new volume. Its folder is made when the folder above exists: a site's own folder, a mounted
	disk."""
	try:
		if path.parent.is_dir():
			path.mkdir(exist_ok=True)
		(path / MARKER).write_text(f"{volume_id}\n")
	except OSError:
		pass  # check() reports what is missing


def write_check(row, seen: VolumeCheck) -> None:
	"""Stores what `check` saw. A volume that was never there keeps `checked_at` empty, so that it is greeted
	later."""
	if seen.state == "Not Mounted" and not row.checked_at:
		values = {"state": seen.state, "state_message": message(seen.state)}
	else:
		values = {
			"state": seen.state,
			"state_message": message(seen.state),
			"total_gb": flt(seen.total_bytes / GB, 2),
			"free_gb": flt(seen.free_bytes / GB, 2),
			"checked_at": clock.site_time(clock.now_ms()),
		}
	frappe.db.set_value("Storage Volume", row.name, values, update_modified=False)
	frappe.clear_document_cache("Storage Volume", row.name)


def message(state: str) -> str:
	return {
		"Not Mounted": _(
			"The folder does not hold this volume's marker file: the disk is not mounted, or another one is. "
			"Nothing is written until it is back."
		),
		"Read Only": _("The folder cannot be written. Check the disk and the rights of the recording user."),
		"Full": _("Less space is free than the settings ask for. Remove old data or add a volume."),
	}.get(state, "")


def inspect(node: str) -> list:
	"""Checks and stores the state of every volume of this node; returns the rows that can be written, best
	first."""
	percent = flt(frappe.db.get_single_value("Monitoring Settings", "min_free_percent"))
	usable = []
	for row in of_node(node):
		seen = check(row, percent)
		write_check(row, seen)
		if seen.state == "Ready":
			usable.append(row)
	return usable


def choices(node: str) -> dict[str, Volume]:
	"""Volumes of this node by name, the preferred one first, with the space that recorders leave free.

	A full or missing volume stays in the list: its cameras report the storage fault instead of vanishing.
	"""
	percent = flt(frappe.db.get_single_value("Monitoring Settings", "min_free_percent"))
	found = {}
	for row in sorted(of_node(node), key=lambda row: row.state not in ("Ready", "", None)):
		found[row.name] = Volume(row.name, Path(row.path), min_free(Path(row.path), percent))
	return found


def min_free(path: Path, percent: float) -> int:
	try:
		# half of what the settings ask for: the volume is reported full before recording stops
		return int(shutil.disk_usage(path).total * percent / 200)
	except OSError:
		return 0
