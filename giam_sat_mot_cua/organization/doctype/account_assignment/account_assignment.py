from frappe.model.document import Document


class AccountAssignment(Document):
	"""Where an account belonged, from a moment to a moment."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		document: DF.Data | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		position: DF.Link
		unit: DF.Link
		valid_from: DF.Datetime
		valid_until: DF.Datetime | None
	# end: auto-generated types
