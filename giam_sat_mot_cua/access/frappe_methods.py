"""Methods of Frappe's Desk that answer without asking who sees what, wrapped so that they ask.

`override_whitelisted_methods` in hooks.py puts each of these in place of its original; `refuse_other_names`
sees to it that an original cannot be called by another name. Records of other apps are treated as before.
"""

from collections import Counter

import frappe
from frappe import _, client
from frappe.core.api import file as file_api
from frappe.core.doctype.user_permission import user_permission
from frappe.desk import like, query_report, reportview, search
from frappe.desk.doctype.tag import tag as tagging
from frappe.desk.form import linked_with

from giam_sat_mot_cua.access import records

HERE = "giam_sat_mot_cua.access.frappe_methods"


@frappe.whitelist()
def get_count(doctype: str, filters=None, debug: bool = False, cache: bool = False):
	"""frappe.client.get_count counts every row of any table; this counts what the user may list."""
	frappe.local.form_dict.update({"doctype": doctype, "filters": filters or [], "fields": []})
	for name in ("debug", "cache"):
		frappe.local.form_dict.pop(name, None)
	return reportview.get_count()


@frappe.whitelist()
def get_password(doctype: str, name: str, fieldname: str) -> str:
	"""What this system keeps encrypted is shown by an action of its own that is logged, or never (Article
	5.3): not to a System Manager, not to the Administrator."""
	if records.is_ours(doctype):
		raise frappe.PermissionError
	return client.get_password(doctype, name, fieldname)


@frappe.whitelist()
def search_link(doctype: str, txt: str, **options):
	return frappe.call(search.search_link, doctype=doctype, txt=txt, **without_bypass(doctype, options))


@frappe.whitelist()
def search_widget(doctype: str, txt: str, **options):
	return frappe.call(search.search_widget, doctype=doctype, txt=txt, **without_bypass(doctype, options))


def without_bypass(doctype: str, options: dict) -> dict:
	"""`ignore_user_permissions` is meant for a field's definition, yet any request may send it."""
	options = {name: value for name, value in options.items() if name != "cmd"}
	if records.is_ours(doctype):
		options.pop("ignore_user_permissions", None)
	return options


@frappe.whitelist()
def get_data_for_custom_field(doctype: str, field: str) -> dict:
	"""{name: value of `field`} of the rows that the user may list, if he may read the field."""
	if not records.is_ours(doctype):
		return query_report.get_data_for_custom_field(doctype, field)
	rows = frappe.get_list(doctype, fields=["name", field], order_by="name", limit_page_length=0)
	return {row.name: row.get(field) for row in rows}


@frappe.whitelist()
def get_workflow_state_count(doctype: str, workflow_state_field: str, states) -> list[dict]:
	"""How many of the rows that the user may list are in a state that is not among `states`."""
	field = frappe.db.get_value(
		"Workflow", {"document_type": doctype, "is_active": 1}, "workflow_state_field"
	)
	if workflow_state_field != field:
		raise frappe.PermissionError
	known = frappe.parse_json(states)
	rows = frappe.get_list(doctype, pluck=field, order_by="name", limit_page_length=0)
	counts = Counter(state for state in rows if state and state not in known)
	return [{field: state, "count": count} for state, count in counts.items()]


@frappe.whitelist()
def linked_documents(doctype: str, docname: str) -> dict:
	"""frappe.desk.form.linked_with.get, for a record that the user sees, with the links that he sees."""
	records.require(doctype, docname)
	found = linked_with.get(doctype, docname)
	return {other: rows for other, rows in ((d, seen_rows(d, rows)) for d, rows in found.items()) if rows}


def seen_rows(doctype: str, rows: list) -> list:
	if not records.is_ours(doctype):
		return rows
	if not frappe.has_permission(doctype, "read"):
		return []
	names = [row.get("name") for row in rows]
	seen = set(
		frappe.get_list(doctype, {"name": ("in", names)}, pluck="name", order_by="name", limit_page_length=0)
	)
	return [row for row in rows if row.get("name") in seen]


@frappe.whitelist()
def get_link_title(doctype: str, docname: str):
	return search.get_link_title(doctype, docname) if records.sees(doctype, docname) else docname


@frappe.whitelist()
def validate_link(doctype: str, docname: str, fields=None) -> dict:
	"""A record that the user does not see is answered like one that is not there."""
	return client.validate_link(doctype, docname, fields) if records.sees(doctype, docname) else {}


@frappe.whitelist()
def get_user_permissions(user: str | None = None) -> dict:
	"""One's own, as its author meant it; another person's only for who may administer users."""
	if user and user != frappe.session.user:
		frappe.only_for("System Manager")
	return user_permission.get_user_permissions(user or frappe.session.user)


@frappe.whitelist()
def add_tag(tag: str, dt: str, dn: str, color: str | None = None):
	records.require(dt, dn)
	return tagging.add_tag(tag, dt, dn, color)


@frappe.whitelist()
def add_tags(tags, dt: str, docs, color: str | None = None):
	for name in frappe.parse_json(docs):
		records.require(dt, name)
	return tagging.add_tags(tags, dt, docs, color)


@frappe.whitelist()
def remove_tag(tag: str, dt: str, dn: str):
	records.require(dt, dn)
	return tagging.remove_tag(tag, dt, dn)


@frappe.whitelist()
def toggle_like(doctype: str, name: str, add: str | bool = False):
	records.require(doctype, name)
	return like.toggle_like(doctype, name, add)


@frappe.whitelist()
def get_attached_images(doctype: str, names) -> dict:
	seen = [name for name in frappe.parse_json(names) if records.sees(doctype, name)]
	return file_api.get_attached_images(doctype, seen)


def refuse_other_names() -> None:
	"""Runs before each request: a wrapped method cannot be had by the name of a module that imports it."""
	called = called_method()
	wrapped = frappe.get_hooks("override_whitelisted_methods") or {}
	if "." not in called or called in wrapped or called.startswith(HERE):
		return
	try:
		function = frappe.get_attr(called)
	except Exception:
		return  # Frappe answers what it is
	home = f"{getattr(function, '__module__', '')}.{getattr(function, '__name__', '')}"
	if home in wrapped:
		frappe.throw(
			_("Function {0} is not whitelisted.").format(frappe.bold(called)), frappe.PermissionError
		)


def called_method() -> str:
	"""Dotted name of the method that the request asks for, or an empty text."""
	if frappe.local.form_dict.get("cmd"):
		return str(frappe.local.form_dict.cmd)
	path = frappe.local.request.path if frappe.local.request else ""
	_before, found, name = path.partition("/method/")
	return name.strip("/") if found and path.startswith("/api/") else ""
