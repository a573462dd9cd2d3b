"""An hour of one camera packed as evidence: the package's writer against `cp` and `sha256sum` of the same
files, in turn, on the same disk, from the page cache. Needs no instance:
`python -m tests.benchmarks.evidence_export`.

The memory of a day is measured with 24 times the hour, written by the same writer to a file that keeps
nothing: what is on a disk makes no difference to the process.
"""

import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from giam_sat_mot_cua.media import mp4_write
from giam_sat_mot_cua.media.events import FileClosed, StreamInfo
from giam_sat_mot_cua.media.evidence import signing, verify
from giam_sat_mot_cua.media.evidence.package import PackageWriter
from giam_sat_mot_cua.media.fmp4 import TIMESCALE
from giam_sat_mot_cua.media.volume_writer import OpenFile, VolumeWriter
from tests.evidence.footage import HEIGHT, START_MS, WIDTH, pictures
from tests.evidence.packages import MADE_MS, add_source, facts

FILES, SECONDS, KBIT = 60, 60, 2000
ROUNDS = 5
LEAST_SPEED = 0.7
HOURS_OF_MEMORY = (1, 24)


def run(_stack: object = None) -> dict:
	"""Medians of seconds, and the ratio of speeds (more than 1: faster than the peer); MB of memory."""
	with tempfile.TemporaryDirectory(prefix="gsmc-export-") as folder:
		volume = Path(folder) / "volume"
		volume.mkdir()
		files = record_hour(volume)
		signer = signing.make_signer("Benchmark", MADE_MS)
		ours, theirs, checked = [], [], []
		for _round in range(ROUNDS):
			ours.append(timed(lambda: pack(Path(folder) / "package.zip", volume, files, signer)))
			theirs.append(timed(lambda: copy_and_sum(Path(folder) / "copies", volume, files)))
			checked.append(timed(lambda: check(Path(folder) / "package.zip")))
		memory = {f"{hours}_h": peak_mb(volume, files, hours) for hours in HOURS_OF_MEMORY}
		megabytes = sum(file.size_bytes for file in files) / 1e6
	return {
		"files": len(files),
		"megabytes": round(megabytes),
		"package_s": round(statistics.median(ours), 2),
		"package_mb_per_s": round(megabytes / statistics.median(ours)),
		"cp_and_sha256sum_s": round(statistics.median(theirs), 2),
		"speed_ratio": round(statistics.median(theirs) / statistics.median(ours), 2),
		"least_speed_ratio": LEAST_SPEED,
		"verify_py_s": round(statistics.median(checked), 2),
		"peak_memory_mb": memory,
	}


def record_hour(volume: Path) -> list[FileClosed]:
	"""Files of a minute, written by the recorder's own writer; their pictures are noise."""
	writer = VolumeWriter.of(volume, None)
	sets = tuple(unit for unit in pictures(0, 1)[0] if unit[0] & 31 in (7, 8))
	header = mp4_write.header(mp4_write.Picture("h264", WIDTH, HEIGHT, sets), None)
	return [record_minute(writer, header, START_MS + minute * 60_000) for minute in range(FILES)]


def record_minute(writer: VolumeWriter, header: bytes, start: int) -> FileClosed:
	closed, done = [], threading.Event()

	def told(_file: OpenFile, result: FileClosed | None, _error: object) -> None:
		closed.append(result)
		done.set()

	file = OpenFile(writer, "cam", start, StreamInfo("h264", WIDTH, HEIGHT), told)
	file.begin(header)
	for second in range(SECONDS):
		noise = os.urandom(KBIT * 125)
		sample = mp4_write.Sample([noise], len(noise), TIMESCALE)
		file.append(
			mp4_write.fragment(second + 1, [sample], second * TIMESCALE), second * TIMESCALE, TIMESCALE, True
		)
	file.finish()
	assert done.wait(120) and closed[0]
	return closed[0]


def timed(action) -> float:
	begin = time.monotonic()
	action()
	return time.monotonic() - begin


def pack(path: Path, volume: Path, files: list[FileClosed], signer: signing.Signer) -> None:
	path.unlink(missing_ok=True)
	with path.open("w+b") as out, PackageWriter(out, facts(), signer) as writer:
		for file in files:
			add_source(writer, volume, file)


def copy_and_sum(folder: Path, volume: Path, files: list[FileClosed]) -> None:
	subprocess.run(["rm", "-rf", folder], check=True)
	folder.mkdir()
	paths = [volume / file.path for file in files]
	subprocess.run(["cp", *paths, folder], check=True)
	subprocess.run(["sha256sum", *paths], check=True, stdout=subprocess.DEVNULL)


def check(path: Path) -> None:
	command = [sys.executable, "-I", "-S", verify.__file__, path]
	subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def peak_mb(volume: Path, files: list[FileClosed], hours: int) -> dict:
	"""Of a process that packs so many hours: its peak, and what that is more than before the first file."""
	described = [[one.path, one.start_utc_ms, one.duration_ms, one.size_bytes, one.sha256] for one in files]
	command = [sys.executable, "-m", "tests.benchmarks.evidence_export", "pack", str(volume), str(hours)]
	done = subprocess.run(command, input=json.dumps(described), capture_output=True, text=True, check=True)
	return json.loads(done.stdout)


def pack_hours(volume: Path, hours: int) -> dict:
	files = [FileClosed("cam", *values) for values in json.load(sys.stdin)]
	writer = PackageWriter(Discarding(), facts(), signing.make_signer("Benchmark", MADE_MS))
	Path("/proc/self/clear_refs").write_text("5")  # what importing took at its highest does not count
	before = peak()
	for hour in range(hours):
		for file in files:
			details = {"camera": "cam", "start_utc_ms": file.start_utc_ms, "duration_ms": file.duration_ms}
			details["sha256_at_recording"] = file.sha256
			with (volume / file.path).open("rb") as source:
				path = f"goc/{hour}/{file.path}"
				writer.add_file(path, source, "source", details, file.sha256, file.size_bytes)
	writer.close()
	return {"peak": round(peak(), 1), "grown": round(peak() - before, 1)}


def peak() -> float:
	status = Path("/proc/self/status").read_text()
	return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


class Discarding(io.RawIOBase):
	"""A file that only remembers how long it is."""

	def __init__(self) -> None:
		self.at = self.size = 0

	def seekable(self) -> bool:
		return True

	def writable(self) -> bool:
		return True

	def tell(self) -> int:
		return self.at

	def seek(self, offset: int, whence: int = 0) -> int:
		self.at = offset + {0: 0, 1: self.at, 2: self.size}[whence]
		return self.at

	def write(self, data: bytes) -> int:
		self.at += len(data)
		self.size = max(self.size, self.at)
		return len(data)


if __name__ == "__main__":
	if sys.argv[1:2] == ["pack"]:
		print(json.dumps(pack_hours(Path(sys.argv[2]), int(sys.argv[3]))))
	else:
		print(json.dumps(run(), indent=1))
