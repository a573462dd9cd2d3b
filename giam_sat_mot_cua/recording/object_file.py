"""An object of a store as a file for reading: forward as one stream, anew from each place that is sought."""

import io
from collections.abc import Iterator

from giam_sat_mot_cua.recording.object_store import ObjectStore

BUFFER_BYTES = 1 << 20


class ObjectFile(io.RawIOBase):
	"""Bytes are fetched when they are read. Raises StoreError, which is an OSError."""

	def __init__(self, store: ObjectStore, name: str, size_bytes: int):
		self.store, self.name, self.size_bytes = store, name, size_bytes
		self.place = 0
		self.body: Iterator[bytes] | None = None
		self.left = b""

	def readable(self) -> bool:
		return True

	def seekable(self) -> bool:
		return True

	def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
		place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.size_bytes}[whence]
		if place < 0:
			raise ValueError("a place before the beginning")
		if place != self.place:
			self.leave()
			self.place = place
		return place

	def tell(self) -> int:
		return self.place

	def readinto(self, buffer) -> int:
		if self.place >= self.size_bytes or not len(buffer):
			return 0
		if self.body is None:
			_size, self.body = self.store.open(self.name, self.place)
		self.left = self.left or next(self.body, b"")
		taken = self.left[: len(buffer)]
		buffer[: len(taken)] = taken
		self.left = self.left[len(taken) :]
		self.place += len(taken)
		return len(taken)

	def leave(self) -> None:
		if self.body is not None:
			self.body.close()
		self.body, self.left = None, b""

	def close(self) -> None:
		self.leave()
		super().close()


def open_object(store: ObjectStore, name: str, size_bytes: int) -> io.BufferedReader:
	return io.BufferedReader(ObjectFile(store, name, size_bytes), BUFFER_BYTES)
