"""Playlists: what RFC 8216 asks, numbers that never go back, and real playback through FFmpeg."""

import re
import shutil
import subprocess
from itertools import pairwise

import pytest

from giam_sat_mot_cua.media import events
from giam_sat_mot_cua.media.fmp4 import TIMESCALE, Fragment
from giam_sat_mot_cua.media.playlist import PlaylistFile, media_playlist
from giam_sat_mot_cua.media.segment_index import FileIndex, read_index
from tests.cameras.server import CameraServer, camera, wait_for
from tests.media.recording import Recording

START = 1_795_524_705_007  # 2026-11-24 12:51:45.007 UTC
SECOND = TIMESCALE


def footage(number: int, seconds: int, complete: bool = True) -> PlaylistFile:
	"""A minute's file with fragments of a second, a key frame in every second one."""
	fragments = [Fragment(800 + 1000 * n, 1000, n * SECOND, SECOND, n % 2 == 0) for n in range(seconds)]
	index = FileIndex(800, tuple(fragments), complete)
	return PlaylistFile(START + number * 60_000, index, f"/f/{number}.mp4?a=1&b=2")


def sequence(text: str) -> dict[str, tuple[int, int]]:
	"""Segment (URL and range) -> (media sequence, discontinuity sequence) as a player counts them."""
	numbers = dict(re.findall(r"#EXT-X-(MEDIA|DISCONTINUITY)-SEQUENCE:(\d+)", text))
	media, discontinuity = int(numbers["MEDIA"]), int(numbers["DISCONTINUITY"])
	found, place = {}, ""
	for line in text.splitlines():
		if line == "#EXT-X-DISCONTINUITY":
			discontinuity += 1
		elif line.startswith("#EXT-X-BYTERANGE:"):
			place = line
		elif not line.startswith("#"):
			found[line + place] = (media, discontinuity)
			media += 1
	return found


def test_a_past_period_holds_the_groups_that_touch_it_and_ends():
	files = [footage(0, 60), footage(1, 60)]
	text = media_playlist(files, live=False, from_utc_ms=START + 57_000, to_utc_ms=START + 62_000)
	assert text == (
		"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n"
		"#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-INDEPENDENT-SEGMENTS\n"
		'#EXT-X-MAP:URI="/f/0.mp4?a=1&b=2",BYTERANGE="800@0"\n'
		"#EXT-X-PROGRAM-DATE-TIME:2026-11-24T12:52:41.007Z\n"
		"#EXTINF:2.000,\n#EXT-X-BYTERANGE:2000@56800\n/f/0.mp4?a=1&b=2\n"
		"#EXTINF:2.000,\n#EXT-X-BYTERANGE:2000@58800\n/f/0.mp4?a=1&b=2\n"
		"#EXT-X-DISCONTINUITY\n"
		'#EXT-X-MAP:URI="/f/1.mp4?a=1&b=2",BYTERANGE="800@0"\n'
		"#EXT-X-PROGRAM-DATE-TIME:2026-11-24T12:52:45.007Z\n"
		"#EXTINF:2.000,\n#EXT-X-BYTERANGE:2000@800\n/f/1.mp4?a=1&b=2\n"
		"#EXT-X-ENDLIST\n"
	)


def test_nothing_recorded_is_a_playlist_without_segments():
	assert media_playlist([], live=False).splitlines()[-1] == "#EXT-X-ENDLIST"
	assert sequence(media_playlist([footage(0, 1, complete=False)], live=True)) == {}
	assert sequence(media_playlist([], live=True, window_ms=10_000)) == {}


def test_only_whole_groups_of_a_growing_file_are_listed():
	for seconds, groups in ((1, 0), (2, 0), (3, 1), (4, 1), (5, 2)):
		assert len(sequence(media_playlist([footage(0, seconds, complete=False)], live=True))) == groups
	# left without its index by a full disk, but another file follows: all that is whole in it counts
	assert len(sequence(media_playlist([footage(0, 5, complete=False), footage(1, 4)], live=True))) == 3 + 2


@pytest.mark.parametrize("window_ms", [None, 20_000, 1])
def test_a_segment_keeps_its_numbers_while_a_live_playlist_grows_and_slides(window_ms):
	known: dict[str, tuple[int, int]] = {}
	first = last = -1
	for elapsed in range(1, 185):
		whole, rest = divmod(elapsed, 60)
		files = [footage(n, 60) for n in range(whole)] + ([footage(whole, rest, False)] if rest else [])
		text = media_playlist(files, live=True, from_utc_ms=START, window_ms=window_ms)
		assert "#EXT-X-ENDLIST" not in text
		now = sequence(text)
		assert all(known.setdefault(name, numbers) == numbers for name, numbers in now.items())
		media = [number for number, _discontinuity in now.values()]
		if media:
			assert media == list(range(media[0], media[-1] + 1))
			assert media[0] >= first and media[-1] >= last
			first, last = media[0], media[-1]
			assert window_ms is None or len(media) <= max(window_ms // 2000, 1)
	assert first == (0 if window_ms is None else last + 1 - max(window_ms // 2000, 1))


def test_recorded_files_play_through_in_ffmpeg(tmp_path):
	"""Two files and the growing one, by byte ranges: as long as they say, no frame is lost between."""
	with CameraServer([camera("/a", audio="pcma"), camera("/h", codec="h265")]) as server:
		for path in ("/a", "/h"):
			volume = tmp_path / path[1:]
			volume.mkdir()
			with Recording(server.url(path), volume) as recording:
				recording.wait_files(2)
				newest = recording.of(events.FileOpened)[-1]
				wait_for(
					lambda n=newest, v=volume: playable(v / n.path) >= 2, 30, "the newest file does not grow"
				)
				played_while_growing(recording, volume)


def playable(path) -> int:
	return sum(fragment.key for fragment in read_index(path).fragments)


def played_while_growing(recording: Recording, volume) -> None:
	opened = recording.of(events.FileOpened)
	files = [PlaylistFile(f.start_utc_ms, read_index(volume / f.path), str(volume / f.path)) for f in opened]
	text = media_playlist(files, live=False)
	durations = [float(text) for text in re.findall(r"#EXTINF:([\d.]+),", text)]
	longest = int(re.search(r"TARGETDURATION:(\d+)", text).group(1))
	assert max(durations) <= longest
	(volume / "list.m3u8").write_text(text)
	command = [
		"ffprobe",
		"-v",
		"error",
		"-allowed_extensions",
		"ALL",
		"-select_streams",
		"v",
		"-show_entries",
	]
	command += ["packet=pts_time", "-of", "csv=p=0", "-i", str(volume / "list.m3u8")]
	done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
	assert not done.stderr, done.stderr
	# FFmpeg does not offset times at a discontinuity, so that frames are counted and not times
	frames = len(done.stdout.split())
	assert frames == pytest.approx(sum(durations) * 10, abs=3)  # the test's cameras send 10 frames a second
	decoder = [
		"ffmpeg",
		"-v",
		"error",
		"-xerror",
		"-allowed_extensions",
		"ALL",
		"-i",
		str(volume / "list.m3u8"),
	]
	done = subprocess.run([*decoder, "-f", "null", "-"], capture_output=True, text=True, timeout=60)
	assert done.returncode == 0, done.stderr
	dates = re.findall(r"PROGRAM-DATE-TIME:(\S+)", text)
	assert len(dates) == len([f for f in files if f"{f.url}\n" in text])
	assert all(earlier < later for earlier, later in pairwise(dates))


@pytest.fixture(autouse=True, scope="module")
def ffmpeg_is_there():
	assert shutil.which("ffmpeg") and shutil.which("ffprobe"), "apt install ffmpeg"
