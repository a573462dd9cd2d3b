"""Mends a file whose recorder was killed: cut after the last whole fragment, index added, hash computed."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import av
import av.error

from giam_sat_mot_cua.media import layout, stream
from giam_sat_mot_cua.media.events import StreamInfo
from giam_sat_mot_cua.media.fmp4 import BoxScanner, BrokenFile, index_box, read_index_box, sync_folder
from giam_sat_mot_cua.media.segment_index import CHUNK_BYTES, ticks_to_ms


class EmptyRecording(Exception):
	"""Nothing whole is in the file."""


@dataclass(frozen=True)
class RepairedFile:
	path: str  # relative to the volume
	start_utc_ms: int
	duration_ms: int
	size_bytes: int
	sha256: str
	info: StreamInfo | None


def repair(volume: Path, path: str) -> RepairedFile:
	"""Makes `path` a closed file and describes it. A file that is closed already is not touched.

	Raises EmptyRecording when no whole fragment is in it, OSError when the disk refuses.
	"""
	_camera, start = layout.parse_path(path)
	full = layout.safe_join(volume, path)
	with full.open("r+b") as file:
		size = file.seek(0, 2)
		fragments = read_index_box(file, size)
		if not fragments:
			scanner = scan(file)
			if not scanner.fragments:
				raise EmptyRecording(path)
			fragments = scanner.fragments
			file.truncate(scanner.whole)
			file.seek(scanner.whole)
			file.write(index_box(fragments))
			file.flush()
			os.fsync(file.fileno())
			sync_folder(full.parent)
		size = file.seek(0, 2)
		file.seek(0)
		digest = hashlib.file_digest(file, "sha256") if hasattr(hashlib, "file_digest") else hash_of(file)
	info = describe_file(full)
	return RepairedFile(path, start, ticks_to_ms(fragments[-1].end), size, digest.hexdigest(), info)


def scan(file) -> BoxScanner:
	"""Walks the boxes as far as they make sense."""
	scanner = BoxScanner()
	file.seek(0)
	try:
		while chunk := file.read(CHUNK_BYTES):
			scanner.feed(chunk)
	except BrokenFile:
		pass  # what came before is whole
	return scanner


def hash_of(file):
	digest = hashlib.sha256()
	while chunk := file.read(CHUNK_BYTES):
		digest.update(chunk)
	return digest


def describe_file(path: Path) -> StreamInfo | None:
	"""What a closed file holds; None when FFmpeg cannot read it."""
	try:
		with av.open(str(path)) as source:
			return stream.describe(source)
	except (av.error.FFmpegError, OSError, IndexError):
		return None
