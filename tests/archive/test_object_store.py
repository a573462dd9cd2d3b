"""The one door to S3 stores, against a real server over HTTP: what it does, and what it says of stores that
refuse, are silent, stop in the middle, or take other bytes."""

import hashlib
import io
import time
import traceback
import tracemalloc
from contextlib import closing

import pytest

from giam_sat_mot_cua.media.fmp4 import BrokenFile
from giam_sat_mot_cua.media.segment_index import fetch_index_box, index_of_box, read_index
from giam_sat_mot_cua.recording import object_store, store_answer
from giam_sat_mot_cua.recording.object_file import open_object
from giam_sat_mot_cua.recording.object_store import (
	AccessRefused,
	NoSuchBucket,
	NoSuchObject,
	ObjectStore,
	Patience,
	RangeRefused,
	StoreAway,
	StoredObject,
	StoreError,
	StoreFull,
	WrongAnswer,
	WrongBytes,
)
from tests.archive.store_server import (
	ACCESS_KEY,
	SECRET_KEY,
	answering,
	sending,
	silent_peer,
	store_server,
)
from tests.footage_bytes import whole_file

SHORT = Patience(1, 1, 1)
NAME = "CAM-1/2026/11/24/120000000.mp4"


def put(store: ObjectStore, name: str, content: bytes, **facts) -> None:
	digests = hashlib.sha256(content).digest(), hashlib.md5(content).digest()
	store.put(name, io.BytesIO(content), *digests, facts)


def test_what_is_stored_comes_back_with_what_the_store_says_of_it(store, server, bucket):
	content = bytes(range(256)) * 5000
	put(store, NAME, content, sha256="ab", note="x")
	assert server.keys(bucket) == {f"ho-so/video/{NAME}"}
	facts = {"sha256": "ab", "note": "x"}
	assert store.head(NAME) == StoredObject(len(content), hashlib.sha256(content).hexdigest(), facts)
	assert store.read(NAME, 1000, 3000) == content[1000:4000]
	assert store.read(NAME, len(content) - 10, 100) == content[-10:]
	size, body = store.open(NAME)
	assert (size, b"".join(body)) == (len(content), content)
	size, body = store.open(NAME, 5, 6)
	assert (size, b"".join(body)) == (len(content), content[5:6])


def test_an_object_is_replaced_by_the_same_bytes(store):
	for _time in range(2):
		put(store, NAME, b"same")
	assert list(store.names("")) == [(NAME, 4)]


def test_names_and_folders_are_listed_beyond_one_page(store):
	for number in range(1010):
		put(store, f"CAM-1/2026/11/24/{number:09d}.mp4", b"")
	put(store, "CAM-2/2026/11/25/000000000.mp4", b"12")
	assert len(list(store.names("CAM-1/2026/11/24/"))) == 1010
	assert list(store.names("CAM-2/")) == [("CAM-2/2026/11/25/000000000.mp4", 2)]
	assert store.folders() == ["CAM-1", "CAM-2"]
	assert store.folders("CAM-2/2026/11/") == ["25"]
	assert store.folders("CAM-3/") == []
	names = [name for name, _size in store.names("CAM-1/")]
	assert store.remove([*names, "CAM-1/never-there"]) == {}
	assert [name for name, _size in store.names("")] == ["CAM-2/2026/11/25/000000000.mp4"]


def test_what_is_not_there_is_told_apart(store, server, connect):
	with pytest.raises(NoSuchObject):
		store.head("CAM-1/none")
	with pytest.raises(NoSuchObject):
		store.read("CAM-1/none", 0, 10)
	put(store, NAME, b"12345")
	with pytest.raises(RangeRefused):
		store.open(NAME, 5, 6)
	elsewhere = connect(server.url, "no-such-bucket")
	with pytest.raises(NoSuchBucket):
		elsewhere.read("CAM-1/none", 0, 10)
	with pytest.raises(NoSuchBucket):
		list(elsewhere.names(""))


def test_a_store_that_does_not_know_the_keys_refuses(connect):
	with store_server() as strict:
		strict.bucket("kho")
		strict.require_signatures()
		with pytest.raises(AccessRefused) as told:
			connect(strict.url, "kho").read("CAM-1/none", 0, 10)
	shown = "".join(traceback.format_exception(told.value))
	assert ACCESS_KEY not in shown and SECRET_KEY not in shown
	assert "InvalidAccessKeyId" in str(told.value)


@pytest.mark.parametrize(
	("status", "code", "kind"),
	[
		(507, "XMinioStorageFull", StoreFull),
		(403, "QuotaExceeded", StoreFull),
		(403, "AccessDenied", AccessRefused),
		(403, "SomethingNew", AccessRefused),
		(400, "BadDigest", WrongBytes),
		(503, "SlowDown", StoreAway),
		(500, "InternalError", StoreAway),
		(418, "Teapot", StoreError),
	],
)
def test_answers_of_other_stores_are_of_the_same_kinds(connect, status, code, kind):
	"""MinIO says 507 of a full disk, Ceph 403 of a full quota."""
	body = f"<Error><Code>{code}</Code><Message>x</Message></Error>"
	answer = f"HTTP/1.1 {status} X\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n"
	with answering(f"{answer}Connection: close\r\n\r\n{body}".encode()) as url:
		with pytest.raises(StoreError) as told:
			put(connect(url, "kho", SHORT), NAME, b"x")
	assert type(told.value) is kind
	assert code in str(told.value)


@pytest.mark.parametrize(
	"head",
	[
		"206 X\r\nConnection: close",
		"206 X\r\nContent-Length: 3",
		"206 X\r\nContent-Length: 3\r\nContent-Range: bytes 0-2/*",
		"206 X\r\nContent-Length: 3\r\nContent-Range: bytes 0-2/999x",
		"206 X\r\nContent-Length: 3\r\nContent-Range: bytes 7-9/10",
		"206 X\r\nContent-Length: abc\r\nContent-Range: bytes 0-2/3",
		"206 X\r\nContent-Length: 3\r\nContent-Range: bytes 0-9/10",
		"200 X\r\nContent-Length: 3",
		"200 X\r\nContent-Length: abc",
		"200 X\r\nContent-Length: -5",
		"200 X\r\nConnection: close",
		"307 X\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:9/",
		"301 X\r\nContent-Length: 0\r\nx-amz-bucket-region: eu-west-9",
		"400 X\r\nContent-Length: 0",
	],
)
def test_nonsense_is_an_error_of_the_store(connect, head):
	with answering(f"HTTP/1.1 {head}\r\n\r\nabc".encode()) as url:
		store = connect(url, "kho", SHORT)
		began = time.monotonic()
		with pytest.raises(StoreError):
			store.read(NAME, 0, 10)
		if head.startswith(("30", "400", "200 X\r\nConn", "206 X\r\nConn")):
			with pytest.raises(StoreError):
				store.head(NAME)
			with pytest.raises(StoreError):
				list(store.names(""))
		assert time.monotonic() - began < 5


def test_what_is_no_http_is_an_error_of_the_store(connect):
	with answering(b"\0\xff\x13garbage\r\n\r\n" * 100) as url, pytest.raises(StoreError):
		connect(url, "kho", SHORT).read(NAME, 0, 10)


def test_a_listing_that_never_ends_is_given_up(connect):
	page = "<ListBucketResult><KeyCount>0</KeyCount><NextContinuationToken>x</NextContinuationToken>"
	page += "</ListBucketResult>"
	answer = f"HTTP/1.1 200 X\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n{page}"
	with answering(answer.encode()) as url, pytest.raises(WrongAnswer):
		list(connect(url, "kho", SHORT).names(""))


@pytest.mark.parametrize(
	("code", "shown"),
	[
		("A" * 100_000, "A" * 64 + " (403)"),
		("&lt;img src=x onerror=alert(1)&gt;", "imgsrcxonerroralert1 (403)"),
	],
)
def test_a_code_is_shown_as_a_code_only(connect, code, shown):
	body = f"<Error><Code>{code}</Code></Error>"
	answer = f"HTTP/1.1 403 X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
	with answering(answer.encode()) as url, pytest.raises(AccessRefused) as told:
		connect(url, "kho", SHORT).read(NAME, 0, 10)
	assert str(told.value) == shown


ENDLESS = "Content-Length: 100000000000\r\nContent-Range: bytes 0-99999999999/100000000000\r\n\r\n"


def test_no_more_is_read_than_was_asked_for(connect):
	with sending(f"HTTP/1.1 206 X\r\n{ENDLESS}".encode(), b"A" * 65536, 0) as url:
		store = connect(url, "kho", SHORT)
		assert store.read(NAME, 0, 100) == b"A" * 100
		assert store.read(NAME, 0, 1_000_000) == b"A" * 1_000_000


@pytest.mark.parametrize("status", [200, 403])
def test_an_answer_without_end_is_given_up(connect, status):
	with sending(f"HTTP/1.1 {status} X\r\n{ENDLESS}".encode(), b"A" * 65536, 0) as url:
		tracemalloc.start()
		try:
			with pytest.raises(StoreAway):
				list(connect(url, "kho", SHORT).names(""))
			assert tracemalloc.get_traced_memory()[1] < 4 * store_answer.LARGEST_ANSWER_BYTES
		finally:
			tracemalloc.stop()


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 ", b"HTTP/1.1 200 X\r\nX-Long: "])
def test_an_answer_whose_head_drips_is_given_up_within_the_patience(connect, begin):
	with sending(begin, b"1", 0.3) as url:
		store = connect(url, "kho", SHORT)
		began = time.monotonic()
		with pytest.raises(StoreAway):
			store.read(NAME, 0, 100)
		assert time.monotonic() - began < 2 * SHORT.within_s


@pytest.mark.parametrize("status", [206, 403])
def test_an_answer_that_drips_is_given_up_within_the_patience(connect, status):
	with sending(f"HTTP/1.1 {status} X\r\n{ENDLESS}".encode(), b"A", 0.3) as url:
		store = connect(url, "kho", SHORT)
		began = time.monotonic()
		with pytest.raises(StoreAway):
			store.read(NAME, 0, 100)
		assert time.monotonic() - began < 2 * SHORT.within_s


def test_a_silent_store_is_given_up_within_its_patience(connect):
	with silent_peer() as url:
		began = time.monotonic()
		with pytest.raises(StoreAway):
			connect(url, "kho", SHORT).head(NAME)
		assert time.monotonic() - began < 3


def test_nobody_waits_long_for_a_store_that_is_not_there(connect):
	assert object_store.WATCHING.connect_s <= 3 and object_store.WATCHING.tries == 1
	began = time.monotonic()
	with pytest.raises(StoreAway):
		connect("http://127.0.0.1:9", "kho", object_store.WATCHING).head(NAME)
	assert time.monotonic() - began < 2


def test_a_store_that_stops_in_the_middle_of_a_file_is_away(connect):
	with store_server() as stopping:
		stopping.bucket("kho")
		store = connect(stopping.url, "kho", Patience(1, 2, 1))
		put(store, NAME, bytes(40_000_000))
		_size, body = store.open(NAME)
		with closing(body):
			assert len(next(body)) == object_store.CHUNK_BYTES
			stopping.process.kill()
			with pytest.raises(StoreAway):
				for _chunk in body:
					pass


def test_a_paused_store_answers_again_afterwards(connect):
	with store_server() as paused:
		paused.bucket("kho")
		store = connect(paused.url, "kho", SHORT)
		put(store, NAME, b"12345")
		paused.pause()
		try:
			with pytest.raises(StoreAway):
				store.head(NAME)
		finally:
			paused.go_on()
		assert store.read(NAME, 0, 5) == b"12345"


def test_bytes_pass_through_little_memory(store):
	size = 60_000_000
	put(store, NAME, bytes(size))
	_size, body = store.open(NAME)
	tracemalloc.start()
	try:
		assert sum(map(len, body)) == size
		assert tracemalloc.get_traced_memory()[1] < 6 * object_store.CHUNK_BYTES
	finally:
		tracemalloc.stop()


def test_an_object_reads_like_a_file(store):
	content = bytes(range(256)) * 10_000
	put(store, NAME, content)
	with open_object(store, NAME, len(content)) as file:
		assert file.read(10) == content[:10]
		file.seek(-16, 2)
		assert file.read() == content[-16:]
		file.seek(1_000_000)
		assert (file.read(2_000_000), file.read()) == (content[1_000_000:], b"")
	with open_object(store, "CAM-1/none", 10) as file, pytest.raises(NoSuchObject):
		file.read()


def test_the_index_of_a_file_is_read_from_its_end(store, tmp_path):
	path = tmp_path / "file.mp4"
	path.write_bytes(whole_file())
	size = len(whole_file())
	put(store, NAME, whole_file())
	asked: list[tuple[int, int]] = []

	def read(begin: int, count: int) -> bytes:
		asked.append((begin, count))
		return store.read(NAME, begin, count)

	box = fetch_index_box(read, size)
	assert index_of_box(box, size) == read_index(path)
	assert len(asked) == 1 and len(box) < 1000
	with pytest.raises(BrokenFile):
		index_of_box(box, size + 1)
	with pytest.raises(BrokenFile):
		fetch_index_box(lambda begin, count: b"\1" * count, 1000)
	with pytest.raises(BrokenFile):
		fetch_index_box(lambda begin, count: b"", 0)


def test_a_login_does_not_print_its_keys():
	login = object_store.StoreLogin("http://x", "kho", ACCESS_KEY, SECRET_KEY)
	assert ACCESS_KEY not in repr(login) and SECRET_KEY not in repr(login)
