from frappe.model.document import Document


class UnitLevelQuota(Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		approves_extraction: DF.Check
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		position: DF.Link
		quota: DF.Int
		scope: DF.Literal["Own Unit", "Own Unit and Subordinate Units", "All Units"]
		unlimited: DF.Check
	# end: auto-generated types

	pass
