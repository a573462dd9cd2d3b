"""A camera that is really lost: alarm, log, ledger, metrics; and what planned maintenance changes of it."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import frappe
import pytest
import requests
from frappe.utils import now_datetime

from giam_sat_mot_cua.api.metrics import METHOD
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import leases
from tests.cameras.server import CameraServer, camera, wait_for
from tests.e2e import rows
from tests.e2e.test_faults import wait_all_recording

UNIT = "NB-HL-NM"
TICKS_S = 200  # the scheduler's minute, and a job that waits for a worker
LOST, MAINTAINED = "/lost", "/maintained"


@pytest.fixture(scope="module")
def server():
	with CameraServer([camera(LOST), camera(MAINTAINED)]) as running:
		yield running


@pytest.fixture(scope="module", autouse=True)
def early_alarms():
	frappe.db.rollback()
	frappe.db.set_single_value("Monitoring Settings", "alarm_after_seconds", 5)
	frappe.db.commit()  # the tick must see it
	yield
	rows.refresh()
	frappe.db.set_single_value("Monitoring Settings", "alarm_after_seconds", 120)
	frappe.db.commit()


@pytest.fixture
def watched(server):
	"""Names of two cameras that are being recorded."""
	names = [
		factories.camera(UNIT, enabled=1, stream_url=server.url(path)).name for path in (LOST, MAINTAINED)
	]
	frappe.db.commit()  # recorders must see them
	for name in names:
		wait_for(lambda name=name: rows.state(name)[0] == "Recording", 60, f"{name} is not recorded")
	yield names
	rows.refresh()
	for name in names:
		frappe.db.set_value("Camera", name, "enabled", 0)
	frappe.db.commit()
	for name in names:
		wait_for(lambda name=name: rows.state(name)[0] == "Not Recording", 60, f"{name} is still recorded")


def scrape(stack) -> str:
	token = frappe.get_site_config().gsmc_metrics_token
	answer = requests.get(
		f"{stack.url}/api/method/{METHOD}", headers={"Authorization": f"Bearer {token}"}, timeout=30
	)
	assert answer.status_code == 200, answer.text[:500]
	return answer.text


def value(text: str, name: str, camera: str) -> float:
	found = re.findall(rf'^{name}{{camera="{re.escape(camera)}",[^}}]*}} ([0-9.]+)$', text, re.M)
	assert found, (name, camera)
	return float(found[0])


def events(camera: str, status: str) -> list:
	rows.refresh()
	return frappe.get_all(
		"Health Event",
		{"kind": "Camera Not Recorded", "camera": camera, "status": status},
		["name", "detail", "silenced", "ended_on"],
	)


def gaps(camera: str) -> list:
	rows.refresh()
	return frappe.get_all(
		"Recording Gap",
		{"camera": camera},
		["cause", "observed_cause", "maintenance_order", "end_utc"],
		order_by="start_utc",
	)


def said(stack, camera: str) -> list[str]:
	"""What the recorders' logs say of a camera, in order."""
	found = []
	for name in ("recorder-1.log", "recorder-2.log"):
		for line in (stack.logs / name).read_text(errors="replace").split("\n"):
			if line.startswith("{") and f'"camera": "{camera}"' in line:
				found.append(json.loads(line))
	return [line["event"] for line in sorted(found, key=lambda line: line["at"])]


def order_for(stack, person, names: list[str], now: datetime):
	values = {
		"unit": UNIT,
		"cameras": [{"camera": name} for name in names],
		"from_time": str(now),
		"to_time": str(now + timedelta(minutes=30)),
		"reason": "Thay nguồn điện",
		"document_number": "31/KH-VP",
	}
	return person.post(f"{stack.url}/api/resource/Maintenance Order", json=values, timeout=60)


@pytest.mark.timeout(900)
def test_a_lost_camera_is_told_and_maintenance_silences_it_but_never_the_gap(stack, session, server, watched):
	lost, maintained = watched
	operator = session("Monitoring Operator")
	answer = order_for(stack, operator, [maintained], now_datetime())
	assert answer.status_code == 200, answer.text[:500]
	order = answer.json()["data"]["name"]
	before = scrape(stack)
	assert value(before, "gsmc_camera_recording", lost) == 1
	assert value(before, "gsmc_camera_bytes_written_total", lost) > 0
	server.kill()
	(opened,) = wait_for(lambda: events(lost, "Open"), TICKS_S, "no alarm")
	assert not opened.silenced and any(letter in opened.detail for letter in "ạảãàáăâđêôơư")
	(silent,) = wait_for(lambda: events(maintained, "Open"), TICKS_S, "no silent event")
	assert silent.silenced
	assert [(gap.cause, gap.maintenance_order, gap.end_utc) for gap in gaps(lost)] == [
		("Camera Offline", None, None)
	]
	assert [(gap.cause, gap.observed_cause, gap.maintenance_order) for gap in gaps(maintained)] == [
		("Maintenance", "Camera Offline", order)
	]
	text = scrape(stack)
	assert (value(text, "gsmc_camera_recording", lost), value(text, "gsmc_camera_wanted", lost)) == (0, 1)
	assert value(text, "gsmc_camera_maintenance", maintained) == 1
	assert re.search(rf'^gsmc_camera_fault{{camera="{lost}",unit="{UNIT}",fault="\w+"}} 1$', text, re.M)
	assert re.search(rf'^gsmc_camera_gaps_total{{camera="{maintained}".*cause="Maintenance"}} 1$', text, re.M)
	told = {"document_type": "Health Event", "for_user": stack.logins["Monitoring Administrator"]["user"]}
	wait_for(
		lambda: rows.refresh()
		or frappe.db.exists("Notification Log", {**told, "document_name": opened.name}),
		60,
		"nobody was told",
	)
	assert not frappe.db.exists("Notification Log", {**told, "document_name": silent.name})
	server.start()
	for name in watched:
		wait_for(lambda name=name: rows.state(name)[0] == "Recording", 90, f"{name} is not back")
		(ended,) = wait_for(
			lambda name=name: not events(name, "Open") and events(name, "Closed"), TICKS_S, "not ended"
		)
		assert ended.ended_on
	assert gaps(lost)[0].end_utc and gaps(maintained)[0].end_utc
	assert gaps(maintained)[0].cause == "Maintenance"
	assert value(scrape(stack), "gsmc_camera_connections_total", lost) >= 2
	for name in watched:
		assert said(stack, name) == ["camera_lost", "camera_back"]
	ended = operator.post(
		f"{stack.url}/api/method/run_doc_method",
		json={"dt": "Maintenance Order", "dn": order, "method": "end_now"},
		timeout=60,
	)
	assert ended.status_code == 200, ended.text[:500]
	rows.refresh()
	assert frappe.db.get_value("Maintenance Order", order, "status") == "Done"


def test_of_orders_that_arrive_at_once_one_is_recorded(stack, session):
	name = factories.camera(UNIT).name
	frappe.db.commit()  # the web server must see it
	operator, now = session("Monitoring Operator"), now_datetime()
	with ThreadPoolExecutor(8) as pool:
		answers = list(pool.map(lambda _n: order_for(stack, operator, [name], now), range(8)))
	codes = sorted(answer.status_code for answer in answers)
	assert codes == [200, *[417] * 7], [answer.text[:200] for answer in answers]
	assert all("BT-" in answer.text for answer in answers if answer.status_code == 417)
	for role in ("Unit Operator", "Monitoring Auditor"):
		assert order_for(stack, session(role), [name], now).status_code == 403
	found = session("Unit Operator").get(f"{stack.url}/api/resource/Maintenance Order", timeout=30).json()
	assert len(found["data"]) >= 1
	rows.refresh()
	for (order,) in frappe.db.sql("select parent from `tabMaintenance Camera` where camera = %s", name):
		frappe.db.set_value("Maintenance Order", order, "withdrawn_on", now_datetime())
	frappe.db.commit()


def test_without_redis_the_answer_says_so(stack, session):
	node = leases.node_name()
	url = f"{stack.url}/api/method/giam_sat_mot_cua.api.nodes.status?node={node}"
	operator = session("Monitoring Operator")
	assert operator.get(url, timeout=30).json()["message"]["up"]
	assert session("Unit Operator").get(url, timeout=30).status_code == 403
	assert requests.get(url, timeout=30).status_code == 403
	stack.stop("redis-queue")
	try:
		text = scrape(stack)
		assert "\ngsmc_redis_up 0\n" in text and "\ngsmc_recorders_alive 0\n" in text
		assert all(value(text, "gsmc_camera_wanted", name) == 1 for name in stack.cameras)
		assert operator.get(url, timeout=30).json()["message"] == {"away": True}
	finally:
		stack.start("redis-queue")
	wait_for(lambda: "\ngsmc_redis_up 1\n" in scrape(stack), 60, "Redis is not back")
	wait_all_recording()
