"""Which cameras should be recorded now, and everything a recorder needs for each."""

from dataclasses import dataclass

import frappe
from frappe.utils import cint
from frappe.utils.password import get_decrypted_password

from giam_sat_mot_cua.media.camera_stream import CameraStream
from giam_sat_mot_cua.workers import volumes
from giam_sat_mot_cua.workers.volumes import Volume


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
		self.streams: dict[str, tuple[object, CameraStream]] = {}

	def read(self) -> tuple[RecordingSettings, dict[str, WantedCamera]]:
		"""Settings, and camera name -> WantedCamera. Needs a unit of work."""
		settings = read_settings()
		available = volumes.choices(self.node)
		rows = frappe.get_all(
			"Camera",
			{"enabled": 1, "is_internal": 0, "stream_url": ("is", "set")},
			["name", "modified", "transport", "volume", "records_audio"],
			order_by="name",
		)
		found = {}
		for row in rows:
			volume = available.get(row.volume) if row.volume else next(iter(available.values()), None)
			if volume:  # else another node's volume
				found[row.name] = WantedCamera(self.stream(row), volume, settings, bool(row.records_audio))
		self.streams = {name: kept for name, kept in self.streams.items() if name in found}
		return settings, found

	def stream(self, row) -> CameraStream:
		known = self.streams.get(row.name)
		if not known or known[0] != row.modified:
			known = (row.modified, read_stream(row))
			self.streams[row.name] = known
		return known[1]


def read_stream(row) -> CameraStream:
	return CameraStream(
		camera=row.name,
		url=secret(row.name, "stream_url"),
		username=secret(row.name, "stream_username"),
		password=secret(row.name, "stream_password"),
		transport=(row.transport or "TCP").lower(),
	)


def secret(camera: str, fieldname: str) -> str:
	return get_decrypted_password("Camera", camera, fieldname, raise_exception=False) or ""


def read_settings() -> RecordingSettings:
	"""Straight from the table: a recorder lives longer than any cache entry."""
	stored = frappe.db.get_singles_dict("Monitoring Settings")
	names = RecordingSettings.__dataclass_fields__
	return RecordingSettings(**{name: cint(stored.get(name)) for name in names})
