"""The dump of the database: made by Frappe's own backup, and read again to know what is in it."""

import gzip
import io
import re
import zlib
from contextlib import redirect_stdout
from pathlib import Path

import frappe
from frappe.utils.backups import BackupGenerator

CREATE = re.compile(rb"CREATE TABLE `((?:[^`]|``)+)` \(")
INSERT = re.compile(rb"INSERT INTO `((?:[^`]|``)+)`(?: \([^)]*\))? VALUES\s*")
# a row in brackets, with texts in which a backslash escapes; brackets in texts are none
ROW = re.compile(rb"\([^'()]*(?:'[^'\\]*(?:\\.[^'\\]*)*'[^'()]*)*\)", re.S)
COMPLETED = b"-- Dump completed"
FULL_DISK = (
	"no space left",
	"disk quota",
	"file too large",
	"file size limit",
	"errcode: 28",
	"errno: 28",
)


class CommandFailed(Exception):
	"""A program of the backup failed; the text is what it said, for the log and not for people."""

	@property
	def disk_is_full(self) -> bool:
		return any(words in str(self).lower() for words in FULL_DISK)


class BrokenDump(Exception):
	"""A dump that is not whole."""


def table_names() -> list[str]:
	"""Tables of the site's database. Needs a connection."""
	return frappe.db.sql(
		"select table_name from information_schema.tables "
		"where table_schema = database() and table_type = 'BASE TABLE'",
		pluck=True,
	)


def generator(database: Path, public: Path, private: Path) -> BackupGenerator:
	"""Frappe's backup for these three files."""
	conf = frappe.conf
	place = {name: conf[name] for name in ("db_host", "db_port", "db_type", "db_socket") if conf.get(name)}
	return BackupGenerator(
		conf.db_name,
		conf.get("db_user") or conf.db_name,
		conf.db_password,
		backup_path_db=str(database),
		backup_path_files=str(public),
		backup_path_private_files=str(private),
		ignore_conf=True,  # all tables, whatever is set for other backups
		**place,
	)


def dump(generated: BackupGenerator) -> None:
	"""Writes the dump. CommandFailed."""
	said(generated.take_dump)


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


def read_dump(path: Path) -> dict[str, int]:
	"""Rows of each table in a dump. BrokenDump when it is not whole."""
	tables: dict[str, int] = {}
	table, last = None, b""
	try:
		with gzip.open(path) as lines:
			for line in lines:
				table = count_line(line, table, tables)
				last = line if line.strip() else last
	except (EOFError, zlib.error, gzip.BadGzipFile) as error:
		raise BrokenDump("unreadable") from error
	if not last.startswith(COMPLETED):
		raise BrokenDump("cut off")
	return tables


def count_line(line: bytes, table: str | None, tables: dict[str, int]) -> str | None:
	"""Adds the rows of one line. `table`: whose rows the line before was in the middle of; returns the same
	for the next line. (A dump breaks lines between rows, never inside one: line ends in texts are
	escaped.)"""
	if table is None:
		created = CREATE.match(line)
		if created:
			tables.setdefault(name_of(created[1]), 0)
			return None
		inserted = INSERT.match(line)
		if not inserted:
			return None
		table, line = name_of(inserted[1]), line[inserted.end() :]
	tables[table] = tables.get(table, 0) + sum(1 for _row in ROW.finditer(line))
	return None if line.rstrip().endswith(b";") else table


def name_of(quoted: bytes) -> str:
	return quoted.decode().replace("``", "`")
