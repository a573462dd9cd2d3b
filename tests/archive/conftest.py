from collections.abc import Iterator
from itertools import count

import pytest

from giam_sat_mot_cua.recording.object_store import MOVING, ObjectStore, Patience, StoreLogin
from tests.archive.store_server import ACCESS_KEY, SECRET_KEY, StoreServer, store_server

NUMBERS = count()


@pytest.fixture(scope="session")
def server() -> Iterator[StoreServer]:
	with store_server() as found:
		yield found


@pytest.fixture
def bucket(server) -> str:
	return server.bucket(f"kho-{next(NUMBERS)}")


@pytest.fixture
def connect():
	"""A store at an address: `connect(url, bucket, ...)`."""

	def connected(url: str, bucket: str, patience: Patience = MOVING, **values) -> ObjectStore:
		keys = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "prefix": "ho-so/video", **values}
		return ObjectStore(StoreLogin(url, bucket, **keys), patience)

	return connected


@pytest.fixture
def store(server, bucket, connect) -> ObjectStore:
	return connect(server.url, bucket)
