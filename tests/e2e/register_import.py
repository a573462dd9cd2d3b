"""Imports of units and cameras from Excel over HTTP, as the form does them."""

import time

import requests

from devbench.stack import Stack

API = "/api/method/giam_sat_mot_cua.api.register_import."
RUNNING = ("Checking", "Importing")


def units(prefix: str, communes: int) -> list[dict]:
	"""Rows of one province, a district for every ten communes, and the communes: the lowest stand first."""
	districts = max(communes // 10, 1)
	province = {"Mã đơn vị": prefix, "Tên đơn vị": f"Tỉnh {prefix}", "Cấp đơn vị": "Cấp tỉnh"}
	found = [
		{
			"Mã đơn vị": f"{prefix}-X{number:03d}",
			"Tên đơn vị": f"Xã {prefix} {number}",
			"Cấp đơn vị": "Cấp xã",
			"Đơn vị cấp trên": f"{prefix}-H{number % districts:02d}",
			"Có Bộ phận Một cửa": "Có",
			"valid_from": "01/01/2025",
			"responsible_head": "Nguyễn Văn Bình",
		}
		for number in range(communes)
	]
	found += [
		{
			"Mã đơn vị": f"{prefix}-H{number:02d}",
			"Tên đơn vị": f"Huyện {prefix} {number}",
			"Cấp đơn vị": "Cấp huyện",
			"Đơn vị cấp trên": prefix,
			"Có đơn vị trực thuộc": "Có",
			"Có Bộ phận Một cửa": "Có",
		}
		for number in range(districts)
	]
	return [*found, {**province, "Có đơn vị trực thuộc": "Có"}]


def cameras(prefix: str, count: int, homes: list[str]) -> list[dict]:
	"""Rows of cameras with an address and a login, spread over `homes`; none is recorded."""
	return [
		{
			"Mã camera": f"{prefix}-C{number:03d}",
			"Tên camera": f"Quầy {prefix} {number}",
			"unit": homes[number % len(homes)],
			"monitored_area": "Waiting Area",
			"enabled": "Không",
			"asset_number": f"{prefix}-TS-{number:04d}",
			"asset_owner": homes[number % len(homes)],
			"providing_unit": homes[number % len(homes)],
			"installed_on": "15/03/2025",
			"stream_url": f"rtsp://10.1.{number // 250}.{number % 250 + 1}:554/luong1",
			"stream_username": "quantri",
			"stream_password": f"mat-khau-{prefix}-{number}",
		}
		for number in range(count)
	]


class Importer:
	"""One Register Import, driven by a person who is logged in."""

	def __init__(self, stack: Stack, person: requests.Session):
		self.stack, self.person, self.name = stack, person, ""

	def post(self, method: str, **options) -> requests.Response:
		return self.person.post(self.stack.url + API + method, timeout=60, **options)

	def upload(self, content: bytes, file_name: str = "danh-ba.xlsx") -> requests.Response:
		answer = self.post("upload", files={"file": (file_name, content)}, data={"name": self.name})
		if answer.status_code == 200:
			self.name = answer.json()["message"]["name"]
		return answer

	def start(self, method: str) -> requests.Response:
		return self.post(method, json={"name": self.name})

	def progress(self) -> dict:
		answer = self.person.get(f"{self.stack.url}{API}progress?name={self.name}", timeout=60)
		assert answer.status_code == 200, answer.text
		return answer.json()["message"]

	def record(self) -> dict:
		answer = self.person.get(f"{self.stack.url}/api/resource/Register Import/{self.name}", timeout=60)
		assert answer.status_code == 200, answer.text
		return answer.json()["data"]

	def until(self, good, patience_s: float = 120, pause_s: float = 0.3) -> dict:
		"""Asks for the progress, as the form does, until `good(progress)`; returns the last answer."""
		end = time.monotonic() + patience_s
		while not good(found := self.progress()):
			assert time.monotonic() < end, f"{self.name} after {patience_s} s: {found}"
			time.sleep(pause_s)
		return found

	def finish(self, method: str, patience_s: float = 120) -> dict:
		"""Starts `check` or `run` and waits for its end; returns the record."""
		answer = self.start(method)
		assert answer.status_code == 200, answer.text
		self.until(lambda found: found["status"] not in RUNNING, patience_s)
		return self.record()
