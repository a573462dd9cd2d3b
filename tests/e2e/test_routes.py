"""Who may see what, tried over every route that a person has with HTTP."""

import json
from urllib.parse import quote

import pytest

from giam_sat_mot_cua.recording import clock
from tests.cameras.server import wait_for
from tests.e2e import rows

pytestmark = pytest.mark.watches
OWN, FOREIGN = "NB-HL-NM-01", "NB-GV-01"
API = "/api/method/giam_sat_mot_cua.api."
UNIT_TREE = "giam_sat_mot_cua.organization.doctype.monitored_unit.monitored_unit"
UNIT_ROLES = ("Unit Leader", "Counter Head", "Unit Operator")
PROVINCE_ROLES = (
	"Monitoring Administrator",
	"Monitoring Operator",
	"Managing Unit Leader",
	"Intake Desk Officer",
	"Monitoring Auditor",
)
SEEN = {
	"Unit Operator": {"NB-HL-NM-01"},
	"Unit Leader": {"NB-HL-01", "NB-HL-NM-01", "NB-HL-NG-01"},
	"Counter Head": {"NB-HL-01", "NB-HL-NM-01", "NB-HL-NG-01"},
}


def names(session, stack, doctype: str, field: str) -> set[str]:
	fields = quote(json.dumps([field]))
	answer = session.get(
		f"{stack.url}/api/resource/{doctype}?fields={fields}&limit_page_length=0", timeout=30
	)
	assert answer.status_code == 200, answer.text
	return {row[field] for row in answer.json()["data"]}


@pytest.mark.parametrize("role", UNIT_ROLES)
@pytest.mark.parametrize(
	("doctype", "field"), [("Camera", "name"), ("Recording Hour", "camera"), ("Recording Gap", "camera")]
)
def test_lists_hold_the_own_units_rows_only(stack, session, role, doctype, field):
	if doctype == "Recording Hour":
		for camera in stack.cameras:  # a first file may still be growing
			rows.wait_indexed(camera, clock.now_ms() - 3_600_000)
	found = names(session(role), stack, doctype, field)
	demo = {name for name in found if name.startswith("NB-")}
	assert demo <= SEEN[role]
	if doctype != "Recording Gap":  # there may be none
		assert demo == SEEN[role]


@pytest.mark.parametrize("role", PROVINCE_ROLES)
def test_province_roles_see_every_camera(stack, session, role):
	assert set(stack.cameras) <= names(session(role), stack, "Camera", "name")


def test_a_foreign_record_is_refused_on_every_route(stack, session):
	person = session("Unit Operator")
	rows.wait_indexed(FOREIGN, clock.now_ms() - 3_600_000)
	hour = rows.frappe.get_all("Recording Hour", {"camera": FOREIGN}, pluck="name", limit=1)[0]
	get = [
		f"/api/resource/Camera/{FOREIGN}",
		f"/api/resource/Recording Hour/{hour}",
		"/api/resource/Monitored Unit/NB-GV",
		f"/api/method/frappe.desk.form.load.getdoc?doctype=Camera&name={FOREIGN}",
		f"/api/method/frappe.client.get?doctype=Camera&name={FOREIGN}",
		f"{API}playback.playlist?camera={FOREIGN}",
		f"{API}playback.live_from?camera={FOREIGN}",
		f"{API}stills.still?camera={FOREIGN}",
		f"{API}coverage.last_hour?camera={FOREIGN}",
		f"/api/method/frappe.utils.print_format.download_pdf?doctype=Camera&name={FOREIGN}",
		f"/printview?doctype=Camera&name={FOREIGN}",
	]
	for path in get:
		answer = person.get(stack.url + path, timeout=60)
		assert answer.status_code == 403, (path, answer.status_code, answer.text[:300])
		assert "Gia Viễn" not in answer.text
	value = person.get(
		f"{stack.url}/api/method/frappe.client.get_value?doctype=Camera&fieldname=camera_name&filters={FOREIGN}",
		timeout=30,
	)
	assert "Gia Viễn" not in value.text


def test_search_export_and_reports_hold_nothing_foreign(stack, session):
	person = session("Unit Operator")
	tries = [
		("frappe.desk.search.search_link", {"doctype": "Camera", "txt": "Gia", "page_length": 50}),
		("frappe.desk.search.search_widget", {"doctype": "Camera", "txt": "Gia", "page_length": 50}),
		("frappe.utils.global_search.search", {"text": "Gia Viễn"}),
		(
			"frappe.desk.reportview.get",
			{"doctype": "Camera", "fields": json.dumps(["`tabCamera`.`name`", "`tabCamera`.`camera_name`"])},
		),
		(
			"frappe.desk.reportview.get_stats",
			{"doctype": "Camera", "stats": json.dumps(["unit"]), "filters": "[]"},
		),
		(
			"frappe.desk.reportview.export_query",
			{
				"doctype": "Camera",
				"file_format_type": "CSV",
				"title": "Camera",
				"fields": json.dumps(["`tabCamera`.`name`", "`tabCamera`.`camera_name`"]),
			},
		),
		("frappe.client.get_list", {"doctype": "Camera", "fields": json.dumps(["camera_name", "unit"])}),
		(f"{UNIT_TREE}.get_children", {"doctype": "Monitored Unit", "parent": ""}),
		(f"{UNIT_TREE}.get_children", {"doctype": "Monitored Unit", "parent": "NB"}),
		(
			"frappe.desk.treeview.get_all_nodes",
			{
				"doctype": "Monitored Unit",
				"label": "x",
				"parent": "",
				"tree_method": f"{UNIT_TREE}.get_children",
			},
		),
	]
	for method, values in tries:
		answer = person.post(f"{stack.url}/api/method/{method}", data=values, timeout=60)
		assert "Gia Viễn" not in answer.text and "NB-GV" not in answer.text, (method, answer.text[:400])


def test_unit_people_change_nothing(stack, session):
	person = session("Unit Operator")
	for path, values in (
		(f"/api/resource/Camera/{OWN}", {"enabled": 0}),
		(f"/api/resource/Camera/{OWN}", {"state": "Not Recording"}),
		(f"/api/resource/Camera/{OWN}", {"unit": "NB-GV"}),
		("/api/resource/Monitored Unit/NB-HL-NM", {"has_counter": 0}),
		("/api/resource/Monitoring Settings/Monitoring Settings", {"file_seconds": 600}),
		("/api/resource/Storage Volume/main", {"enabled": 0}),
	):
		answer = person.put(stack.url + path, json=values, timeout=30)
		assert answer.status_code == 403, (path, answer.status_code, answer.text[:300])
	for doctype, name in (("Camera", OWN), ("Monitored Unit", "NB-HL-NM")):
		answer = person.delete(f"{stack.url}/api/resource/{doctype}/{name}", timeout=30)
		assert answer.status_code == 403, (doctype, answer.text[:300])
	made = person.post(f"{stack.url}/api/resource/Camera", json={"camera_code": "X"}, timeout=30)
	assert made.status_code == 403


@pytest.mark.parametrize("role", [*UNIT_ROLES, *PROVINCE_ROLES])
def test_stream_logins_leave_the_server_for_nobody(stack, session, role):
	"""Administrators see that there is an address, the rest not even that."""
	answer = session(role).get(f"{stack.url}/api/resource/Camera/{OWN}", timeout=30)
	assert answer.status_code == 200
	data = answer.json()["data"]
	assert bool(data.get("stream_url")) == (role == "Monitoring Administrator")
	assert set(data.get("stream_url") or "*") == {"*"}
	assert set(data.get("stream_password") or "*") == {"*"}
	assert set(data.get("stream_username") or "*") == {"*"}


def segment_address(stack, person, camera: str) -> str:
	def some() -> list[str]:
		text = person.get(f"{stack.url}{API}playback.playlist?camera={camera}", timeout=30).text
		return [line for line in text.splitlines() if line.startswith("/gsmc-media/")]

	return wait_for(some, 60, "an empty playlist")[-1]


def test_video_bytes_need_the_session_that_asked(stack, session):
	operator, stranger = session("Unit Operator"), session("Intake Desk Officer")
	address = stack.url + segment_address(stack, operator, OWN)
	whole = operator.get(address, headers={"Range": "bytes=0-99"}, timeout=30)
	assert whole.status_code == 206 and len(whole.content) == 100 and whole.content[4:8] == b"ftyp"
	assert stranger.get(address, timeout=30).status_code == 403
	assert rows_requests().get(address, timeout=30).status_code == 403


def rows_requests():
	import requests

	return requests


@pytest.mark.parametrize(
	"change",
	[
		lambda url: url.replace("s=", "s=A"),
		lambda url: url.split("?")[0],
		lambda url: url.replace("e=1", "e=9"),
		lambda url: url.replace("NB-HL-NM-01", "NB-GV-01"),
		lambda url: url.replace("/gsmc-media/main/", "/gsmc-media/main/../"),
		lambda url: url.replace("/gsmc-media/main/", "/gsmc-media/main/..%2f..%2fsite_config.json%00"),
	],
)
def test_a_changed_address_is_refused(stack, session, change):
	operator = session("Unit Operator")
	address = stack.url + segment_address(stack, operator, OWN)
	assert operator.get(change(address), timeout=30).status_code in (403, 404)


@pytest.mark.parametrize(
	"query",
	[
		"start=x&end=y",
		"start=2026-01-01 10:00:00",
		"start=2026-01-01 10:00:00&end=2026-01-01 09:00:00",
		"start=2026-01-01 10:00:00&end=2026-03-01 09:00:00",
		"start=9999-12-31 23:00:00&end=9999-12-31 23:59:59",
		"start=99999999999999999999&end=x",
	],
)
def test_a_senseless_period_gets_an_answer_in_vietnamese(stack, session, query):
	answer = session("Unit Operator").get(
		f"{stack.url}{API}playback.playlist?camera={OWN}&{query}", timeout=30
	)
	assert answer.status_code == 417
	told = json.loads(json.loads(answer.json()["_server_messages"])[0])["message"]
	assert any(word in told for word in ("thời điểm", "Thời điểm", "khoảng ngắn hơn", "chưa đến")), told


def test_odd_ranges_and_methods_get_a_plain_answer(stack, session):
	operator = session("Unit Operator")
	address = stack.url + segment_address(stack, operator, OWN)
	for wanted in ("bytes=99999999999-", "bytes=5-1", "bytes=a-b", "bytes=0-1,5-6", "items=0-1"):
		answer = operator.get(address, headers={"Range": wanted}, timeout=30)
		assert answer.status_code in (200, 206, 416), (wanted, answer.status_code)
	assert operator.get(address.replace("e=", "e=%C2%B2"), timeout=30).status_code == 403
	assert operator.get(address.replace("s=", "s=%C3%A9"), timeout=30).status_code == 403
	far = f"{stack.url}{API}playback.playlist?camera={OWN}&since=99999999999999999999999"
	assert operator.get(far, timeout=30).status_code == 200


def test_guests_see_nothing(stack):
	import requests

	for path in ("playback.playlist", "stills.still", "coverage.last_hour", "playback.live_from"):
		answer = requests.get(f"{stack.url}{API}{path}?camera={OWN}", timeout=30)
		assert answer.status_code in (401, 403), (path, answer.status_code)
