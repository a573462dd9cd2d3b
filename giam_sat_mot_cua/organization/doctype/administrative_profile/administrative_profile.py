import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes


class AdministrativeProfile(OwnAttributes, Document):
	"""A set of unit levels: the three tiers of 2024, or what a reform brings."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		active: DF.Check
		description: DF.SmallText | None
		legal_basis: DF.SmallText | None
		profile_code: DF.Data
		profile_name: DF.Data
		valid_from: DF.Date | None
	# end: auto-generated types

	def validate(self):
		if self.active and (self.is_new() or self.has_value_changed("active")):
			self.require_complete_levels()

	def require_complete_levels(self):
		"""A profile goes into use when each of its levels says how many accounts its units may hold."""
		levels = frappe.get_all(
			"Unit Level", {"profile": self.name, "active": 1}, ["name", "level_name"], order_by="`rank`"
		)
		if self.is_new() and not levels:
			return  # its levels come after it
		with_quotas = set(
			frappe.get_all(
				"Unit Level Quota",
				{"parenttype": "Unit Level", "parent": ("in", [level.name for level in levels])},
				pluck="parent",
				order_by="parent",
			)
		)
		missing = [level.level_name for level in levels if level.name not in with_quotas]
		if missing or not levels:
			frappe.throw(
				_(
					"The profile cannot be activated yet: enter the account quotas of these levels first: {0}."
				).format(frappe.bold(", ".join(missing) or _("there is no level"))),
				title=_("Administrative Profile"),
			)
