from frappe.model.document import Document


class BackupRunFile(Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		file_name: DF.Data
		kind: DF.Literal["Database", "Configuration and Keys", "Public Files", "Private Files"]
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		sha256: DF.Data
		size_mb: DF.Float
	# end: auto-generated types

	pass
