"""Stream addresses move into the encrypted fields, out of the table and out of the histories of cameras."""

import frappe
from frappe.utils.password import set_encrypted_password

from giam_sat_mot_cua.access.content import hide_guarded_values
from giam_sat_mot_cua.access.secrets import MASK
from giam_sat_mot_cua.cameras.doctype.camera.camera import SECRETS


def execute() -> None:
	for row in frappe.get_all("Camera", fields=["name", *SECRETS], order_by="name"):
		if row.stream_url and set(row.stream_url) != {"*"}:
			set_encrypted_password("Camera", row.name, row.stream_url, "stream_url")
		masked = {field: MASK for field in SECRETS if row[field]}
		if masked:
			frappe.db.set_value("Camera", row.name, masked, update_modified=False)
	for name in frappe.get_all("Version", {"ref_doctype": "Camera"}, pluck="name", order_by="name"):
		version = frappe.get_doc("Version", name)
		hide_guarded_values(version)
		frappe.db.set_value("Version", name, "data", version.data, update_modified=False)
