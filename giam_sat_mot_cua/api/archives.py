"""Archives looked at now, for administrators of the managing unit."""

import frappe
from frappe import _
from frappe.utils import cstr

from giam_sat_mot_cua.recording import archives
from giam_sat_mot_cua.recording.object_store import WATCHING
from giam_sat_mot_cua.workers import volume_state, volumes


@frappe.whitelist(methods=["POST"])
def check(volume: str | None = None) -> dict:
	"""Asks the store of an archive and stores what it says: {"answers", "text": what a person is told}.
	Raises PermissionError when the user may not change the volume."""
	if not volume:
		frappe.throw(_("There is no such volume."), frappe.DoesNotExistError, title=_("Storage Volume"))
	doc = frappe.get_doc("Storage Volume", cstr(volume))
	doc.check_permission("write")
	row = next(iter(volumes.rows({"name": doc.name})))
	if not volumes.is_archive(row):
		frappe.throw(
			_("Volume {0} is not an archive.").format(frappe.bold(doc.name)), title=_("Storage Volume")
		)
	error = archives.check(row, WATCHING)
	volume_state.show_archive(row, error)
	return {"answers": error is None, "text": archives.told(error)}
