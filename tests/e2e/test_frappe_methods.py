"""Frappe's own methods, called by a person of one unit for what belongs to another, or for secrets."""

import json

import frappe
import pytest
import requests

pytestmark = pytest.mark.quiet

OWN, FOREIGN = "NB-HL-NM-01", "NB-GV-01"
FOREIGN_WORDS = ("NB-GV", "Gia Viễn", "cam-4", "rtsp://")
STREAM = {"doctype": "Camera", "txt": "", "ignore_user_permissions": 1, "filter_fields": '["stream_url"]'}


@pytest.fixture
def call(stack, session):
	"""`call(role, method, **values)`: POST as a person."""
	sessions: dict[str, requests.Session] = {}

	def post(role: str, method: str, **values) -> requests.Response:
		if role not in sessions:
			sessions[role] = session(role)
		data = {
			key: value if isinstance(value, str | int) else json.dumps(value) for key, value in values.items()
		}
		return sessions[role].post(f"{stack.url}/api/method/{method}", data=data, timeout=60)

	return post


@pytest.mark.parametrize(
	("method", "values"),
	[
		("frappe.desk.search.search_widget", STREAM),
		("frappe.desk.search.search_link", {**STREAM, "txt": "Gia"}),
		("frappe.desk.search.search_widget", {**STREAM, "doctype": "Monitored Unit", "filter_fields": "[]"}),
		("frappe.desk.query_report.get_data_for_custom_field", {"doctype": "Camera", "field": "stream_url"}),
		("frappe.desk.query_report.get_data_for_custom_field", {"doctype": "Camera", "field": "unit"}),
		("frappe.desk.form.linked_with.get", {"doctype": "Camera", "docname": FOREIGN}),
		("frappe.desk.form.linked_with.get", {"doctype": "Monitored Unit", "docname": "NB-GV"}),
		("frappe.client.validate_link", {"doctype": "Camera", "docname": FOREIGN}),
		("frappe.core.api.file.get_attached_images", {"doctype": "Camera", "names": [FOREIGN]}),
		(
			"frappe.workflow.doctype.workflow.workflow.get_workflow_state_count",
			{"doctype": "Camera", "workflow_state_field": "stream_url", "states": ["x"]},
		),
	],
)
def test_nothing_foreign_and_no_address_is_answered(call, method, values):
	answer = call("Unit Operator", method, **values)
	text = answer.text
	if "NB-GV" in str(values):  # the answer may repeat what was asked for
		text = text.replace(FOREIGN, "").replace('"NB-GV"', "")
	assert not any(word in text for word in FOREIGN_WORDS), answer.text[:500]
	assert answer.status_code in (200, 403), answer.text[:500]


def test_titles_of_foreign_records_are_not_told(call):
	title = call("Unit Operator", "frappe.desk.search.get_link_title", doctype="Camera", docname=FOREIGN)
	assert title.json()["message"] == FOREIGN
	own = call("Unit Operator", "frappe.desk.search.get_link_title", doctype="Camera", docname=OWN)
	assert own.json()["message"] == "Ninh Mỹ – Quầy số 1"


@pytest.mark.parametrize(
	("doctype", "filters", "count"),
	[
		("Camera", {"unit": "NB-GV"}, 0),
		("Camera", {}, 1),
		("Camera", [["Camera", "unit", "=", "NB-HL-NM"]], 1),
	],
)
def test_only_what_one_may_list_is_counted(call, doctype, filters, count):
	answer = call("Unit Operator", "frappe.client.get_count", doctype=doctype, filters=filters)
	assert answer.json()["message"] == count


@pytest.mark.parametrize("doctype", ["__Auth", "Sessions", "Storage Volume", "Error Log"])
def test_tables_that_one_may_not_list_are_not_counted(call, doctype):
	answer = call("Unit Operator", "frappe.client.get_count", doctype=doctype, filters={})
	assert answer.status_code in (403, 404, 417, 500) and "message" not in answer.json(), answer.text[:300]


@pytest.mark.parametrize(
	("method", "values"),
	[
		("frappe.desk.doctype.tag.tag.add_tag", {"tag": "x", "dt": "Camera", "dn": FOREIGN}),
		("frappe.desk.doctype.tag.tag.add_tags", {"tags": ["x"], "dt": "Camera", "docs": [FOREIGN]}),
		("frappe.desk.doctype.tag.tag.remove_tag", {"tag": "x", "dt": "Camera", "dn": FOREIGN}),
		("frappe.desk.like.toggle_like", {"doctype": "Camera", "name": FOREIGN, "add": "Yes"}),
		(
			"frappe.core.doctype.user_permission.user_permission.get_user_permissions",
			{"user": "lanhdao.hoalu@giamsat.example"},
		),
		("frappe.client.get_password", {"doctype": "Camera", "name": OWN, "fieldname": "stream_password"}),
	],
)
def test_foreign_records_are_not_touched(call, method, values):
	answer = call("Unit Operator", method, **values)
	assert answer.status_code == 403, answer.text[:300]


def test_a_wrapped_method_cannot_be_called_by_another_name(call):
	"""frappe.model.create_new imports the function, so that its module is another address of it."""
	values = {"user": "lanhdao.hoalu@giamsat.example"}
	answer = call("Unit Operator", "frappe.model.create_new.get_user_permissions", **values)
	assert answer.status_code == 403 and "NB-HL-NG" not in answer.text, answer.text[:300]
	for other in (
		"frappe.desk.search.frappe.client.get_count",
		"giam_sat_mot_cua.access.frappe_methods.client.get_count",
	):
		answer = call("Unit Operator", other, doctype="Camera", filters={})
		assert answer.status_code != 200, (other, answer.text[:300])


@pytest.mark.parametrize(
	"url",
	[
		"/private/files/../../site_config.json",
		"/private/files/%2e%2e/%2e%2e/site_config.json",
		"/private/files/%252e%252e/%252e%252e/site_config.json",
		"/files/../../site_config.json",
	],
)
def test_attachments_do_not_lead_to_other_files(call, url):
	doc = {"doctype": "File", "file_url": url, "is_private": int("private" in url)}
	answer = call("Unit Operator", "frappe.client.insert", doc=doc)
	assert answer.status_code == 403, answer.text[:300]
	assert "db_password" not in answer.text


def test_files_are_not_hung_on_foreign_cameras(stack, session, call):
	doc = {
		"doctype": "File",
		"file_name": "a.txt",
		"content": "x",
		"attached_to_doctype": "Camera",
		"is_private": 1,
	}
	answer = call("Unit Operator", "frappe.client.insert", doc={**doc, "attached_to_name": FOREIGN})
	assert answer.status_code == 403, answer.text[:300]
	made = call("Monitoring Administrator", "frappe.client.insert", doc={**doc, "attached_to_name": FOREIGN})
	assert made.status_code == 200, made.text[:300]
	file = made.json()["message"]
	try:
		for path in (file["file_url"], f"/api/resource/File/{file['name']}"):
			assert session("Unit Operator").get(stack.url + path, timeout=30).status_code == 403
		listed = session("Unit Operator").get(
			f"{stack.url}/api/resource/File?limit_page_length=0", timeout=30
		)
		assert file["name"] not in listed.text
	finally:
		call("Monitoring Administrator", "frappe.client.delete", doctype="File", name=file["name"])


def test_no_reminder_is_set_on_a_foreign_record(call):
	method = "frappe.automation.doctype.reminder.reminder.create_new_reminder"
	values = {"remind_at": "2099-01-01 08:00:00", "description": "x", "reminder_doctype": "Camera"}
	answer = call("Unit Operator", method, **values, reminder_docname=FOREIGN)
	assert answer.status_code == 403, answer.text[:300]
	own = call("Unit Operator", method, **values, reminder_docname=OWN)
	assert own.status_code == 200, own.text[:300]


def test_history_tells_no_addresses(stack, session, call):
	"""An administrator changes a camera's connection: others see that, not from what to what."""
	for address in ("AA:BB:CC:11:22:33", ""):
		values = {"doctype": "Camera", "name": OWN, "fieldname": "mac_address", "value": address}
		assert call("Monitoring Administrator", "frappe.client.set_value", **values).status_code == 200
	answer = session("Unit Operator").get(
		f"{stack.url}/api/method/frappe.desk.form.load.getdoc?doctype=Camera&name={OWN}", timeout=30
	)
	assert "mac_address" in answer.text and "AA:BB:CC:11:22:33" not in answer.text


def test_the_administrator_of_the_system_reads_no_password(call):
	"""Frappe makes the first person of a site System Manager, who could."""
	values = {"doctype": "Camera", "name": "NB-GV-GN-01", "fieldname": "stream_password"}
	answer = call("Monitoring Administrator", "frappe.client.get_password", **values)
	assert answer.status_code == 403, answer.text[:300]


def test_no_login_reads_the_key_that_signs(call):
	key = frappe.db.get_value("Signing Key", {"status": "Active"})
	values = {"doctype": "Signing Key", "name": key, "fieldname": "private_key"}
	for role in ("Administrator", "Monitoring Administrator"):
		answer = call(role, "frappe.client.get_password", **values)
		assert answer.status_code == 403, answer.text[:300]
		shown = call(role, "frappe.client.get", doctype="Signing Key", name=key).text
		assert "BEGIN CERTIFICATE" in shown and "PRIVATE KEY" not in shown


def test_nothing_is_learned_by_filtering_for_an_address(call):
	for text in ("%8554%", "rtsp%", "%cam-4%"):
		filters = [["Camera", "stream_url", "like", text]]
		for role in ("Unit Operator", "Monitoring Operator", "Monitoring Administrator"):
			answer = call(role, "frappe.client.get_list", doctype="Camera", filters=filters)
			assert answer.status_code == 403 or answer.json().get("message") == [], (role, answer.text[:300])


def test_a_connection_is_shown_to_an_administrator_who_says_why(call):
	values = {"camera": "NB-GV-GN-01", "reason": "Kiểm tra đường truyền của camera"}
	method = "giam_sat_mot_cua.api.connection.reveal"
	for role in ("Unit Operator", "Unit Leader", "Monitoring Operator", "Monitoring Auditor"):
		answer = call(role, method, **values)
		assert answer.status_code == 403 and "rtsp" not in answer.text, (role, answer.text[:300])
	shown = call("Monitoring Administrator", method, **values).json()["message"]
	assert shown["stream_url"].startswith("rtsp://127.0.0.1:") and shown["stream_password"]
	rows = call(
		"Monitoring Auditor",
		"frappe.client.get_list",
		doctype="Connection Reveal",
		fields=["camera", "reason", "revealed_by", "from_address"],
	)
	assert any(row["reason"] == values["reason"] and row["from_address"] for row in rows.json()["message"])
	assert call("Unit Leader", "frappe.client.get_list", doctype="Connection Reveal").status_code == 403
