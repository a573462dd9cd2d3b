"""A real S3 store on loopback (moto's server, a process of its own), and peers that misbehave."""

import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import boto3
from botocore.config import Config

ACCESS_KEY, SECRET_KEY = "KHOA-TRUY-CAP-5h2w", "khoa-bi-mat-8d4q1z"
SERVE = "import sys; from moto.server import main; main(sys.argv[1:])"
# asks for signatures from the first request on, once told to
AUTH = "/moto-api/reset-auth"


@dataclass
class StoreServer:
	"""A store that runs. `process` may be stopped and continued."""

	url: str
	process: subprocess.Popen

	def client(self):
		return boto3.session.Session().client(
			"s3",
			endpoint_url=self.url,
			region_name="us-east-1",
			aws_access_key_id=ACCESS_KEY,
			aws_secret_access_key=SECRET_KEY,
			config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
		)

	def bucket(self, name: str) -> str:
		self.client().create_bucket(Bucket=name)
		return name

	def keys(self, bucket: str, prefix: str = "") -> set[str]:
		pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
		return {entry["Key"] for page in pages for entry in page.get("Contents", ())}

	def pause(self) -> None:
		"""It accepts connections from here on, and answers nothing."""
		self.process.send_signal(signal.SIGSTOP)

	def go_on(self) -> None:
		self.process.send_signal(signal.SIGCONT)

	def require_signatures(self) -> None:
		"""From now on it looks at keys and rights; nobody it does not know gets in."""
		headers = {"Content-Type": "text/plain"}
		request = urllib.request.Request(self.url + AUTH, data=b"0", headers=headers, method="POST")
		urllib.request.urlopen(request, timeout=10).read()


def free_port() -> int:
	with socket.socket() as found:
		found.bind(("127.0.0.1", 0))
		return found.getsockname()[1]


@contextmanager
def store_server() -> Iterator[StoreServer]:
	"""Runs a store until the body ends."""
	port = free_port()
	process = subprocess.Popen(
		[sys.executable, "-c", SERVE, "-H", "127.0.0.1", "-p", str(port)],
		stdout=subprocess.DEVNULL,
		stderr=subprocess.DEVNULL,
	)
	try:
		wait_until_open(port, process)
		yield StoreServer(f"http://127.0.0.1:{port}", process)
	finally:
		if process.poll() is None:
			process.send_signal(signal.SIGCONT)
			process.terminate()
		process.wait(timeout=20)


def wait_until_open(port: int, process: subprocess.Popen) -> None:
	until = time.monotonic() + 60
	while time.monotonic() < until:
		assert process.poll() is None, "the store has ended"
		try:
			socket.create_connection(("127.0.0.1", port), timeout=1).close()
			return
		except OSError:
			time.sleep(0.1)
	raise AssertionError("the store does not answer")


@contextmanager
def silent_peer() -> Iterator[str]:
	"""The address of a server that accepts every connection and never says a word."""
	held: list[socket.socket] = []
	with socket.create_server(("127.0.0.1", 0)) as server:

		def accept() -> None:
			while True:
				try:
					held.append(server.accept()[0])
				except OSError:
					return

		threading.Thread(target=accept, daemon=True).start()
		try:
			yield f"http://127.0.0.1:{server.getsockname()[1]}"
		finally:
			server.shutdown(socket.SHUT_RDWR)
			for one in held:
				one.close()


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
	"""The address of a server that reads a request and gives always the same answer."""
	with socket.create_server(("127.0.0.1", 0)) as server:

		def serve() -> None:
			while True:
				try:
					peer, _address = server.accept()
				except OSError:
					return
				with peer:
					peer.settimeout(5)
					peer.recv(65536)
					peer.sendall(answer)
					peer.shutdown(socket.SHUT_WR)
					while peer.recv(65536):
						pass

		threading.Thread(target=serve, daemon=True).start()
		try:
			yield f"http://127.0.0.1:{server.getsockname()[1]}"
		finally:
			server.shutdown(socket.SHUT_RDWR)


@contextmanager
def sending(begin: bytes, piece: bytes, every_s: float) -> Iterator[str]:
	"""The address of a server that sends `piece` after `begin` as long as somebody listens."""
	with socket.create_server(("127.0.0.1", 0)) as server:

		def send(peer: socket.socket) -> None:
			with suppress(OSError), peer:
				peer.recv(65536)
				peer.sendall(begin)
				while True:
					peer.sendall(piece)
					time.sleep(every_s)

		def serve() -> None:
			with suppress(OSError):
				while True:
					threading.Thread(target=send, args=(server.accept()[0],), daemon=True).start()

		threading.Thread(target=serve, daemon=True).start()
		try:
			yield f"http://127.0.0.1:{server.getsockname()[1]}"
		finally:
			server.shutdown(socket.SHUT_RDWR)
