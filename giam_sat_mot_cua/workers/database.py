"""A unit of work on a connection of its own.

A recorder lives for weeks; MariaDB closes idle connections and may be restarted meanwhile. So every unit of
work opens a connection, commits or rolls back, and closes it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe


class DatabaseAway(Exception):
	"""MariaDB cannot be reached, or went away in the middle of a unit of work: nothing was stored."""


# CR_SERVER_GONE_ERROR and its kin, server shutting down, too many connections, cannot connect, ...
CONNECTION_ERRORS = {
	0,
	1040,
	1053,
	1077,
	1078,
	1079,
	1080,
	1152,
	1158,
	1159,
	1160,
	1161,
	1927,
	2002,
	2003,
	2006,
}
CONNECTION_ERRORS |= {2013, 2014, 2026, 2055, 4150}
RETRY_ERRORS = {1205, 1213}  # lock wait timeout, deadlock: the whole unit may be tried again
# PEP 249's names: Frappe 15 speaks to MariaDB through PyMySQL, Frappe 16 through mysqlclient
OPERATIONAL, INTERFACE = "OperationalError", "InterfaceError"


@contextmanager
def unit_of_work() -> Iterator[None]:
	"""Connects, runs the body, commits. Raises DatabaseAway when the server is away or asks to try again."""
	try:
		frappe.connect(set_admin_as_user=False)
		frappe.db.connect()
		frappe.set_user("Administrator")  # what a recorder writes belongs to the system, not to a person
	except Exception as error:
		if isinstance(error, OSError) or driver_error(error):
			raise DatabaseAway from error
		raise
	try:
		yield
		frappe.db.commit()  # the unit of a background process: there is no request that would commit
	except (frappe.QueryDeadlockError, frappe.QueryTimeoutError) as error:  # as Frappe calls RETRY_ERRORS
		roll_back()
		raise DatabaseAway from error
	except BaseException as error:
		roll_back()
		if is_away(error):
			raise DatabaseAway from error
		raise
	finally:
		close()


def is_away(error: BaseException) -> bool:
	"""Whether a statement failed because the server is not there, or asks to try again."""
	kind = driver_error(error)
	code = error.args[0] if error.args else 0
	return kind == INTERFACE or (kind == OPERATIONAL and code in CONNECTION_ERRORS | RETRY_ERRORS)


def driver_error(error: BaseException) -> str | None:
	"""OPERATIONAL or INTERFACE when that is what the database's driver calls the error."""
	names = {known.__name__ for known in type(error).__mro__}
	return next((name for name in (OPERATIONAL, INTERFACE) if name in names), None)


def roll_back() -> None:
	try:
		frappe.db.rollback()
	except Exception:
		pass  # the connection is gone, and with it the transaction


def close() -> None:
	try:
		frappe.db.close()
	except Exception:
		pass


def connect_again() -> None:
	"""At the end of a job whose units of work closed the connection: RQ's wrapper commits and closes one."""
	try:
		frappe.connect(set_admin_as_user=False)
		frappe.db.connect()
	except Exception:
		pass  # the database is away: the wrapper says so


def use_site_language() -> None:
	"""What a job writes is for the people of the site, whoever queued it. Needs a connection."""
	frappe.local.lang = frappe.db.get_single_value("System Settings", "language") or "en"
