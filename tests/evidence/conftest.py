import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from giam_sat_mot_cua.media.evidence import signing, verify
from tests.evidence.footage import START_MS, record
from tests.evidence.packages import MADE_MS, write_package
from tests.evidence.tampering import World

DAY_MS = 86_400_000
OPTIONS = [
	"--headless=new",
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--disable-dev-shm-usage",
	"--window-size=1280,1000",
	"--autoplay-policy=no-user-gesture-required",
	"--host-resolver-rules=MAP * ~NOTFOUND",  # a page that needs the network fails
]


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
	profile = tempfile.mkdtemp(prefix="gsmc-chromium-")
	options = webdriver.ChromeOptions()
	for option in [*OPTIONS, f"--user-data-dir={profile}"]:
		options.add_argument(option)
	options.binary_location = shutil.which("chromium") or "chromium"
	options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
	driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
	driver.set_page_load_timeout(60)
	yield driver
	driver.quit()
	shutil.rmtree(profile, ignore_errors=True)
