"""A Chromium without a screen."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

OPTIONS = (
	"--headless=new",
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--disable-dev-shm-usage",
	"--autoplay-policy=no-user-gesture-required",
)
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND"  # a page that needs the network fails


@contextmanager
def chromium(*more: str, size: str = "1400,1100") -> Iterator[webdriver.Chrome]:
	"""With a profile of its own. `more`: further options; `size`: of the window, in pixels. What the console
	says is kept (`get_log("browser")`)."""
	profile = tempfile.mkdtemp(prefix="gsmc-chromium-")
	options = webdriver.ChromeOptions()
	for option in (*OPTIONS, *more, f"--window-size={size}", f"--user-data-dir={profile}"):
		options.add_argument(option)
	options.binary_location = shutil.which("chromium") or "chromium"
	options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
	try:
		driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
		driver.set_page_load_timeout(60)
		try:
			yield driver
		finally:
			driver.quit()
	finally:
		shutil.rmtree(profile, ignore_errors=True)
