"""The ways that lead to records over HTTP, as data: what is called, with which arguments.

A `Route` is tried for every DocType and person. `lists` routes are asked once and may tell the rows of seen
units only; `record` routes name one record; `counts` routes answer how many; `writes` name a record that must
stay as it is. test_matrix.py asks that every whitelisted method of Frappe is either here, in OTHER_METHODS
(tried once with the name of a foreign record in every argument), or in UNTRIED, which says why not.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

LISTS, RECORD, COUNTS, WRITES = "lists", "record", "counts", "writes"


@dataclass(frozen=True)
class Target:
	"""What a route is tried on. `names`: the test rows of the DocType, seen and not."""

	doctype: str
	name: str
	meta: object
	names: tuple[str, ...]
	texts: tuple[str, ...]
	unit_field: str
	mark: str
	guest: str = "guest@giamsat.example"
	extra: dict = field(default_factory=dict)

	@property
	def title_field(self) -> str:
		return self.meta.title_field or "name"

	@property
	def test_rows(self) -> list:
		return [[self.doctype, "name", "in", list(self.names)]]


@dataclass(frozen=True)
class Route:
	name: str
	kind: str
	call: str  # a method's dotted name, or a path
	arguments: Callable[[Target], dict]
	verb: str = "POST"
	shows_own: bool = True  # a seen record's words are in the answer
	when: Callable[[object], bool] = lambda meta: True

	@property
	def path(self) -> str:
		return self.call if self.call.startswith("/") else f"/api/method/{self.call}"


def table(target: Target, name: str) -> str:
	return f"`tab{target.doctype}`.`{name}`"


def columns(target: Target) -> list[str]:
	return [table(target, name) for name in ("name", "owner", *target.texts)]


def of(target: Target, **more) -> dict:
	return {"doctype": target.doctype, **more}


def one(target: Target, **more) -> dict:
	return {"doctype": target.doctype, "name": target.name, **more}


def as_doc(target: Target) -> dict:
	"""The record as a form of somebody who made it up would send it."""
	doc = {"doctype": target.doctype, "name": target.name, "modified": target.extra.get("modified")}
	return {**doc, target.title_field: "x", **target.extra.get("own", {})}


def card(target: Target) -> dict:
	return {"document_type": target.doctype, "function": "Count", "type": "Document Type", "name": "x"}


ALL = "limit_page_length"
ROUTES = (
	Route(
		"REST list",
		LISTS,
		"/api/resource/{doctype}",
		lambda t: {"fields": ["*"], "filters": t.test_rows, ALL: 0},
		"GET",
	),
	Route(
		"client.get_list", LISTS, "frappe.client.get_list", lambda t: of(t, fields=["*"], filters=t.test_rows)
	),
	Route(
		"list view",
		LISTS,
		"frappe.desk.reportview.get",
		lambda t: of(
			t,
			fields=columns(t),
			filters=t.test_rows,
			with_comment_count=1,
			page_length=500,
			order_by=table(t, "modified") + " desc",
		),
	),
	Route(
		"report view",
		LISTS,
		"frappe.desk.reportview.get",
		lambda t: of(
			t, fields=columns(t), filters=t.test_rows, view="Report", page_length=500, add_total_row=1
		),
	),
	Route(
		"reportview.get_list",
		LISTS,
		"frappe.desk.reportview.get_list",
		lambda t: of(t, fields=columns(t), filters=t.test_rows),
	),
	Route(
		"export",
		LISTS,
		"frappe.desk.reportview.export_query",
		lambda t: of(
			t, fields=columns(t), filters=t.test_rows, file_format_type="CSV", title="x", page_length=500
		),
	),
	Route(
		"export of selected rows",
		LISTS,
		"frappe.desk.reportview.export_query",
		lambda t: of(
			t, fields=columns(t), selected_items=list(t.names), file_format_type="CSV", title="x", filters=[]
		),
	),
	Route(
		"data export",
		LISTS,
		"frappe.core.doctype.data_export.exporter.export_data",
		lambda t: of(
			t,
			with_data=1,
			file_type="CSV",
			filters={"name": ["in", list(t.names)]},
			export_without_column_meta="true",
		),
		shows_own=False,
	),
	Route(
		"import template",
		LISTS,
		"frappe.core.doctype.data_import.data_import.download_template",
		lambda t: of(t, export_records="all", file_type="CSV", export_fields={t.doctype: ["name", *t.texts]}),
		shows_own=False,
	),
	Route("link search", LISTS, "frappe.desk.search.search_link", lambda t: of(t, txt="", page_length=5000)),
	Route(
		"link search by word",
		LISTS,
		"frappe.desk.search.search_link",
		lambda t: of(t, txt=t.mark, page_length=500, ignore_user_permissions=1),
		shows_own=False,
	),
	Route(
		"search widget",
		LISTS,
		"frappe.desk.search.search_widget",
		lambda t: of(t, txt="", filter_fields=list(t.texts), page_length=5000, as_dict=1),
	),
	Route(
		"global search",
		LISTS,
		"frappe.utils.global_search.search",
		lambda t: {"text": t.mark, "doctype": t.doctype, "limit": 500},
		shows_own=False,
	),
	Route(
		"group by in the list",
		LISTS,
		"frappe.desk.listview.get_group_by_count",
		lambda t: of(t, current_filters=t.test_rows, field=t.title_field),
		shows_own=False,
	),
	Route(
		"group by assignee",
		LISTS,
		"frappe.desk.listview.get_group_by_count",
		lambda t: of(t, current_filters=t.test_rows, field="assigned_to"),
		shows_own=False,
	),
	Route(
		"sidebar stats",
		LISTS,
		"frappe.desk.reportview.get_sidebar_stats",
		lambda t: of(t, stats=["owner", "_user_tags", *t.texts], filters=t.test_rows),
		shows_own=False,
	),
	Route(
		"filter dashboard",
		LISTS,
		"frappe.desk.reportview.get_filter_dashboard_data",
		lambda t: of(t, stats=[{"name": name, "type": "Data"} for name in t.texts], filters=t.test_rows),
		shows_own=False,
	),
	Route(
		"grouped report",
		LISTS,
		"frappe.desk.reportview.get",
		lambda t: of(
			t,
			fields=[table(t, t.title_field)],
			filters=t.test_rows,
			group_by=table(t, t.title_field),
			order_by="_aggregate_column desc",
			aggregate_function="count",
			aggregate_on_field="name",
			aggregate_on_doctype=t.doctype,
		),
		shows_own=False,
	),
	Route(
		"custom field of a report",
		LISTS,
		"frappe.desk.query_report.get_data_for_custom_field",
		lambda t: of(t, field=t.title_field),
		shows_own=False,
	),
	Route(
		"report builder",
		LISTS,
		"frappe.desk.query_report.run",
		lambda t: {"report_name": t.extra["report"], "filters": {}},
		shows_own=False,
	),
	Route(
		"calendar",
		LISTS,
		"frappe.desk.calendar.get_events",
		lambda t: of(
			t,
			start="2000-01-01",
			end="2100-01-01",
			filters=t.test_rows,
			field_map={"start": "creation", "end": "modified", "title": t.title_field, "id": "name"},
		),
	),
	Route(
		"map",
		LISTS,
		"frappe.geo.utils.get_coords",
		lambda t: of(t, filters=[], type="location_field"),
		shows_own=False,
	),
	Route(
		"map with a filter",
		LISTS,
		"frappe.geo.utils.get_coords",
		lambda t: of(t, filters=t.test_rows, type="location_field"),
		shows_own=False,
	),
	Route(
		"tree",
		LISTS,
		"frappe.desk.treeview.get_all_nodes",
		lambda t: of(t, label="x", parent="", is_root=True, tree_method="frappe.desk.treeview.get_children"),
		shows_own=False,
		when=lambda meta: bool(meta.is_tree),
	),
	Route(
		"children in the tree",
		LISTS,
		"frappe.desk.treeview.get_children",
		lambda t: of(t, parent=t.name),
		shows_own=False,
		when=lambda meta: bool(meta.is_tree),
	),
	Route(
		"tagged records",
		LISTS,
		"frappe.desk.doctype.tag.tag.get_tagged_docs",
		lambda t: of(t, tag=f"%{t.mark}%"),
		shows_own=False,
	),
	Route(
		"portal list",
		LISTS,
		"frappe.www.list.get",
		lambda t: of(t, limit=50, txt=t.mark),
		shows_own=False,
	),
	Route("portal rows", LISTS, "frappe.www.list.get_list_data", lambda t: of(t, limit=500), shows_own=False),
	Route(
		"chart by group",
		LISTS,
		"frappe.desk.doctype.dashboard_chart.dashboard_chart.get",
		lambda t: {"chart_name": t.extra["group chart"], "filters": t.test_rows},
		shows_own=False,
	),
	Route(
		"made-up chart by group",
		LISTS,
		"frappe.desk.doctype.dashboard_chart.dashboard_chart.get",
		lambda t: {
			"chart": {
				"name": "x",
				"document_type": t.doctype,
				"chart_type": "Group By",
				"group_by_type": "Count",
				"group_by_based_on": t.title_field,
			},
			"filters": t.test_rows,
			"no_cache": 1,
		},
		shows_own=False,
	),
	Route(
		"portal page",
		LISTS,
		"/list",
		lambda t: of(t),
		"GET",
		shows_own=False,
	),
	# How many
	Route(
		"client.get_count",
		COUNTS,
		"frappe.client.get_count",
		lambda t: of(t, filters=t.test_rows),
	),
	Route(
		"reportview.get_count",
		COUNTS,
		"frappe.desk.reportview.get_count",
		lambda t: of(t, filters=t.test_rows, fields=[], distinct="false"),
	),
	Route(
		"number card",
		COUNTS,
		"frappe.desk.doctype.number_card.number_card.get_result",
		lambda t: {"doc": card(t), "filters": t.test_rows},
	),
	Route(
		"chart over time",
		COUNTS,
		"frappe.desk.doctype.dashboard_chart.dashboard_chart.get",
		lambda t: {"chart_name": t.extra["time chart"], "filters": t.test_rows},
	),
	Route(
		"chart over time, fresh",
		COUNTS,
		"frappe.desk.doctype.dashboard_chart.dashboard_chart.get",
		lambda t: {"chart_name": t.extra["time chart"], "filters": t.test_rows, "refresh": 1},
	),
	Route(
		"heat map",
		COUNTS,
		"frappe.desk.doctype.dashboard_chart.dashboard_chart.get",
		lambda t: {"chart_name": t.extra["heat map"], "filters": t.test_rows},
	),
	# One record
	Route("REST get", RECORD, "/api/resource/{doctype}/{name}", lambda t: {}, "GET"),
	Route("form", RECORD, "frappe.desk.form.load.getdoc", lambda t: one(t), "GET"),
	Route("form's history", RECORD, "frappe.desk.form.load.get_docinfo", lambda t: one(t), shows_own=False),
	Route(
		"messages of a form",
		RECORD,
		"frappe.desk.form.load.get_communications",
		lambda t: one(t),
		shows_own=False,
	),
	Route("client.get", RECORD, "frappe.client.get", lambda t: one(t)),
	Route("client.get by filter", RECORD, "frappe.client.get", lambda t: of(t, filters={"name": t.name})),
	Route(
		"client.get_value",
		RECORD,
		"frappe.client.get_value",
		lambda t: of(t, fieldname=["name", *t.texts], filters=t.name),
	),
	Route(
		"link check",
		RECORD,
		"frappe.client.validate_link",
		lambda t: of(t, docname=t.name, fields=list(t.texts)),
	),
	Route(
		"link title",
		RECORD,
		"frappe.desk.search.get_link_title",
		lambda t: of(t, docname=t.name),
		shows_own=False,
	),
	Route(
		"preview",
		RECORD,
		"frappe.desk.link_preview.get_preview_data",
		lambda t: of(t, docname=t.name),
		shows_own=False,
	),
	Route("print", RECORD, "/printview", lambda t: one(t), "GET", shows_own=False),
	Route(
		"print, as the Desk asks",
		RECORD,
		"frappe.www.printview.get_html_and_style",
		lambda t: {"doc": t.doctype, "name": t.name},
		shows_own=False,
	),
	Route(
		"PDF",
		RECORD,
		"frappe.utils.print_format.download_pdf",
		lambda t: one(t),
		"GET",
		shows_own=False,
	),
	Route(
		"several PDFs",
		RECORD,
		"frappe.utils.print_format.download_multi_pdf",
		lambda t: of(t, name=[t.name]),
		"GET",
		shows_own=False,
	),
	Route(
		"links of a form",
		RECORD,
		"frappe.desk.form.linked_with.get",
		lambda t: of(t, docname=t.name),
		shows_own=False,
	),
	Route(
		"open links of a form",
		RECORD,
		"frappe.desk.notifications.get_open_count",
		lambda t: one(t),
		shows_own=False,
	),
	Route(
		"images of a form",
		RECORD,
		"frappe.core.api.file.get_attached_images",
		lambda t: of(t, names=[t.name]),
		shows_own=False,
	),
	Route("people shared with", RECORD, "frappe.share.get_users", lambda t: one(t), shows_own=False),
	Route(
		"followers",
		RECORD,
		"frappe.desk.form.document_follow.get_follow_users",
		lambda t: of(t, doc_name=t.name),
		shows_own=False,
	),
	Route(
		"next record",
		RECORD,
		"frappe.desk.form.utils.get_next",
		lambda t: of(t, value=t.name, prev=0),
		shows_own=False,
	),
	Route(
		"method of a record",
		RECORD,
		"run_doc_method",
		lambda t: {"dt": t.doctype, "dn": t.name, "method": "get_title"},
		shows_own=False,
	),
	Route(
		"rights on a record",
		RECORD,
		"frappe.client.get_doc_permissions",
		lambda t: of(t, docname=t.name),
		shows_own=False,
	),
	# Changes of one record
	Route("REST put", WRITES, "/api/resource/{doctype}/{name}", lambda t: {t.title_field: "x"}, "PUT"),
	Route("REST delete", WRITES, "/api/resource/{doctype}/{name}", lambda t: {}, "DELETE"),
	Route(
		"client.set_value",
		WRITES,
		"frappe.client.set_value",
		lambda t: one(t, fieldname=t.title_field, value="x"),
	),
	Route("client.save with one's own unit", WRITES, "frappe.client.save", lambda t: {"doc": as_doc(t)}),
	Route(
		"form saved with one's own unit",
		WRITES,
		"frappe.desk.form.save.savedocs",
		lambda t: {"doc": as_doc(t), "action": "Save"},
	),
	Route("client.delete", WRITES, "frappe.client.delete", lambda t: one(t)),
	Route("bulk delete", WRITES, "frappe.desk.reportview.delete_items", lambda t: of(t, items=[t.name])),
	Route(
		"bulk edit",
		WRITES,
		"frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs",
		lambda t: of(t, docnames=[t.name], action="update", data={t.title_field: "x"}),
	),
	Route(
		"client.bulk_update",
		WRITES,
		"frappe.client.bulk_update",
		lambda t: {"docs": [{"doctype": t.doctype, "docname": t.name, t.title_field: "x"}]},
	),
	Route(
		"rename",
		WRITES,
		"frappe.client.rename_doc",
		lambda t: of(t, old_name=t.name, new_name=f"{t.name}-x"),
	),
	Route(
		"title",
		WRITES,
		"frappe.model.rename_doc.update_document_title",
		lambda t: of(t, docname=t.name, title="x", name=f"{t.name}-x"),
	),
	Route(
		"calendar drag",
		WRITES,
		"frappe.desk.calendar.update_event",
		lambda t: {
			"args": {
				"doctype": t.doctype,
				"name": t.name,
				"creation": "2001-01-01",
				"modified": "2001-01-01",
			},
			"field_map": {"start": "creation", "end": "modified"},
		},
	),
	Route(
		"comment",
		WRITES,
		"frappe.desk.form.utils.add_comment",
		lambda t: {
			"reference_doctype": t.doctype,
			"reference_name": t.name,
			"content": "x",
			"comment_email": t.guest,
			"comment_by": "x",
		},
	),
	Route(
		"comment past the form",
		WRITES,
		"frappe.client.insert",
		lambda t: {
			"doc": {
				"doctype": "Comment",
				"comment_type": "Comment",
				"reference_doctype": t.doctype,
				"reference_name": t.name,
				"content": "x",
			}
		},
	),
	Route(
		"comment of the website",
		WRITES,
		"frappe.templates.includes.comments.comments.add_comment",
		lambda t: {
			"comment": "x",
			"comment_email": t.guest,
			"comment_by": "x",
			"reference_doctype": t.doctype,
			"reference_name": t.name,
			"route": "",
		},
	),
	Route(
		"like of the website",
		WRITES,
		"frappe.templates.includes.likes.likes.like",
		lambda t: {"reference_doctype": t.doctype, "reference_name": t.name, "like": 1},
	),
	Route(
		"message",
		WRITES,
		"frappe.core.doctype.communication.email.make",
		lambda t: one(t, content="x", subject="x", recipients=t.guest),
	),
	Route(
		"assignment",
		WRITES,
		"frappe.desk.form.assign_to.add",
		lambda t: one(t, assign_to=[t.extra["me"]], description="x"),
	),
	Route(
		"assignments",
		WRITES,
		"frappe.desk.form.assign_to.add_multiple",
		lambda t: of(t, name=[t.name], assign_to=[t.extra["me"]], description="x"),
	),
	Route(
		"end of an assignment",
		WRITES,
		"frappe.desk.form.assign_to.remove",
		lambda t: one(t, assign_to=t.extra["assignee"]),
	),
	Route(
		"task past the form",
		WRITES,
		"frappe.client.insert",
		lambda t: {
			"doc": {
				"doctype": "ToDo",
				"reference_type": t.doctype,
				"reference_name": t.name,
				"description": "x",
				"allocated_to": t.extra["me"],
			}
		},
	),
	Route("share", WRITES, "frappe.share.add", lambda t: one(t, user=t.extra["me"], read=1)),
	Route(
		"share right",
		WRITES,
		"frappe.share.set_permission",
		lambda t: one(t, user=t.extra["me"], permission_to="read"),
	),
	Route(
		"share past the form",
		WRITES,
		"frappe.client.insert",
		lambda t: {
			"doc": {
				"doctype": "DocShare",
				"share_doctype": t.doctype,
				"share_name": t.name,
				"user": t.extra["me"],
				"read": 1,
			}
		},
	),
	Route(
		"tag",
		WRITES,
		"frappe.desk.doctype.tag.tag.add_tag",
		lambda t: {"tag": "x", "dt": t.doctype, "dn": t.name},
	),
	Route(
		"tag past the form",
		WRITES,
		"frappe.client.insert",
		lambda t: {
			"doc": {
				"doctype": "Tag Link",
				"document_type": t.doctype,
				"document_name": t.name,
				"tag": t.extra["tag"],
			}
		},
	),
	Route(
		"no more tag",
		WRITES,
		"frappe.desk.doctype.tag.tag.remove_tag",
		lambda t: {"tag": t.extra["tag"], "dt": t.doctype, "dn": t.name},
	),
	Route("heart", WRITES, "frappe.desk.like.toggle_like", lambda t: one(t, add="Yes")),
	Route(
		"follow",
		WRITES,
		"frappe.client.insert",
		lambda t: {
			"doc": {
				"doctype": "Document Follow",
				"ref_doctype": t.doctype,
				"ref_docname": t.name,
				"user": t.extra["me"],
			}
		},
	),
	Route(
		"upload",
		WRITES,
		"upload_file",
		lambda t: {
			"doctype": t.doctype,
			"docname": t.name,
			"file_name": "x.txt",
			"file_url": t.extra["file"],
			"is_private": 1,
		},
	),
	Route(
		"client.attach_file",
		WRITES,
		"frappe.client.attach_file",
		lambda t: of(t, docname=t.name, filename="x.txt", filedata="x", is_private=1),
	),
	Route(
		"attachments",
		WRITES,
		"frappe.utils.file_manager.add_attachments",
		lambda t: one(t, attachments=[t.extra["file name"]]),
	),
	Route(
		"reminder",
		WRITES,
		"frappe.automation.doctype.reminder.reminder.create_new_reminder",
		lambda t: {
			"remind_at": "2099-01-01 08:00:00",
			"description": "x",
			"reminder_doctype": t.doctype,
			"reminder_docname": t.name,
		},
	),
)

# Tried once each, by a person of a unit: every argument that may name a record names a foreign one
ARGUMENTS: dict[str, Callable[[Target], object]] = {
	**dict.fromkeys(
		("doctype", "dt", "ref_doctype", "reference_doctype", "reference_dt", "document_type", "_doctype"),
		lambda t: t.doctype,
	),
	**dict.fromkeys(("goal_doctype", "share_doctype", "parent_doctype"), lambda t: t.doctype),
	**dict.fromkeys(
		(
			"name",
			"docname",
			"dn",
			"doc_name",
			"ref_name",
			"reference_name",
			"reference_docname",
			"reference_doc",
			"source_name",
			"old_name",
			"value",
			"parent",
		),
		lambda t: t.name,
	),
	**dict.fromkeys(("names", "docnames", "source_names", "items"), lambda t: [t.name]),
	**dict.fromkeys(("docs",), lambda t: [{"doctype": t.doctype, "name": t.name, "docname": t.name}]),
	**dict.fromkeys(("doc",), lambda t: {"doctype": t.doctype, "name": t.name, "document_type": t.doctype}),
	**dict.fromkeys(("filters", "current_filters", "export_filters"), lambda t: t.test_rows),
	**dict.fromkeys(("txt", "text", "search_term", "search_text", "query_text"), lambda t: t.mark),
	**dict.fromkeys(
		("user", "users", "email", "to_user", "connected_user", "uid"), lambda t: t.extra["stranger"]
	),
	**dict.fromkeys(("tag",), lambda t: t.extra["tag"]),
	**dict.fromkeys(("fields", "stats", "columns"), lambda t: list(t.texts)),
	**dict.fromkeys(
		("field", "fieldname", "goal_field", "goal_value_field", "goal_doctype_link", "sort_field"),
		lambda t: t.title_field,
	),
	**dict.fromkeys(("date_field",), lambda t: "creation"),
	**dict.fromkeys(("searchfield",), lambda t: "name"),
	**dict.fromkeys(("start", "limit_start"), lambda t: 0),
	**dict.fromkeys(("page_len", "page_length", "limit", "limit_page_length"), lambda t: 500),
}

# Whitelisted methods that are not tried, and why
UNTRIED = {
	"frappe.core.doctype.user.user.generate_keys": "would end the keys of the test",
	"frappe.core.doctype.user.user.reset_password": "by e-mail to the person himself",
	"frappe.core.doctype.user.user.sign_up": "makes accounts; switched off",
	"frappe.core.doctype.user.user.update_password": "of the person himself",
	"frappe.core.doctype.user.user.verify_password": "of the person himself, with a limit of tries",
	"frappe.desk.page.setup_wizard.setup_wizard.setup_complete": "refused once set up",
	"frappe.handler.logout": "ends the session of the test",
	"frappe.handler.web_logout": "ends the session of the test",
	"frappe.integrations.doctype.connected_app.connected_app.callback": "answers another server",
	"frappe.integrations.doctype.google_calendar.google_calendar.google_callback": "asks the internet",
	"frappe.printing.page.print_format_builder_beta.print_format_builder_beta.get_google_fonts": (
		"asks the internet"
	),
	"frappe.sessions.clear": "ends sessions",
	"frappe.translate.get_contribution_status": "asks the internet",
	"frappe.translate.get_contributions": "asks the internet",
	"frappe.translate.get_source_additional_info": "asks the internet",
	"frappe.utils.change_log.get_versions": "of the programs",
	"frappe.www.login.login_via_key": "logs in",
	"frappe.www.login.login_via_token": "logs in",
	"frappe.www.login.send_login_link": "by e-mail; switched off",
}


def encoded(arguments: dict) -> dict:
	return {
		name: value if isinstance(value, str | int) or value is None else json.dumps(value)
		for name, value in arguments.items()
	}
