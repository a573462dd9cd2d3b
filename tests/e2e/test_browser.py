"""A person in a real browser: logs in, sees the camera in Vietnamese, watches it live and plays the past."""

import re
import time

import frappe
import pytest
from selenium.webdriver.common.by import By

from giam_sat_mot_cua.recording import clock
from tests.browser import chromium
from tests.cameras.server import wait_for

CAMERA = "NB-HL-NM-01"  # of the demo commune operator


@pytest.fixture
def browser():
	with chromium() as driver:
		yield driver


def log_in(browser, stack, role: str) -> None:
	person = stack.logins[role]
	browser.get(stack.url + "/login")
	form = wait_for(lambda: browser.find_elements(By.ID, "login_email"), 60, "no login form")[0]
	form.send_keys(person["user"])
	browser.find_element(By.ID, "login_password").send_keys(person["password"])
	browser.find_element(By.CSS_SELECTOR, ".form-login .btn-login").click()
	wait_for(lambda: "/app" in browser.current_url, 60, "the login did not lead to the Desk")


def log_out(browser, stack) -> None:
	"""Ends the session itself: an answer to the Desk that is still under way may bring its cookie back."""
	browser.get(stack.url + "/?cmd=web_logout")
	browser.delete_all_cookies()


SHOWN = """
	const seen = [...document.querySelectorAll(arguments[0])].find((each) => each.checkVisibility());
	return seen ? seen.innerText.trim() : "";
"""


def shown(browser, css: str) -> str:
	"""Text of the first of these elements that is seen. Read at once: pages put others in their place."""
	return browser.execute_script(SHOWN, css)


def press(browser, css: str) -> None:
	browser.execute_script("document.querySelector(arguments[0]).click()", css)


def video_time(browser) -> tuple[float, int]:
	"""(position in seconds, width of the picture)"""
	script = "const v = document.querySelector('video'); return v ? [v.currentTime, v.videoWidth] : [0, 0]"
	return tuple(browser.execute_script(script))


def open_camera(browser, stack) -> None:
	browser.get(f"{stack.url}/app/camera/{CAMERA}")
	wait_for(lambda: browser.find_elements(By.CSS_SELECTOR, ".gsmc-live"), 60, "no player in the form")


def test_the_desk_speaks_vietnamese(browser, stack):
	log_in(browser, stack, "Unit Operator")
	wait_for(lambda: shown(browser, ".page-title .title-text") == "Giám sát Một cửa", 60, "not our workspace")
	open_camera(browser, stack)
	text = browser.find_element(By.CSS_SELECTOR, ".form-layout").text
	for label in (
		"Trạng thái",
		"Đang ghi hình",
		"Hình",
		"Tiếng",
		"Xem trực tiếp",
		"Xem lại theo thời gian",
	):
		assert label in text
	for english in ("Recording", "Picture", "Sound", "Watch", "Camera Code"):
		assert not re.search(rf"\b{english}\b", text), english


def test_the_newest_still_and_the_last_hour_are_there(browser, stack):
	log_in(browser, stack, "Unit Operator")
	open_camera(browser, stack)
	width = "const i = document.querySelector('.gsmc-screen img'); return i ? i.naturalWidth : 0"
	wait_for(lambda: browser.execute_script(width) == 640, 30, "no still")
	wait_for(lambda: "Đã ghi trong một giờ qua" in shown(browser, ".gsmc-hour"), 30, "no coverage")
	assert len(browser.find_elements(By.CSS_SELECTOR, ".gsmc-coverage span")) == 60


def test_live_video_advances_and_shows_the_present(browser, stack):
	log_in(browser, stack, "Unit Operator")
	open_camera(browser, stack)
	press(browser, ".gsmc-live")
	wait_for(lambda: video_time(browser)[1] == 640, 60, "no picture")
	first = video_time(browser)[0]
	wait_for(lambda: video_time(browser)[0] > first + 4, 40, "the video does not advance")
	line = wait_for(lambda: re.search(r"(\d\d):(\d\d):(\d\d)", shown(browser, ".gsmc-time")), 20, "no clock")
	assert shown(browser, ".gsmc-time").startswith("Trực tiếp")
	now = clock.site_time(clock.now_ms())
	seen = now.replace(hour=int(line[1]), minute=int(line[2]), second=int(line[3]))
	assert -5 < (now - seen).total_seconds() < 30


def test_the_past_is_played_from_the_moment_asked_for(browser, stack):
	log_in(browser, stack, "Unit Operator")
	open_camera(browser, stack)
	end = clock.now_ms() - 10_000
	start = end - 20_000
	query = {
		"camera": CAMERA,
		"start": f"{clock.site_time(start):%Y-%m-%d %H:%M:%S}",
		"end": f"{clock.site_time(end):%Y-%m-%d %H:%M:%S}",
	}
	browser.execute_script("cur_frm.gsmc_player.play(arguments[0], false)", query)
	wait_for(lambda: video_time(browser)[1] == 640, 60, "no picture")
	first = video_time(browser)[0]
	wait_for(lambda: video_time(browser)[0] > first + 2, 40, "the video does not advance")


@pytest.mark.parametrize(
	("end", "said"),
	[
		("2020-01-01 00:10:00", "Không có dữ liệu ghi hình trong khoảng này."),
		("2019-01-01 00:00:00", "Thời điểm kết thúc phải sau thời điểm bắt đầu."),
	],
	ids=["nothing recorded", "the wrong way round"],
)
def test_a_period_that_cannot_be_shown_is_said_in_words(browser, stack, end, said):
	log_in(browser, stack, "Unit Operator")
	open_camera(browser, stack)
	query = {"camera": CAMERA, "start": "2020-01-01 00:00:00", "end": end}
	browser.execute_script("cur_frm.gsmc_player.play(arguments[0], false)", query)
	wait_for(
		lambda: shown(browser, ".gsmc-note") == said,
		40,
		f"another message: {shown(browser, '.gsmc-screen')}",
	)


def test_an_open_form_shows_what_becomes_of_its_camera(browser, stack):
	log_in(browser, stack, "Unit Operator")
	open_camera(browser, stack)
	wait_for(lambda: browser.execute_script("return cur_frm.doc.state") == "Recording", 60, "not recording")
	try:
		frappe.db.set_value("Camera", CAMERA, "enabled", 0)
		frappe.db.commit()  # the recorder must see it
		indicator = "return cur_frm.page.indicator.text().trim()"
		wait_for(
			lambda: browser.execute_script(indicator) == "Không ghi hình", 60, "the form does not follow"
		)
	finally:
		frappe.db.set_value("Camera", CAMERA, "enabled", 1)
		frappe.db.commit()


def test_another_units_camera_is_not_shown(browser, stack):
	log_in(browser, stack, "Unit Operator")
	browser.get(f"{stack.url}/app/camera/NB-GV-01")
	time.sleep(3)
	assert not browser.find_elements(By.CSS_SELECTOR, ".gsmc-live")
	browser.get(f"{stack.url}/app/camera")
	wait_for(lambda: "Ninh Mỹ" in browser.find_element(By.CSS_SELECTOR, "body").text, 60, "an empty list")
	assert "Gia Viễn" not in browser.find_element(By.CSS_SELECTOR, "body").text


def test_an_administrator_is_shown_a_connection_after_saying_why(browser, stack):
	log_in(browser, stack, "Monitoring Administrator")
	open_camera(browser, stack)
	button = "[...document.querySelectorAll('button')].find((b) => b.innerText.trim() === 'Hiện kết nối')"
	wait_for(lambda: browser.execute_script(f"return Boolean({button})"), 30, "no button")
	browser.execute_script(f"{button}.click()")
	wait_for(lambda: shown(browser, ".modal.show .modal-title") == "Hiện kết nối", 30, "no question")
	wait_for(lambda: browser.execute_script("return Boolean(cur_dialog)"), 30, "the question did not open")
	answer = "cur_dialog.set_value('reason', 'Kiểm tra đường truyền')"
	browser.execute_script(f"{answer}.then(() => cur_dialog.get_primary_btn().click())")
	wait_for(lambda: "rtsp://127.0.0.1" in shown(browser, ".modal.show"), 30, "the connection is not shown")
	assert "Kết nối của Ninh Mỹ – Quầy số 1" in shown(browser, ".modal.show")


def test_the_tree_of_units_begins_at_the_own_unit(browser, stack):
	log_in(browser, stack, "Unit Operator")
	browser.get(f"{stack.url}/app/monitored-unit/view/tree")
	wait_for(lambda: "UBND phường Ninh Mỹ" in shown(browser, ".tree"), 60, "the own unit is not in the tree")
	assert "Gia Viễn" not in shown(browser, ".tree") and "Hoa Lư" not in shown(browser, ".tree")


def test_an_empty_list_says_so_in_vietnamese(browser, stack):
	log_in(browser, stack, "Unit Operator")
	browser.get(f"{stack.url}/app/recording-gap?cause=Maintenance")
	wait_for(lambda: "Không có Khoảng gián đoạn nào" in shown(browser, ".no-result"), 60, "no empty list")


def test_login_page_is_vietnamese_in_an_english_browser(browser, stack):
	browser.get(stack.url + "/login")
	wait_for(lambda: shown(browser, ".form-login .btn-login"), 30, "no login form")
	page = browser.find_element(By.TAG_NAME, "body").text
	assert "Giám sát Một cửa" in page and "Quên mật khẩu" in page
	assert not re.search(r"\b(Login|Password|Frappe|Email Link|Sign up)\b", page)
	browser.find_element(By.ID, "login_email").send_keys("khong.co@giamsat.example")
	browser.find_element(By.ID, "login_password").send_keys("sai mật khẩu")
	browser.find_element(By.CSS_SELECTOR, ".form-login .btn-login").click()
	wait_for(lambda: "sai tài khoản" in shown(browser, ".form-login").lower(), 30, "no refusal in Vietnamese")
