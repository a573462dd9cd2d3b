import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import keep_stored
from giam_sat_mot_cua.organization.register import job, stored_file


class RegisterImport(OwnAttributes, Document):
	"""One Excel file with units and cameras, and what came of it. Every field is written by the system
	(organization/register/job.py, api/register_import.py), none by the form."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		camera_count: DF.Int
		ended_at: DF.Datetime | None
		error_count: DF.Int
		errors: DF.JSON | None
		file_name: DF.Data | None
		file_sha256: DF.Data | None
		file_stored: DF.Check
		message: DF.SmallText | None
		run: DF.Data | None
		started_at: DF.Datetime | None
		started_by: DF.Link | None
		status: DF.Literal["Draft", "Checking", "Has Errors", "Checked", "Importing", "Imported", "Failed"]
		unit_count: DF.Int
	# end: auto-generated types

	def validate(self):
		keep_stored(self, [df.fieldname for df in self.meta.fields if df.read_only])

	def on_trash(self):
		self.refuse_while_running()
		if self.status == job.IMPORTED:
			frappe.throw(
				_("This import made records: it stays, so that it can be told where they came from."),
				title=_("Register Import"),
			)

	def after_delete(self):
		stored_file.remove(self.name)

	def refuse_while_running(self):
		if self.status in job.RUNNING:
			frappe.throw(_("This import is running. Wait until it has ended."), title=_("Register Import"))
