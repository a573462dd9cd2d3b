import json
import os
import re

import frappe
from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.access.records import keep_stored

# workers/volumes.py
OBSERVED = ("state", "state_message", "total_gb", "free_gb", "checked_at", "volume_id", "write_ms")
SYSTEM_FOLDERS = (
	"/bin",
	"/boot",
	"/dev",
	"/etc",
	"/lib",
	"/lib64",
	"/proc",
	"/root",
	"/sbin",
	"/sys",
	"/usr",
)
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
		state: DF.Literal["", "Ready", "Not Mounted", "Read Only", "Full", "Failing"]
		state_message: DF.SmallText | None
		total_gb: DF.Float
		volume_id: DF.Data | None
		volume_name: DF.Data
		write_ms: DF.Float
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
		self.path = own_folder(self.path)
		if not self.path:
			frappe.throw(
				_(
					"The folder of a volume is an absolute path of its own, such as /srv/footage; not a folder of the system."
				),
				title=_("Storage Volume"),
			)
		other = self.volume_of_same_folder()
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

	def volume_of_same_folder(self) -> str | None:
		"""Another volume under this path that a machine of this one sees."""
		rows = frappe.get_all(
			"Storage Volume", {"path": self.path, "name": ("!=", self.name or "")}, ["name", "node"]
		)
		same = (row.name for row in rows if not self.node or not row.node or row.node == self.node)
		return next(same, None)

	def has_footage(self) -> bool:
		"""Whether a row names this volume: the list of volumes stands at the head of a row's packed files."""
		named = f'%{json.dumps(self.name)}%"streams"%'
		return bool(frappe.db.exists("Recording Hour", {"files": ("like", named)}))

	def on_trash(self):
		if self.enabled or self.has_footage() or frappe.db.exists("Camera", {"volume": self.name}):
			frappe.throw(
				_(
					"Volume {0} may hold footage. Untick 'Record to This Volume' instead of deleting it."
				).format(frappe.bold(self.name)),
				title=_("Storage Volume"),
			)


def own_folder(path: str | None) -> str | None:
	"""`path` without detours when it is absolute and no folder of the system; else None."""
	path = os.path.normpath((path or "").strip())
	top = "/".join(path.split("/")[:2])
	return path if os.path.isabs(path) and path != "/" and top not in SYSTEM_FOLDERS else None
