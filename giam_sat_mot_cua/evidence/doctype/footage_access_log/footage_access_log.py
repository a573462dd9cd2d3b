from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import refuse_change


class FootageAccessLog(OwnAttributes, Document):
	"""Somebody saw or took footage, or read a camera's connection. Written once, by evidence/access_log.py
	alone; nobody changes or removes a row, and one that was changed past the program is found by its hash
	(Article 5.7)."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		about_doctype: DF.Link | None
		about_name: DF.DynamicLink | None
		account: DF.Link | None
		action: DF.Literal[
			"Watched Live",
			"Saw a Still",
			"Played Back",
			"Exported",
			"Downloaded",
			"Handed Over",
			"Read the Connection",
			"Printed Minutes",
		]
		camera: DF.Link | None
		client: DF.Data | None
		footage_from: DF.Datetime | None
		footage_from_utc: DF.Datetime | None
		footage_to: DF.Datetime | None
		footage_to_utc: DF.Datetime | None
		from_address: DF.Data | None
		full_name: DF.Data | None
		happened_at: DF.Datetime
		happened_utc: DF.Datetime | None
		person: DF.Data
		previous_hash: DF.Data
		reason: DF.SmallText | None
		row_hash: DF.Data
		sequence: DF.Int
		unit: DF.Link | None
	# end: auto-generated types

	def validate(self):
		refuse_change(self)

	def on_trash(self):
		refuse_change(self)
