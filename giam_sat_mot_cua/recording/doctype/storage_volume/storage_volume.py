import os
import re

import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.recording.observed import keep_stored

OBSERVED = ("state", "state_message", "total_gb", "free_gb", "checked_at", "volume_id")  # workers/volumes.py
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class StorageVolume(Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		checked_at: DF.Datetime | None
		enabled: DF.Check
		free_gb: DF.Float
		node: DF.Link | None
		path: DF.Data
		priority: DF.Int
		state: DF.Literal["", "Ready", "Not Mounted", "Read Only", "Full"]
		state_message: DF.SmallText | None
		total_gb: DF.Float
		volume_id: DF.Data | None
		volume_name: DF.Data
	# end: auto-generated types

	def validate(self):
		keep_stored(self, OBSERVED)
		self.validate_volume_name()
		self.validate_path()
		self.volume_id = self.volume_id or frappe.generate_hash(length=20)

	def validate_volume_name(self):
		if not NAME.fullmatch(self.volume_name or ""):
			frappe.throw(
				_(
					"Volume Name {0} cannot be used: write up to 32 lower-case letters, digits and hyphens."
				).format(frappe.bold(self.volume_name or "")),
				title=_("Volume Name"),
			)

	def validate_path(self):
		self.path = os.path.normpath((self.path or "").strip())
		if not os.path.isabs(self.path) or self.path == "/":
			frappe.throw(
				_("The folder of a volume is an absolute path such as /srv/footage."),
				title=_("Storage Volume"),
			)
		other = frappe.db.get_value(
			"Storage Volume",
			{"path": self.path, "name": ("!=", self.name), "node": ("in", ["", None, self.node or ""])},
		)
		if other:
			frappe.throw(
				_("Volume {0} already uses this folder. Two volumes cannot share one.").format(
					frappe.bold(other)
				),
				title=_("Storage Volume"),
			)
		if not self.is_new() and self.has_value_changed("path") and self.has_footage():
			frappe.msgprint(
				_("Footage already recorded is looked for in the new folder: move it there as well."),
				title=_("Storage Volume"),
			)

	def has_footage(self) -> bool:
		return bool(
			frappe.db.exists("Camera", {"volume": self.name})
			or frappe.db.exists("Recording Hour", {"name": ("is", "set")})
		)

	def on_trash(self):
		if self.has_footage():
			frappe.throw(
				_(
					"Volume {0} may hold footage. Untick 'Record to This Volume' instead of deleting it."
				).format(frappe.bold(self.name)),
				title=_("Storage Volume"),
			)
