import frappe
from frappe import _
from frappe.model.document import Document


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

	def on_trash(self):
		frappe.throw(
			_("The recording index is history: rows are never deleted, not even with their footage.")
		)
