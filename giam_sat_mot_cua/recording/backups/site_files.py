"""Attached files, archived by Frappe's own backup. Its tar is not asked how it ended in every version, so
each archive is read again to its end."""

import io
import tarfile
from contextlib import redirect_stdout
from pathlib import Path

import frappe
from frappe.utils.backups import BackupGenerator

from giam_sat_mot_cua.recording.backups.programs import CommandFailed

END_BYTES = 1024  # zeros that end an archive


def archive(generated: BackupGenerator) -> None:
	"""Writes the archives of public and private files. CommandFailed when one is not whole."""
	failure = None
	try:
		said(generated.backup_files)
	except CommandFailed as error:
		failure = error  # a file that changed while it was read is no loss: the archive decides
	for path in (generated.backup_path_files, generated.backup_path_private_files):
		try:
			read_archive(Path(path))
		except tarfile.TarError as error:
			raise failure or CommandFailed(f"{Path(path).name}: {error}") from error


def generator(public: Path, private: Path) -> BackupGenerator:
	"""Frappe's backup for these two files. It needs no password for them, and gets none.
	Needs a connection."""
	return BackupGenerator(
		frappe.conf.db_name,
		frappe.conf.db_name,
		"",
		backup_path_files=str(public),
		backup_path_private_files=str(private),
		db_type="mariadb",
		ignore_conf=True,  # all files, whatever is set for other backups
	)


def said(action) -> None:
	"""Runs a part of Frappe's backup, which prints what its programs say when they fail."""
	printed = io.StringIO()
	try:
		with redirect_stdout(printed):
			action()
	except OSError:
		raise
	except Exception as error:
		raise CommandFailed(printed.getvalue().strip() or type(error).__name__) from None


def read_archive(path: Path) -> int:
	"""Number of files in an archive. tarfile.TarError when it is not whole."""
	with path.open("rb") as file:
		size = file.seek(0, 2)
		file.seek(max(size - END_BYTES, 0))
		if file.read() != b"\0" * END_BYTES:
			raise tarfile.ReadError("the archive has no end")
	with tarfile.open(path, "r:") as opened:
		return sum(1 for member in opened if member.isfile())
