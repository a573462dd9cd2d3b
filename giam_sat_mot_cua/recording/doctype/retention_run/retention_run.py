import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import refuse_change


class RetentionRun(OwnAttributes, Document):
	"""Written by recording/retention_runs.py alone."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		awaited_gb: DF.Float
		began_on: DF.Datetime | None
		details: DF.LongText | None
		dry_run: DF.Check
		early_count: DF.Int
		ended_on: DF.Datetime | None
		file_count: DF.Int
		message: DF.SmallText | None
		newest: DF.Datetime | None
		node: DF.Data | None
		oldest: DF.Datetime | None
		pending: DF.LongText | None
		refused_count: DF.Int
		size_gb: DF.Float
		started_by: DF.Link | None
		status: DF.Literal["Waiting", "Running", "Finished", "Interrupted", "Failed"]
		volume: DF.Link | None
	# end: auto-generated types

	def validate(self):
		if not self.flags.by_system:
			refuse_change(self)

	def on_trash(self):
		frappe.throw(_("A retention run is history: it is never deleted."), title=_("Retention Run"))
