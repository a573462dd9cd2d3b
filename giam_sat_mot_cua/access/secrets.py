"""Secrets of records. Frappe encrypts them in a table of its own; the record's own column holds stars."""

from collections.abc import Iterable

from frappe.model.document import Document

MASK = "*" * 8


def mask(doc: Document, fieldnames: Iterable[str]) -> None:
	"""After the secrets are stored: Frappe leaves as many stars as a secret has letters; here all look the
	same."""
	for fieldname in fieldnames:
		if doc.get(fieldname):
			doc.set(fieldname, MASK)
