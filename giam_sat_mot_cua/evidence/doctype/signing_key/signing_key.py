from frappe.model.document import Document

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import refuse_change
from giam_sat_mot_cua.access.secrets import KeepsSecrets


class SigningKey(KeepsSecrets, OwnAttributes, Document):
	"""A key that signs evidence packages, with its certificate. Written by evidence/signing_keys.py alone;
	the certificates of keys that are retired stay, for the packages that they signed."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		certificate: DF.Code | None
		fingerprint: DF.Data
		kind: DF.Literal["Made Here", "From a Certificate Authority"]
		organisation: DF.Data | None
		private_key: DF.Password | None
		retired_on: DF.Datetime | None
		status: DF.Literal["Active", "Retired"]
		valid_from: DF.Datetime | None
		valid_until: DF.Datetime | None
	# end: auto-generated types

	def validate(self):
		if not self.flags.by_system:
			refuse_change(self)

	def on_trash(self):
		refuse_change(self)
