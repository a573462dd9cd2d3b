"""The demo province: units, one login for a person of each role, six cameras. Only what is missing is
added."""

import json
import os
import re
import secrets
from pathlib import Path

import frappe

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.access.secrets import stored as stored_secret
from giam_sat_mot_cua.organization.account_reviews import state_for
from giam_sat_mot_cua.setup.granted_account import position_of

PASSWORDS_FILE = "gsmc-demo-passwords.json"
CENTRE = "NB-TT"

# code, name, level, superior, role of the unit, has a counter, head
UNITS = (
	("NB", "UBND tỉnh Ninh Bình", "PROVINCE", None, "Managing Unit", 0, "Nguyễn Văn Bình"),
	(CENTRE, "Trung tâm Phục vụ hành chính công tỉnh", "PROVINCE", "NB", "Intake Desk", 0, "Mai Văn Tâm"),
	("NB-HL", "UBND thành phố Hoa Lư", "DISTRICT", "NB", "Using Unit", 1, "Trần Thị Hoa"),
	("NB-GV", "UBND huyện Gia Viễn", "DISTRICT", "NB", "Using Unit", 1, "Lê Văn Viễn"),
	("NB-HL-NM", "UBND phường Ninh Mỹ", "COMMUNE", "NB-HL", "Using Unit", 1, "Phạm Thị Mỹ"),
	("NB-HL-NG", "UBND phường Ninh Giang", "COMMUNE", "NB-HL", "Using Unit", 1, "Đỗ Văn Giang"),
	("NB-GV-GT", "UBND xã Gia Trấn", "COMMUNE", "NB-GV", "Using Unit", 1, "Bùi Thị Trấn"),
	("NB-GV-GN", "UBND xã Gia Vân", "COMMUNE", "NB-GV", "Using Unit", 1, "Hoàng Văn Vân"),
)
GROUPS = ("NB", "NB-HL", "NB-GV")

# code, name, unit, area, path of the stream, needs a login
CAMERAS = (
	("NB-HL-01", "Hoa Lư – Khu tiếp nhận hồ sơ", "NB-HL", "Reception Desks", "/cam-1", False),
	("NB-HL-NM-01", "Ninh Mỹ – Quầy số 1", "NB-HL-NM", "Reception Desks", "/cam-2", False),
	("NB-HL-NG-01", "Ninh Giang – Quầy số 1", "NB-HL-NG", "Reception Desks", "/cam-3", False),
	("NB-GV-01", "Gia Viễn – Khu chờ", "NB-GV", "Waiting Area", "/cam-4", False),
	("NB-GV-GT-01", "Gia Trấn – Khu tiếp nhận hồ sơ", "NB-GV-GT", "Reception Desks", "/cam-5", False),
	("NB-GV-GN-01", "Gia Vân – Quầy trả kết quả", "NB-GV-GN", "Results Desk", "/cam-6", True),
)

# role, user, name, unit
PEOPLE = (
	(roles.MONITORING_ADMINISTRATOR, "quantri@giamsat.example", "Vũ Quản Trị", "NB"),
	(roles.MONITORING_OPERATOR, "vanhanh@giamsat.example", "Ngô Vận Hành", "NB"),
	(roles.MANAGING_UNIT_LEADER, "lanhdao.vp@giamsat.example", "Đinh Lãnh Đạo", "NB"),
	(roles.INTAKE_DESK_OFFICER, "tiepnhan@giamsat.example", "Mai Tiếp Nhận", CENTRE),
	(roles.MONITORING_AUDITOR, "kiemtra@giamsat.example", "Tạ Kiểm Tra", "NB"),
	(roles.UNIT_LEADER, "lanhdao.hoalu@giamsat.example", "Trần Thị Hoa", "NB-HL"),
	(roles.COUNTER_HEAD, "truongbpmc.hoalu@giamsat.example", "Phan Một Cửa", "NB-HL"),
	(roles.UNIT_OPERATOR, "canbo.ninhmy@giamsat.example", "Lý Ninh Mỹ", "NB-HL-NM"),
)


def seed(rtsp_port: int, camera_login_file: Path | None) -> dict:
	"""{"logins": {role: {"user", "password"}}, "cameras": [names]}"""
	switch_off_second_factor()
	seed_units()
	seed_cameras(rtsp_port, read_login(camera_login_file))
	return {"logins": seed_people(), "cameras": [camera[0] for camera in CAMERAS]}


def in_words(seeded: dict) -> str:
	lines = [f"{role}: {login['user']} {login['password']}" for role, login in seeded["logins"].items()]
	return "\n".join([*lines, ", ".join(seeded["cameras"])])


def switch_off_second_factor() -> None:
	"""The demo's logins are printed with their passwords, for people to try them one after the other."""
	settings = frappe.get_doc("System Settings")
	if settings.enable_two_factor_auth:
		settings.enable_two_factor_auth = 0
		settings.flags.ignore_mandatory = True
		settings.save(ignore_permissions=True)  # a command line seeds; nobody is logged in


def seed_units() -> None:
	for code, name, level, superior, role, has_counter, head in UNITS:
		if frappe.db.exists("Monitored Unit", code):
			continue
		insert(
			doctype="Monitored Unit",
			unit_code=code,
			unit_name=name,
			unit_level=level,
			parent_monitored_unit=superior,
			unit_role=role,
			is_group=int(code in GROUPS),
			has_counter=has_counter,
			responsible_head=head,
			head_title="Chủ tịch",
		)


def seed_cameras(rtsp_port: int, login: dict) -> None:
	"""Adds missing cameras; one that is there follows the demo server to its port."""
	for number, (code, name, unit, area, path, needs_login) in enumerate(CAMERAS, start=1):
		url = f"rtsp://127.0.0.1:{rtsp_port}{path}"
		values = {"stream_url": url}
		if needs_login:
			values |= {"stream_username": login.get("username"), "stream_password": login.get("password")}
		if frappe.db.exists("Camera", code):
			follow_server(code, values)
			continue
		insert(
			doctype="Camera",
			camera_code=code,
			camera_name=name,
			unit=unit,
			monitored_area=area,
			asset_number=f"TS-{number:03d}",
			asset_owner=unit,
			providing_unit=unit,
			**values,
		)


def follow_server(code: str, values: dict) -> None:
	camera = frappe.get_doc("Camera", code)
	old = {name: stored_secret("Camera", camera.name, name) for name in values}
	if without_port(old["stream_url"]) != without_port(values["stream_url"]):
		return  # somebody gave this camera a stream of their own
	if old != values:
		camera.update(values)
		camera.save(ignore_permissions=True)  # the demo server moved; nobody is logged in


def without_port(url: str | None) -> str:
	return re.sub(r"^(rtsp://127\.0\.0\.1):\d+/", r"\1/", url or "")


def seed_people() -> dict:
	known = known_passwords()
	logins = {}
	for role, user, name, unit in PEOPLE:
		if not frappe.db.exists("Monitoring Account", {"email": user}):
			grant_account(role, user, name, unit)
			known.pop(user, None)
		if user not in known:
			known[user] = secrets.token_urlsafe(9)
			set_password(user, known[user])
		logins[role] = {"user": user, "password": known[user]}
	keep_passwords(known)
	return logins


def grant_account(role: str, user: str, name: str, unit: str) -> None:
	"""The way of every account: drafted, proposed, granted."""
	account = insert(
		doctype="Monitoring Account",
		full_name=name,
		email=user,
		unit=unit,
		position=position_of(role),
		document_number=f"{secrets.randbelow(90) + 10}/QĐ-UBND",
		document_date="2026-01-15",
	)
	for status in ("Proposed", "Granted"):
		account.workflow_state = state_for(status)
		account.save(ignore_permissions=True)  # a command line seeds; nobody is logged in


def set_password(user: str, password: str) -> None:
	doc = frappe.get_doc("User", user)
	doc.new_password = password
	doc.flags.ignore_password_policy = True
	doc.flags.no_welcome_mail = True
	doc.save(ignore_permissions=True)  # a command line seeds; nobody is logged in


def read_login(path: Path | None) -> dict:
	return json.loads(path.read_text()) if path and path.exists() else {}


def passwords_path() -> Path:
	return Path(frappe.get_site_path("private", PASSWORDS_FILE))


def known_passwords() -> dict[str, str]:
	"""Demo passwords are kept beside the site, readable by its owner alone, so that they can be shown
	again."""
	path = passwords_path()
	return json.loads(path.read_text()) if path.exists() else {}


def keep_passwords(known: dict[str, str]) -> None:
	path = passwords_path()
	with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
		json.dump(known, file)


def insert(**values):
	return frappe.get_doc(values).insert(ignore_permissions=True)  # a command line seeds; nobody is logged in
