"""An administrator in a real browser: uploads a file, sees what is wrong, corrects it, sees it imported."""

import re
import secrets

import pytest
from selenium.webdriver.common.by import By

from giam_sat_mot_cua.setup.factories import xlsx
from tests.cameras.server import wait_for
from tests.e2e.register_import import cameras, units
from tests.e2e.test_browser import browser, log_in, shown  # noqa: F401

ENGLISH = (
	r"\b(Status|Draft|Check|Import|Errors?|Sheet|Row|Column|File|Template|Choose|Units?|Result|Started)\b"
)


@pytest.fixture
def prefix() -> str:
	return "BR" + secrets.token_hex(3).upper()


def button(browser, text: str):  # noqa: F811
	found = [
		element
		for element in browser.find_elements(By.CSS_SELECTOR, ".page-actions button, .page-actions a")
		if element.is_displayed() and element.text.strip() == text
	]
	return found[0] if found else None


def press(browser, text: str) -> None:  # noqa: F811
	wait_for(lambda: button(browser, text), 30, f"no button {text}").click()


def choose(browser, text: str, path) -> None:  # noqa: F811
	"""The operating system's dialog does not open in a test: the input that it would fill is filled."""
	browser.execute_script("HTMLInputElement.prototype.click = function () {}")
	press(browser, text)
	wait_for(lambda: browser.find_elements(By.CSS_SELECTOR, ".gsmc-import-file"), 10, "no input")[
		0
	].send_keys(str(path))


def state(browser) -> str:  # noqa: F811
	return shown(browser, ".page-head .indicator-pill")


def test_a_file_is_corrected_and_imported(browser, stack, prefix, tmp_path):  # noqa: F811
	log_in(browser, stack, "Monitoring Administrator")
	wait_for(lambda: "Nhập danh bạ từ Excel" in shown(browser, ".layout-main"), 60, "not in the workspace")
	browser.get(f"{stack.url}/app/register-import/new-register-import-1")
	wait_for(lambda: "Tải tệp mẫu" in shown(browser, ".form-layout"), 60, "no steps")
	assert button(browser, "Tải tệp mẫu")
	rows, homes = units(prefix, 3), [f"{prefix}-X{number:03d}" for number in range(3)]
	bad = [{**rows[0], "Cấp đơn vị": "Cấp thôn"}, *rows[1:]]
	path = tmp_path / "danh-ba-loi.xlsx"
	path.write_bytes(xlsx({"Đơn vị": bad, "Camera": cameras(prefix, 60, homes)}))
	choose(browser, "Chọn tệp Excel", path)
	wait_for(lambda: state(browser) == "Bản nháp", 60, "the file did not arrive")
	press(browser, "Kiểm tra")
	wait_for(lambda: "Cấp thôn" in shown(browser, ".gsmc-errors"), 120, "no errors shown")
	assert state(browser) == "Có lỗi"
	page = browser.find_element(By.CSS_SELECTOR, ".layout-main-section").text
	assert "danh-ba-loi.xlsx" in page and not re.search(ENGLISH, page), re.search(ENGLISH, page)
	path = tmp_path / "danh-ba.xlsx"
	path.write_bytes(xlsx({"Đơn vị": rows, "Camera": cameras(prefix, 60, homes)}))
	choose(browser, "Chọn tệp khác", path)
	wait_for(lambda: state(browser) == "Bản nháp", 60, "the second file did not arrive")
	press(browser, "Kiểm tra")
	wait_for(lambda: re.search(r"\d+/65 dòng", shown(browser, ".form-dashboard")), 60, "no progress shown")
	wait_for(lambda: state(browser) == "Đã kiểm tra", 120, "the check did not end")
	press(browser, "Nhập dữ liệu")
	wait_for(lambda: state(browser) == "Đã nhập", 120, "the import did not end")
	page = browser.find_element(By.CSS_SELECTOR, ".layout-main-section").text
	assert "Đã nhập 5 đơn vị và 60 camera." in page and not re.search(ENGLISH, page)
	assert not button(browser, "Nhập dữ liệu") and not button(browser, "Kiểm tra")
