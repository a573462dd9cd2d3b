import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.recording import clock, hour_index


class RecordingHour(Document):
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
		hour_start: DF.Datetime | None
		hour_start_utc: DF.Datetime
		last_end: DF.Datetime | None
		recorded_ms: DF.Int
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
			}
			for file in hour_index.unpack(
				self.files, clock.utc_ms(frappe.utils.get_datetime(self.hour_start_utc))
			)
		]

	def on_trash(self):
		frappe.throw(
			_("The recording index is history: rows are never deleted, not even with their footage.")
		)


def picture_text(stream: dict) -> str:
	if not stream:
		return ""
	sound = f", {stream['audio_codec']}" if stream.get("audio_codec") else ""
	return f"{stream['video_codec']} {stream['width']}×{stream['height']}{sound}"
