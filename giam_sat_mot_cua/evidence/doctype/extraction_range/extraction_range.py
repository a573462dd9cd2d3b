from frappe.model.document import Document


class ExtractionRange(Document):
	"""Footage that is asked for: a camera and a period (row of an Extraction Request)."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		camera: DF.Link
		from_time: DF.Datetime
		from_utc: DF.Datetime | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		recorded_s: DF.Float
		there: DF.SmallText | None
		to_time: DF.Datetime
		to_utc: DF.Datetime | None
	# end: auto-generated types
