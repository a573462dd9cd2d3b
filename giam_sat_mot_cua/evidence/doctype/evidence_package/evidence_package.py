from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import refuse_change


class EvidencePackage(OwnAttributes, Document):
	"""The file that an approved Extraction Request became. Written by evidence/packages.py alone; the file goes
	after its term, the record stays."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		attempts: DF.Int
		downloads: DF.Int
		expires_on: DF.Datetime | None
		files: DF.Int
		log_hash: DF.Data | None
		log_sequence: DF.Int
		made_on: DF.Datetime | None
		maker: DF.Data | None
		message: DF.SmallText | None
		progress: DF.Percent
		removed_on: DF.Datetime | None
		request: DF.Link
		sha256: DF.Data | None
		signing_key: DF.Link | None
		size_mb: DF.Float
		status: DF.Literal["Waiting", "Being Made", "Ready", "Failed", "Stopped", "Removed"]
		unit: DF.Link | None
	# end: auto-generated types

	def validate(self):
		if not self.flags.by_system:
			refuse_change(self)

	def on_trash(self):
		refuse_change(self)
