"""The restore drill: a backup is loaded into a scratch database, counted, and its keys are tried on the
cameras' logins. What is wrong is named; nothing of the running site is touched."""

import hashlib
import json
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

import frappe
from frappe import _
from frappe.utils.password import decrypt

from giam_sat_mot_cua.recording.backups import scratch, sealed, site_files
from giam_sat_mot_cua.recording.backups.folder import CHUNK_BYTES
from giam_sat_mot_cua.recording.backups.scratch import Login, Scratch
from giam_sat_mot_cua.recording.backups.sealed import WrongKey

OURS = ("Camera", "Storage Volume")  # records with secrets of this system
NAMED = 5


class DrillFailed(Exception):
	"""The backup would not restore the site; the text says what is wrong, in the language of the session."""


@dataclass(frozen=True)
class Backup:
	"""What a Backup Run says of a backup."""

	run: str
	folder: Path
	files: dict[str, tuple[str, str]]  # kind -> (file name, SHA-256)
	tables: dict[str, int]

	def path(self, kind: str) -> Path:
		return self.folder / self.files[kind][0]


@dataclass(frozen=True)
class Found:
	"""What a drill that passed has seen."""

	tables: int
	rows: int
	secrets: int
	seconds: float
	database: str | None  # the scratch database, when it was kept

	@property
	def message(self) -> str:
		return _(
			"{0} tables with {1} rows loaded and counted; {2} secrets opened with the key of the backup."
		).format(self.tables, self.rows, self.secrets)


def read_run(name: str) -> Backup:
	"""The backup of a run. Throws when it has none. Needs a connection."""
	run = frappe.get_doc("Backup Run", name)
	if run.outcome != "Succeeded" or run.removed_on:
		frappe.throw(
			_("Run {0} has no backup: it did not succeed, or its backup was removed after its time.").format(
				name
			),
			title=_("Restore Drill"),
		)
	files = {file.kind: (file.file_name, file.sha256) for file in run.files}
	return Backup(run.name, Path(run.folder), files, json.loads(run.tables))


def drill(backup: Backup, root: Login, seal_key: str, keep: bool = False) -> Found:
	"""Proves the backup. DrillFailed names what is wrong; NoAccess when `root` may not make a database."""
	began = time.monotonic()
	check_files(backup)
	config = open_configuration(backup, seal_key)
	check_archives(backup)
	with scratch.scratch_database(root, keep) as restored:
		try:
			restored.load(backup.path("Database"))
		except scratch.LoadFailed as error:
			raise DrillFailed(_("The dump does not load into a database: {0}.").format(error)) from error
		check_counts(backup.tables, restored)
		secrets = check_secrets(config["encryption_key"], restored)
		kept = restored.name if keep else None
	rows = sum(backup.tables.values())
	return Found(len(backup.tables), rows, secrets, time.monotonic() - began, kept)


def check_files(backup: Backup) -> None:
	"""Every file is there and is what was backed up. First of all: a dump that somebody changed is not
	loaded."""
	for file_name, sha256 in backup.files.values():
		try:
			with (backup.folder / file_name).open("rb") as file:
				digest = hashlib.sha256()
				while chunk := file.read(CHUNK_BYTES):
					digest.update(chunk)
		except FileNotFoundError:
			raise DrillFailed(_("File {0} of the backup is missing.").format(file_name)) from None
		except OSError as error:
			raise DrillFailed(
				_("File {0} of the backup cannot be read ({1}).").format(file_name, error.strerror)
			) from error
		if digest.hexdigest() != sha256:
			raise DrillFailed(_("File {0} is not what was backed up: its SHA-256 differs.").format(file_name))


def open_configuration(backup: Backup, seal_key: str) -> dict:
	try:
		config = sealed.unseal(backup.path("Configuration and Keys").read_bytes(), seal_key)
	except WrongKey:
		raise DrillFailed(
			_("The key for backups ({0}) does not open the configuration of this backup.").format(sealed.KEY)
		) from None
	missing = [name for name in ("db_name", "encryption_key") if not config.get(name)]
	if missing:
		raise DrillFailed(_("The configuration in the backup lacks {0}.").format(", ".join(missing)))
	return config


def check_archives(backup: Backup) -> None:
	for kind in ("Public Files", "Private Files"):
		if kind in backup.files:
			try:
				site_files.read_archive(backup.path(kind))
			except tarfile.TarError:
				raise DrillFailed(
					_("The archive {0} cannot be read to its end.").format(backup.files[kind][0])
				) from None


def check_counts(recorded: dict[str, int], restored: Scratch) -> None:
	loaded = set(restored.tables())
	missing, extra = sorted(set(recorded) - loaded), sorted(loaded - set(recorded))
	if missing or extra:
		raise DrillFailed(
			_("{0} tables came back instead of {1}. Missing: {2}. Unknown: {3}.").format(
				len(loaded), len(recorded), named(missing), named(extra)
			)
		)
	wrong = []
	for table, rows in sorted(recorded.items()):
		count = restored.count(table)
		if count != rows:
			wrong.append(_("{0}: {1} instead of {2}").format(table, count, rows))
	if wrong:
		raise DrillFailed(
			_("Rows are missing or too many in {0} tables: {1}.").format(len(wrong), named(wrong))
		)


def check_secrets(encryption_key: str, restored: Scratch) -> int:
	"""How many secrets of cameras and archives the key of the backup opens: all of them, or DrillFailed."""
	rows = restored.rows(
		"select doctype, name, fieldname, password from `__Auth` where encrypted = 1 and doctype in %s",
		(OURS,),
	)
	closed = [
		f"{doctype} {name}" for doctype, name, _field, secret in rows if not opens(secret, encryption_key)
	]
	if closed:
		raise DrillFailed(
			_("The key of the backup does not open {0} of {1} secrets, among them {2}.").format(
				len(closed), len(rows), named(sorted(set(closed)))
			)
		)
	return len(rows)


def opens(secret: str, key: str) -> bool:
	try:
		return bool(decrypt(secret, key))
	except (frappe.ValidationError, ValueError):
		frappe.clear_messages()
		return False


def named(words: list[str]) -> str:
	more = len(words) - NAMED
	listed = ", ".join(words[:NAMED]) or _("none")
	return f"{listed} " + _("and {0} more").format(more) if more > 0 else listed
