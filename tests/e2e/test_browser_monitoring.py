"""What people see of recorders, events and maintenance, in a real browser and in Vietnamese."""

import re

import frappe
import pytest
from frappe.utils import now_datetime

from giam_sat_mot_cua.recording import health_events
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import camera_clock, leases
from giam_sat_mot_cua.workers.database import use_site_language
from tests.cameras.server import wait_for
from tests.e2e.test_browser import browser, log_in, shown  # noqa: F401 (a fixture)
from tests.e2e.test_browser_accounts import INDICATOR
from tests.e2e.test_faults import wait_all_recording

ENGLISH = re.compile(
	r"\b(Recorder|Camera Name|Standby|Volume|Waiting|Recording|Last|Severity|Status|Reason)\b"
)


@pytest.fixture
def event(fresh_db):
	"""An open event of a camera of the demo district, which the alarms see as well."""
	camera = factories.camera(
		"NB-HL", camera_name="Camera thử sự kiện", enabled=1, stream_url="rtsp://127.0.0.1:9/x"
	).name
	camera_clock.observe(camera, 7.2)
	use_site_language()
	name = health_events.report(camera_clock.KIND, camera_clock.wording(7.2, 5), camera=camera)
	frappe.db.commit()  # the browser must see it
	yield name
	fresh_db()
	frappe.db.set_value("Camera", camera, "enabled", 0)
	health_events.close(camera_clock.KIND, camera=camera)
	frappe.db.commit()


def test_the_page_of_a_node_is_fresh_and_says_when_it_is_down(browser, stack):  # noqa: F811
	wait_all_recording()
	log_in(browser, stack, "Monitoring Operator")
	browser.get(f"{stack.url}/app/recorder-node/{leases.node_name()}")
	wait_for(lambda: "NB-HL-01" in shown(browser, ".gsmc-node"), 60, "no cameras on the page")
	text = shown(browser, ".gsmc-node")
	for words in ("Số tiến trình ghi", "Tiến trình ghi dự phòng", "Ổ lưu", "Đang ghi hình", "main"):
		assert words in text, text
	assert not ENGLISH.search(text), text
	links = browser.execute_script(
		"return [...document.querySelectorAll('.gsmc-node a')].map((a) => a.getAttribute('href'))"
	)
	assert {f"/app/camera/{name}" for name in stack.cameras} <= set(links)
	assert browser.execute_script(INDICATOR) == "Hoạt động"
	browser.execute_script("document.querySelector('.gsmc-node').id = 'before'")
	gone = "return !document.getElementById('before')"
	wait_for(lambda: browser.execute_script(gone), 30, "it is not read again")
	stack.stop("recorder-1", "recorder-2")
	try:
		wait_for(lambda: browser.execute_script(INDICATOR) == "Ngừng", 60, "it does not say that it is down")
		assert browser.find_elements("css selector", ".page-head .indicator-pill.red")
		assert "Không có tiến trình ghi nào" in shown(browser, ".gsmc-node")
		assert "Máy này hiện không ghi camera nào." in shown(browser, ".gsmc-node")
	finally:
		stack.start("recorder-1", "recorder-2")
	wait_for(lambda: browser.execute_script(INDICATOR) == "Hoạt động", 60, "it does not say that it is up")
	wait_all_recording(90)


def test_a_page_without_an_answer_says_so(browser, stack):  # noqa: F811
	log_in(browser, stack, "Monitoring Operator")
	browser.get(f"{stack.url}/app/recorder-node/{leases.node_name()}")
	wait_for(lambda: shown(browser, ".gsmc-node"), 60, "no page")
	browser.execute_script("window.fetch = () => Promise.reject(new TypeError('offline'))")
	wait_for(lambda: "Máy chủ không trả lời" in shown(browser, ".gsmc-node"), 40, "no word of it")


def test_events_are_listed_and_shown_in_vietnamese(browser, stack, event):  # noqa: F811
	log_in(browser, stack, "Unit Leader")
	browser.get(f"{stack.url}/app/health-event")
	wait_for(lambda: "Đồng hồ camera sai" in shown(browser, ".frappe-list"), 60, "the event is not listed")
	browser.get(f"{stack.url}/app/health-event/{event}")
	wait_for(lambda: "nhanh 7.2 giây" in shown(browser, ".form-layout"), 60, "the event does not open")
	assert browser.execute_script(INDICATOR) == "Đang mở"
	assert not ENGLISH.search(shown(browser, ".form-layout"))
	browser.get(f"{stack.url}/app/one-stop-monitoring")
	wait_for(lambda: "Sự kiện đang mở" in shown(browser, ".layout-main-section"), 60, "no shortcut")


def test_an_order_is_recorded_and_withdrawn_in_its_form(browser, stack, fresh_db):  # noqa: F811
	camera = factories.camera("NB-HL").name
	frappe.db.commit()  # the browser must see it
	log_in(browser, stack, "Monitoring Operator")
	browser.get(f"{stack.url}/app/maintenance-order/new")
	ready = "return Boolean(window.cur_frm && cur_frm.doctype === 'Maintenance Order' && cur_frm.doc)"
	wait_for(lambda: browser.execute_script(ready), 60, "no form")
	values = {
		"unit": "NB-HL",
		"from_time": str(now_datetime())[:19],
		"to_time": str(frappe.utils.add_to_date(now_datetime(), hours=2))[:19],
		"reason": "Vệ sinh ống kính",
		"document_number": "40/KH-VP",
	}
	add = "cur_frm.add_child('cameras', {camera: arguments[1]}); cur_frm.refresh_field('cameras');"
	browser.execute_script(
		add + "return cur_frm.set_value(arguments[0]).then(() => cur_frm.save())", values, camera
	)
	wait_for(lambda: browser.execute_script(INDICATOR) == "Đang thực hiện", 60, "not in progress")
	assert not ENGLISH.search(shown(browser, ".form-layout")), shown(browser, ".form-layout")
	name = browser.execute_script("return cur_frm.doc.name")
	browser.execute_script("cur_frm.events.ask_withdrawal(cur_frm)")
	wait_for(lambda: browser.execute_script("return Boolean(cur_dialog)"), 30, "no question")
	answer = "cur_dialog.set_value('reason', 'Hoãn sang tuần sau')"
	browser.execute_script(f"{answer}.then(() => cur_dialog.get_primary_btn().click())")
	wait_for(lambda: browser.execute_script(INDICATOR) == "Đã hủy", 60, "not withdrawn")
	fresh_db()
	assert frappe.db.get_value("Maintenance Order", name, "withdrawal_reason") == "Hoãn sang tuần sau"
