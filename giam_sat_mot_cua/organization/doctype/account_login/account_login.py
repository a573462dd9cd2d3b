from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import refuse_change


class AccountLogin(OwnAttributes, Document):
	"""One login, failed login or end of sessions of an account. Written by organization/login_history.py
	alone; nobody changes or deletes a row."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		account: DF.Link
		device: DF.Data | None
		from_address: DF.Data | None
		full_name: DF.Data | None
		happened_at: DF.Datetime | None
		outcome: DF.Literal["Logged In", "Login Failed", "Logged Out", "Sessions Ended"]
		unit: DF.Link
	# end: auto-generated types

	def validate(self):
		if not self.flags.by_system or not self.is_new():
			refuse_change(self)

	def on_trash(self):
		refuse_change(self)
