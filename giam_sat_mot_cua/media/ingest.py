"""One thread reads all cameras of a process.

It sleeps between turns and then takes from each socket what has come, a few pictures at a time: that costs a
fraction of waking up for every packet of every camera. Nothing in it waits: connections are opened by
helpers, files are written by the volumes' own threads (volume_writer.py).
"""

import queue
import select
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

TURN_S = 0.1
TICK_S = 0.25
MOST_AT_ONCE = 1 << 20  # bytes that one camera may take in a turn
OPENERS = 64
OPENINGS_A_SECOND = 40.0


class Member(Protocol):
	"""Who is called every TICK_S."""

	def tick(self, now: float) -> None: ...


class Reader(Protocol):
	"""Who is called when its socket has something to read."""

	def readable(self, buffer: memoryview) -> None: ...

	def failed(self, error: Exception) -> None: ...


class Ingest(threading.Thread):
	"""The reading thread of a process. Other threads talk to it by `call`."""

	made: "Ingest | None" = None
	lock = threading.Lock()

	def __init__(self):
		super().__init__(name="ingest", daemon=True)
		self.poller = select.epoll()
		self.readers: dict[int, Reader] = {}
		self.members: set[Member] = set()
		self.calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
		self.openers = ThreadPoolExecutor(OPENERS, thread_name_prefix="camera opener")
		self.tokens, self.filled_at = OPENINGS_A_SECOND, time.monotonic()
		self.buffer = memoryview(bytearray(MOST_AT_ONCE))
		self.next_tick = 0.0

	@classmethod
	def of_process(cls) -> "Ingest":
		with cls.lock:
			if not cls.made or not cls.made.is_alive():
				cls.made = cls()
				cls.made.start()
			return cls.made

	def call(self, action: Callable[[], None]) -> None:
		"""Has `action` run by the reading thread."""
		self.calls.put(action)

	def run(self) -> None:
		while True:
			time.sleep(TURN_S)
			self.run_calls()
			for number, _what in self.poller.poll(0):
				reader = self.readers.get(number)
				if reader:
					self.read(reader)
			now = time.monotonic()
			if now >= self.next_tick:
				self.next_tick = now + TICK_S
				for member in list(self.members):
					self.guarded(member.tick, now)

	def run_calls(self) -> None:
		while not self.calls.empty():
			self.guarded(self.calls.get())

	def read(self, reader: Reader) -> None:
		try:
			reader.readable(self.buffer)
		except Exception as error:
			self.guarded(reader.failed, error)

	def guarded(self, action: Callable, *arguments) -> None:
		"""One camera's fault ends nothing but its own turn."""
		try:
			action(*arguments)
		except Exception:
			traceback.print_exc()

	# For members, in this thread

	def watch(self, link: socket.socket, reader: Reader) -> None:
		self.readers[link.fileno()] = reader
		self.poller.register(link.fileno(), select.EPOLLIN)

	def forget(self, link: socket.socket) -> None:
		number = link.fileno()
		if self.readers.pop(number, None):
			self.poller.unregister(number)

	def open(self, action: Callable[[], object]) -> Future | None:
		"""Runs `action`, which may block, on a helper; None when too many were begun in this second."""
		now = time.monotonic()
		self.tokens = min(OPENINGS_A_SECOND, self.tokens + (now - self.filled_at) * OPENINGS_A_SECOND)
		self.filled_at = now
		if self.tokens < 1:
			return None
		self.tokens -= 1
		return self.openers.submit(action)


def take(link: socket.socket, buffer: memoryview) -> int:
	"""Bytes read into `buffer` now; 0 when nothing is there. Raises EOFError at the end, OSError."""
	total = 0
	while total < len(buffer):
		try:
			count = link.recv_into(buffer[total:])
		except (BlockingIOError, ssl.SSLWantReadError):
			return total
		if not count:
			if total:
				return total  # the end is met again at the next turn
			raise EOFError
		total += count
		if not isinstance(link, ssl.SSLSocket):
			return total  # what comes meanwhile is for the next turn
	return total
