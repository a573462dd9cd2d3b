import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes


class RecordingGap(OwnAttributes, Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		camera: DF.Link
		cause: DF.Literal[
			"Camera Offline",
			"Network",
			"Authentication",
			"Configuration",
			"Recorder Down",
			"Storage",
			"Clock",
			"Maintenance",
			"Switched Off",
			"Unknown",
		]
		detail: DF.SmallText | None
		duration_s: DF.Float
		end_time: DF.Datetime | None
		end_utc: DF.Datetime | None
		maintenance_order: DF.Link | None
		observed_cause: DF.Literal[
			"",
			"Camera Offline",
			"Network",
			"Authentication",
			"Configuration",
			"Recorder Down",
			"Storage",
			"Clock",
			"Maintenance",
			"Switched Off",
			"Unknown",
		]
		start_time: DF.Datetime
		start_utc: DF.Datetime
		unit: DF.Link
	# end: auto-generated types

	def on_trash(self):
		frappe.throw(_("A recording gap is history: it can be explained, never deleted."))
