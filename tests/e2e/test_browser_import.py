"""An administrator in a real browser: uploads a file, sees what is wrong, corrects it, sees it imported."""

import re
import secrets

import pytest
from selenium.webdriver.common.by import By

from giam_sat_mot_cua.setup.factories import xlsx
from tests.cameras.server import wait_for
from tests.e2e.register_import import cameras, units
from tests.e2e.test_browser import browser, log_in  # noqa: F401

pytestmark = pytest.mark.quiet

ENGLISH = (
	r"\b(Status|Draft|Check|Import|Errors?|Sheet|Row|Column|File|Template|Choose|Units?|Result|Started)\b"
)


@pytest.fixture
def prefix() -> str:
	return "BR" + secrets.token_hex(3).upper()


# One script each: the form draws itself anew at any moment, and an element that was found may be gone.
TEXT = """const found = [...document.querySelectorAll(arguments[0])].find((e) => e.offsetParent !== null);
return found ? found.innerText.trim() : ''"""
PRESS = """const found = [...document.querySelectorAll('.page-actions button, .page-actions a')]
	.find((e) => e.offsetParent !== null && e.innerText.trim() === arguments[0]);
if (found && arguments[1]) found.click();
return Boolean(found)"""


def shown(browser, css: str) -> str:  # noqa: F811
	return browser.execute_script(TEXT, css)


def offers(browser, text: str) -> bool:  # noqa: F811
	return browser.execute_script(PRESS, text, False)


def press(browser, text: str) -> None:  # noqa: F811
	wait_for(lambda: browser.execute_script(PRESS, text, True), 30, f"no button {text}")


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
	assert offers(browser, "Tải tệp mẫu")
	rows, homes = units(prefix, 3), [f"{prefix}-X{number:03d}" for number in range(3)]
	bad = [{**rows[0], "Cấp đơn vị": "Cấp thôn"}, *rows[1:]]
	path = tmp_path / "danh-ba-loi.xlsx"
	path.write_bytes(xlsx({"Đơn vị": bad, "Camera": cameras(prefix, 60, homes)}))
	choose(browser, "Chọn tệp Excel", path)
	wait_for(lambda: state(browser) == "Bản nháp", 60, "the file did not arrive")
	press(browser, "Kiểm tra")
	wait_for(lambda: "Cấp thôn" in shown(browser, ".gsmc-errors"), 120, "no errors shown")
	assert state(browser) == "Có lỗi"
	page = shown(browser, ".layout-main-section")
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
	page = shown(browser, ".layout-main-section")
	assert "Đã nhập 5 đơn vị và 60 camera." in page and not re.search(ENGLISH, page)
	assert not offers(browser, "Nhập dữ liệu") and not offers(browser, "Kiểm tra")
