"""Secrets of records. Frappe encrypts them in a table of its own; the record's own column holds stars."""

from collections.abc import Iterable

import frappe
from frappe.model.document import Document
from frappe.utils.password import get_decrypted_password

MASK = "*" * 8


def mask(doc: Document, fieldnames: Iterable[str]) -> None:
	"""After the secrets are stored: Frappe leaves as many stars as a secret has letters; here all look the
	same."""
	for fieldname in fieldnames:
		if doc.get(fieldname):
			doc.set(fieldname, MASK)


def stored(doctype: str, name: str, fieldname: str) -> str:
	"""A secret for this system's own code; "" when there is none, or it cannot be decrypted."""
	return get_decrypted_password(doctype, name, fieldname, raise_exception=False) or ""


class KeepsSecrets:
	"""For controllers, before Document: what they keep is shown by actions that are logged, or never (Article
	5.3). Templates of an administrator (print formats, e-mails, web pages) hold documents, and show to
	everybody what they read of them."""

	def get_password(self, *_arguments, **_options):
		raise frappe.PermissionError
