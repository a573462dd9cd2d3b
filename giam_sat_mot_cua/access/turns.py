"""One transaction at a time writes records of a kind: the others wait here until it ends.

A turn is taken before anything else is locked. Frappe reads a document and its rows with locks before it
saves it, REST before it calls anybody: of two that hold such locks while they wait for each other's turn, one
would be lost.
"""

import frappe
from frappe import _

from giam_sat_mot_cua.access.attributes import OwnAttributes


def take(doctype: str) -> None:
	"""Takes the turn of `doctype`. Raises QueryDeadlockError, QueryTimeoutError."""
	table = frappe.qb.DocType("DocType")
	frappe.qb.from_(table).select(table.name).where(table.name == doctype).for_update().run()


def take_for_person(doctype: str) -> None:
	"""Takes the turn of `doctype`; throws, with what to do, when the database ended this transaction
	instead."""
	try:
		take(doctype)
	except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
		frappe.throw(
			_(
				"Somebody else changed the same records at the same moment. Nothing was saved: load the "
				"page again."
			),
			title=_("Please Try Again"),
		)


class InTurn(OwnAttributes):
	"""For controllers, before Document: their records are read for a change, and saved, in the turn of the
	DocType `TURN`."""

	TURN: str

	def load_from_db(self):
		if self.flags.for_update:
			take_for_person(self.TURN)
		return super().load_from_db()

	def check_if_latest(self):
		take_for_person(self.TURN)
		super().check_if_latest()
