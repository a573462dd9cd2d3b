"""Attached files, archived by Frappe's own backup. Its tar is not asked how it ended in every version, so
each archive is read again to its end."""

import tarfile
from pathlib import Path

from frappe.utils.backups import BackupGenerator

from giam_sat_mot_cua.recording.backups.database import CommandFailed, said

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


def read_archive(path: Path) -> int:
	"""Number of files in an archive. tarfile.TarError when it is not whole."""
	with path.open("rb") as file:
		size = file.seek(0, 2)
		file.seek(max(size - END_BYTES, 0))
		if file.read() != b"\0" * END_BYTES:
			raise tarfile.ReadError("the archive has no end")
	with tarfile.open(path, "r:") as opened:
		return sum(1 for member in opened if member.isfile())
