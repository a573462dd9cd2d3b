"""One recording of each kind of camera, and packages of every kind, for all tests of this folder."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from giam_sat_mot_cua.media import events
from giam_sat_mot_cua.media.evidence import signing, verify
from tests.browser import OFFLINE, chromium
from tests.cameras.feeder import Feeding
from tests.cameras.server import CameraServer, camera, wait_for
from tests.evidence.footage import START_MS, record
from tests.evidence.packages import MADE_MS, write_package
from tests.evidence.recorded import Footage, recordings
from tests.evidence.tampering import World

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


DAY_MS = 86_400_000


@pytest.fixture(scope="session")
def signer() -> signing.Signer:
	return signing.make_signer("Văn phòng UBND tỉnh Ninh Bình", MADE_MS - DAY_MS)


@pytest.fixture(scope="session")
def volume(tmp_path_factory) -> Path:
	return tmp_path_factory.mktemp("volume")


@pytest.fixture(scope="session")
def recorded(volume):
	return record(volume, "NB-HL-NM-01", [START_MS, START_MS + 2000, START_MS + 5500])


@pytest.fixture(scope="session")
def world(tmp_path_factory, volume, recorded, signer) -> World:
	package = tmp_path_factory.mktemp("package") / "GCC-2026-00017.zip"
	write_package(package, volume, recorded, signer)
	other = signing.make_signer("Văn phòng UBND tỉnh Ninh Bình", MADE_MS - DAY_MS)
	expired = signing.make_signer("Đơn vị cũ", MADE_MS - 3000 * DAY_MS, years=1)
	return World(package, signer, other, expired, weak_key())


def weak_key() -> tuple:
	key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
	begin = verify.EPOCH + timedelta(milliseconds=MADE_MS - DAY_MS)
	name = signing.subject("Khóa yếu", "Khóa yếu")
	return key, signing.self_signed(key, name, begin.replace(microsecond=0), 10).public_bytes(Encoding.DER)


@pytest.fixture(scope="session")
def browser():
	with chromium(OFFLINE, size="1280,1000") as driver:
		yield driver
