from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import refuse_change


class ConnectionReveal(OwnAttributes, Document):
	"""Somebody read a camera's address and login: who, when, from where, why. Written once, by
	api/connection.py alone; nobody changes or deletes a row (Articles 5.3, 5.7)."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		camera: DF.Link
		from_address: DF.Data | None
		reason: DF.SmallText
		revealed_at: DF.Datetime
		revealed_by: DF.Link
	# end: auto-generated types

	def validate(self):
		if not self.flags.by_reveal or not self.is_new():
			refuse_change(self)

	def on_trash(self):
		refuse_change(self)
