import frappe
from frappe import _
from frappe.model.document import Document


class UnitLevel(Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from giam_sat_mot_cua.organization.doctype.unit_level_quota.unit_level_quota import UnitLevelQuota

		active: DF.Check
		description: DF.SmallText | None
		holds_cameras: DF.Check
		level_code: DF.Data
		level_name: DF.Data
		quotas: DF.Table[UnitLevelQuota]
		rank: DF.Int
	# end: auto-generated types

	def validate(self):
		seen: set[str] = set()
		for row in self.quotas:
			if row.position in seen:
				frappe.throw(
					_("Row {0}: position {1} is listed twice. Keep one row with the whole number.").format(
						row.idx, frappe.bold(row.position)
					),
					title=_("Account Quotas"),
				)
			seen.add(row.position)
