from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import keep_stored

# workers/recorder.py, workers/claims.py, workers/tick.py
OBSERVED = (
	"state",
	"last_report",
	"version",
	"recorder_count",
	"standby_count",
	"camera_count",
	"waiting_events",
	"load_average",
	"memory_mb",
	"newest_packet_age",
	"claims",
)


class RecorderNode(OwnAttributes, Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		camera_count: DF.Int
		claims: DF.LongText | None
		last_report: DF.Datetime | None
		load_average: DF.Float
		memory_mb: DF.Float
		newest_packet_age: DF.Float
		node_name: DF.Data
		notes: DF.SmallText | None
		recorder_count: DF.Int
		retired: DF.Check
		standby_count: DF.Int
		state: DF.Literal["Up", "Down"]
		version: DF.Data | None
		waiting_events: DF.Int
	# end: auto-generated types

	def validate(self):
		if not self.is_new():
			keep_stored(self, OBSERVED)
