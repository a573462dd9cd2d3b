"""How MariaDB's programs log in: by a file that only its owner reads, never on a command line, which every
user of the machine sees."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import frappe


@dataclass(frozen=True)
class Login:
	user: str
	password: str = field(repr=False)


def of_site() -> Login:
	"""The site's own."""
	conf = frappe.conf
	return Login(conf.get("db_user") or conf.db_name, conf.db_password or "")


@contextmanager
def option_file(login: Login) -> Iterator[Path]:
	"""A file for `--defaults-file` or `--defaults-extra-file`, alone in a folder that is gone afterwards."""
	with tempfile.TemporaryDirectory(prefix="gsmc-backup-") as private:
		options = Path(private) / "client.cnf"
		options.touch(mode=0o600)
		options.write_text(client_options(login))
		yield options


def client_options(login: Login) -> str:
	conf = frappe.conf
	if conf.get("db_socket"):
		place = f"socket={conf.db_socket}"
	else:
		place = f"protocol=tcp\nhost={conf.db_host}\nport={conf.db_port}"
	return f"[client]\nuser={quoted(login.user)}\npassword={quoted(login.password)}\n{place}\n"


def quoted(value: str) -> str:
	"""A value in an option file, in which a backslash escapes.
	https://mariadb.com/kb/en/configuring-mariadb-with-option-files/"""
	return '"{}"'.format(value.replace("\\", r"\\").replace('"', r"\""))
