"""Recordings for tests: a CameraRecorder with its events in a list."""

import hashlib
import json
import subprocess
from pathlib import Path

from giam_sat_mot_cua.media import events
from giam_sat_mot_cua.media.camera_stream import CameraStream
from giam_sat_mot_cua.media.recorder import CameraRecorder
from tests.cameras.server import wait_for


class Recording:
	"""Records one camera during a `with` block."""

	def __init__(
		self,
		url: str,
		volume: Path,
		camera: str = "cam",
		username: str = "",
		password: str = "",
		transport: str = "tcp",
		**options,
	):
		self.events: list[events.Event] = []
		chosen = {
			"file_seconds": 3,
			"fragment_ms": 500,
			"still_seconds": 1,
			"stall_seconds": 4,
			"retry": (0.5, 2),
		}
		self.volume = volume
		self.stream = CameraStream(camera, url, username, password, transport)
		self.recorder = CameraRecorder(self.stream, volume, self.events.append, **{**chosen, **options})

	def __enter__(self) -> "Recording":
		self.recorder.start()
		return self

	def __exit__(self, *_error) -> None:
		assert self.recorder.stop(30), "the recorder did not stop"

	def of(self, kind: type) -> list:
		return [event for event in self.events if isinstance(event, kind)]

	def wait_files(self, count: int, patience_s: float = 60) -> list[events.FileClosed]:
		wait_for(
			lambda: len(self.of(events.FileClosed)) >= count,
			patience_s,
			f"fewer than {count} files: {self.events}",
		)
		return self.of(events.FileClosed)

	def wait_state(self, state: str, fault: str | None = None, patience_s: float = 60) -> None:
		def there() -> bool:
			found = self.of(events.StateChanged)
			return bool(found) and (found[-1].state, found[-1].fault) == (state, fault)

		wait_for(there, patience_s, f"not {state}/{fault}: {self.events}")


def ffprobe(path: Path) -> dict:
	command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path)]
	done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
	assert not done.stderr, done.stderr
	return json.loads(done.stdout)


def decoding_errors(path: Path) -> str:
	"""What FFmpeg finds wrong when it decodes all of a file; empty when nothing is."""
	command = ["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"]
	done = subprocess.run(command, capture_output=True, text=True, timeout=60)
	return done.stderr or ("" if done.returncode == 0 else f"exit code {done.returncode}")


def sha256(path: Path) -> str:
	return hashlib.sha256(path.read_bytes()).hexdigest()
