import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access.records import keep_stored
from giam_sat_mot_cua.access.turns import InTurn
from giam_sat_mot_cua.evidence import application_form

OF_ARRIVAL = ("received_on", "due_on", "from_address", "receipt_hash")


class FootageApplication(InTurn, Document):
	"""What somebody without a login applied for on the public page (Article 9.2). Written by
	evidence/applications.py alone: what the applicant wrote stays as it is, for everybody."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		due_on: DF.Datetime | None
		email: DF.Data | None
		from_address: DF.Data | None
		from_time: DF.Datetime
		handled_by: DF.Link | None
		handled_on: DF.Datetime | None
		identity_issued: DF.Data | None
		identity_number: DF.Data
		identity_paper: DF.Literal["", "Identity Card", "Passport", "Service Card", "Letter of Introduction"]
		legal_basis: DF.SmallText
		organisation: DF.Data | None
		phone: DF.Data | None
		purpose: DF.SmallText
		reason: DF.SmallText | None
		receipt_hash: DF.Data | None
		received_on: DF.Datetime | None
		reminded_on: DF.Datetime | None
		request: DF.Link | None
		requester_name: DF.Data
		scan: DF.Attach
		status: DF.Literal["Received", "Taken Over", "Refused"]
		to_time: DF.Datetime
		unit: DF.Link
		wanted: DF.SmallText
	# end: auto-generated types

	TURN = application_form.DOCTYPE

	def validate(self):
		self.require_system()
		self.keep_what_was_written()

	def onload(self):
		self.set_onload("locked_fields", [df.fieldname for df in self.meta.fields])

	def on_trash(self):
		self.refuse()

	def require_system(self):
		if not self.flags.by_system:
			self.refuse()

	def keep_what_was_written(self):
		if not self.is_new():
			written = [df.fieldname for df in application_form.fields()]
			keep_stored(self, (*written, *OF_ARRIVAL))

	def refuse(self):
		frappe.throw(
			_("An application stays as it was sent: it is taken over or refused by the buttons of its form."),
			frappe.PermissionError,
			title=_(self.doctype),
		)
