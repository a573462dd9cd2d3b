"""verify.html in a real browser, opened from the disk, without a network."""

import base64
import zipfile
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from giam_sat_mot_cua.media.evidence import page, verify
from tests.cameras.server import wait_for
from tests.evidence import tampering
from tests.evidence.tampering import CASES

pytestmark = pytest.mark.browser
DROP = """
const bytes = Uint8Array.from(atob(arguments[0]), (char) => char.charCodeAt(0));
const data = new DataTransfer();
data.items.add(new File([bytes], arguments[1]));
document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
"""


@pytest.fixture(scope="module")
def unpacked(world, tmp_path_factory) -> Path:
	folder = tmp_path_factory.mktemp("unpacked")
	zipfile.ZipFile(world.package).extractall(folder)
	return folder


@pytest.fixture
def opened(browser, unpacked):
	"""The page of the package; nothing it does ends in an error of the browser."""
	browser.get((unpacked / verify.PAGE).as_uri())
	browser.get_log("browser")
	yield browser
	assert browser.get_log("browser") == []


def judge(browser, package: Path) -> str:
	"""Picks a ZIP or a folder; returns the verdict."""
	field = browser.find_element(By.ID, "folder" if package.is_dir() else "zip")
	field.send_keys(str(package))
	return wait_for(lambda: verdict(browser), 60, "no verdict")


def verdict(browser) -> str | None:
	return browser.execute_script("return document.getElementById('verdict').dataset.result || null")


def signer(browser) -> str:
	return browser.execute_script("return document.getElementById('verdict').dataset.signer")


def findings(browser) -> set[tuple[str, str]]:
	rows = "[...document.querySelectorAll('.findings li')].map((row) => [row.dataset.code, row.dataset.file])"
	return {tuple(row) for row in browser.execute_script(f"return {rows}")}


def text(browser) -> str:
	return browser.find_element(By.TAG_NAME, "body").text


def type_fingerprint(browser, words: str) -> None:
	field = browser.find_element(By.ID, "fingerprint")
	field.clear()
	field.send_keys(words)


def test_an_untouched_package_is_intact(opened, world):
	assert judge(opened, world.package) == "intact"
	assert findings(opened) == set() and signer(opened) == "not_asked"
	told = text(opened)
	assert "Gói chứng cứ nguyên vẹn" in told and "Chưa đối chiếu người ký" in told
	assert verify.grouped(world.signer.fingerprint) in told


def test_the_unpacked_folder_is_intact(opened, unpacked):
	assert judge(opened, unpacked) == "intact"
	assert findings(opened) == set()


def test_every_change_is_found_as_by_the_command_line(opened, world, tmp_path):
	"""The same findings, each with the same file."""
	for case in CASES:
		package = tmp_path / "package.zip"
		case.make(world, package)
		report = verify.verify(str(package))
		assert judge(opened, package) == report.result, case.name
		expected = {(code, file) for code, file, _facts in report.findings}
		assert findings(opened) - own_page(report) == expected - own_page(report), case.name
		reload_page(opened)


def own_page(report: verify.Report) -> set[tuple[str, str]]:
	"""What the page says besides of a certificate that is not its own."""
	return {("certificate_in_page", verify.PAGE)} if report.certificate else set()


def reload_page(browser) -> None:
	browser.refresh()
	assert verdict(browser) is None


def test_the_fingerprint_of_the_minutes_decides_last(opened, world, tmp_path):
	package, folder = tmp_path / "package.zip", tmp_path / "folder"
	tampering.all_by_other(world, package)
	zipfile.ZipFile(package).extractall(folder)
	assert judge(opened, package) == "changed"  # the page of the true package knows its own certificate
	opened.get((folder / verify.PAGE).as_uri())
	assert judge(opened, package) == "intact" and signer(opened) == "not_asked"
	type_fingerprint(opened, verify.grouped(world.signer.fingerprint))
	assert verdict(opened) == "changed" and signer(opened) == "refuted"
	assert findings(opened) == {("signer_differs", verify.CERTIFICATE)}
	assert "gõ sai" in text(opened) and "đã bị thay đổi" not in text(opened)
	type_fingerprint(opened, verify.grouped(world.other.fingerprint).lower())
	assert verdict(opened) == "intact" and signer(opened) == "confirmed"


def test_half_a_fingerprint_decides_nothing(opened, world):
	assert judge(opened, world.package) == "intact"
	type_fingerprint(opened, "ab12")
	assert signer(opened) == "not_asked" and "Đã nhập 4 trong 64" in text(opened)


def test_people_read_who_asked_who_approved_and_what_is_missing(opened, world):
	judge(opened, world.package)
	told = text(opened)
	for words in (
		"Trần Văn Bình <b>Công an</b>",  # text, not markup
		"Xác minh việc mất hồ sơ tại quầy số 3",
		"Lê Minh Đức",
		"Chánh Văn phòng",
		"Quầy số 3 (NB-HL-NM-01)",
		"Đồng hồ camera nhanh hơn giờ máy chủ 3,2 giây",
		"07:00:04–07:00:05,500: Không ghi được hình, 1,5 giây – camera mất điện",
		"Đã xóa theo thời hạn lưu trữ",
		"Có hình 6 giây trong 8 giây (75 %)",
		"15:00:41 ngày 26/11/2026",
		"Nguyễn Thị Hòa: lập gói",
	):
		assert words in told, words


def test_a_video_plays_in_place(opened, world):
	judge(opened, world.package)
	opened.execute_script("document.querySelector('.actions button').click()")
	script = "const v = document.querySelector('video'); return [v.currentTime, v.videoWidth, v.duration]"
	wait_for(lambda: opened.execute_script(script)[0] > 1, 20, "the video does not advance")
	_at, width, duration = opened.execute_script(script)
	assert width == 320 and abs(duration - 2) < 0.2


def test_a_package_is_dropped_on_the_page(opened, world, tmp_path):
	package = tmp_path / "package.zip"
	for make, expected in ((None, "intact"), (tampering.appended, "changed")):
		if make:
			make(world, package)
		else:
			package.write_bytes(world.package.read_bytes())
		opened.execute_script(DROP, base64.b64encode(package.read_bytes()).decode(), package.name)
		assert wait_for(lambda: verdict(opened), 60, "no verdict") == expected


def test_a_file_of_a_changed_package_says_whether_it_is_the_changed_one(opened, world, tmp_path):
	package = tmp_path / "package.zip"
	tampering.flip("VIDEO")(world, package)
	judge(opened, package)
	marks = "return [...document.querySelectorAll('.file')].map((box) => box.textContent)"
	wrong = [box for box in opened.execute_script(marks) if "✘ không khớp" in box]
	assert len(wrong) == 1 and world.video in wrong[0]


def test_nothing_in_a_package_becomes_markup(opened, world, tmp_path):
	package = tmp_path / "package.zip"
	evil = "<img src=x onerror=\"document.title='evil'\">"

	def edit(manifest: dict) -> None:
		manifest.update(made_by=evil, custody=[{"at_utc_ms": 0, "who": evil, "what": evil}])
		manifest["request"] = {"purpose": evil, "odd": [evil, {"deep": evil}], "number": 7, "at_utc_ms": 1}
		manifest["cameras"][0]["name"] = evil

	tampering.by_insider(world, package, edit)
	assert judge(opened, package) == "intact"
	assert evil in text(opened)
	assert opened.title == "Kiểm tra gói chứng cứ hình ảnh"
	assert opened.find_elements(By.TAG_NAME, "img") == []


def test_the_page_asks_nothing_of_a_network(unpacked):
	content = (unpacked / verify.PAGE).read_text()
	assert "default-src 'none'" in content
	assert "http://" not in content and "https://" not in content


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_the_width(browser, unpacked, world, width):
	size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
	browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
	try:
		browser.get((unpacked / verify.PAGE).as_uri())
		judge(browser, world.package)
		seen = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
		assert seen[0] <= seen[1] == width
	finally:
		browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_page_for_all_packages(browser, world, tmp_path):
	"""As a managing unit may publish it: it names no certificate of its own."""
	general = tmp_path / "verify.html"
	general.write_bytes(page.render())
	browser.get(general.as_uri())
	assert judge(browser, world.package) == "intact"
	package = tmp_path / "package.zip"
	tampering.all_by_other(world, package)
	reload_page(browser)
	assert judge(browser, package) == "intact" and signer(browser) == "not_asked"
