"""Whether the session's user sees one record of the app, and what of it a person writes."""

from collections.abc import Iterable
from functools import lru_cache

import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access import scope


@lru_cache
def modules() -> frozenset[str]:
	return frozenset(frappe.get_module_list("giam_sat_mot_cua"))


def doctypes() -> list[str]:
	return frappe.get_all("DocType", {"module": ("in", list(modules()))}, pluck="name", order_by="name")


def is_ours(doctype: str | None) -> bool:
	"""Whether `doctype` belongs to this app; also one that an administrator added to its modules."""
	return bool(doctype) and frappe.db.get_value("DocType", doctype, "module", cache=True) in modules()


def sees(doctype: str | None, name: str | None, right: str = "read", user: str | None = None) -> bool:
	"""Whether `user` (default: the session's) has `right` on the record. Records of other apps, and ones that
	are not there, are not judged here: True."""
	if not is_ours(doctype) or not name or not frappe.db.exists(doctype, name):
		return True
	return bool(frappe.has_permission(doctype, right, doc=name, user=user))


def require(doctype: str | None, name: str | None, right: str = "read") -> None:
	"""Raises PermissionError when the user has no `right` on the record."""
	if not sees(doctype, name, right):
		raise frappe.PermissionError


def require_reminded(reminder, _method: str | None = None) -> None:
	"""Nobody sets a reminder on a record that he does not see."""
	require(reminder.get("reminder_doctype"), reminder.get("reminder_docname"))


def refuse_rows_alone(row: Document, _method: str | None = None) -> None:
	"""A row of a table is written and removed with the record that holds it, whose rules it would pass by."""
	if row.meta.istable and is_ours(row.doctype):
		frappe.throw(
			_("Rows of {0} are changed in the record that holds them.").format(frappe.bold(_(row.doctype))),
			frappe.PermissionError,
			title=_(row.doctype),
		)


def refuse_rows_of_others(doc: Document, _method: str | None = None) -> None:
	"""Frappe writes a row to where its name is: one of another record would be taken from it, unseen by its
	rules and its history."""
	if not is_ours(doc.doctype):
		return
	for df in doc.meta.get_table_fields():
		names = [row.name for row in doc.get(df.fieldname) if row.name]
		fields = ["parent", "parenttype", "parentfield"]
		own = (doc.name, doc.doctype, df.fieldname)
		stored = frappe.get_all(df.options, {"name": ("in", names)}, fields, as_list=True) if names else ()
		if any(tuple(place) != own for place in stored):
			frappe.throw(
				_(
					"A row of {0} belongs to another record. Load the page again and add a row of its own."
				).format(frappe.bold(_(df.label))),
				frappe.PermissionError,
				title=_(doc.doctype),
			)


def refuse_rename(doc: Document, *_names) -> None:
	"""Whatever an administrator customised: footage, packages and the access log name records by what they
	are called, and Frappe would write the new name into them."""
	if is_ours(doc.doctype) and not frappe.db.get_value("DocType", doc.doctype, "allow_rename"):
		frappe.throw(
			_("{0} keeps its name: footage and the access log go by it.").format(frappe.bold(_(doc.doctype))),
			frappe.PermissionError,
			title=_(doc.doctype),
		)


def require_managing_unit(doc: Document, _method: str | None = None) -> None:
	"""For what decides who sees and decides: an administrator's role at another unit is not enough (Article
	6.3a)."""
	if not scope.acts_for_managing_unit():
		frappe.throw(
			_("Only the managing unit changes this record (Article 6.3)."),
			frappe.PermissionError,
			title=_(doc.doctype),
		)


def refuse_change(doc: Document) -> None:
	"""For records that the system alone writes: raises PermissionError."""
	frappe.throw(
		_("The system alone writes this record, and it never changes."),
		frappe.PermissionError,
		title=_(doc.doctype),
	)


def keep_stored(doc: Document, fields: Iterable[str]) -> None:
	"""For fields that the system writes and no person: gives `fields` of a document being saved the values in
	the database; defaults when it is new."""
	fields = list(fields)
	stored = None if doc.is_new() else frappe.db.get_value(doc.doctype, doc.name, fields, as_dict=True)
	for field in fields:
		doc.set(field, stored[field] if stored else doc.meta.get_field(field).default)
