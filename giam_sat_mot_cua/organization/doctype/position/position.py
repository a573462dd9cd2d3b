import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access.roles import ALL_ROLES


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
		role_profile: DF.Link | None
	# end: auto-generated types

	def validate(self):
		self.require_own_roles()

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


def roles_of(role_profile: str | None) -> list[str]:
	"""Names of the roles in a Role Profile."""
	if not role_profile:
		return []
	return frappe.get_all(
		"Has Role", {"parenttype": "Role Profile", "parent": role_profile}, pluck="role", order_by="role"
	)
