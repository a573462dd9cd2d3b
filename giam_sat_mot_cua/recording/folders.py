"""Folders of this machine that must not lie in each other: those of the site, of volumes, of backups.

A volume or a backup in a folder that the web server shows is open to everybody; one in a folder that is
backed up grows into every backup; a backup among footage is taken for a file that nobody knows.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import frappe

NO_BACKUPS = ("public", "private/files", "private/backups")  # of a site: shown, backed up, emptied by age
NO_FOOTAGE = ("public", "private")


def inside(path: str | os.PathLike, folder: str | os.PathLike) -> bool:
	"""Whether `path` is `folder` or lies in it, with links followed. Neither need be there."""
	real, real_folder = os.path.realpath(path), os.path.realpath(folder)
	return os.path.commonpath((real, real_folder)) == real_folder


def inside_any(path: str | os.PathLike, folders: Iterable[str | os.PathLike]) -> bool:
	return any(inside(path, folder) for folder in folders)


def of_sites(parts: Iterable[str]) -> Iterator[Path]:
	"""These folders of every site of this bench, where Frappe's own backups are, and what the web server
	shows for all sites."""
	sites = Path(os.path.abspath(frappe.local.sites_path))
	yield sites / "assets"
	for config in sites.glob("*/site_config.json"):
		yield from (config.parent / part for part in parts)
	if chosen := frappe.conf.get("backup_path"):
		yield Path(os.path.abspath(frappe.get_site_path(chosen)))


def of_backups() -> list[Path]:
	"""Where backups of this site lie: the folder of the settings, and the one when none is set. Needs a
	connection."""
	chosen = frappe.db.get_single_value("Monitoring Settings", "backup_folder")
	return [default_backups(), *([Path(chosen)] if chosen else [])]


def default_backups() -> Path:
	"""Beside Frappe's own backups and not among them: Frappe empties that folder by age, and stumbles over
	folders in it."""
	return Path(os.path.abspath(frappe.get_site_path("private", "gsmc-backups")))


def of_volumes() -> list[Path]:
	"""Folders of volumes, on whatever machine. Needs a connection."""
	paths = frappe.get_all("Storage Volume", {"path": ("is", "set")}, pluck="path", order_by="name")
	return [Path(path) for path in paths]


def refuses_backups(path: str) -> bool:
	"""Whether no backup may lie in `path`: it is inside what is shown or backed up, or mixed with footage.
	Needs a connection."""
	if inside_any(path, of_sites(NO_BACKUPS)):
		return True
	return any(inside(path, volume) or inside(volume, path) for volume in of_volumes())


def refuses_footage(path: str) -> bool:
	"""Whether no volume may lie in `path`: it is inside the site's own, or mixed with backups. Needs a
	connection."""
	if inside_any(path, of_sites(NO_FOOTAGE)):
		return True
	return any(inside(path, backups) or inside(backups, path) for backups in of_backups())
