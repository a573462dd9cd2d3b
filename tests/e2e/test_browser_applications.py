"""A citizen without a login in a real browser: applies, is told of faults beside the fields, gets a receipt;
an operator takes the application over; the citizen follows it."""

import frappe
import pytest
from selenium.webdriver.common.by import By

from giam_sat_mot_cua.setup import factories
from tests.cameras.server import wait_for
from tests.e2e import application_papers as papers
from tests.e2e.test_browser import browser, log_in, log_out, shown  # noqa: F401 (a fixture)

pytestmark = pytest.mark.quiet
SET = """
	const input = document.getElementById("field-" + arguments[0]);
	input.value = arguments[1];
	return input.value;
"""


def fill_in(driver, values: dict) -> None:
	for name, value in values.items():
		# dates are typed in the order of the browser's language: their value is set as a script would
		if name.endswith("_time") or name in ("unit", "identity_paper"):
			assert driver.execute_script(SET, name, value) == value
		else:
			box = driver.find_element(By.ID, f"field-{name}")
			box.clear()
			box.send_keys(value)


def test_from_the_public_form_to_the_answer(browser, stack, tmp_path):  # noqa: F811
	unit = frappe.db.get_value("Monitored Unit", "NB-HL", "unit_name")
	scan = tmp_path / "đơn.pdf"
	scan.write_bytes(papers.pdf())
	browser.get(f"{stack.url}/xin-trich-xuat")
	values = factories.application_fields(unit)
	fill_in(browser, {**values, "phone": "gọi tôi"})
	browser.find_element(By.ID, "field-scan").send_keys(str(scan))
	browser.find_element(By.CSS_SELECTOR, ".gsmc-send").click()
	wait_for(lambda: "số điện thoại" in shown(browser, "#fault-phone"), 30, "no fault beside the field")
	assert browser.switch_to.active_element.get_attribute("name") == "phone"
	wanted = browser.find_element(By.ID, "field-wanted").get_attribute("value")
	assert wanted == values["wanted"]  # nothing is lost
	fill_in(browser, {"phone": values["phone"]})
	browser.find_element(By.CSS_SELECTOR, ".gsmc-send").click()
	wait_for(lambda: shown(browser, "#gsmc-receipt h1") == "Giấy tiếp nhận đơn", 30, "no receipt")
	number, code = (shown(browser, f"[data-told={name}]") for name in ("number", "code"))
	assert number.startswith("DON-") and len(code) == 19

	log_in(browser, stack, "Monitoring Operator")
	browser.get(f"{stack.url}/app/footage-application/{number}")
	button = "[...document.querySelectorAll('button')].find((b) => b.innerText.trim() === 'Nhận xử lý')"
	wait_for(lambda: browser.execute_script(f"return Boolean({button})"), 60, "no button")
	browser.execute_script(f"{button}.click()")
	request = "return window.cur_frm?.doctype === 'Extraction Request' && cur_frm.doc.application"
	wait_for(lambda: browser.execute_script(request) == number, 60, "no request")
	log_out(browser, stack)

	browser.get(f"{stack.url}/tra-cuu-don#{number}")
	fill_in(browser, {"receipt_code": "AAAA-AAAA-AAAA-AAAA"})
	browser.find_element(By.CSS_SELECTOR, ".gsmc-send").click()
	wait_for(lambda: "Không có đơn nào" in shown(browser, ".gsmc-summary"), 30, "no refusal")
	fill_in(browser, {"receipt_code": code})
	browser.find_element(By.CSS_SELECTOR, ".gsmc-send").click()
	wait_for(lambda: shown(browser, ".gsmc-step h3") == "Đã nhận xử lý", 30, "no progress")
