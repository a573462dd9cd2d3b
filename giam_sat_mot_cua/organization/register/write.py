"""Inserts the rows of a file within the running transaction, each behind a savepoint, and hears what the
records' own rules say. Commits nothing."""

from collections.abc import Callable

import frappe
from frappe import _
from frappe.utils.global_search import update_global_search

from giam_sat_mot_cua.organization.register.check import Key, Register, Row
from giam_sat_mot_cua.organization.register.columns import normalised
from giam_sat_mot_cua.organization.register.faults import Unreadable, plain

SAVEPOINT = "register_row"


def insert_all(register: Register, progress: Callable[[int], None]) -> tuple[list, int]:
	"""(inserted documents, rows that could not be tried because one that they need is bad). What fails is
	added to the register's faults."""
	search, frappe.local.conf.disable_global_search = frappe.local.conf.get("disable_global_search"), 1
	try:
		return insert_rows(register, progress)
	finally:
		frappe.local.conf.disable_global_search = search


def insert_rows(register: Register, progress: Callable[[int], None]) -> tuple[list, int]:
	good = {row.key for row in register.rows if not row.is_bad}
	missing: set[Key] = {row.key for row in register.rows if row.is_bad} - good
	inserted: set[Key] = set()
	documents, untried = [], 0
	for number, row in enumerate(register.rows, start=1):
		if row.is_bad or row.needs & missing:
			untried += not row.is_bad
			missing |= {row.key} - inserted
		elif document := insert_row(register, row):
			documents.append(document)
			inserted.add(row.key)
		else:
			missing.add(row.key)
		progress(number)
	return documents, untried


def insert_row(register: Register, row: Row):
	"""The inserted document; None when it was refused."""
	frappe.clear_messages()
	frappe.db.savepoint(SAVEPOINT)
	document = frappe.new_doc(row.sheet.doctype)
	document.update(row.values)
	document.flags.notifications = []  # nobody is told about records that may yet be rolled back
	try:
		document.insert()  # with the user's own permissions
	except frappe.QueryDeadlockError as error:  # the database has undone the whole transaction
		raise Unreadable(busy()) from error
	except frappe.QueryTimeoutError as error:
		raise Unreadable(busy()) from error
	except Exception as error:
		frappe.db.rollback(save_point=SAVEPOINT)
		blame(register, row, error)
		return None
	frappe.db.release_savepoint(SAVEPOINT)
	return document


def busy() -> str:
	return _("Somebody else is changing units or cameras right now. Wait a minute and try again.")


def blame(register: Register, row: Row, error: Exception) -> None:
	told = frappe.get_message_log()
	frappe.clear_messages()
	if isinstance(error, frappe.PermissionError):
		register.blame(
			row, None, _("Your account may not add this record. Ask an administrator of the managing unit.")
		)
		return
	if isinstance(error, frappe.DuplicateEntryError):
		message = _("This record has been added by somebody else in the meantime. Delete the row.")
		register.blame(row, None, message)
		return
	last = told[-1] if told else {}
	message = plain(last.get("message") or "", row.raw.values())
	if not isinstance(error, frappe.ValidationError):
		# its text may hold values of the row
		frappe.log_error(title="Register Import", message=f"{type(error).__name__}, {row.sheet.doctype}")
		message = _("The row could not be added because of an internal error. Tell whoever runs the system.")
	column = named_column(register, row, last.get("title") or "")
	register.blame(row, column, message or _("The row was refused. Compare it with the guidance sheet."))


def named_column(register: Register, row: Row, title: str):
	"""The rules of a record give the label of the field as the title of their messages."""
	columns = register.columns[row.sheet.doctype].values()
	return next((column for column in columns if normalised(title) in column.names), None)


def make_findable(documents: list) -> None:
	"""After the commit: the search of the Desk queues in Redis, which is not rolled back."""
	for document in documents:
		update_global_search(document)
