"""One backup from beginning to end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import frappe
from frappe import _
from frappe.utils import now_datetime

from giam_sat_mot_cua.recording.backups import database, folder, sealed, site_files
from giam_sat_mot_cua.recording.backups.database import BrokenDump
from giam_sat_mot_cua.recording.backups.dump import dump as dump_database
from giam_sat_mot_cua.recording.backups.folder import BackupFailed, BackupFile
from giam_sat_mot_cua.recording.backups.programs import CommandFailed

DATABASE, PUBLIC, PRIVATE = "database.sql.gz", "files.tar", "private-files.tar"


@dataclass(frozen=True)
class Made:
	"""A backup that is whole."""

	path: Path
	files: list[BackupFile]
	tables: dict[str, int]

	@property
	def size_bytes(self) -> int:
		return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True)
class Plan:
	"""What is to be backed up, and where."""

	parent: Path
	name: str
	with_files: bool
	tables: frozenset[str]


def plan(parent: Path, with_files: bool) -> Plan:
	"""Needs a connection."""
	return Plan(parent, folder.new_name(now_datetime()), with_files, frozenset(database.table_names()))


def make(wanted: Plan) -> Made:
	"""Writes the backup. BackupFailed, with nothing left of it."""
	with folder.being_written(wanted.parent, wanted.name) as part:
		dump, public, private = (part / each for each in (DATABASE, PUBLIC, PRIVATE))
		generated = site_files.generator(public, private)
		folder.private_file(dump)
		run(lambda: dump_database(dump), part)
		tables = read_back(dump, wanted.tables)
		files = [folder.describe("Database", dump)]
		if wanted.with_files:
			folder.private_file(public)
			folder.private_file(private)
			run(lambda: site_files.archive(generated), part)
			files += [folder.describe("Public Files", public), folder.describe("Private Files", private)]
		config = folder.private_file(part / sealed.FILE)
		config.write_bytes(sealed.seal(sealed.configuration(), sealed.own_key()))
		files.append(folder.describe("Configuration and Keys", config))
		facts = {"site": frappe.local.site, "frappe": frappe.__version__, "tables": tables}
		folder.write_manifest(part, facts, files)
	return Made(wanted.parent / wanted.name, files, tables)


def run(action: Callable[[], None], part: Path) -> None:
	try:
		action()
	except CommandFailed as error:
		if error.disk_is_full or folder.is_full(part):
			raise OSError(folder.FULL[0], "disk full") from error
		frappe.logger("gsmc_backup").error(str(error))
		raise BackupFailed(
			_(
				"The database or the attached files could not be written to the backup. The log gsmc_backup "
				"has the details."
			)
		) from error


def read_back(dump: Path, tables: frozenset[str]) -> dict[str, int]:
	"""Rows of each table in the dump. BackupFailed when it is cut off or lacks one of `tables`."""
	try:
		found = database.read_dump(dump)
	except BrokenDump as error:
		raise BackupFailed(
			_("The dump of the database is not whole. The next backup tries again.")
		) from error
	missing = sorted(tables - set(found))
	if missing:
		raise BackupFailed(
			_("The dump of the database lacks {0} tables, among them {1}.").format(len(missing), missing[0])
		)
	return found
