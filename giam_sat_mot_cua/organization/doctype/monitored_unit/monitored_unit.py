import re

import frappe
from frappe import _
from frappe.desk.treeview import make_tree_args
from frappe.utils import getdate
from frappe.utils.nestedset import NestedSet

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.organization import account_user, dated_rows, quotas
from giam_sat_mot_cua.organization.dated_rows import DatedField

SUPERIOR = DatedField("superiors", {"parent_monitored_unit": "superior"}, since="valid_from")
HEAD = DatedField("heads", {"responsible_head": "person_name", "head_title": "title"}, since="head_since")

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class MonitoredUnit(OwnAttributes, NestedSet):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from giam_sat_mot_cua.organization.doctype.unit_head.unit_head import UnitHead
		from giam_sat_mot_cua.organization.doctype.unit_superior.unit_superior import UnitSuperior

		active: DF.Check
		address: DF.SmallText | None
		email: DF.Data | None
		has_counter: DF.Check
		head_since: DF.Date | None
		head_title: DF.Data | None
		heads: DF.Table[UnitHead]
		is_group: DF.Check
		lft: DF.Int
		location: DF.JSON | None
		old_parent: DF.Link | None
		parent_monitored_unit: DF.Link | None
		phone: DF.Data | None
		responsible_head: DF.Data | None
		rgt: DF.Int
		superiors: DF.Table[UnitSuperior]
		unit_code: DF.Data
		unit_level: DF.Link
		unit_name: DF.Data
		unit_role: DF.Literal["Using Unit", "Managing Unit", "Intake Desk", "Superior Body"]
		valid_from: DF.Date | None
	# end: auto-generated types

	nsm_parent_field = "parent_monitored_unit"

	def before_insert(self):
		self.validate_code()  # before Frappe names the record after it

	def validate(self):
		self.validate_code()
		self.validate_level()
		self.validate_role()
		self.validate_end()
		self.validate_dates(SUPERIOR, _("Superior Units by Date"))
		self.validate_dates(HEAD, _("Responsible Heads by Date"))
		dated_rows.bring_together(self, SUPERIOR)
		dated_rows.bring_together(self, HEAD)
		self.set_head_since()
		for unit in {self.parent_monitored_unit, *(row.superior for row in self.superiors)} - {None, ""}:
			self.validate_superior(unit)

	def validate_code(self):
		if not CODE.fullmatch(str(self.unit_code or "")):
			frappe.throw(
				_(
					"Unit Code {0} cannot be used: write up to 64 letters without accents, digits, dots, hyphens or "
					"underscores, for example NB-HL."
				).format(frappe.bold(frappe.utils.escape_html(str(self.unit_code or "")))),
				title=_("Unit Code"),
			)

	def validate_level(self):
		"""A unit is given a level of a profile that is in use; units from before keep theirs."""
		if not self.unit_level or not (self.is_new() or self.has_value_changed("unit_level")):
			return
		profile = frappe.db.get_value("Unit Level", self.unit_level, "profile")
		if profile and not frappe.db.get_value("Administrative Profile", profile, "active"):
			frappe.throw(
				_(
					"The level {0} belongs to the administrative profile {1}, which is not active. Choose another "
					"level, or activate the profile first."
				).format(
					frappe.bold(frappe.db.get_value("Unit Level", self.unit_level, "level_name")),
					frappe.bold(frappe.db.get_value("Administrative Profile", profile, "profile_name")),
				),
				title=_("Unit Level"),
			)

	def validate_role(self):
		"""One unit manages the system. Which one, no account decides: its own rights would follow from it."""
		before = self.get_doc_before_save()
		if before and before.unit_role == self.unit_role:
			return
		others = frappe.get_all(
			"Monitored Unit",
			{"unit_role": scope.MANAGING_UNIT, "name": ("!=", self.name or "")},
			pluck="unit_name",
			order_by="lft",
		)
		if self.unit_role == scope.MANAGING_UNIT and others:
			frappe.throw(
				_("The managing unit is {0}: there is one only.").format(frappe.bold(others[0])),
				title=_("Role in the System"),
			)
		managed = before and before.unit_role == scope.MANAGING_UNIT
		if managed and frappe.session.user != "Administrator":
			frappe.throw(
				_("Which unit manages the system is changed by the site's Administrator, on a document."),
				frappe.PermissionError,
				title=_("Role in the System"),
			)

	def validate_end(self):
		"""A unit that is given up leaves no cameras and no accounts behind, which would go on seeing it."""
		if self.active or self.is_new():
			return
		cameras = frappe.get_all("Camera", {"unit": self.name, "enabled": 1}, pluck="name", order_by="name")
		if cameras:
			frappe.throw(
				_(
					"{0} still has cameras that are recorded: {1}. Give them to the unit that takes over the counter, "
					"or switch their recording off, before you take it out of use."
				).format(frappe.bold(self.unit_name), ", ".join(cameras)),
				title=_("Monitored Unit"),
			)
		held = quotas.holders(self.name)
		if held:
			frappe.throw(
				_(
					"{0} still has accounts: {1}. Transfer them to the unit that takes over its tasks, or revoke "
					"them, before you take it out of use."
				).format(frappe.bold(self.unit_name), quotas.told(held)),
				title=_("Monitored Unit"),
			)

	def validate_dates(self, dated: DatedField, title: str):
		dates = [str(getdate(row.valid_from)) for row in self.get(dated.table) if row.valid_from]
		for date in dates:
			if dates.count(date) > 1:
				frappe.throw(
					_("Two rows begin on {0}. Keep one of them.").format(
						frappe.bold(frappe.format(date, "Date"))
					),
					title=title,
				)

	def set_head_since(self):
		current = dated_rows.effective_row(self.heads, getdate())
		self.head_since = current.valid_from if current else None

	def validate_superior(self, unit: str):
		"""A superior unit is a group, and of a higher level (smaller rank), so that scopes never cross."""
		superior = frappe.db.get_value(
			"Monitored Unit",
			unit,
			["unit_level", "unit_name", "is_group"],
			as_dict=True,
		)
		if not superior:
			return
		if not superior.is_group:
			frappe.throw(
				_("{0} has no subordinate units. Tick 'Has Subordinate Units' on it first.").format(
					frappe.bold(superior.unit_name)
				),
				title=_("Superior Unit"),
			)
		own_rank, its_rank = level_rank(self.unit_level), level_rank(superior.unit_level)
		if own_rank is not None and its_rank is not None and its_rank > own_rank:
			frappe.throw(
				_("{0} is of a lower level, so it cannot be the superior of {1}.").format(
					frappe.bold(superior.unit_name), frappe.bold(self.unit_name)
				),
				title=_("Superior Unit"),
			)

	def on_update(self):
		super().on_update()
		forget_tree()
		if self.get_doc_before_save() and self.has_value_changed("unit_level"):
			account_user.follow_all({"unit": self.name})

	def on_trash(self):
		super().on_trash()
		forget_tree()


def level_rank(level: str | None) -> int | None:
	return frappe.db.get_value("Unit Level", level, "rank") if level else None


def forget_tree() -> None:
	"""Frappe caches the descendants of user permissions for each user: a tree change must count at once."""
	frappe.cache().delete_key("user_permissions")


@frappe.whitelist()
def get_children(doctype: str, parent: str = "", **options) -> list[dict]:
	"""Nodes of the Desk's tree below `parent`; without one, the topmost units that the user sees.

	A user whose own unit has a superior outside his scope would find nothing by Frappe's own method, which
	starts at units without a superior.
	"""
	fields = ["name as value", "unit_name as title", "is_group as expandable"]
	if parent:
		return frappe.get_list(
			"Monitored Unit", {"parent_monitored_unit": parent}, fields, order_by="lft", limit_page_length=0
		)
	seen = frappe.get_list(
		"Monitored Unit", fields=[*fields, "parent_monitored_unit"], order_by="lft", limit_page_length=0
	)
	names = {unit.value for unit in seen}
	return [unit for unit in seen if unit.pop("parent_monitored_unit") not in names]


@frappe.whitelist()
def add_node() -> None:
	"""Adds a unit from the Desk's tree. A child of the tree's heading has no superior."""
	args = make_tree_args(**frappe.form_dict)
	args.doctype = "Monitored Unit"
	if args.is_root:
		args.parent_monitored_unit = None
	frappe.get_doc(args).insert()
