from frappe.model.document import Document


class ExtractionStep(Document):
	"""Who led an Extraction Request from one state to the next, and why. Written by the program alone."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		at: DF.Datetime | None
		delegation: DF.Link | None
		from_status: DF.Data | None
		full_name: DF.Data | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		person: DF.Data | None
		reason: DF.SmallText | None
		to_status: DF.Data | None
	# end: auto-generated types
