"""Storage Volumes of the kind S3 Archive: their stores, whether these answer, and what people are told.

An archive carries a marker as a folder does: an object with its id, written when it is first seen. Without it
nothing is moved, removed or said to be missing: another bucket must not look like one that lost everything.

Whoever watches waits in a web worker: a store that does not answer is left alone by all processes for some
seconds.
"""

import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import frappe
from frappe import _

from giam_sat_mot_cua.access import secrets
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.media.fmp4 import BrokenFile
from giam_sat_mot_cua.media.segment_index import FileIndex, fetch_index_box, index_of_box
from giam_sat_mot_cua.recording import object_store
from giam_sat_mot_cua.recording.object_store import (
	CHECKING,
	MOVING,
	WATCHING,
	AccessRefused,
	NoSuchBucket,
	NoSuchObject,
	ObjectStore,
	Patience,
	StoreAway,
	StoreError,
	StoreFull,
	StoreLogin,
)

MARKER = ".gsmc-volume"
PROBE = ".gsmc/probe"
AWAY_S = 15
INDEX_KEPT_S = 86_400
READ_AT_ONCE = 8
FIELDS = ["endpoint", "bucket", "prefix", "region", "verify_certificate", "ca_file", "modified"]


class NotThisArchive(StoreError):
	"""The folder in the bucket does not carry the marker of this volume."""


known: dict[tuple[str, str, Patience], tuple[object, ObjectStore]] = {}


def store(volume: str, patience: Patience = MOVING) -> ObjectStore:
	"""The store of an archive; a process makes it once, and anew when the record has changed."""
	key = (frappe.local.site, volume, patience)
	modified = frappe.db.get_value("Storage Volume", volume, "modified")
	if key not in known or known[key][0] != modified:
		known[key] = (modified, ObjectStore(read_login(volume), patience))
	return known[key][1]


def read_login(volume: str) -> StoreLogin:
	row = frappe.db.get_value("Storage Volume", volume, FIELDS, as_dict=True)
	if not row:
		raise StoreError("no such volume")
	access_key, secret_key = (
		secrets.stored("Storage Volume", volume, field) for field in ("access_key", "secret_key")
	)
	return StoreLogin(
		endpoint=row.endpoint or "",
		bucket=row.bucket or "",
		access_key=access_key,
		secret_key=secret_key,
		region=row.region or object_store.DEFAULT_REGION,
		prefix=row.prefix or "",
		verify=(row.ca_file or True) if row.verify_certificate else False,
	)


# Whether it answers


def check(row, patience: Patience = CHECKING) -> StoreError | None:
	"""What is wrong with an archive (a row of Storage Volume); None when it can be written. Writes the marker
	of one that has never been seen before. Raises nothing: the other archives get their look."""
	try:
		found = store(row.name, patience)
		if not row.checked_at and not marker(found):
			put(found, MARKER, f"{row.volume_id}\n".encode())
		require_marker(found, row.volume_id)
		put(found, PROBE, b"gsmc")
	except StoreError as error:
		return error
	except Exception as error:
		# without variables: frames of a store hold keys
		frappe.log_error(title=f"Check of archive {row.name} failed", message=frappe.get_traceback())
		return StoreError(type(error).__name__)
	return None


def carries_marker(row) -> bool:
	"""Whether the folder in the bucket is that of this volume. May raise StoreError."""
	return marker(store(row.name)) == row.volume_id


def require_marker(found: ObjectStore, volume_id: str) -> None:
	if marker(found) != volume_id:
		raise NotThisArchive("no marker of this volume")


def marker(found: ObjectStore) -> str:
	try:
		return found.read(MARKER, 0, 100).decode(errors="replace").strip()
	except NoSuchObject:
		return ""


def put(found: ObjectStore, name: str, content: bytes) -> None:
	digests = (
		hashlib.sha256(content).digest(),
		hashlib.md5(content, usedforsecurity=False).digest(),
	)
	found.put(name, io.BytesIO(content), *digests)


def told(error: StoreError | None) -> str:
	"""What a person is told of a store, and can do."""
	if error is None:
		return _("The archive answers.")
	if isinstance(error, NotThisArchive):
		return _(
			"The bucket's folder does not hold this volume's marker: it belongs to another volume or was "
			"emptied. Nothing is moved to it."
		)
	if isinstance(error, AccessRefused | NoSuchBucket | NoSuchObject):
		text = _(
			"The archive refuses access. Check bucket, access key and secret key, and the rights of this key."
		)
	elif isinstance(error, StoreFull):
		text = _(
			"The archive is full. Give the bucket more room; footage stays on its local volume until then."
		)
	else:
		text = _(
			"The archive does not answer. Check the store, the network and its certificate. Recording goes "
			"on, and moving goes on when it answers again."
		)
	return f"{text} ({error})" if str(error) else text


# For those who watch


@contextmanager
def watched(volume: str) -> Iterator[ObjectStore]:
	"""The store for somebody who waits: StoreAway at once when it was away a moment ago."""
	key = away_key(volume)
	if frappe.cache().get_value(key, expires=True):
		raise StoreAway("away a moment ago")
	try:
		yield store(volume, WATCHING)
	except StoreAway:
		frappe.cache().set_value(key, 1, expires_in_sec=AWAY_S)
		raise


def away_key(volume: str) -> str:
	return f"gsmc-archive-away-{volume}"


def answers(volume: str) -> bool:
	"""Whether the archive is there, so that an object that is not found in it is really gone."""
	try:
		with watched(volume) as found:
			return marker(found) == frappe.get_cached_value("Storage Volume", volume, "volume_id")
	except StoreError:
		return False


def starts_of_day(volume: str, camera: str, day: str) -> list[int]:
	"""Starts (UTC, ms) of the footage of one day, in order. May raise StoreError."""
	with watched(volume) as found:
		return sorted(sizes_of_day(found, camera, day))


def sizes_of_day(found: ObjectStore, camera: str, day: str) -> dict[int, int]:
	"""{start (UTC, ms): bytes} of the footage of one day."""
	begin = layout.parse_day(day)
	folder = f"{layout.check_camera(camera)}/{day}/"
	sizes = {}
	for name, size in found.names(folder):
		start = layout.start_in_day(name[len(folder) :])
		if start is not None:
			sizes[begin + start] = size
	return sizes


def read_indexes(volume: str, files: list[tuple[str, int]]) -> dict[str, FileIndex]:
	"""The indexes of files in an archive, {path: index}, of (path, bytes). Those that are gone, or are no
	footage, are left out; all that are not known yet when the store does not answer. A file in an archive
	never changes, so its index is remembered."""
	cache = frappe.cache()
	boxes = {path: cache.get_value(index_key(volume, path, size), expires=True) for path, size in files}
	missing = [(path, size) for path, size in files if not boxes[path]]
	try:
		fetched = fetch_boxes(volume, missing)
	except StoreError:
		fetched = {}
	for path, size in missing:
		if path in fetched:
			boxes[path] = fetched[path]
			cache.set_value(index_key(volume, path, size), fetched[path], expires_in_sec=INDEX_KEPT_S)
	found = {}
	for path, size in files:
		try:
			found[path] = index_of_box(boxes[path] or b"", size)
		except BrokenFile:
			continue
	return found


def fetch_boxes(volume: str, files: list[tuple[str, int]]) -> dict[str, bytes]:
	"""{path: index box} of the files that have one. StoreError when the store does not answer, or refuses."""
	if not files:
		return {}
	with watched(volume) as found:

		def fetch(file: tuple[str, int]) -> bytes | None:
			path, size = file
			try:
				return fetch_index_box(lambda begin, count: found.read(path, begin, count), size)
			except (NoSuchObject, object_store.RangeRefused, BrokenFile):
				return None

		boxes = {files[0][0]: fetch(files[0])}  # alone: one that is away is asked once
		with ThreadPoolExecutor(READ_AT_ONCE) as pool:
			boxes |= zip((path for path, _size in files[1:]), pool.map(fetch, files[1:]), strict=True)
	return {path: box for path, box in boxes.items() if box}


def index_key(volume: str, path: str, size: int) -> str:
	return f"gsmc-index-{volume}/{path}/{size}"
