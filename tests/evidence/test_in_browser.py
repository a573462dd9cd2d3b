"""Joined and derived files in a real browser, from disk, as somebody opens them who was given a package."""

from pathlib import Path

import pytest

from giam_sat_mot_cua.media.evidence.derivative import derive
from giam_sat_mot_cua.media.evidence.playable import join
from giam_sat_mot_cua.media.evidence.watermark import Watermark
from tests.cameras.server import wait_for
from tests.evidence.recorded import Outputs

pytestmark = pytest.mark.browser
EVER = 1 << 42
PAGE = "<video muted src=video.mp4></video>"


def show(browser, folder: Path, data: bytes) -> None:
	(folder / "video.mp4").write_bytes(data)
	(folder / "page.html").write_text(PAGE)
	browser.get((folder / "page.html").as_uri())
	wait_for(lambda: state(browser, "readyState") >= 3, 20, "the browser does not take it")


def state(browser, name: str):
	return browser.execute_script(f"return document.querySelector('video').{name}")


def plays_and_seeks(browser, seconds: float) -> None:
	assert state(browser, "duration") == pytest.approx(seconds, abs=0.25)
	for moment in (seconds * 0.7, seconds * 0.2):
		browser.execute_script(f"document.querySelector('video').currentTime = {moment}")
		wait_for(lambda: not state(browser, "seeking"), 10, "seeking does not end")
		assert state(browser, "currentTime") == pytest.approx(moment, abs=0.01)
	browser.execute_script("const v = document.querySelector('video'); v.playbackRate = 4; v.play()")
	wait_for(lambda: state(browser, "ended"), 40, "it does not play to the end")
	assert state(browser, "error") is None
	assert state(browser, "currentTime") == pytest.approx(seconds, abs=0.25)
	assert state(browser, "duration") == pytest.approx(seconds, abs=0.25)


@pytest.mark.parametrize("kind", ["numbered", "long", "bframes", "alaw", "aac"])
@pytest.mark.parametrize("from_file", [0, 1])
def test_a_joined_file_plays_to_its_end(browser, footage, tmp_path, kind, from_file):
	outputs, sources = Outputs(), footage[kind].sources
	part = join(sources, sources[from_file].start_utc_ms, EVER, outputs.open)[0]
	show(browser, tmp_path, outputs.data[0])
	plays_and_seeks(browser, (part.end_utc_ms - part.first_utc_ms) / 1000)


def test_a_gap_is_played_as_the_picture_before_it(browser, footage, tmp_path):
	outputs = Outputs()
	part = join(footage["gap"].sources, 0, EVER, outputs.open)[0]
	gap = part.gaps[0]
	show(browser, tmp_path, outputs.data[0])
	plays_and_seeks(browser, (part.end_utc_ms - part.first_utc_ms) / 1000)
	middle = ((gap.begin_utc_ms + gap.end_utc_ms) / 2 - part.first_utc_ms) / 1000
	browser.execute_script(f"document.querySelector('video').currentTime = {middle}")
	wait_for(lambda: not state(browser, "seeking"), 10, "a gap cannot be sought")


def test_a_derivative_plays_to_its_end(browser, footage, tmp_path):
	outputs, begin = Outputs(), footage["aac"].sources[0].start_utc_ms + 1500
	mark = Watermark(["Đơn đề nghị số 07/ĐN-TX"], "Asia/Ho_Chi_Minh")
	part = derive(footage["aac"].sources, begin, begin + 6000, outputs.open, filters=[mark])[0]
	show(browser, tmp_path, outputs.data[0])
	plays_and_seeks(browser, (begin + 6000 - part.first_utc_ms) / 1000)
