import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cstr, now_datetime

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import keep_stored, refuse_change

OBSERVED = ("account", "unit", "first_noticed", "last_noticed", "addresses", "times")
HANDLED = ("handled_by", "handled_on")


class SharedLoginReport(OwnAttributes, Document):
	"""One account used from several addresses at once (Article 5.10). Written by
	organization/login_history.py; the managing unit explains or confirms it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		account: DF.Link
		addresses: DF.SmallText | None
		explanation: DF.SmallText | None
		first_noticed: DF.Datetime | None
		handled_by: DF.Link | None
		handled_on: DF.Datetime | None
		last_noticed: DF.Datetime | None
		status: DF.Literal["New", "Explained", "Confirmed"]
		times: DF.Int
		unit: DF.Link
	# end: auto-generated types

	def validate(self):
		if self.flags.by_system:
			return
		if self.is_new() or not scope.acts_for_managing_unit():
			refuse_change(self)
		keep_stored(self, (*OBSERVED, *HANDLED))
		if self.status == "New":
			return
		if not cstr(self.explanation).strip():
			frappe.throw(
				_("Write what was found out about this shared login."), title=_("Shared Login Report")
			)
		if self.has_value_changed("status"):
			if frappe.db.get_value("Monitoring Account", self.account, "user") == frappe.session.user:
				frappe.throw(_("Nobody decides about his own account."), frappe.PermissionError)
			self.handled_by, self.handled_on = frappe.session.user, now_datetime()

	def on_trash(self):
		refuse_change(self)
