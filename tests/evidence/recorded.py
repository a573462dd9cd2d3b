"""Recordings of real cameras for these tests, and what is in a video file, packet by packet."""

import hashlib
import io
import os
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import av

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.media.evidence.recorded import SourceFile
from tests.cameras.feeder import DIGITS, SEI_ID
from tests.media.recording import Recording


@dataclass(frozen=True)
class Packet:
	"""A coded picture or piece of sound. Times in ticks of its track; `number`: of a feeder's frame."""

	kind: str
	pts: int
	duration: int
	key: bool
	digest: bytes
	number: int | None


def packets(source) -> list[Packet]:
	"""Of a file, in the order in which they are stored. A path, or an open file."""
	with av.open(str(source) if isinstance(source, Path) else source) as opened:
		found = [one for one in opened.demux() if one.size]
		return [
			Packet(
				one.stream.type,
				one.pts,
				one.duration,
				one.is_keyframe,
				hashlib.sha256(bytes(one)).digest(),
				number_in(bytes(one)),
			)
			for one in found
		]


def number_in(data: bytes) -> int | None:
	place = data.find(SEI_ID)
	return int(data[place + 16 : place + 16 + DIGITS]) if place >= 0 else None


def pictures(source) -> list[Packet]:
	return [one for one in packets(source) if one.kind == "video"]


class Forward(io.RawIOBase):
	"""What a store gives: bytes in order, as many as it likes, and no way back."""

	def __init__(self, data: bytes, most: int = 1447):
		self.source, self.most = io.BytesIO(data), most

	def read(self, count: int = -1) -> bytes:
		return self.source.read(self.most if count < 0 else min(count, self.most))

	def seekable(self) -> bool:
		return False


@dataclass
class Footage:
	"""What lies on a volume of one camera."""

	volume: Path

	@property
	def paths(self) -> list[Path]:
		return [self.volume / path for path, _start, _size in layout.iter_files(self.volume, "cam")]

	@property
	def sources(self) -> list[SourceFile]:
		found = layout.iter_files(self.volume, "cam")
		return [source(self.volume / path, start) for path, start, _size in found]

	def taken(self) -> list[tuple[int, Packet]]:
		"""(UTC in ticks of 1/90,000 s, picture) of all pictures, in the order of decoding."""
		return [(s.start_utc_ms * 90 + p.pts, p) for s in self.sources for p in pictures(s.open())]


def source(path: Path, start_utc_ms: int) -> SourceFile:
	return SourceFile(path.name, start_utc_ms, lambda: path.open("rb"))


class Outputs:
	"""Parts as a join opens them, in memory."""

	def __init__(self):
		self.data: list[bytes] = []

	@contextmanager
	def open(self, number: int):
		assert number == len(self.data) + 1
		target = io.BytesIO()
		yield WriteOnly(target)
		self.data.append(target.getvalue())

	def file(self, number: int = 1) -> io.BytesIO:
		return io.BytesIO(self.data[number - 1])


class WriteOnly:
	"""An entry of an archive that is being written."""

	def __init__(self, target: io.BytesIO):
		self.write = target.write


@contextmanager
def recordings(urls: dict[str, str], folder: Path, **options):
	"""Records several cameras at once; yields {name: Recording}."""
	with ExitStack() as stack:
		yield {
			name: stack.enter_context(Recording(url, made(folder / name), **options))
			for name, url in urls.items()
		}


def decoding_errors(path: Path) -> str:
	"""What FFmpeg finds wrong when it decodes all of a file. Pictures keep their times: those of cameras are
	not even, and some share a tick of the even rate that FFmpeg would use for its output."""
	command = ["ffmpeg", "-v", "error", "-xerror", "-i", path, "-enc_time_base", "-1", "-f", "null", "-"]
	done = subprocess.run(command, capture_output=True, text=True, timeout=60)
	return done.stderr or ("" if done.returncode == 0 else f"exit code {done.returncode}")


def made(folder: Path) -> Path:
	folder.mkdir(parents=True)
	return folder


def resident_kb() -> int:
	"""Memory of this process."""
	with open("/proc/self/statm") as file:
		return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
