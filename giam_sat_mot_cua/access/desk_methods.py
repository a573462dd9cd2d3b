"""More methods of Frappe's Desk that answer without asking who sees what, wrapped like those in
frappe_methods.py: counts, maps, charts, tags, global search, assignments."""

import inspect
from collections import Counter

import frappe
from frappe.desk import listview
from frappe.desk.doctype.dashboard_chart import dashboard_chart
from frappe.desk.form import assign_to, document_follow
from frappe.desk.form import utils as form_utils
from frappe.utils import file_manager, global_search

from giam_sat_mot_cua.access import hooks, people, queries, records, scope

COORDINATES = {"location_field": ["name", "location"], "coordinates": ["name", "latitude", "longitude"]}


@frappe.whitelist()
def get_group_by_count(doctype: str, current_filters: str, field: str) -> list[dict]:
	if field != "assigned_to":
		return listview.get_group_by_count(doctype, current_filters, field)
	names = frappe.get_list(
		doctype,
		filters=frappe.parse_json(current_filters),
		pluck="name",
		order_by="name",
		limit_page_length=0,
	)
	tasks = {"reference_type": doctype, "reference_name": ("in", names), "status": ("!=", "Cancelled")}
	assigned = Counter(frappe.get_all("ToDo", tasks, pluck="allocated_to", order_by="name") if names else [])
	visible = people.visible_users()
	told = {user: count for user, count in assigned.items() if user and (visible is None or user in visible)}
	return [{"name": user, "count": count} for user, count in Counter(told).most_common(50)]


@frappe.whitelist()
def get_tagged_docs(doctype: str, tag: str) -> list:
	tagged = [[doctype, "_user_tags", "like", tag]]
	return frappe.get_list(doctype, filters=tagged, order_by="name", as_list=True, limit_page_length=0)


@frappe.whitelist()
def get_coords(doctype: str, filters, type: str) -> dict:
	"""Places of the rows that the user may list; Frappe's own gives those of all."""
	rows = frappe.get_list(
		doctype,
		filters=frappe.parse_json(filters) or [],
		fields=COORDINATES[type],
		order_by="name",
		limit_page_length=0,
	)
	features = [feature for row in rows for feature in features_of(row)]
	return {"type": "FeatureCollection", "features": features}


def features_of(row) -> list[dict]:
	if "location" not in row:
		place = {"type": "Point", "coordinates": [row.longitude, row.latitude]}
		return [{"type": "Feature", "properties": {"name": row.name}, "geometry": place}]
	drawn = (frappe.parse_json(row.location) or {}).get("features") or []
	return [{**feature, "properties": {**feature["properties"], "name": row.name}} for feature in drawn]


@frappe.whitelist()
def search(text: str, start: int = 0, limit: int = 20, doctype: str = "") -> list:
	"""Frappe's index holds the texts of all records, and tells them to everybody."""
	return [row for row in global_search.search(text, start, limit, doctype) if may_read(row)]


def may_read(row) -> bool:
	if not frappe.db.exists(row.doctype, row.name):
		return False
	return bool(frappe.has_permission(row.doctype, "read", doc=row.name))


@frappe.whitelist()
def get_next(doctype: str, value: str, prev, filters=None, sort_order="desc", sort_field="modified"):
	records.require(doctype, value)
	return form_utils.get_next(doctype, value, prev, filters, sort_order, sort_field)


@frappe.whitelist()
def add_assignment(args=None):
	args = frappe._dict(frappe.parse_json(args) or frappe.local.form_dict)
	records.require(args.doctype, args.name)
	return assign_to.add(args)


@frappe.whitelist()
def add_assignments(args=None):
	args = frappe._dict(frappe.parse_json(args) or frappe.local.form_dict)
	for name in frappe.parse_json(args.name):
		records.require(args.doctype, name)
	return assign_to.add_multiple(args)


@frappe.whitelist()
def remove_assignment(doctype: str, name: str, assign_to: str):
	records.require(doctype, name)
	return unassign(doctype, name, assign_to)


def unassign(doctype: str, name: str, user: str):
	return assign_to.remove(doctype, name, user)


@frappe.whitelist()
def add_attachments(doctype: str, name: str, attachments):
	"""Hangs files that the user can read on a record that he may change."""
	records.require(doctype, name, "write")
	for file in frappe.parse_json(attachments):
		if isinstance(file, str) and not frappe.has_permission("File", "read", doc=file):
			raise frappe.PermissionError
	return file_manager.add_attachments(doctype, name, attachments)


@frappe.whitelist()
def get_follow_users(doctype: str, doc_name: str) -> list:
	records.require(doctype, doc_name)
	visible = people.visible_users()
	rows = document_follow.get_follow_users(doctype, doc_name)
	return [row for row in rows if visible is None or row.user in visible]


@frappe.whitelist()
def get_chart(
	chart_name: str | None = None,
	chart=None,
	no_cache=None,
	filters=None,
	from_date=None,
	to_date=None,
	timespan: str | None = None,
	time_interval: str | None = None,
	heatmap_year=None,
	refresh=None,
):
	"""Frappe keeps one answer for everybody, and counts all rows for some kinds of chart. Here each account
	has its own, of the rows that it may list."""
	options = {
		"from_date": from_date,
		"to_date": to_date,
		"timespan": timespan,
		"time_interval": time_interval,
		"heatmap_year": heatmap_year,
	}
	known = stored_chart(chart_name) if chart_name else frappe._dict(frappe.parse_json(chart))
	doctype = known.get("document_type")
	if not doctype or (scope.seen_units() is None and not records.is_ours(doctype)):
		return dashboard_chart.get(
			chart_name=chart_name, chart=chart, no_cache=no_cache, filters=filters, refresh=refresh, **options
		)
	if not frappe.has_permission(doctype, "read"):
		raise frappe.PermissionError
	queries.check_query(known)
	conditions = frappe.parse_json(filters) or frappe.parse_json(known.get("filters_json")) or []
	uncached = inspect.unwrap(dashboard_chart.get)
	return uncached(chart=frappe.as_json(known), filters=[*conditions, *of_seen_units(known)], **options)


def stored_chart(name: str) -> frappe._dict:
	chart = frappe.get_doc("Dashboard Chart", name)
	chart.check_permission("read")
	return frappe._dict(chart.as_dict())


def of_seen_units(chart) -> list:
	"""Conditions that keep a chart's rows to the units that the user sees."""
	doctype, units = chart.document_type, scope.seen_units()
	field = hooks.UNIT_FIELDS.get(doctype)
	if units is None:
		return []
	if field:
		return [[doctype, field, "in", sorted(units)], [doctype, field, "is", "set"]]
	if doctype in hooks.OWN_CONDITIONS:  # more than the unit decides, and they are few
		names = frappe.get_list(doctype, pluck="name", order_by="name", limit_page_length=0)
		return [[doctype, "name", "in", names]]
	if chart.type == "Heatmap":  # Frappe counts all rows of it
		raise frappe.PermissionError
	return []
