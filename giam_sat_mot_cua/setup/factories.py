"""Small rows for tests: each call makes its own, named so that two tests never meet."""

from io import BytesIO

import frappe
from openpyxl import Workbook

from giam_sat_mot_cua.setup.demo import insert


def code(prefix: str = "T") -> str:
	return f"{prefix}-{frappe.generate_hash(length=8).upper()}"


def unit(level: str = "COMMUNE", superior: str | None = None, **values):
	name = code("DV")
	defaults = {"unit_name": f"Đơn vị {name}", "unit_role": "Using Unit", "has_counter": 1, "is_group": 0}
	return insert(
		doctype="Monitored Unit",
		unit_code=name,
		unit_level=level,
		parent_monitored_unit=superior,
		**{**defaults, **values},
	)


def camera(unit_name: str, **values):
	name = code("CAM")
	defaults = {
		"camera_name": f"Camera {name}",
		"monitored_area": "Reception Desks",
		"asset_number": name,
		"asset_owner": unit_name,
		"providing_unit": unit_name,
		"enabled": 0,
	}
	return insert(doctype="Camera", camera_code=name, unit=unit_name, **{**defaults, **values})


def user(role: str | None, unit_name: str | None = None):
	doc = frappe.new_doc("User")
	doc.update(
		{"email": f"{code('u').lower()}@giamsat.example", "first_name": "Thử", "send_welcome_email": 0}
	)
	if role:
		doc.append("roles", {"role": role})
	doc.flags.no_welcome_mail = True
	doc.insert(ignore_permissions=True)  # tests make accounts without being one
	if unit_name:
		insert(doctype="User Permission", user=doc.name, allow="Monitored Unit", for_value=unit_name)
	return doc


def xlsx(sheets: dict[str, list[dict]]) -> bytes:
	"""An Excel file: {title of a sheet: [{heading: value}]}. The headings of a sheet are those of all its
	rows."""
	book = Workbook()
	book.remove(book.active)
	for title, rows in sheets.items():
		sheet = book.create_sheet(title)
		headings = list(dict.fromkeys(heading for row in rows for heading in row))
		sheet.append(headings)
		for row in rows:
			sheet.append([row.get(heading) for heading in headings])
	content = BytesIO()
	book.save(content)
	return content.getvalue()
