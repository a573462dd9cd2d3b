from frappe.model.document import Document


class Position(Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		active: DF.Check
		description: DF.SmallText | None
		position_code: DF.Data
		position_name: DF.Data
	# end: auto-generated types

	pass
