"""Where backups lie. A backup is a folder of its own; while it is written it has another name, so that one
that has its name is whole."""

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import frappe
from frappe import _
from frappe.utils import cint, flt

from giam_sat_mot_cua.media.fmp4 import sync_folder
from giam_sat_mot_cua.recording.folders import default_backups

MARKER = ".gsmc-backups"
MANIFEST = "manifest.json"
PLAIN_PATH = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9._-]*)+")  # it is put into shell commands by Frappe
CHUNK_BYTES = 1 << 20
MB = 1_000_000
ROOM_FACTOR = 1.25  # of the last backup: the next one may be larger
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class BackupFailed(Exception):
	"""No backup was made; the text says why and what to do, in the language of the session."""


@dataclass(frozen=True)
class BackupFile:
	"""One file of a backup: `kind` is an option of Backup Run File."""

	kind: str
	file_name: str
	size_bytes: int
	sha256: str


def target(chosen: str | None, used_before: bool) -> Path:
	"""The folder for backups: `chosen` by the settings, or the site's own. BackupFailed when it cannot be
	used; `used_before`: backups were made there, so that a missing marker means that the disk is not
	mounted."""
	path = Path(chosen) if chosen else default_backups()
	try:
		if not chosen:
			path.mkdir(mode=0o700, exist_ok=True)
		if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
			raise BackupFailed(
				_("The backup folder is not there or cannot be written. Check its disk and its rights.")
			)
		if not (path / MARKER).exists():
			if used_before:
				raise BackupFailed(
					_(
						"The backup folder does not hold the marker of earlier backups: its disk is not "
						"mounted, or another one is. Nothing was written."
					)
				)
			(path / MARKER).write_text("giam_sat_mot_cua\n")
	except OSError as error:
		raise BackupFailed(os_text(error)) from error
	if not PLAIN_PATH.fullmatch(str(path)):
		raise BackupFailed(
			_(
				"The path of the backup folder may have letters without accents, digits, dots, hyphens and "
				"slashes."
			)
		)
	return path


def require_room(path: Path, last_size_mb: float) -> None:
	"""BackupFailed when a backup like the last one would take what the settings keep free on the disk."""
	usage = shutil.disk_usage(path)
	percent = flt(frappe.db.get_single_value("Monitoring Settings", "min_free_percent"))
	needed = last_size_mb * MB * ROOM_FACTOR + usage.total * percent / 100
	if usage.free < needed:
		raise BackupFailed(
			_(
				"The disk of the backup folder has {0} GB free; a backup needs {1} GB with what is to stay "
				"free. Earlier backups are untouched. Make room or choose another folder."
			).format(f"{usage.free / 1e9:.1f}", f"{needed / 1e9:.1f}")
		)


@contextmanager
def being_written(parent: Path, name: str) -> Iterator[Path]:
	"""A folder that becomes `parent / name` when the body ends well, and is gone when it does not."""
	for left in parent.glob(".*.part"):
		if is_own_name(left.name[1:].removesuffix(".part")):  # of one that was killed
			shutil.rmtree(left, ignore_errors=True)
	part = parent / f".{name}.part"
	try:
		part.mkdir(mode=0o700)
		yield part
		sync_all(part)
		part.rename(parent / name)
		sync_folder(parent)
	except OSError as error:
		raise BackupFailed(os_text(error)) from error
	finally:
		shutil.rmtree(part, ignore_errors=True)


def site_slug() -> str:
	return frappe.local.site.replace(".", "_")


def new_name(moment: datetime) -> str:
	return f"{site_slug()}-{moment:%Y%m%d-%H%M%S}"


def is_own_name(name: str) -> bool:
	"""Whether a backup of this site has this name: a folder may hold those of several sites."""
	return bool(re.fullmatch(re.escape(site_slug()) + r"-\d{8}-\d{6}", name))


def sync_all(folder: Path) -> None:
	for path in folder.iterdir():
		with path.open("rb") as file:
			os.fsync(file.fileno())
	sync_folder(folder)


def describe(kind: str, path: Path) -> BackupFile:
	digest, size = hashlib.sha256(), 0
	with path.open("rb") as file:
		while chunk := file.read(CHUNK_BYTES):
			digest.update(chunk)
			size += len(chunk)
	path.chmod(0o600)
	return BackupFile(kind, path.name, size, digest.hexdigest())


def private_file(path: Path) -> Path:
	"""An empty file that only its owner reads; what programs write into it stays so."""
	path.touch(mode=0o600)
	return path


def write_manifest(folder: Path, values: dict, files: list[BackupFile]) -> None:
	"""What the backup holds, for whoever has nothing but the folder."""
	manifest = {**values, "files": [asdict(file) for file in files]}
	private_file(folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def is_full(folder: Path) -> bool:
	return shutil.disk_usage(folder).free < MB


def remove(folder: Path) -> None:
	"""Removes a backup by its folder: first its name, so that half of one never looks whole. OSError, also
	when its disk is not there."""
	if not (folder.parent / MARKER).exists() or not is_own_name(folder.name):
		raise FileNotFoundError(folder)
	if not folder.is_dir():
		return
	part = folder.with_name(f".{folder.name}.part")
	folder.rename(part)
	shutil.rmtree(part)


def os_text(error: OSError) -> str:
	if error.errno in FULL:
		return _(
			"The disk of the backup folder ran full. What had been written was removed; earlier backups are "
			"untouched. Make room or choose another folder."
		)
	return _("The backup folder cannot be written ({0}). Check its disk and its rights.").format(
		os.strerror(cint(error.errno)) if error.errno else type(error).__name__
	)
