"""Which cameras should be recorded now, and everything a recorder needs for each."""

from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import frappe
from frappe.utils import cint

from giam_sat_mot_cua.access import secrets
from giam_sat_mot_cua.media.camera_stream import CameraStream
from giam_sat_mot_cua.workers import volumes
from giam_sat_mot_cua.workers.volume_watch import VolumeWatch
from giam_sat_mot_cua.workers.volumes import Volume

BACK_AFTER_S = 300  # a volume must have been good for so long before cameras come back to it
BACK_WITHIN_S = 120  # and then not all at once: each reconnects


@dataclass(frozen=True)
class RecordingSettings:
	"""What the administrator set for all cameras."""

	cameras_per_recorder: int
	file_seconds: int
	fragment_ms: int
	stall_seconds: int
	still_seconds: int
	lease_seconds: int


@dataclass(frozen=True)
class WantedCamera:
	"""A camera to record. Two equal ones need no restart."""

	stream: CameraStream
	volume: Volume
	settings: RecordingSettings
	records_audio: bool


class WantedList:
	"""Reads the wanted cameras again and again; decrypts a login only when its camera has changed."""

	def __init__(self, node: str):
		self.node = node
		self.watch = VolumeWatch()
		self.places: dict[str, str] = {}  # camera -> volume, of cameras without a fixed one
		self.streams: dict[str, tuple[object, CameraStream]] = {}

	def read(self) -> tuple[RecordingSettings, dict[str, WantedCamera]]:
		"""Settings, and camera name -> WantedCamera. Needs a unit of work."""
		settings = read_settings()
		available = self.read_volumes()
		rows = frappe.get_all(
			"Camera",
			{"enabled": 1, "is_internal": 0, "stream_url": ("is", "set")},
			["name", "modified", "transport", "volume", "records_audio"],
			order_by="name",
		)
		found = {}
		for row in rows:
			volume = available.get(row.volume or self.place(row.name, list(available)))
			if volume:  # else another node's volume
				found[row.name] = WantedCamera(self.stream(row), volume, settings, bool(row.records_audio))
		self.streams = {name: kept for name, kept in self.streams.items() if name in found}
		self.places = {name: place for name, place in self.places.items() if name in found}
		return settings, found

	def read_volumes(self) -> dict[str, Volume]:
		"""Volumes of this node by name, the preferred one first, with the space that recorders leave free.

		A full or missing volume stays in the list: where there is no other, its cameras report the storage
		fault instead of vanishing.
		"""
		rows = volumes.of_node(self.node)
		self.watch.follow(rows, volumes.min_free_percent())
		return {row.name: Volume(row.name, Path(row.path), self.watch.stops_at(row.name)) for row in rows}

	def place(self, camera: str, names: list[str]) -> str | None:
		"""The volume of a camera without a fixed one: the first of `names` that can be written. It leaves a
		volume that cannot at once, and comes back to a better one when that has been good for a while."""
		usable = [name for name in names if self.watch.has_room(name)]
		now = self.places.get(camera)
		if now not in usable:
			now = next(iter(usable), now if now in names else next(iter(names), None))
		elif usable[0] != now and self.watch.good_for_s(usable[0]) >= comes_back_after_s(camera):
			now = usable[0]
		if now:
			self.places[camera] = now
		return now

	def stream(self, row) -> CameraStream:
		known = self.streams.get(row.name)
		if not known or known[0] != row.modified:
			known = (row.modified, read_stream(row))
			self.streams[row.name] = known
		return known[1]


def comes_back_after_s(camera: str) -> int:
	"""Each camera at its own moment."""
	return BACK_AFTER_S + crc32(camera.encode()) % BACK_WITHIN_S


def read_stream(row) -> CameraStream:
	return CameraStream(
		camera=row.name,
		url=secrets.stored("Camera", row.name, "stream_url"),
		username=secrets.stored("Camera", row.name, "stream_username"),
		password=secrets.stored("Camera", row.name, "stream_password"),
		transport=(row.transport or "TCP").lower(),
	)


def read_settings() -> RecordingSettings:
	"""Straight from the table: a recorder lives longer than any cache entry."""
	stored = frappe.db.get_singles_dict("Monitoring Settings")
	names = RecordingSettings.__dataclass_fields__
	return RecordingSettings(**{name: cint(stored.get(name)) for name in names})
