"""What joining costs: an hour of 2 Mbit/s in files of a minute made into one playable file, ours against
`ffmpeg -f concat -c copy` of the same files, in turn; and the memory of an hour and of a day.

Needs no instance: `python -m tests.benchmarks.evidence_playable`.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from devbench.stack import Stack
from giam_sat_mot_cua.media import mp4_write, picture_format
from giam_sat_mot_cua.media.evidence.playable import join
from giam_sat_mot_cua.media.evidence.recorded import SourceFile
from giam_sat_mot_cua.media.fmp4 import TIMESCALE, Fragment, index_box
from giam_sat_mot_cua.media.mp4_write import Sample
from tests.cameras.feeder import encode

FILES, KBIT, FPS, GOP_S = 60, 2000, 25, 2
MINUTE_MS = 60_000
START = 1_795_524_705_007
ROUNDS = 3
HOURS_A_DAY = 24


def run(_stack: Stack | None = None) -> dict:
	"""Seconds (medians) of both, their ratio, and the largest memory of a process that joins, in MB."""
	with tempfile.TemporaryDirectory(prefix="gsmc-join-", dir=Path.home()) as name:
		folder = Path(name)
		paths = footage(folder)
		found: dict[str, list[float]] = {"ours": [], "ffmpeg": []}
		for _round in range(ROUNDS):
			found["ours"].append(timed(partial(ours, paths, folder / "ours.mp4")))
			found["ffmpeg"].append(timed(partial(ffmpeg, paths, folder / "ffmpeg.mp4")))
		medians = {peer: statistics.median(seconds) for peer, seconds in found.items()}
		return {
			"megabytes": round(sum(path.stat().st_size for path in paths) / 1e6),
			"ours_s": round(medians["ours"], 2),
			"ffmpeg_s": round(medians["ffmpeg"], 2),
			"speed_ratio": round(medians["ffmpeg"] / medians["ours"], 2),
			"all_s": {peer: [round(one, 2) for one in seconds] for peer, seconds in found.items()},
			"memory_mb_hour": memory_mb(folder, 1),
			"memory_mb_day": memory_mb(folder, HOURS_A_DAY),
		}


def footage(folder: Path) -> list[Path]:
	"""Files as a recorder writes them, a minute each: footage of a few seconds, over and over."""
	loop = encode(1280, 720, FPS, GOP_S, KBIT)
	described = picture_format.describe("h264", (loop.sps, loop.pps), loop.frames[0])
	header = mp4_write.header(described.picture, None)
	samples = [sample(units) for units in loop.frames]
	data, fragments = bytearray(header), []
	for second in range(MINUTE_MS // 1000):
		chosen = [samples[(second * FPS + n) % len(samples)] for n in range(FPS)]
		made = mp4_write.fragment(second + 1, chosen, second * TIMESCALE)
		fragments.append(Fragment(len(data), len(made), second * TIMESCALE, TIMESCALE, chosen[0].key))
		data += made
	data += index_box(fragments)
	paths = [folder / f"{number:02d}.mp4" for number in range(FILES)]
	for path in paths:
		path.write_bytes(data)
	return paths


def sample(units: list[bytes]) -> Sample:
	parts = [part for unit in units for part in (len(unit).to_bytes(4, "big"), unit)]
	return Sample(parts, sum(map(len, parts)), TIMESCALE // FPS, any(unit[0] & 31 == 5 for unit in units))


def sources(paths: list[Path], hours: int = 1):
	for number, path in enumerate(paths * hours):
		yield SourceFile(path.name, START + number * MINUTE_MS, partial(path.open, "rb"))


def ours(paths: list[Path], out: Path) -> None:
	part = join(sources(paths), 0, 1 << 42, lambda _number: out.open("wb"))[0]
	assert part.frames == FILES * 60 * FPS and not part.gaps


def ffmpeg(paths: list[Path], out: Path) -> None:
	listed = out.with_suffix(".txt")
	listed.write_text("".join(f"file '{path}'\n" for path in paths))
	command = ["ffmpeg", "-nostdin", "-y", "-loglevel", "error", "-f", "concat", "-safe", "0", "-i", listed]
	subprocess.run([*command, "-c", "copy", out], check=True)


def timed(action) -> float:
	began = time.monotonic()
	action()
	return time.monotonic() - began


def memory_mb(folder: Path, hours: int) -> float:
	command = [sys.executable, "-m", "tests.benchmarks.evidence_playable", str(folder), str(hours)]
	return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def join_alone(folder: Path, hours: int) -> None:
	"""In a process of its own: `hours` of footage into nothing; prints the most memory that it had, in MB."""
	paths = sorted(folder.glob("[0-9][0-9].mp4"))
	join(sources(paths, hours), 0, 1 << 42, lambda _number: open("/dev/null", "wb"))
	print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
	if len(sys.argv) > 1:
		join_alone(Path(sys.argv[1]), int(sys.argv[2]))
	else:
		print(json.dumps(run(), indent=1))
