"""Footage for tests: files on a volume with their rows, and without."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import frappe

from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import archives, clock, hour_index
from giam_sat_mot_cua.recording.hour_index import IndexedFile
from giam_sat_mot_cua.recording.object_store import WATCHING
from giam_sat_mot_cua.workers import volume_state, volumes
from tests.archive import store_server

MINUTE_MS = 60_000
DAY_MS = 86_400_000


def make_volume(path: Path, **values):
	"""A Storage Volume, not recorded to, whose folder is marked as its own."""
	name = f"t{frappe.generate_hash(length=10)}"
	doc = frappe.get_doc(
		{"doctype": "Storage Volume", "volume_name": name, "path": str(path), "enabled": 0, **values}
	).insert()
	path.mkdir(exist_ok=True)
	(path / volumes.MARKER).write_text(doc.volume_id)
	frappe.db.set_value("Storage Volume", name, "checked_at", frappe.utils.now())
	doc.reload()
	return doc


def make_archive(url: str, bucket: str, **values):
	"""A Storage Volume that is a folder of its own in a bucket, to which nothing is moved by itself."""
	name = f"t{frappe.generate_hash(length=10)}"
	keys = {"access_key": store_server.ACCESS_KEY, "secret_key": store_server.SECRET_KEY}
	place = {"endpoint": url, "bucket": bucket, "prefix": name, "enabled": 0, **keys, **values}
	doc = frappe.get_doc(doctype="Storage Volume", volume_name=name, kind="S3 Archive", **place).insert()
	volume_state.show_archive(archive_row(doc), archives.check(archive_row(doc), WATCHING))
	doc.reload()
	return doc


def archive_row(archive):
	return volumes.rows({"name": archive.name})[0]


def lay(
	volume, camera: str, starts: Iterable[int], size_bytes: int = 1000, duration_ms: int = MINUTE_MS
) -> list[int]:
	"""Files of any bytes at `starts`, each with its row; returns the starts."""
	content = b"\1" * size_bytes
	digest = hashlib.sha256(content).hexdigest()
	starts = list(starts)
	for start in starts:
		write(volume, camera, start, content)
	files = [IndexedFile(start, duration_ms, size_bytes, digest, volume.name) for start in starts]
	hour_index.merge(camera, frappe.db.get_value("Camera", camera, "unit"), files)
	return starts


def write(volume, camera: str, start: int, content: bytes) -> Path:
	path = Path(volume.path) / layout.file_path(camera, start)
	path.parent.mkdir(parents=True, exist_ok=True)
	path.write_bytes(content)
	os.utime(path, (start / 1000 + 60,) * 2)  # as if it had been written then
	return path


def on_disk(volume, camera: str | None = None) -> set[tuple[str, int]]:
	"""{(camera, start)} of the files that lie there."""
	found = layout.iter_files(Path(volume.path), camera)
	return {(path.split("/")[0], start) for path, start, _size in found}


def in_index(volume, cameras: Iterable[str]) -> dict[tuple[str, int], hour_index.Gone | None]:
	"""{(camera, start): gone} of all files that the index has on the volume."""
	frappe.db.rollback()  # a new look
	found = {}
	for camera in cameras:
		for file in hour_index.files_between(camera, 0, 4_000_000_000_000):
			if file.volume == volume.name:
				found[camera, file.start_utc_ms] = file.gone
	return found


def forget_files(camera: str, starts: Iterable[int]) -> None:
	"""Removes the rows of the hours of files by SQL. Commits."""
	frappe.db.rollback()
	names = {hour_index.row_name(camera, clock.hour_of(start)) for start in starts}
	frappe.db.delete("Recording Hour", {"name": ("in", list(names))})
	frappe.db.commit()  # the running instance is to be as before


def forget(volumes_made: Iterable[str], cameras: Iterable[str]) -> None:
	"""Removes rows by SQL: some of them are never deleted by anybody. Commits."""
	frappe.db.rollback()
	cameras, names = list(cameras), list(volumes_made)
	if cameras:
		units = frappe.get_all("Camera", {"name": ("in", cameras)}, pluck="unit")
		for doctype in ("Recording Hour", "Recording Gap", "Health Event", "Legal Hold Camera"):
			frappe.db.delete(doctype, {"camera": ("in", cameras)})
		frappe.db.delete("Camera", {"name": ("in", cameras)})
		frappe.db.delete("Monitored Unit", {"name": ("in", units)})
	for name in names:
		frappe.db.delete("Retention Run", {"volume": name})
		frappe.db.delete("Health Event", {"storage_volume": name})
		frappe.db.delete("Storage Volume", {"name": name})
		frappe.db.delete("__Auth", {"doctype": "Storage Volume", "name": name})
	frappe.db.delete("Legal Hold", {"title": ("like", "test-%")})
	frappe.db.commit()  # the running instance is to be as before
