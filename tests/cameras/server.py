"""A camera server of one's own for a test: real RTSP on loopback, faults on request."""

import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
USERNAME, PASSWORD = "giamsat", "mat-khau-bi-mat-7261"


def camera(path: str, **values) -> dict:
	"""A small, cheap camera."""
	return {
		"path": path,
		"width": 320,
		"height": 180,
		"fps": 10,
		"gop_seconds": 1,
		"bitrate_kbit": 200,
		**values,
	}


class CameraServer:
	"""Runs `devbench.cameras` with the given cameras until the end of the `with` block."""

	def __init__(self, cameras: list[dict]):
		self.folder = tempfile.TemporaryDirectory(prefix="gsmc-cameras-")
		folder = Path(self.folder.name)
		self.config, self.ready, self.login = (
			folder / "cameras.json",
			folder / "ready.json",
			folder / "login.json",
		)
		self.config.write_text(json.dumps(cameras))
		self.login.write_text(json.dumps({"username": USERNAME, "password": PASSWORD}))
		self.port = self.control_port = 0
		self.process: subprocess.Popen | None = None

	def __enter__(self) -> "CameraServer":
		self.start()
		return self

	def __exit__(self, *_error) -> None:
		self.stop()
		self.folder.cleanup()

	def start(self) -> None:
		"""Starts the server, again on the same port after a `stop` or `kill`."""
		self.ready.unlink(missing_ok=True)
		command = [
			"/usr/bin/python3",
			"-m",
			"devbench.cameras",
			"--config",
			self.config,
			"--port",
			str(self.port),
		]
		command += ["--control-port", str(self.control_port), "--ready-file", self.ready]
		command += ["--login-file", self.login]
		env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}
		self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
		wait_for(self.ready.exists, 20, "the camera server did not start")
		found = json.loads(self.ready.read_text())
		self.port, self.control_port = found["port"], found["control_port"]

	@property
	def pid(self) -> int:
		return self.process.pid

	def url(self, path: str) -> str:
		return f"rtsp://127.0.0.1:{self.port}{path}"

	def control(self, action: str, path: str = "", **values) -> None:
		body = json.dumps({"action": action, "path": path, **values}).encode()
		urllib.request.urlopen(f"http://127.0.0.1:{self.control_port}/", data=body, timeout=15).close()

	def stall(self) -> None:
		"""The whole peer hangs: connections stay open, nothing is answered."""
		os.kill(self.pid, signal.SIGSTOP)

	def resume(self) -> None:
		os.kill(self.pid, signal.SIGCONT)

	def kill(self) -> None:
		self.process.kill()
		self.process.wait(10)

	def stop(self) -> None:
		if self.process.poll() is None:
			self.resume()
			self.process.terminate()
			self.process.wait(10)


def wait_for(check, patience_s: float, what: str, pause_s: float = 0.1):
	"""Polls `check` until it is true and returns its value; fails with `what` after `patience_s`."""
	until = time.monotonic() + patience_s
	while True:
		value = check()
		if value:
			return value
		if time.monotonic() > until:
			raise AssertionError(f"{what} (waited {patience_s} s)")
		time.sleep(pause_s)
