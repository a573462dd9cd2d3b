"""No login or address of a camera, and no key of an archive, lies anywhere in the clear. Runs after all other
tests, so that whatever they did has left its traces: rows, histories, logs, caches, answers, exports."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import frappe
import pytest
from frappe.utils.background_jobs import get_redis_conn
from frappe.utils.password import get_decrypted_password

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.cameras.doctype.camera.camera import SECRETS
from giam_sat_mot_cua.recording.doctype.storage_volume.storage_volume import SECRETS as KEYS
from giam_sat_mot_cua.setup import factories
from tests.cameras.server import wait_for
from tests.e2e import rows

pytestmark = pytest.mark.last

PLANTED = {"user": "nguoidung-8f3k2", "password": "MatKhau-7zq41x", "path": "duong-dan-9w2r7"}
PLANTED_KEYS = {"access_key": "KhoaTruyCap-6h3v9", "secret_key": "KhoaBiMat-2x8n5t"}
ARCHIVE = "kho-bi-mat"
FAILED = "LoiMay-4t9d6w"  # sent in requests that end in a fault
FAULT = {"idx": "abc"}  # no field of a form, so that the database alone refuses it
TEXT_TYPES = ("char", "varchar", "text", "mediumtext", "longtext", "json", "tinytext")
SHORTEST = 8  # shorter ones would be found in other words
# Programs that stand for the cameras themselves know their own addresses; RTSP servers say who connected.
NOT_OURS = ("cameras.log",)


@pytest.fixture(scope="module")
def secrets(stack) -> Iterator[list[str]]:
	"""Every secret of every camera and archive, with one of each whose secrets are found nowhere else."""
	rows.refresh()
	camera = factories.camera("NB-HL-NM", enabled=1, stream_url=planted_address())
	plant_archive()
	frappe.db.commit()
	wait_for(lambda: rows.state(camera.name)[1] == "Unreachable", 60, "the recorder did not try the camera")
	found = {*PLANTED.values(), *PLANTED_KEYS.values(), FAILED, frappe.conf.gsmc_metrics_token}
	for doctype, fields in (("Camera", SECRETS), ("Storage Volume", KEYS)):
		for name in frappe.get_all(doctype, pluck="name"):
			for field in fields:
				value = get_decrypted_password(doctype, name, field, raise_exception=False)
				if value and len(value) >= SHORTEST and not value.endswith("/x"):
					found.add(value)
	yield sorted(found)
	rows.refresh()
	frappe.db.set_value("Camera", camera.name, "enabled", 0)
	frappe.db.set_value("Storage Volume", ARCHIVE, "enabled", 0)
	frappe.db.commit()


def plant_archive() -> None:
	"""Of a store that is not there: the tick and the button find that out."""
	if not frappe.db.exists("Storage Volume", ARCHIVE):
		place = {"endpoint": "http://127.0.0.1:9", "bucket": "kho", "kind": "S3 Archive", **PLANTED_KEYS}
		frappe.get_doc(doctype="Storage Volume", volume_name=ARCHIVE, **place).insert()


def planted_address() -> str:
	return f"rtsp://{PLANTED['user']}:{PLANTED['password']}@127.0.0.1:9/{PLANTED['path']}"


@pytest.mark.quiet
def test_an_archive_is_asked_for_with_its_keys(stack, session, secrets):
	"""First of all, so that what this leaves behind is looked at as well."""
	person = session("Monitoring Administrator")
	method = stack.url + "/api/method/giam_sat_mot_cua.api.archives.check"
	answer = person.post(method, json={"volume": ARCHIVE}, timeout=30)
	assert answer.status_code == 200 and not answer.json()["message"]["answers"]
	record = f"{stack.url}/api/resource/Storage Volume/{ARCHIVE}"
	changed = person.put(record, json={"priority": 77}, timeout=30)
	assert changed.status_code == 200, changed.text
	assert not [secret for secret in secrets if secret in answer.text + changed.text]
	refused = {"endpoint": f"https://{PLANTED['user']}:{PLANTED['password']}@h"}
	answer = person.put(record, json=refused, timeout=30)
	assert answer.status_code == 417 and PLANTED["password"] not in answer.text


def failing_requests() -> dict[str, tuple[str, str, dict]]:
	"""Requests that send FAILED and end in a fault: {route: (HTTP method, address, arguments of requests)}"""
	keys = {"access_key": f"{FAILED}-a", "secret_key": f"{FAILED}-s"}
	place = {"endpoint": "http://127.0.0.1:9", "bucket": "loi-may", "kind": "S3 Archive"}
	volume = {"doctype": "Storage Volume", "volume_name": "loi-may", **FAULT, **place, **keys}
	address = f"rtsp://{FAILED}:{FAILED}@127.0.0.1:9/{FAILED}"
	login = {"stream_url": address, "stream_username": FAILED, "stream_password": FAILED}
	unnamed = {"camera_code": "NB-HL-NM-99", **login}  # without a DocType
	method, resource = "/api/method/", "/api/resource/Storage Volume"
	client, save = method + "frappe.client.", method + "frappe.desk.form.save.savedocs"
	fields = json.dumps({**FAULT, **keys})
	of_archive = {"doctype": "Storage Volume", "name": ARCHIVE}
	no_action = {"action": "Nope"}
	return {
		"savedocs": ("POST", save, {"data": {"doc": json.dumps(volume), **no_action}}),
		"savedocs in JSON": ("POST", save, {"json": {"doc": json.dumps(volume), **no_action}}),
		"savedocs of a camera": (
			"POST",
			save,
			{"data": {"doc": json.dumps({"doctype": "Camera", **unnamed}), **no_action}},
		),
		"resource": ("POST", resource, {"json": volume}),
		"resource by data": ("POST", resource, {"data": {"data": json.dumps(volume)}}),
		"resource that is there": ("PUT", f"{resource}/{ARCHIVE}", {"data": {"data": fields}}),
		"insert": ("POST", client + "insert", {"json": {"doc": unnamed}}),
		"insert by text": ("POST", client + "insert", {"data": {"doc": json.dumps(unnamed)}}),
		"insert_many": ("POST", client + "insert_many", {"json": {"docs": [unnamed]}}),
		"insert_many by text": ("POST", client + "insert_many", {"data": {"docs": json.dumps([unnamed])}}),
		"set_value": (
			"POST",
			client + "set_value",
			{"json": {**of_archive, "fieldname": {**FAULT, **keys}}},
		),
		"set_value by text": ("POST", client + "set_value", {"data": {**of_archive, "fieldname": fields}}),
		"a name and its value": (
			"POST",
			save,
			{"json": {"doc": "{", **no_action, "fieldname": "secret_key", "value": FAILED}},
		),
	}


@pytest.mark.quiet
@pytest.mark.parametrize("route", failing_requests())
def test_a_request_that_fails_is_logged_without_what_it_sent(stack, session, secrets, route):
	method, path, sent = failing_requests()[route]
	log = stack.instance.bench / "logs/frappe.log"
	before = log.stat().st_mtime_ns if log.exists() else 0
	answer = session("Monitoring Administrator").request(method, stack.url + path, timeout=60, **sent)
	assert answer.status_code == 500, answer.text[-800:]
	assert log.stat().st_mtime_ns > before, "nothing was logged"
	test_no_log_holds_one(stack, [FAILED])


def test_there_is_something_to_look_for(stack, secrets):
	login = json.loads(stack.instance.camera_login_file.read_text())
	assert login["password"] in secrets
	assert sum(secret.startswith("rtsp://") for secret in secrets) >= 6


def test_no_column_of_the_database_holds_one(secrets):
	rows.refresh()
	columns = frappe.db.sql(
		"select table_name, column_name from information_schema.columns "
		"where table_schema = database() and data_type in %s",
		(TEXT_TYPES,),
	)
	tables: dict[str, list[str]] = {}
	for table, column in columns:
		tables.setdefault(table, []).append(column)
	assert len(tables) > 150
	pattern = "|".join(map(re.escape, secrets))
	held = []
	for table, names in tables.items():
		text = ", ".join(f"ifnull(`{name}`, '')" for name in names)
		count = frappe.db.sql(
			f"select count(*) from `{table}` where concat_ws('\n', {text}) regexp %s", pattern
		)
		if count[0][0]:
			held.append((table, count[0][0]))
	assert held == []


def test_the_look_finds_what_is_there(secrets):
	rows.refresh()
	text = f"x {PLANTED['password']} y"
	assert frappe.db.sql("select %s regexp %s", (text, "|".join(map(re.escape, secrets))))[0][0]


def test_no_log_holds_one(stack, secrets):
	bench_logs = [stack.instance.bench / "logs", stack.instance.sites / stack.site / "logs"]
	files = [file for folder in (stack.logs, *bench_logs) for file in folder.glob("*.log*")]
	files = [file for file in files if not file.name.startswith(NOT_OURS)]
	assert {"web.log", "recorder-1.log"} <= {file.name for file in files}
	assert [str(file) for file in files if holds(file, secrets)] == []


def holds(file: Path, secrets: list[str]) -> bool:
	text = file.read_text(errors="replace")
	return any(secret in text for secret in secrets)


def test_no_cache_or_queue_holds_one(secrets):
	found = []
	for redis in (frappe.cache(), get_redis_conn()):
		for key in redis.scan_iter(count=500):
			kind = redis.type(key)
			if kind == b"string":
				values = [redis.execute_command("GET", key) or b""]
			elif kind == b"hash":
				values = list((redis.execute_command("HGETALL", key) or {}).values())
			elif kind == b"list":
				values = redis.execute_command("LRANGE", key, 0, -1)
			else:
				continue
			text = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
			if any(secret.encode() in text for secret in secrets):
				found.append(key)
	assert found == []


@pytest.mark.quiet
@pytest.mark.parametrize("role", [*roles.ALL_ROLES, "Administrator"])
def test_no_answer_or_export_holds_one(stack, session, secrets, role):
	person = session(role)
	api = stack.url + "/api/method/"
	name = frappe.db.get_value("Camera", {"camera_code": "NB-HL-NM-01"})
	fields = json.dumps([f"`tabCamera`.`{field}`" for field in ("name", *SECRETS)])
	every = f"fields={quote(json.dumps(['*']))}&limit_page_length=0"
	answers = [
		person.get(f"{stack.url}/api/resource/Camera?{every}"),
		person.get(f"{stack.url}/api/resource/Camera/{name}"),
		person.get(f"{api}frappe.desk.form.load.getdoc?doctype=Camera&name={name}"),
		person.get(f"{stack.url}/printview?doctype=Camera&name={name}"),
		person.get(f"{stack.url}/api/resource/Storage Volume?{every}"),
		person.get(f"{stack.url}/api/resource/Storage Volume/{ARCHIVE}"),
		person.get(f"{api}frappe.desk.form.load.getdoc?doctype=Storage Volume&name={ARCHIVE}"),
		person.get(f"{stack.url}/printview?doctype=Storage Volume&name={ARCHIVE}"),
		person.get(f"{stack.url}/api/resource/Version?{every}"),
		person.get(f"{stack.url}/api/resource/Connection Reveal?{every}"),
		person.post(f"{api}frappe.desk.reportview.get", data={"doctype": "Camera", "fields": fields}),
		person.post(
			f"{api}frappe.desk.reportview.export_query",
			data={"doctype": "Camera", "file_format_type": "CSV", "title": "Camera", "fields": fields},
		),
		person.post(
			f"{api}frappe.desk.reportview.export_query",
			data={
				"doctype": "Storage Volume",
				"file_format_type": "CSV",
				"title": "Storage Volume",
				"fields": json.dumps([f"`tabStorage Volume`.`{field}`" for field in ("name", *KEYS)]),
			},
		),
		*(
			person.post(
				f"{api}frappe.client.get_password",
				data={"doctype": "Storage Volume", "name": ARCHIVE, "fieldname": field},
			)
			for field in (KEYS if role != "Administrator" else ())
		),
	]
	for number, answer in enumerate(answers):
		assert not [secret for secret in secrets if secret in answer.text], number


@pytest.mark.quiet
def test_an_address_that_is_refused_is_not_repeated(stack, session, secrets):
	person = session("Monitoring Administrator")
	for address in (f"http://{PLANTED['user']}:{PLANTED['password']}@h/x", planted_address() + "#x"):
		answer = person.put(
			f"{stack.url}/api/resource/Camera/NB-HL-NM-01", json={"stream_url": address}, timeout=30
		)
		assert answer.status_code == 417 and PLANTED["password"] not in answer.text
	time.sleep(1)
	test_no_column_of_the_database_holds_one(secrets)
	test_no_log_holds_one(stack, secrets)
