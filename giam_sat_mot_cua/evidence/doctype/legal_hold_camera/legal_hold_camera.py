from frappe.model.document import Document


class LegalHoldCamera(Document):
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
		to_time: DF.Datetime
		to_utc: DF.Datetime | None
	# end: auto-generated types

	pass
