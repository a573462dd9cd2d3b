"""A unit of work on a connection of its own.

A recorder lives for weeks; MariaDB closes idle connections and may be restarted meanwhile. So every unit of
work opens a connection, commits or rolls back, and closes it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
import pymysql


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


@contextmanager
def unit_of_work() -> Iterator[None]:
	"""Connects, runs the body, commits. Raises DatabaseAway when the server is away or asks to try again."""
	try:
		frappe.connect(set_admin_as_user=False)
		frappe.db.connect()
		frappe.set_user("Administrator")  # what a recorder writes belongs to the system, not to a person
	except (pymysql.err.OperationalError, pymysql.err.InterfaceError, OSError) as error:
		raise DatabaseAway from error
	try:
		yield
		frappe.db.commit()  # the unit of a background process: there is no request that would commit
	except (pymysql.err.OperationalError, pymysql.err.InterfaceError) as error:
		roll_back()
		code = error.args[0] if error.args else 0
		if isinstance(error, pymysql.err.InterfaceError) or code in CONNECTION_ERRORS | RETRY_ERRORS:
			raise DatabaseAway from error
		raise
	except (frappe.QueryDeadlockError, frappe.QueryTimeoutError) as error:  # as Frappe calls RETRY_ERRORS
		roll_back()
		raise DatabaseAway from error
	except BaseException:
		roll_back()
		raise
	finally:
		close()


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
