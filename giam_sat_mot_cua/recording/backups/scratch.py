"""A database of the drill's own, on the same MariaDB: made, filled from a dump, dropped.

Its user has rights on it alone, so that whatever a dump holds cannot touch another database. Passwords are
given to programs in files that only their owner reads, never on a command line.
"""

import gzip
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import frappe
import pymysql

from giam_sat_mot_cua.recording.backups.login import Login, option_file

ERROR = re.compile(r"ERROR (\d+) \(\w+\) at line (\d+)")


class NoAccess(Exception):
	"""MariaDB does not let the privileged login in, or it may not make databases and users."""


class LoadFailed(Exception):
	"""The dump does not load; the text is MariaDB's error number and line, without what stands there."""


@dataclass
class Scratch:
	"""The database, open as its own user."""

	name: str
	login: Login
	connection: pymysql.Connection

	def load(self, dump: Path) -> None:
		"""Loads a dump. LoadFailed."""
		with option_file(self.login) as options, tempfile.TemporaryFile() as errors:
			command = [
				client_program(),
				f"--defaults-file={options}",
				"--default-character-set=utf8mb4",
				self.name,
			]
			with subprocess.Popen(
				command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
			) as client:
				try:
					with gzip.open(dump) as source:
						shutil.copyfileobj(source, client.stdin, 1 << 20)
				except BrokenPipeError:
					pass  # the client ended: its error says why
				finally:
					close(client.stdin)
			if client.returncode:
				errors.seek(0)
				raise LoadFailed(error_place(errors.read().decode(errors="replace")))

	def rows(self, query: str, values: tuple = ()) -> list[tuple]:
		with self.connection.cursor() as cursor:
			cursor.execute(query, values)
			return list(cursor.fetchall())

	def tables(self) -> list[str]:
		found = self.rows(
			"select table_name from information_schema.tables where table_schema = %s and table_type = 'BASE "
			"TABLE'",
			(self.name,),
		)
		return [name for (name,) in found]

	def count(self, table: str) -> int:
		return self.rows(f"select count(*) from `{table.replace('`', '``')}`")[0][0]


@contextmanager
def scratch_database(root: Login, keep: bool) -> Iterator[Scratch]:
	"""Makes a database and its user with the privileged login `root`; drops both at the end (with `keep` only
	the user). NoAccess."""
	login = Login(f"{prefix()}{secrets.token_hex(4)}", secrets.token_urlsafe(24))
	host = make(root, login)
	try:
		with connect(login, login.user) as connection:
			yield Scratch(login.user, login, connection)
	finally:
		with connect(root) as privileged:
			drop(privileged, login.user, host, keep_database=keep)


def prefix() -> str:
	"""What the names of this site's scratch databases begin with."""
	return f"gsmcdrill_{sha256(frappe.conf.db_name.encode()).hexdigest()[:8]}_"


def make(root: Login, login: Login) -> str:
	"""Makes the database and its user: the host that the user may come from. NoAccess, with nothing left."""
	try:
		with connect(root) as privileged:
			host = current_host(privileged)
			drop_leftovers(privileged, host)
			try:
				create(privileged, login, host)
			except BaseException:
				drop(privileged, login.user, host)
				raise
	except pymysql.MySQLError as error:
		raise NoAccess(str(error.args[0]) if error.args else "") from None
	return host


def create(privileged: pymysql.Connection, login: Login, host: str) -> None:
	execute(
		privileged,
		f"create database `{login.user}` character set utf8mb4 collate utf8mb4_unicode_ci",
	)
	execute(privileged, f"create user '{login.user}'@%s identified by %s", host, login.password)
	execute(privileged, f"grant all privileges on `{login.user}`.* to '{login.user}'@%s", host)


def drop(privileged: pymysql.Connection, name: str, host: str, keep_database: bool = False) -> None:
	if not keep_database:
		execute(privileged, f"drop database if exists `{name}`")
	execute(privileged, f"drop user if exists '{name}'@%s", host)


def drop_leftovers(privileged: pymysql.Connection, host: str) -> None:
	"""What a drill of this site left that was killed. (One drill runs at a time.)"""
	with privileged.cursor() as cursor:
		cursor.execute("show databases like %s", (prefix().replace("_", r"\_") + "%",))
		names = [name for (name,) in cursor.fetchall()]
	for name in names:
		if re.fullmatch(rf"{prefix()}[0-9a-f]{{8}}", name):
			drop(privileged, name, host)


def current_host(connection: pymysql.Connection) -> str:
	"""Where MariaDB sees us: the scratch user may come from there alone."""
	with connection.cursor() as cursor:
		cursor.execute("select user()")
		return cursor.fetchone()[0].rpartition("@")[2]


def execute(connection: pymysql.Connection, query: str, *values: str) -> None:
	with connection.cursor() as cursor:
		cursor.execute(query, values)


def connect(login: Login, database: str | None = None) -> pymysql.Connection:
	conf = frappe.conf
	place = {"unix_socket": conf.db_socket} if conf.get("db_socket") else {}
	return pymysql.connect(
		host=conf.db_host,
		port=int(conf.db_port),
		user=login.user,
		password=login.password,
		database=database,
		charset="utf8mb4",
		autocommit=True,
		**place,
	)


def client_program() -> str:
	found = shutil.which("mariadb") or shutil.which("mysql")
	if not found:
		raise LoadFailed("mariadb: not installed")
	return found


def close(pipe) -> None:
	try:
		pipe.close()
	except BrokenPipeError:
		pass


def error_place(text: str) -> str:
	found = ERROR.search(text)
	return f"MariaDB {found[1]}, line {found[2]}" if found else "MariaDB"
