"""What a request may ask the database for.

Frappe checks which rows of a DocType a person may list, and which plain columns of them. It lets pass:
columns of linked records (`unit.responsible_head`), filters and orders on columns that the person may not
read, and in some methods pieces of SQL in place of a condition. This looks at a request before Frappe does.
"""

import inspect
import re
from functools import cached_property
from itertools import pairwise

import frappe
from frappe import _
from frappe.model import table_fields

from giam_sat_mot_cua.access import records, refused_methods, scope, values
from giam_sat_mot_cua.access.frappe_methods import called_method
from giam_sat_mot_cua.access.values import parsed

# Names under which methods of Frappe take the parts of a query, at the top of a request or in a chart or card
COLUMNS = (
	"aggregate_function_based_on",
	"aggregate_on_field",
	"based_on",
	"field",
	"fieldname",
	"fields",
	"filter_fields",
	"group_by_based_on",
	"pluck",
	"searchfield",
	"sort_field",
	"stats",
	"value_based_on",
)
CONDITIONS = ("current_filters", "export_filters", "filters", "filters_json", "or_filters")
ORDERS = ("group_by", "order_by", "sort_by")
NESTED = ("chart", "doc")  # a chart or number card as the browser holds it
CALLED = ("method", "query", "tree_method")  # a method that Frappe calls in turn

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
COLUMN = re.compile(rf"(?:`?tab(?P<table>[^`.()]+)`?\.|`?(?P<link>{NAME})`?\.)?`?(?P<field>{NAME})`?")
FUNCTION = re.compile(
	r"(?:count|sum|avg|min|max)\s*\(\s*(?:distinct\s+)?(?P<inner>[^()]*)\)|distinct\s+(?P<of>[^()]*)", re.I
)
ALIAS = re.compile(r"\s+as\s+(?:[A-Za-z_]\w*|`[^`]*`|'[^'`]*'|\"[^\"`]*\")$", re.I)
DIRECTION = re.compile(r"\s+(?:asc|desc)$", re.I)
KEYWORDS = ("and", "or")


def guard_request() -> None:
	"""Runs once it is known who asks, before the request is answered. Raises frappe.PermissionError, and
	frappe.ValidationError for records with values that cannot be."""
	resource = resource_doctype()
	sends_a_record = bool(resource) and writes_a_document()
	values.check_request(frappe.local.form_dict, resource if sends_a_record else None)
	if frappe.session.user == "Administrator":
		return
	refuse_calls_in_turn(frappe.local.form_dict)
	refused_methods.refuse(called_method())
	if not sends_a_record:
		check_query(frappe.local.form_dict, resource)


def check_query(request: dict, doctype: str | None = None) -> None:
	"""Raises frappe.PermissionError when `request` asks for columns that the session's user may not use."""
	asked = request.get("doctype") or request.get("document_type") or doctype
	query = Query(first(asked))
	for name in COLUMNS:
		columns = parsed(request.get(name))
		if name == "fields" and (isinstance(columns, dict) or is_nested(columns)):
			query.check_conditions(columns)  # Frappe takes fields and filters in either order
		else:
			query.check_columns(columns, shown=name == "fields")
	for name in CONDITIONS:
		query.check_conditions(parsed(request.get(name)))
	for name in ORDERS:
		query.check_order(request.get(name))
	columns = parsed(request.get("field_map"))
	if isinstance(columns, dict):
		query.check_columns([value for value in columns.values() if isinstance(value, str)])
	for name in NESTED:
		inner = parsed(request.get(name))
		if isinstance(inner, dict) and inner.get("document_type"):
			check_query(inner)


class Query:
	"""A query on one DocType by the session's user. Without a DocType only pieces of SQL are looked for."""

	def __init__(self, doctype: str | None):
		known = isinstance(doctype, str) and frappe.db.exists("DocType", doctype, cache=True)
		self.doctype = doctype if known else None
		self.meta = frappe.get_meta(doctype) if known else None
		if self.meta and self.meta.istable and records.is_ours(doctype) and not self.sees_all:
			self.refuse(_(doctype))  # rows of a table are told with the record that holds them

	@cached_property
	def sees_all(self) -> bool:
		return scope.sight().everything

	def check_columns(self, columns, shown: bool = False) -> None:
		"""`shown`: columns of the answer. Frappe itself leaves out the plain ones that are guarded."""
		if isinstance(columns, str):
			columns = [column for column in columns.split(",") if column.strip()]
		for column in columns if isinstance(columns, list) else []:
			if isinstance(
				column, dict
			):  # {"COUNT": "name", "as": "rows"}, or {"name": "unit", "type": "Link"}
				named = [column["name"]] if "name" in column else list(column.values())
				self.check_columns([str(name).strip("'") for name in named])
			elif isinstance(column, str) and column.strip() not in ("", "*"):
				self.check_expression(ALIAS.sub("", column.strip()), shown)

	def check_expression(self, text: str, shown: bool = False) -> None:
		function = FUNCTION.fullmatch(text)
		if not function:
			return self.check_column(text, shown)
		inner = (function["inner"] or function["of"] or "").strip()
		if inner not in ("", "*", "1"):
			self.check_column(inner)

	def check_conditions(self, conditions) -> None:
		if isinstance(conditions, dict):
			for column in conditions:
				self.check_column(str(column))
		if not isinstance(conditions, list):
			return  # a name, or nothing
		for condition in conditions:
			if isinstance(condition, str) and condition.strip().lower() in KEYWORDS:
				continue
			if isinstance(condition, str):
				self.refuse(condition)  # Frappe would put it into the SQL as it is
			elif isinstance(condition, dict) or is_nested(condition):
				self.check_conditions(condition)
			elif isinstance(condition, list) and condition:
				self.check_condition(condition)

	def check_condition(self, condition: list) -> None:
		"""[column, operator, value] or [DocType, column, operator, value]"""
		if len(condition) < 4:
			return self.check_column(str(condition[0]))
		if self.meta and condition[0] not in {self.doctype, *self.tables()}:
			self.refuse(str(condition[0]))
		self.check_column(f"`tab{condition[0]}`.`{str(condition[1]).strip('`')}`")

	def check_order(self, order) -> None:
		for term in order.split(",") if isinstance(order, str) else []:
			if term.strip():
				self.check_expression(DIRECTION.sub("", term.strip()))

	def check_column(self, text: str, shown: bool = False) -> None:
		found = COLUMN.fullmatch(text.strip())
		if not found:
			self.refuse(text)
		if not self.meta:
			return
		if found["link"]:
			self.check_linked(found["link"], found["field"], shown)
		elif found["table"]:
			table = found["table"].strip()
			if table != self.doctype and table not in self.tables():
				self.refuse(text)
			self.check_guarded(table, found["field"], shown)
		else:
			self.check_guarded(self.doctype, found["field"], shown)

	def check_linked(self, link: str, field: str, shown: bool) -> None:
		"""`table.field` is a row of the record itself; `link.field` is another record, which the person may
		not see. Of such a one only the title is told, as on the form."""
		df = self.meta.get_field(link)
		in_table = bool(df) and df.fieldtype in table_fields
		if not in_table and not (df and df.fieldtype == "Link"):
			self.refuse(f"{link}.{field}")
		if not in_table and not self.sees_all:
			linked = frappe.get_meta(df.options)
			title = linked.title_field if linked.show_title_field_in_link else None
			if not shown or field not in ("name", title):
				self.refuse(f"{link}.{field}")
		self.check_guarded(df.options, field, shown and in_table)

	def check_guarded(self, doctype: str, field: str, shown: bool) -> None:
		meta = frappe.get_meta(doctype)
		df = meta.get_field(field)
		if shown or not df or not (df.permlevel or df.fieldtype == "Password"):
			return
		if df.permlevel not in meta.get_permlevel_access(parenttype=self.doctype):
			self.refuse(_(df.label or field))

	def tables(self) -> list[str]:
		return [df.options for df in self.meta.get_table_fields()]

	def refuse(self, what: str) -> None:
		frappe.throw(
			_("Your account may not search, sort or list by this: {0}").format(
				frappe.bold(frappe.utils.escape_html(what[:140]))
			),
			frappe.PermissionError,
			title=_("Not permitted"),
		)


def refuse_calls_in_turn(request: dict) -> None:
	"""Link searches, trees, mappings and uploads may name a method that Frappe calls for them, past
	`override_whitelisted_methods` and with other arguments than this looks at."""
	for name in CALLED:
		method = request.get(name)
		if isinstance(method, str) and "." in method and not may_be_called(name, method):
			frappe.throw(
				_("Function {0} is not whitelisted.").format(frappe.bold(frappe.utils.escape_html(method))),
				frappe.PermissionError,
			)


def may_be_called(name: str, method: str) -> bool:
	try:
		function = frappe.get_attr(method)
		parameters = list(inspect.signature(function).parameters)
	except Exception:
		return name == "method"  # Frappe answers what it is
	home = f"{getattr(function, '__module__', '')}.{getattr(function, '__name__', '')}"
	if home in (frappe.get_hooks("override_whitelisted_methods") or {}) or home in refused_methods.ALL:
		return False
	if name == "tree_method":
		return home.endswith(".get_children")
	return name == "method" or parameters[:3] == ["doctype", "txt", "searchfield"]


def resource_doctype() -> str | None:
	"""DocType of an address like /api/resource/Camera/NB-01, in any version of Frappe's API."""
	path = frappe.local.request.path if frappe.local.request else ""
	parts = [part for part in path.split("/") if part]
	if len(parts) < 3 or parts[0] != "api":
		return None
	for before, part in pairwise(parts[1:]):
		if before in ("resource", "document"):
			return part
	return None


def writes_a_document() -> bool:
	return frappe.local.request.method in ("POST", "PUT", "PATCH") and not frappe.local.form_dict.get("cmd")


def is_nested(condition) -> bool:
	"""[[…], …]: conditions among conditions, or where columns are expected."""
	return isinstance(condition, list) and bool(condition) and isinstance(condition[0], list)


def first(doctype) -> str | None:
	"""Export takes a list with the DocType in front."""
	doctype = parsed(doctype)
	return doctype[0] if isinstance(doctype, list) and doctype else doctype


def check_stored_query(doc, _method: str | None = None) -> None:
	"""A chart or number card is a query that is run later, by whoever opens it."""
	if frappe.session.user != "Administrator":
		check_query(doc.as_dict())
