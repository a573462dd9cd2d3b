import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import refuse_change


class BackupRun(OwnAttributes, Document):
	"""A backup that was made, or failed, and what a restore drill found. Written by recording/backups/runs.py
	alone; nobody changes or deletes a row."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from giam_sat_mot_cua.recording.doctype.backup_run_file.backup_run_file import BackupRunFile

		began_on: DF.Datetime
		drill_duration_s: DF.Float
		drill_message: DF.SmallText | None
		drill_result: DF.Literal["", "Passed", "Failed"]
		drilled_on: DF.Datetime | None
		duration_s: DF.Float
		ended_on: DF.Datetime | None
		files: DF.Table[BackupRunFile]
		folder: DF.Data | None
		message: DF.SmallText | None
		outcome: DF.Literal["Running", "Succeeded", "Failed"]
		made_by: DF.Data | None
		removed_on: DF.Datetime | None
		row_count: DF.Int
		size_mb: DF.Float
		started_by: DF.Link | None
		started_for: DF.Literal["Nightly", "By Hand"]
		table_count: DF.Int
		tables: DF.LongText | None
		with_files: DF.Check
	# end: auto-generated types

	def validate(self):
		if not self.flags.by_system:
			refuse_change(self)

	def on_trash(self):
		frappe.throw(_("A backup run is history: it is never deleted."), title=_("Backup Run"))
