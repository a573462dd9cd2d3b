"""One recording of each kind of camera for all tests of this folder."""

import pytest

from giam_sat_mot_cua.media import events
from tests.cameras.feeder import Feeding
from tests.cameras.server import CameraServer, camera, wait_for
from tests.evidence.footage import Footage, recordings

CAMERAS = [
	camera("/alaw", audio="pcma"),
	camera("/aac", audio="aac"),
	camera("/bframes", b_frames=2),
	camera("/hevc", codec="h265"),
	camera("/resized"),
]
SMALL = {"width": 320, "height": 180, "fps": 10, "kbit": 300}


@pytest.fixture(scope="session")
def footage(tmp_path_factory) -> dict[str, Footage]:
	"""Files of three seconds and more. `numbered`: frames with numbers. `gap`: the same, away for a while.
	`long`: a key frame every four seconds. The others as in CAMERAS; `resized` changes its size."""
	folder = tmp_path_factory.mktemp("footage")
	with (
		CameraServer(CAMERAS) as server,
		Feeding(2, gop=1, **SMALL) as feeder,
		Feeding(1, gop=4, **SMALL) as slow,
	):
		urls = {config["path"][1:]: server.url(config["path"]) for config in CAMERAS}
		urls |= {"numbered": feeder.urls[0], "gap": feeder.urls[1], "long": slow.urls[0]}
		with recordings(urls, folder, file_seconds=3, fragment_ms=1000) as running:
			running["gap"].wait_files(1)
			running["resized"].wait_files(1)
			feeder.control("reboot", "/0001", seconds=3)
			server.control("resolution", "/resized", width=640, height=360)
			wait_for(lambda: sizes(running["resized"]) == {320, 640}, 40, "no file of the new size")
			for name, recording in running.items():
				recording.wait_files(3 if name == "gap" else 4)
	return {name: Footage(folder / name) for name in urls}


def sizes(recording) -> set[int]:
	return {file.info.width for file in recording.of(events.FileClosed)}
