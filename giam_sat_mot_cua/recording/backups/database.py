"""What is in a dump of the database, and what is to be in it."""

import gzip
import re
import zlib
from pathlib import Path

import frappe

CREATE = re.compile(rb"CREATE TABLE `((?:[^`]|``)+)` \(")
INSERT = re.compile(rb"INSERT INTO `((?:[^`]|``)+)`(?: \([^)]*\))? VALUES\s*")
# a row in brackets, with texts in which a backslash escapes; brackets in texts are none
ROW = re.compile(rb"\([^'()]*(?:'[^'\\]*(?:\\.[^'\\]*)*'[^'()]*)*\)", re.S)
COMPLETED = b"-- Dump completed"


class BrokenDump(Exception):
	"""A dump that is not whole."""


def table_names() -> list[str]:
	"""Tables of the site's database. Needs a connection."""
	return frappe.db.sql(
		"select table_name from information_schema.tables "
		"where table_schema = database() and table_type = 'BASE TABLE'",
		pluck=True,
	)


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
