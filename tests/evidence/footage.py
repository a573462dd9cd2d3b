"""Recorded files for packages, written as a recorder writes them."""

import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy

from giam_sat_mot_cua.media import mp4_write
from giam_sat_mot_cua.media.events import FileClosed, StreamInfo
from giam_sat_mot_cua.media.fmp4 import TIMESCALE
from giam_sat_mot_cua.media.mp4_write import Picture, Sample
from giam_sat_mot_cua.media.volume_writer import OpenFile, VolumeWriter
from tests.cameras.feeder import nal_units

FPS, WIDTH, HEIGHT = 10, 320, 180
START_MS = 1_795_651_200_000  # 2026-11-26 00:00:00 UTC


def record(volume: Path, camera: str, starts: list[int], seconds: int = 2) -> list[FileClosed]:
	"""Files of `camera` on `volume`, one at each start (UTC, ms), each of other pictures."""
	writer = VolumeWriter.of(volume, None)
	found = []
	for number, start in enumerate(starts):
		found.append(write_file(writer, camera, start, pictures(number, seconds)))
	return found


def write_file(writer: VolumeWriter, camera: str, start: int, units: list[list[bytes]]) -> FileClosed:
	closed, done = [], threading.Event()

	def told(_file: OpenFile, result: FileClosed | None, error: Exception | None) -> None:
		closed.append(error or result)
		done.set()

	sets = tuple(unit for unit in units[0] if unit[0] & 31 in (7, 8))
	file = OpenFile(writer, camera, start, StreamInfo("h264", WIDTH, HEIGHT, FPS), told)
	file.begin(mp4_write.header(Picture("h264", WIDTH, HEIGHT, sets), None))
	step = TIMESCALE // FPS
	for number in range(0, len(units), FPS):
		samples = [sample(frame, step, not at) for at, frame in enumerate(units[number : number + FPS])]
		data = mp4_write.fragment(number // FPS + 1, samples, number * step)
		file.append(data, number * step, len(samples) * step, True)
	file.finish()
	assert done.wait(30) and isinstance(closed[0], FileClosed), closed
	return closed[0]


def sample(units: list[bytes], ticks: int, key: bool) -> Sample:
	"""A picture: its NAL units with their lengths before them."""
	parts = [part for unit in units for part in (len(unit).to_bytes(4, "big"), unit)]
	return Sample(parts, sum(map(len, parts)), ticks, key)


def pictures(seed: int, seconds: int) -> list[list[bytes]]:
	"""NAL units of each picture; a key frame a second."""
	codec = av.CodecContext.create("libx264", "w")
	codec.width, codec.height, codec.pix_fmt, codec.gop_size = WIDTH, HEIGHT, "yuv420p", FPS
	codec.time_base, codec.framerate = Fraction(1, FPS), FPS
	codec.options = {
		"preset": "ultrafast",
		"tune": "zerolatency",
		"x264-params": "repeat-headers=1:scenecut=0",
	}
	noise = numpy.random.default_rng(seed).integers(16, 235, (HEIGHT * 3 // 2, WIDTH), dtype=numpy.uint8)
	noise = noise // 6 + 60
	found = []
	for number in range(seconds * FPS):
		frame = av.VideoFrame.from_ndarray(numpy.roll(noise, number * 4, axis=1), format="yuv420p")
		frame.pts = number
		found.extend(list(nal_units(bytes(packet))) for packet in codec.encode(frame))
	return found
