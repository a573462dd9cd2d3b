"""The camera that a request names."""

import frappe
from frappe import _
from frappe.model.document import Document


def readable(camera: str | None) -> Document:
	"""The Camera `camera`. Throws when none is named; PermissionError when the user may not see it."""
	if not camera:
		frappe.throw(_("Name the camera."), title=_("Camera"))
	doc = frappe.get_doc("Camera", camera)
	if not doc.has_permission("read"):
		frappe.throw(_("You may not watch this camera."), frappe.PermissionError, title=_("Camera"))
	return doc
