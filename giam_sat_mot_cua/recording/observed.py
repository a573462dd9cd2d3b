"""Fields that the system observes and no person writes: states, sizes, times."""

from collections.abc import Iterable

import frappe
from frappe.model.document import Document


def keep_stored(doc: Document, fields: Iterable[str]) -> None:
	"""Gives `fields` of a document being saved the values in the database; defaults when it is new."""
	fields = list(fields)
	stored = None if doc.is_new() else frappe.db.get_value(doc.doctype, doc.name, fields, as_dict=True)
	for field in fields:
		doc.set(field, stored[field] if stored else doc.meta.get_field(field).default)
