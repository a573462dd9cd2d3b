"""Recorded footage moves to a store by the jobs of a running instance, and is played over HTTP from there:
for the same people, by the same links, and with a plain word when the store does not answer."""

import json
import re
import time

import frappe
import pytest

from giam_sat_mot_cua.api import links
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import archives, clock, hour_index
from giam_sat_mot_cua.workers import leases, reconcile, retention
from tests import footage_files
from tests.archive import store_server
from tests.cameras.server import wait_for
from tests.e2e import rows
from tests.e2e.test_browser import browser, log_in, open_camera, shown, video_time  # noqa: F401 (a fixture)

CAMERA = "NB-HL-NM-01"  # of the unit of the demo's Unit Operator
API = "/api/method/giam_sat_mot_cua.api."
DAY_MS, MINUTE_MS = footage_files.DAY_MS, footage_files.MINUTE_MS
FILES = 3


@pytest.fixture(scope="module")
def server():
	with store_server.store_server() as found:
		found.bucket("kho")
		yield found


class Archived:
	"""Footage of two days ago that a recorder wrote, for an archive."""

	def __init__(self, archive, content: bytes, starts: list[int]):
		self.archive, self.content, self.starts = archive, content, starts

	@property
	def period(self) -> dict[str, str]:
		ends = (self.starts[0], self.starts[-1] + 2 * MINUTE_MS)
		first, last = (f"{clock.site_time(end):%Y-%m-%d %H:%M:%S}" for end in ends)
		return {"camera": CAMERA, "start": first, "end": last}


@pytest.fixture(scope="module")
def archived(stack, server):
	newest = rows.wait_indexed(CAMERA, clock.now_ms() - 3_600_000)[-1]
	content = (stack.footage / layout.file_path(CAMERA, newest.start_utc_ms)).read_bytes()
	begin = clock.now_ms() - 2 * DAY_MS
	starts = [begin + number * 2 * MINUTE_MS for number in range(FILES)]
	for start in starts:
		path = stack.footage / layout.file_path(CAMERA, start)
		path.parent.mkdir(parents=True, exist_ok=True)
		path.write_bytes(content)
	reconcile.reconcile_site(CAMERA)
	assert place(starts) == {"main"}
	archive = footage_files.make_archive(server.url, "kho")
	frappe.db.set_value("Storage Volume", archive.name, "enabled", 1)
	frappe.db.commit()  # workers must see it
	yield Archived(archive, content, starts)
	frappe.db.rollback()
	frappe.db.set_single_value("Monitoring Settings", "archive_after_hours", 0)
	frappe.db.commit()  # the running instance is to be as before
	footage_files.forget_files(CAMERA, starts)
	for start in starts:
		(stack.footage / layout.file_path(CAMERA, start)).unlink(missing_ok=True)
	footage_files.forget([archive.name], [])


def place(starts: list[int]) -> set[str | None]:
	rows.refresh()
	return {hour_index.volume_of(CAMERA, start) for start in starts}


def playlist(stack, person, archived):
	return person.get(f"{stack.url}{API}playback.playlist", params=archived.period, timeout=60)


def segments(text: str) -> list[tuple[str, int, int]]:
	"""(address, first byte, bytes) of each segment of a playlist."""
	found = re.findall(r"#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)", text)
	return [(address, int(begin), int(count)) for count, begin, address in found]


def test_a_job_moves_what_is_old_enough(stack, session, archived, server):
	found = segments(playlist(stack, session("Unit Operator"), archived).text)
	assert len(found) >= FILES and all("/gsmc-media/main/" in address for address, _begin, _count in found)
	frappe.db.set_single_value("Monitoring Settings", "archive_after_hours", 20)
	frappe.db.commit()  # workers must see it
	row = frappe._dict(name="main", node=leases.node_name())
	retention.enqueue(row, "move")
	wait_for(lambda: place(archived.starts) == {archived.archive.name}, 60, "it was not moved")
	wait_for(lambda: not any(in_folder(stack, start) for start in archived.starts), 20, "files were left")
	prefix = archived.archive.name + "/"
	assert {layout.parse_path(key[len(prefix) :]) for key in server.keys("kho", prefix + CAMERA)} == {
		(CAMERA, start) for start in archived.starts
	}


def in_folder(stack, start: int) -> bool:
	return (stack.footage / layout.file_path(CAMERA, start)).exists()


def test_it_is_played_from_there_by_the_same_people(stack, session, archived):
	person = session("Unit Operator")
	answer = playlist(stack, person, archived)
	assert answer.status_code == 200, answer.text[:300]
	found = segments(answer.text)
	assert len(found) >= FILES
	for address, begin, count in found:
		assert address.startswith(f"/gsmc-media/{archived.archive.name}/{CAMERA}/")
		wanted = {"Range": f"bytes={begin}-{begin + count - 1}"}
		part = person.get(stack.url + address, headers=wanted, timeout=30)
		assert (part.status_code, part.content) == (206, archived.content[begin : begin + count])
		size = len(archived.content)
		assert part.headers["Content-Range"] == f"bytes {begin}-{begin + count - 1}/{size}"
		assert part.headers["Content-Type"] == "video/mp4"
		told = answer.text + str(part.headers)
		for secret in (store_server.ACCESS_KEY, store_server.SECRET_KEY, archived.archive.endpoint, "x-amz"):
			assert secret.lower() not in told.lower()


def test_bytes_come_as_they_do_from_a_folder(stack, session, archived):
	person, content = session("Unit Operator"), archived.content
	address = stack.url + segments(playlist(stack, person, archived).text)[0][0]
	size = len(content)
	for wanted, status, expected in (
		(None, 200, content),
		("bytes=0-", 206, content),
		("bytes=10-19", 206, content[10:20]),
		("bytes=-7", 206, content[-7:]),
		(f"bytes={size - 3}-{size + 100}", 206, content[-3:]),
		(f"bytes={size}-", 416, b""),
		("bytes=0-1,5-6", 416, b""),
		("items=0-1", 416, b""),
	):
		headers = {"Range": wanted} if wanted else {}
		answer = person.get(address, headers=headers, timeout=30)
		assert (answer.status_code, answer.content) == (status, expected), wanted
		if status != 416:
			assert answer.headers["Content-Length"] == str(len(expected))
		told = person.head(address, headers=headers, timeout=30)
		assert (told.status_code, told.content) == (status, b""), wanted
		assert told.headers.get("Content-Range") == answer.headers.get("Content-Range")
	assert person.post(address, timeout=30).status_code in (403, 404, 405)


def test_nobody_else_gets_it(stack, session, archived):
	person = session("Unit Operator")
	address = stack.url + segments(playlist(stack, person, archived).text)[0][0]
	for change in (
		lambda url: url[:-1] + ("A" if url[-1] != "A" else "B"),
		lambda url: url.replace("e=", "e=1"),
		lambda url: re.sub(r"\d{9}\.mp4", "000000000.mp4", url),
		lambda url: url.partition("?")[0],
	):
		assert person.get(change(address), timeout=30).status_code == 403
	assert session("Unit Leader").get(address, timeout=30).status_code == 403, "another session"
	foreign = {**archived.period, "camera": "NB-GV-01"}
	refused = person.get(f"{stack.url}{API}playback.playlist", params=foreign, timeout=30)
	assert refused.status_code == 403


def test_a_link_to_the_folder_that_was_made_before_the_move_still_works(stack, session, archived):
	person = session("Unit Operator")

	def answer(start: int):
		uri, expires = f"{links.PREFIX}main/{layout.file_path(CAMERA, start)}", int(time.time()) + 600
		signature = links.signature(uri, expires, person.cookies["sid"])
		return person.get(f"{stack.url}{uri}?e={expires}&s={signature}", timeout=30)

	assert answer(archived.starts[0]).content == archived.content
	assert answer(archived.starts[0] + 1).status_code == 404


def test_a_store_that_does_not_answer_is_told_in_vietnamese_and_holds_nobody_up(
	stack, session, archived, server
):
	person = session("Unit Operator")
	address = stack.url + segments(playlist(stack, person, archived).text)[0][0]
	server.pause()
	try:
		began = time.monotonic()
		answer = playlist(stack, person, archived)
		assert time.monotonic() - began < 10
		assert answer.status_code == 424
		told = json.loads(json.loads(answer.json()["_server_messages"])[0])["message"]
		assert told.startswith("Bản ghi từ ") and "nằm trong kho lưu trữ" in told, told
		began = time.monotonic()
		assert person.get(address, timeout=30).status_code == 424
		found = person.get(f"{stack.url}{API}coverage.period", params=archived.period, timeout=30)
		away = [piece for piece in found.json()["message"]["pieces"] if piece["kind"] == "away"]
		assert away and archived.archive.name in away[0]["text"]
		assert time.monotonic() - began < 3, "it is remembered that the store is away"
	finally:
		server.go_on()
	frappe.cache().delete_value(archives.away_key(archived.archive.name))  # the seconds have passed
	assert playlist(stack, person, archived).status_code == 200


def test_the_form_says_whether_the_archive_answers(stack, session, archived):
	method = f"{stack.url}{API}archives.check"
	person = session("Monitoring Administrator")
	answer = person.post(method, json={"volume": archived.archive.name}, timeout=30)
	assert answer.json()["message"] == {"answers": True, "text": "Kho lưu trữ trả lời bình thường."}
	refused = session("Monitoring Operator").post(method, json={"volume": archived.archive.name}, timeout=30)
	assert refused.status_code == 403
	rows.refresh()
	assert frappe.db.get_value("Storage Volume", archived.archive.name, "state") == "Ready"


def test_a_browser_plays_it_and_says_in_words_when_the_store_is_away(
	browser,  # noqa: F811
	stack,
	archived,
	server,
):
	log_in(browser, stack, "Monitoring Administrator")
	browser.get(f"{stack.url}/app/storage-volume/{archived.archive.name}")
	wait_for(lambda: "Kiểm tra kho lưu trữ" in shown(browser, ".page-head"), 40, "no button")
	form = shown(browser, ".form-layout")
	for label in ("Địa chỉ kho", "Bucket", "Khóa truy cập", "Chuyển bản ghi vào ổ này"):
		assert label in form, form
	assert "Thư mục trên máy ghi" not in form, "an archive has no folder"
	browser.execute_script(
		"[...document.querySelectorAll('.page-head button')]"
		".find((one) => one.textContent.includes('Kiểm tra kho lưu trữ')).click()"
	)
	wait_for(lambda: "Kho lưu trữ trả lời bình thường." in shown(browser, ".modal.show"), 30, "no answer")
	open_camera(browser, stack)
	play = "cur_frm.gsmc_player.play(arguments[0], false)"
	browser.execute_script(play, archived.period)
	wait_for(lambda: video_time(browser)[1] == 640, 40, "no picture")
	wait_for(lambda: video_time(browser)[0] > 1, 20, "the video does not advance")
	server.pause()
	try:
		browser.execute_script(play, archived.period)
		wait_for(lambda: "nằm trong kho lưu trữ" in shown(browser, ".gsmc-note"), 30, "another message")
		wait_for(lambda: archived.archive.name in shown(browser, ".gsmc-period"), 30, "no timeline")
	finally:
		server.go_on()
