"""The server's clock is really set while a recorder runs: set_clock.c answers its questions for the time of
day."""

import os
import struct
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from giam_sat_mot_cua.media import events
from tests.cameras.feeder import Feeding, frame_numbers
from tests.cameras.server import ROOT

FPS = 25
STEPS = (90.0, -40.0, 2.0, -2.0)
FOLLOWED_S = 3  # a smaller step is followed slowly: docs/time.md


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
	made = tmp_path_factory.mktemp("clock") / "set_clock.so"
	source = Path(__file__).with_name("set_clock.c")
	subprocess.run(["gcc", "-Wall", "-shared", "-fPIC", "-o", made, source, "-ldl"], check=True)
	return made


class SteppedRecorder:
	"""`gsmc-media record` of one camera, with a clock that can be set."""

	def __init__(self, library: Path, url: str, folder: Path):
		self.footage, self.ahead = folder / "footage", folder / "ahead"
		self.set(0)
		env = {**os.environ, "LD_PRELOAD": str(library), "CLOCK_AHEAD": str(self.ahead)}
		command = [sys.executable, "-m", "giam_sat_mot_cua.media.cli", "record", "--json"]
		command += ["--camera", f"cam={url}", "--out", self.footage, "--file-seconds", "3"]
		self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)

	def set(self, seconds: float) -> None:
		"""The clock is so much ahead of the true time from now on."""
		with self.ahead.open("r+b" if self.ahead.exists() else "wb") as file:
			file.write(struct.pack("=q", round(seconds * 1e9)))

	def end(self) -> list[events.Event]:
		"""What it told."""
		self.process.terminate()
		told, _errors = self.process.communicate(timeout=60)
		assert self.process.returncode == 0
		return [events.from_json(line) for line in told.splitlines()]


@pytest.fixture(scope="module")
def stepped(library, tmp_path_factory) -> dict[float, tuple[SteppedRecorder, list[events.Event]]]:
	"""Recorders whose clocks were set by so many seconds, all at the same time, with what they told."""
	with Feeding(len(STEPS), kbit=300, fps=FPS, gop=1.0) as feeding:
		recorders = {
			step: SteppedRecorder(library, url, tmp_path_factory.mktemp("stepped"))
			for step, url in zip(STEPS, feeding.urls, strict=True)
		}
		time.sleep(9)
		for step, recorder in recorders.items():
			recorder.set(step)
		time.sleep(9)
		return {step: (recorder, recorder.end()) for step, recorder in recorders.items()}


@pytest.mark.parametrize("step_s", STEPS)
def test_a_servers_clock_that_is_set_loses_and_overlaps_nothing(stepped, step_s):
	recorder, told = stepped[step_s]
	files = [event for event in told if isinstance(event, events.FileClosed)]
	gaps = [event for event in told if isinstance(event, events.GapClosed)]
	numbers = [n for file in files for n in frame_numbers(recorder.footage / file.path)]
	assert len(numbers) > 12 * FPS and numbers == sorted(set(numbers))
	# a step ends the file; what comes until the next key frame belongs to none
	missing = numbers[-1] - numbers[0] + 1 - len(numbers)
	assert missing <= (FPS if abs(step_s) > FOLLOWED_S else 0), (missing, gaps)
	for file, later in pairwise(files):
		assert later.start_utc_ms >= file.start_utc_ms + file.duration_ms
	if step_s > FOLLOWED_S:
		assert [gap.cause for gap in gaps] == ["clock"]
		assert gaps[0].end_utc_ms - gaps[0].start_utc_ms == pytest.approx(step_s * 1000, abs=1500)
	else:
		assert all(gap.end_utc_ms - gap.start_utc_ms <= 1000 for gap in gaps)
