"""Small rows for tests: each call makes its own, named so that two tests never meet."""

from datetime import datetime
from io import BytesIO

import frappe
from frappe.utils import add_to_date, now_datetime
from openpyxl import Workbook

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.roles import UNIT_ROLES
from giam_sat_mot_cua.setup import granted_account
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


def application_fields(unit_called: str, end: datetime | None = None, **values) -> dict:
	"""What a citizen sends from the public form. `unit_called`: as the page calls it; `end`: of the half hour
	that it is about, by default three hours ago."""
	end = end or add_to_date(now_datetime(), hours=-3)
	return {
		"requester_name": "Nguyễn Thị Hạnh",
		"organisation": "Công ty A & B",
		"phone": "0912 345 678",
		"identity_paper": "Identity Card",
		"identity_number": "036012345678",
		"unit": unit_called,
		"from_time": f"{add_to_date(end, minutes=-30):%Y-%m-%dT%H:%M}",
		"to_time": f"{end:%Y-%m-%dT%H:%M}",
		"wanted": "Quầy số 2, hồ sơ bị trả lại; chờ < 5 phút",
		"purpose": "Khiếu nại về việc trả hồ sơ",
		"legal_basis": "Luật Khiếu nại, Điều 12",
		**values,
	}


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


def maintenance_order(cameras: list[str], begin=None, end=None, **values):
	"""Of the unit of the first camera; from now for an hour, when no times (site time) are given."""
	begin = begin or now_datetime()
	return insert(
		doctype="Maintenance Order",
		unit=frappe.db.get_value("Camera", cameras[0], "unit"),
		cameras=[{"camera": name} for name in cameras],
		from_time=begin,
		to_time=end or add_to_date(begin, hours=1),
		**{"reason": "Vệ sinh ống kính", "document_number": "12/KH-VP", **values},
	)


def user(role: str | None, unit_name: str | None = None):
	"""A login: with a granted account for `role` at `unit_name` (province roles: at the managing unit), or
	without one when `role` is None.

	Its rows are written as they are after granting: saving a User makes Frappe forget all its caches, and
	tests make hundreds.
	"""
	email = f"{code('u').lower()}@giamsat.example"
	login = frappe.new_doc("User")
	login.update({"name": email, "email": email, "first_name": "Thử", "full_name": "Thử", "enabled": 1})
	login.update({"user_type": "System User", "language": "vi"})
	if role:
		unit_name = unit_name if role in UNIT_ROLES else managing_unit()
		granted_account.write(email, f"Thử {email[:10]}", role, unit_name, "01/QĐ-UBND")
		login.append("roles", {"role": role})
	login.set_parent_in_children()
	for row in (login, *login.roles):
		row.db_insert()
	if role and scope.seen_units(email) is not None:
		insert(doctype="User Permission", user=email, allow="Monitored Unit", for_value=unit_name)
	return frappe.get_doc("User", email)


def managing_unit() -> str:
	name = frappe.db.get_value("Monitored Unit", {"unit_role": "Managing Unit"}, order_by="lft")
	return name or unit("PROVINCE", unit_role="Managing Unit", has_counter=0, is_group=1).name


def account(email: str) -> str:
	"""Name of the account of a login that `user` made."""
	return frappe.db.get_value("Monitoring Account", {"user": email})


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
