from frappe.model.document import Document


class UnitHead(Document):
	"""Who answers for a unit from a date on. `applied`: the unit already shows it."""

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
		person_name: DF.Data
		title: DF.Data | None
		valid_from: DF.Date
	# end: auto-generated types
