"""What a store sends back, taken within bounds: one that drips, or never ends, must hold up nobody and fill
no memory. Knows no Frappe.

boto3 has a patience for each read from the network alone, reads whatever is no file as a whole, and follows a
redirect by asking again. So requests are sent by `Sending`, before boto3 would.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Event, Timer

from botocore.awsrequest import (
	AWSHTTPConnection,
	AWSHTTPConnectionPool,
	AWSHTTPSConnection,
	AWSHTTPSConnectionPool,
	AWSPreparedRequest,
	AWSResponse,
)
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from urllib3.exceptions import HTTPError, TimeoutError

from giam_sat_mot_cua.recording.object_store import WrongAnswer

LARGEST_ANSWER_BYTES = 16 << 20  # a listing of 1000 names of 1024 bytes, each written as entities
REDIRECTS = range(300, 400)


class Sending:
	"""Sends the requests of one client of boto3. `within_s`: time for the head of an answer, and for each
	piece of its body; `options`: of URLLib3Session."""

	def __init__(self, within_s: float, **options):
		self.session, self.within_s = BoundedSession(within_s, **options), within_s

	def register(self, client) -> None:
		client.meta.events.register("before-call.s3", stay)
		client.meta.events.register("before-send.s3", self.send)

	def send(self, request: AWSPreparedRequest, **_more) -> AWSResponse:
		streamed, request.stream_output = (
			request.stream_output,
			True,
		)  # nothing is read before the bounds are set
		answer = self.session.send(request)
		answer.raw = BoundedBody(answer.raw, request.url, self.within_s)
		if answer.status_code in REDIRECTS:
			answer.raw.close()
			raise WrongAnswer(f"redirect {answer.status_code}")  # no footage is sent elsewhere
		if not streamed:
			answer.content  # noqa: B018  # is read here, so that it is tried again
		return answer


def stay(params: dict, **_more) -> None:
	"""Keeps boto3 from looking for the bucket in another region: it asks again for every answer to that."""
	params["context"].setdefault("s3_redirect", {})["redirected"] = True


class BoundedSession(URLLib3Session):
	"""Whose connections wait no longer than `within_s` for the head of an answer."""

	def __init__(self, within_s: float, **options):
		super().__init__(**options)
		self._pool_classes_by_scheme = bounded_pools(within_s)
		self._manager.pool_classes_by_scheme = self._pool_classes_by_scheme


def bounded_pools(within_s: float) -> dict[str, type]:
	class Head:
		def getresponse(self, *args, **options):
			late = Event()
			timer = Timer(within_s, give_up, (self.sock, late))
			timer.daemon = True
			timer.start()
			try:
				answer = super().getresponse(*args, **options)
			finally:
				timer.cancel()
			if late.is_set():
				raise ConnectionAbortedError  # what came of the head looked like all of it
			return answer

	class Plain(AWSHTTPConnectionPool):
		ConnectionCls = type("Connection", (Head, AWSHTTPConnection), {})

	class Secure(AWSHTTPSConnectionPool):
		ConnectionCls = type("Connection", (Head, AWSHTTPSConnection), {})

	return {"http": Plain, "https": Secure}


def give_up(connected: socket.socket, late: Event) -> None:
	"""Wakes whoever reads from the connection."""
	late.set()
	with suppress(OSError, AttributeError):
		connected.shutdown(socket.SHUT_RDWR)


class BoundedBody:
	"""The body of an answer, as botocore reads one."""

	def __init__(self, raw, url: str, within_s: float):
		self.raw, self.url, self.within_s = raw, url, within_s

	def read(self, amt: int | None = None) -> bytes:
		"""Up to `amt` bytes, fewer at the end only; without `amt` all. They must be there in time."""
		wanted = LARGEST_ANSWER_BYTES + 1 if amt is None else amt
		until = time.monotonic() + self.within_s
		pieces: list[bytes] = []
		while wanted and (piece := self.piece(wanted)):
			pieces.append(piece)
			wanted -= len(piece)
			if wanted and time.monotonic() > until:
				self.close()
				raise ReadTimeoutError(endpoint_url=self.url)
		if amt is None and not wanted:
			self.close()
			raise ConnectionClosedError(endpoint_url=self.url)
		return b"".join(pieces)

	def piece(self, most: int) -> bytes:
		"""What has arrived; waits only when there is nothing."""
		try:
			return self.raw.read1(most)
		except TimeoutError:
			kind = ReadTimeoutError
		except HTTPError:
			kind = ConnectionClosedError
		raise kind(endpoint_url=self.url)

	def stream(self) -> Iterator[bytes]:
		yield self.read()

	def close(self) -> None:
		self.raw.close()
