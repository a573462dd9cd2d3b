from zoneinfo import ZoneInfo

import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.recording import clock, hour_index


class RecordingHour(OwnAttributes, Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		camera: DF.Link
		coverage_percent: DF.Percent
		file_count: DF.Int
		files: DF.LongText | None
		first_start: DF.Datetime | None
		has_footage: DF.Check
		hour_start: DF.Datetime | None
		hour_start_utc: DF.Datetime
		last_end: DF.Datetime | None
		missing_count: DF.Int
		outside_archive: DF.Check
		recorded_ms: DF.Int
		removal_reason: DF.Literal["", "Past Its Retention", "Volume Full"]
		removed_count: DF.Int
		removed_on: DF.Datetime | None
		size_mb: DF.Float
		unit: DF.Link
	# end: auto-generated types

	@frappe.whitelist(methods=["POST"])
	def list_files(self) -> list[dict]:
		"""The files of this hour for the form, in site time. PermissionError when the user may not see the row."""
		self.check_permission("read")
		zone = clock.site_zone()
		return [
			{
				"start": f"{clock.site_time(file.start_utc_ms, zone):%H:%M:%S.%f}"[:-3],
				"end": f"{clock.site_time(file.end_utc_ms, zone):%H:%M:%S.%f}"[:-3],
				"seconds": round(file.duration_ms / 1000, 3),
				"mb": round(file.size_bytes / hour_index.MB, 2),
				"picture": picture_text(file.stream),
				"volume": file.volume,
				"sha256": file.sha256,
				"kept": kept_text(file.gone, zone),
			}
			for file in hour_index.unpack(
				self.files, clock.utc_ms(frappe.utils.get_datetime(self.hour_start_utc))
			)
		]

	def on_trash(self):
		frappe.throw(
			_("The recording index is history: rows are never deleted, not even with their footage.")
		)


def kept_text(gone: hour_index.Gone | None, zone: ZoneInfo) -> str:
	"""Whether the file is still there, and else since when not and why, in the language of the user."""
	if not gone:
		return _("there")
	at = frappe.utils.format_datetime(clock.site_time(gone.at_utc_ms, zone).replace(microsecond=0))
	if gone.kind == hour_index.MISSING:
		return _("missing, noticed {0}").format(at)
	return _("removed {0}: {1}").format(at, _(hour_index.REASONS.get(gone.why, "")))


def on_doctype_update():
	"""By these a day of a camera is found among years of rows, and rows whose footage is there, missing, or
	to be moved."""
	frappe.db.add_index("Recording Hour", ["camera", "hour_start_utc"])
	frappe.db.add_index("Recording Hour", ["has_footage", "camera", "hour_start_utc"])
	frappe.db.add_index("Recording Hour", ["missing_count", "hour_start_utc"])
	frappe.db.add_index("Recording Hour", ["outside_archive", "hour_start_utc"])


def picture_text(stream: dict) -> str:
	if not stream:
		return ""
	sound = f", {stream['audio_codec']}" if stream.get("audio_codec") else ""
	return f"{stream['video_codec']} {stream['width']}×{stream['height']}{sound}"
