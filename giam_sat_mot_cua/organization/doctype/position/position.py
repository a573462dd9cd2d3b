import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.people import roles_of
from giam_sat_mot_cua.access.roles import ALL_ROLES
from giam_sat_mot_cua.organization import account_user


class Position(OwnAttributes, Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		active: DF.Check
		description: DF.SmallText | None
		position_code: DF.Data
		position_name: DF.Data
		role_profile: DF.Link | None
	# end: auto-generated types

	def validate(self):
		self.require_own_roles()
		self.keep_accounts_working()

	def keep_accounts_working(self):
		if self.is_new() or (self.active and self.role_profile):
			return
		count = frappe.db.count("Monitoring Account", {"position": self.name, "status": scope.GRANTED})
		if count:
			frappe.throw(
				_(
					"{0} granted accounts hold this position and would lose all access. Transfer or revoke them first."
				).format(count),
				title=_("Position"),
			)

	def on_update(self):
		if not self.is_new() and self.has_value_changed("role_profile"):
			account_user.follow_all({"position": self.name})

	def require_own_roles(self):
		"""A position gives roles of this system only: it is no way to technical rights (Article 5.3)."""
		foreign = sorted(set(roles_of(self.role_profile)) - set(ALL_ROLES))
		if foreign:
			frappe.throw(
				_(
					"The role profile {0} gives roles that are not of this system: {1}. Choose a profile of this "
					"system, or take those roles out of it."
				).format(frappe.bold(self.role_profile), frappe.bold(", ".join(map(_, foreign)))),
				title=_("Role Profile"),
			)
