"""The metrics: who gets them, what is in them, and that the dashboard and the rules ask for nothing else."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import frappe
import pytest
import requests
from frappe.utils.password import get_decrypted_password

from devbench.stack import Stack
from giam_sat_mot_cua.api.metrics import METHOD
from giam_sat_mot_cua.cameras.doctype.camera.camera import SECRETS
from giam_sat_mot_cua.recording import clock, gap_counts, gap_ledger
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import metrics, overview

ROOT = Path(__file__).resolve().parents[2]
PATH = "/api/method/" + METHOD
LINE = re.compile(r'(gsmc_\w+)(\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})? (NaN|[-+]?[0-9.e+]+)')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@pytest.fixture(scope="module")
def stack() -> Stack:
	return Stack.from_env()


@pytest.fixture(scope="module")
def token() -> str:
	return frappe.get_site_config().gsmc_metrics_token


@pytest.fixture(autouse=True)
def undo():
	yield
	frappe.db.rollback()


def scrape(stack: Stack, token: str) -> str:
	answer = requests.get(stack.url + PATH, headers={"Authorization": f"Bearer {token}"}, timeout=30)
	assert answer.status_code == 200, answer.text[:500]
	assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
	return answer.content.decode()


def samples(text: str) -> list[tuple[str, dict, float]]:
	"""(name, labels, value) of each measurement; a line that the format does not know fails."""
	found = []
	for line in text.split("\n"):
		if line and not line.startswith("# "):
			parts = LINE.fullmatch(line)
			assert parts, line
			found.append((parts[1], dict(LABEL.findall(parts[2] or "")), float(parts[3])))
	return found


def value(text: str, name: str, **labels) -> float:
	found = [
		number for family, held, number in samples(text) if family == name and held.items() >= labels.items()
	]
	assert len(found) == 1, (name, labels, found)
	return found[0]


# Who gets them


@pytest.mark.parametrize(
	"headers",
	[
		{},
		{"Authorization": "Bearer wrong"},
		{"Authorization": "Bearer "},
		{"Authorization": "Bearer"},
		{"Authorization": "Basic {token}"},
		{"Authorization": "token {token}"},
		{"Authorization": "{token}"},
		{"Authorization": "Bearer {token}x"},
		{"X-Token": "{token}"},
		{"Cookie": "token={token}"},
	],
	ids=str,
)
def test_nobody_without_the_token(stack, token, headers):
	sent = {name: text.replace("{token}", token) for name, text in headers.items()}
	answer = requests.get(stack.url + PATH, headers=sent, timeout=30)
	assert (answer.status_code, answer.content) == (401, b"")
	assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_in_the_address_counts_for_nothing(stack, token):
	for query in (f"token={token}", f"access_token={token}", f"Authorization=Bearer {token}"):
		answer = requests.get(f"{stack.url}{PATH}?{quote(query, safe='=')}", timeout=30)
		assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("role", ["Administrator", "Monitoring Administrator", "Unit Operator"])
def test_a_login_is_not_enough_and_not_in_the_way(stack, token, role):
	person, login = requests.Session(), stack.logins[role]
	answer = person.post(
		stack.url + "/api/method/login", json={"usr": login["user"], "pwd": login["password"]}, timeout=30
	)
	assert answer.status_code == 200
	answer = person.get(stack.url + PATH, timeout=30)
	assert (answer.status_code, answer.content) == (401, b"")
	answer = person.get(stack.url + PATH, headers={"Authorization": f"Bearer {token}"}, timeout=30)
	assert answer.status_code == 200


def test_the_token_opens_nothing_else(stack, token):
	headers = {"Authorization": f"Bearer {token}"}
	for path in ("/api/method/frappe.auth.get_logged_user", "/api/resource/Camera", "/api/resource/User"):
		assert requests.get(stack.url + path, headers=headers, timeout=30).status_code in (401, 403)
	assert requests.post(stack.url + PATH, headers=headers, timeout=30).status_code == 403
	other = requests.get(f"{stack.url}{PATH}?cmd=frappe.auth.get_logged_user", headers=headers, timeout=30)
	assert other.status_code in (401, 403)
	for path in ("/", "/api/method/ping"):  # a method can be named in another way
		without = requests.get(f"{stack.url}{path}?cmd={METHOD}", timeout=30)
		assert "gsmc_" not in without.text and without.status_code == 401


# What is in them


def test_every_measurement_has_a_form_that_scrapers_read(stack, token):
	text = scrape(stack, token)
	kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
	assert text.endswith("\n") and len(kinds) > 35
	assert len(re.findall(r"^# TYPE ", text, re.M)) == len(kinds)  # each once
	found = samples(text)
	assert {name for name, _labels, _value in found} <= set(kinds)
	assert len({(name, *sorted(labels.items())) for name, labels, _value in found}) == len(found)
	for name, kind in kinds.items():
		assert kind in ("counter", "gauge") and name.endswith("_total") == (kind == "counter"), name


def test_every_camera_is_told(stack, token):
	text = scrape(stack, token)
	for camera in stack.cameras:
		assert value(text, "gsmc_camera_wanted", camera=camera) == 1
		assert value(text, "gsmc_camera_recording", camera=camera) in (0, 1)
	assert value(text, "gsmc_volume_size_bytes", volume="main") > 1e9
	assert value(text, "gsmc_redis_up") == 1


def test_names_cannot_break_a_line(stack, token):
	unit = factories.unit().name
	title = 'Quầy "1" \\ {x} 5'
	camera = factories.camera(unit, camera_name=title).name
	frappe.db.commit()  # the web server has to see it
	try:
		text = scrape(stack, token)
	finally:
		frappe.db.delete("Camera", {"name": camera})
		frappe.db.delete("Monitored Unit", {"name": unit})
		frappe.db.commit()
	escaped = title.replace("\\", "\\\\").replace('"', '\\"')
	(named,) = [
		labels for name, labels, _v in samples(text) if labels.get("camera") == camera and "name" in labels
	]
	assert named == {"camera": camera, "unit": unit, "name": escaped}


def test_no_secret_and_no_path_is_told(stack, token):
	text = scrape(stack, token)
	held = {token, str(stack.footage), "rtsp://", "127.0.0.1"}
	for camera in stack.cameras:
		doc = frappe.get_doc("Camera", camera)
		held |= {
			get_decrypted_password(doc.doctype, doc.name, field, raise_exception=False) for field in SECRETS
		}
	assert [secret for secret in held if secret and secret in text] == []


def test_gaps_are_counted_once_they_are_committed():
	unit = factories.unit().name
	camera = factories.camera(unit).name
	frappe.db.commit()
	start = clock.now_ms()
	redis = overview.connect()
	try:
		gap_ledger.close_gap(camera, unit, start, start + 5000, "network")
		frappe.db.rollback()
		assert (camera, "Network") not in gap_counts.read(redis)
		for _again in range(2):
			gap_ledger.close_gap(camera, unit, start, start + 5000, "network")
			frappe.db.commit()
		assert gap_counts.read(redis)[camera, "Network"] == 1
		(family,) = [f for f in metrics.collect() if f.name == "gsmc_camera_gaps_total"]
		assert [number for labels, number in family.samples if labels["camera"] == camera] == [1]
	finally:
		redis.hdel(gap_counts.key(), f"{camera}|Network")
		for doctype, field in (("Recording Gap", "camera"), ("Camera", "name")):
			frappe.db.delete(doctype, {field: camera})
		frappe.db.delete("Monitored Unit", {"name": unit})
		frappe.db.commit()


# What reads them


def told() -> set[str]:
	return {family.name for family in metrics.collect()}


def named_in(text: str) -> set[str]:
	return set(re.findall(r"\bgsmc_[a-z0-9_]+", text))


def test_the_dashboard_asks_for_what_there_is():
	board = json.loads((ROOT / "docs/grafana/gsmc-dashboard.json").read_text())
	asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
	assert len(asked) > 20
	assert named_in(" ".join(asked)) - told() == set()


def test_the_rules_and_the_table_name_what_there_is():
	text = (ROOT / "docs/monitoring.md").read_text()
	rules = re.findall(r"^\s+expr: (.*)$", text, re.M)
	assert len(rules) > 8 and named_in(" ".join(rules)) - told() == set()
	rows = named_in("\n".join(line for line in text.split("\n") if line.startswith("| `gsmc_")))
	assert rows == told()
