import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.scope import ALL_UNITS
from giam_sat_mot_cua.organization import account_user


class UnitLevel(OwnAttributes, Document):
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
		profile: DF.Link
		quotas: DF.Table[UnitLevelQuota]
		rank: DF.Int
	# end: auto-generated types

	def validate(self):
		self.require_one_row_per_position()
		self.require_numbers()
		self.keep_scopes_within_the_regulation()

	def on_update(self):
		"""Views follow from the rows at once (access/scope.py); this keeps the logins' own limit in line."""
		before = self.get_doc_before_save()
		if before and scopes(before) != scopes(self):
			units = frappe.get_all("Monitored Unit", {"unit_level": self.name}, pluck="name", order_by="lft")
			account_user.follow_all({"unit": ("in", units)})

	def require_one_row_per_position(self):
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

	def require_numbers(self):
		for row in self.quotas:
			if row.unlimited:
				row.quota = 0
			elif cint(row.quota) < 1:
				frappe.throw(
					_("Row {0}: enter how many accounts a unit may hold, or tick 'No Limit'.").format(
						row.idx
					),
					title=_("Account Quotas"),
				)

	def keep_scopes_within_the_regulation(self):
		"""Only units without a monitored counter of their own see everything (Article 6.3)."""
		for row in self.quotas:
			if row.scope == ALL_UNITS and self.holds_cameras:
				frappe.throw(
					_(
						"Row {0}: accounts of a level whose units have cameras see their own unit, or also those "
						"below it. Choose one of these (Article 6.3)."
					).format(row.idx),
					title=_("Account Quotas"),
				)


def scopes(level: Document) -> dict[str, str]:
	return {row.position: row.scope for row in level.quotas}
