from frappe.model.document import Document


class UnitSuperior(Document):
	"""A unit's superior from a date on. `applied`: the tree already follows it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		applied: DF.Check
		document: DF.Data | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		superior: DF.Link | None
		valid_from: DF.Date
	# end: auto-generated types
