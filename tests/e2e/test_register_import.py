"""Units and cameras from an Excel file, over HTTP with a real background process."""

import io
import json
import os
import secrets
import signal
import time

import frappe
import pytest
from frappe.utils.password import get_decrypted_password
from openpyxl import load_workbook

from giam_sat_mot_cua import hooks
from giam_sat_mot_cua.organization.register import job, stored_file
from giam_sat_mot_cua.setup.factories import xlsx
from tests.cameras.server import wait_for
from tests.e2e.register_import import API, RUNNING, Importer, cameras, units

pytestmark = pytest.mark.quiet
OTHERS = (
	"Monitoring Operator",
	"Managing Unit Leader",
	"Intake Desk Officer",
	"Monitoring Auditor",
	"Unit Leader",
	"Counter Head",
	"Unit Operator",
)


@pytest.fixture
def prefix() -> str:
	return "NHAP" + secrets.token_hex(3).upper()


@pytest.fixture
def importer(stack, session) -> Importer:
	return Importer(stack, session("Monitoring Administrator"))


def present(prefix: str) -> tuple[int, int]:
	"""(units, cameras) of the site whose code begins with `prefix`."""
	frappe.db.rollback()
	return tuple(
		frappe.db.count(doctype, {"name": ("like", f"{prefix}%")}) for doctype in ("Monitored Unit", "Camera")
	)


def refusal(answer) -> str:
	return json.loads(json.loads(answer.json()["_server_messages"])[0])["message"]


def good_file(prefix: str, communes: int = 3, count: int = 5) -> bytes:
	rows = units(prefix, communes)
	return xlsx(
		{"Đơn vị": rows, "Camera": cameras(prefix, count, [row["Mã đơn vị"] for row in rows[:communes]])}
	)


def test_a_good_file_is_checked_and_imported(stack, importer, prefix):
	assert importer.upload(good_file(prefix)).status_code == 200
	record = importer.record()
	assert (record["status"], record["file_name"], len(record["file_sha256"])) == (
		"Draft",
		"danh-ba.xlsx",
		64,
	)
	assert importer.start("run").status_code == 417  # not checked yet
	record = importer.finish("check")
	assert (record["status"], record["unit_count"], record["camera_count"]) == ("Checked", 5, 5), record
	assert present(prefix) == (0, 0)
	record = importer.finish("run")
	assert (record["status"], record["file_stored"]) == ("Imported", 0), record
	assert record["message"].startswith("Đã nhập 5 đơn vị và 5 camera.")
	assert present(prefix) == (5, 5)
	assert frappe.db.get_value("Monitored Unit", f"{prefix}-X001", "parent_monitored_unit") == f"{prefix}-H00"
	camera = frappe.get_doc("Camera", f"{prefix}-C001")
	assert get_decrypted_password(camera.doctype, camera.name, "stream_password") == f"mat-khau-{prefix}-1"
	assert camera.owner == stack.logins["Monitoring Administrator"]["user"]
	for method in ("check", "run", "upload"):
		assert importer.start(method).status_code == 417
	assert_secret_is_nowhere(stack, f"mat-khau-{prefix}")


def assert_secret_is_nowhere(stack, secret: str) -> None:
	for (table,) in frappe.db.sql("show tables"):
		for row in frappe.db.sql(f"select * from `{table}`"):
			assert secret not in str(row), table
	site = stack.instance.sites / stack.site
	for folder in (stack.logs, site / "private", site / "logs"):
		for path in folder.rglob("*"):
			if path.is_file() and not path.suffix == ".xlsx":
				assert secret.encode() not in path.read_bytes(), path
	assert not stored_file.path_of(secret).exists()
	assert [path for path in stored_file.folder().iterdir() if path.suffix == ".new"] == []


def test_ten_bad_rows_are_all_named_and_nothing_is_imported(importer, prefix):
	rows, homes = units(prefix, 12), [f"{prefix}-X{number:03d}" for number in range(12)]
	found = cameras(prefix, 12, homes[5:])
	secret = f"rtsp://a:{prefix}bi-mat@10.1.2.3/x#y"
	changes = [  # rows, index, change; row that is named, part of the message
		(rows, 0, {"Mã đơn vị": "có dấu"}, ("Đơn vị", 2), "không dùng được"),
		(rows, 1, {"Tên đơn vị": None}, ("Đơn vị", 3), "còn trống"),
		(rows, 2, {"Cấp đơn vị": "Cấp thôn"}, ("Đơn vị", 4), "Cấp thôn"),
		(rows, 3, {"valid_from": "30/02/2025"}, ("Đơn vị", 5), "không phải là ngày"),
		(rows, 4, {"Đơn vị cấp trên": "KHONG-CO"}, ("Đơn vị", 6), "KHONG-CO"),
		(found, 6, {"unit": "KHONG-CO-NUA"}, ("Camera", 8), "KHONG-CO-NUA"),
		(found, 8, {"asset_number": f"{prefix}-TS-0007"}, ("Camera", 10), "đã có ở dòng 9"),
		(found, 9, {"stream_url": secret}, ("Camera", 11), "rtsp://"),
		(found, 10, {"retention_days": "lâu"}, ("Camera", 12), "không phải là số"),
		(found, 11, {"monitored_area": "Sân sau"}, ("Camera", 13), "không có trong các lựa chọn"),
	]
	for table, index, change, _place, _part in changes:
		table[index].update(change)
	importer.upload(xlsx({"Đơn vị": rows, "Camera": found}))
	record = importer.finish("check")
	assert record["status"] == "Has Errors", record
	assert "bi-mat" not in json.dumps(record)
	assert_secret_is_nowhere(importer.stack, "bi-mat")
	told = {(error["sheet"], error["row"]): error["message"] for error in json.loads(record["errors"])}
	assert set(told) == {place for *_rest, place, _part in changes}, told
	for *_rest, place, part in changes:
		assert part in told[place], (place, told[place])
	assert record["error_count"] == 10 and "10 lỗi ở 10 dòng" in record["message"]
	assert importer.start("run").status_code == 417
	assert present(prefix) == (0, 0)


@pytest.mark.parametrize("role", [*OTHERS, "Guest"])
def test_everybody_else_is_refused_on_every_route(stack, session, importer, prefix, role):
	import requests

	importer.upload(good_file(prefix))
	other = Importer(stack, requests.Session() if role == "Guest" else session(role))
	refused = (401, 403)
	assert other.upload(good_file(prefix)).status_code in refused
	other.name = importer.name
	assert other.upload(good_file(prefix)).status_code in refused
	for method in ("check", "run", "delete_file"):
		assert other.start(method).status_code in refused, method
	for path in (
		f"{API}progress?name={importer.name}",
		f"{API}download_template",
		f"/api/resource/Register Import/{importer.name}",
		"/api/resource/Register Import",
		f"/api/method/frappe.desk.form.load.getdoc?doctype=Register Import&name={importer.name}",
		f"/api/method/frappe.client.get?doctype=Register Import&name={importer.name}",
	):
		answer = other.person.get(stack.url + path, timeout=60)
		assert answer.status_code in refused, (path, answer.status_code)
		assert "danh-ba" not in answer.text
	change = other.person.put(
		f"{stack.url}/api/resource/Register Import/{importer.name}", json={"status": "Checked"}, timeout=30
	)
	assert change.status_code in refused
	made = other.person.post(f"{stack.url}/api/resource/Register Import", json={}, timeout=30)
	assert made.status_code in refused
	assert (
		other.person.delete(
			f"{stack.url}/api/resource/Register Import/{importer.name}", timeout=30
		).status_code
		in refused
	)


def test_the_file_is_served_to_nobody(stack, importer, prefix):
	importer.upload(good_file(prefix))
	path = stored_file.path_of(importer.name)
	assert path.exists() and path.stat().st_mode & 0o777 == 0o600
	for url in (
		f"/private/{stored_file.FOLDER}/{path.name}",
		f"/private/files/{path.name}",
		f"/private/files/../{stored_file.FOLDER}/{path.name}",
		f"/files/{path.name}",
		f"/api/method/frappe.core.doctype.file.file.download_file?file_url=/private/{stored_file.FOLDER}/{path.name}",
		f"/api/method/download_file?file_url=/private/files/../{stored_file.FOLDER}/{path.name}",
	):
		answer = importer.person.get(stack.url + url, timeout=30)
		assert answer.status_code >= 400 and not answer.content.startswith(b"PK"), url
	assert importer.start("delete_file").status_code == 200
	assert not path.exists()
	assert importer.start("check").status_code == 417


@pytest.mark.parametrize(
	("content", "file_name", "part"),
	[
		(b"khong phai Excel", "a.xlsx", "hỏng"),
		(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "a.xlsx", "mật khẩu"),
		(b"Ma,Ten", "a.csv", ".xlsx"),
		(b"\0" * 6_000_000, "a.xlsx", "5 MB"),
		(b"", "a.xlsx", "hỏng"),
	],
)
def test_files_of_another_kind_are_refused_when_they_arrive(importer, content, file_name, part):
	answer = importer.upload(content, file_name)
	assert answer.status_code == 417, answer.text
	assert part in refusal(answer)


def test_the_template_is_a_file_of_excel_and_fits_what_it_is_for(stack, importer):
	answer = importer.person.get(f"{stack.url}{API}download_template", timeout=60)
	assert answer.status_code == 200
	assert answer.headers["Content-Type"].startswith(
		"application/vnd.openxmlformats-officedocument.spreadsheetml"
	)
	assert 'filename="mau-nhap-don-vi-camera.xlsx"' in answer.headers["Content-Disposition"]
	book = load_workbook(io.BytesIO(answer.content))
	assert book.sheetnames[:3] == ["Đơn vị", "Camera", "Hướng dẫn"]
	importer.upload(answer.content)
	assert importer.finish("check")["status"] == "Has Errors"  # there are no rows


def test_a_field_that_an_administrator_added_is_in_the_template_and_imported(stack, importer, prefix):
	field = frappe.get_doc(
		{
			"doctype": "Custom Field",
			"dt": "Monitored Unit",
			"fieldname": "custom_dan_so",
			"label": "Dân số",
			"fieldtype": "Int",
			"insert_after": "unit_name",
		}
	).insert()
	frappe.db.commit()  # the web server and the worker are other processes
	try:
		book = load_workbook(
			io.BytesIO(importer.person.get(f"{stack.url}{API}download_template", timeout=60).content)
		)
		assert "Dân số" in [cell.value for cell in book["Đơn vị"][1]]
		rows = units(prefix, 1)
		rows[0]["Dân số"] = "12500"
		importer.upload(xlsx({"Đơn vị": rows}))
		assert importer.finish("check")["status"] == "Checked", importer.record()
		assert importer.finish("run")["status"] == "Imported"
		frappe.db.rollback()
		assert frappe.db.get_value("Monitored Unit", f"{prefix}-X000", "custom_dan_so") == 12500
	finally:
		frappe.delete_doc("Custom Field", field.name)
		frappe.db.commit()  # as above


def test_a_second_import_is_refused_while_one_runs(stack, session, importer, prefix):
	importer.upload(good_file(prefix, 3, 150))
	second = Importer(stack, importer.person)
	second.upload(good_file(prefix))
	assert importer.start("check").status_code == 200
	for method in ("check", "delete_file"):
		assert importer.start(method).status_code == 417
	answer = second.start("check")
	assert answer.status_code == 417 and "đang chạy" in refusal(answer)
	importer.until(lambda found: found["status"] not in RUNNING)
	assert second.finish("check")["status"] == "Checked"


def killed(stack, programs: str) -> None:
	horses = stack.children("worker-long")
	assert horses, "no background process at work"
	old = stack.kill("worker-long") if "worker" in programs else None
	if "horse" in programs:
		for pid in horses:
			os.kill(pid, signal.SIGKILL)
	if old:
		stack.wait_back("worker-long", old)


def test_an_import_that_is_killed_fails_and_imports_nothing(stack, importer, prefix):
	importer.upload(good_file(prefix, 3, 60))
	assert importer.finish("check")["status"] == "Checked"
	assert importer.start("run").status_code == 200
	seen = importer.until(lambda found: found["done"] > 10, pause_s=0.05)
	assert seen["status"] == "Importing" and seen["total"] == 65
	killed(stack, "worker and horse")
	began = time.monotonic()
	importer.until(lambda found: found["status"] == "Failed", 60)
	assert time.monotonic() - began < 30
	record = importer.record()
	assert "dừng giữa chừng" in record["message"] and record["file_stored"] == 1
	assert present(prefix) == (0, 0)
	assert importer.finish("check")["status"] == "Checked"  # and it can be tried again
	assert importer.finish("run")["status"] == "Imported"
	assert present(prefix) == (5, 60)


def test_an_import_whose_worker_is_killed_ends_by_itself(stack, importer, prefix):
	importer.upload(good_file(prefix, 3, 80))
	assert importer.finish("check")["status"] == "Checked"
	assert importer.start("run").status_code == 200
	importer.until(lambda found: found["done"] > 10, pause_s=0.05)
	killed(stack, "worker")  # its work horse goes on alone
	importer.until(lambda found: found["status"] not in RUNNING)
	assert importer.record()["status"] == "Imported"
	assert present(prefix) == (5, 80)


def test_an_import_that_nobody_watches_is_given_up_by_what_runs_every_minute(stack, importer, prefix):
	importer.upload(good_file(prefix, 3, 60))
	importer.finish("check")
	importer.start("run")
	importer.until(lambda found: found["done"] > 10, pause_s=0.05)
	killed(stack, "horse")

	def status() -> str:
		frappe.db.rollback()
		job.tidy_up()
		frappe.db.commit()  # as the scheduler's job does
		return frappe.db.get_value("Register Import", importer.name, "status")

	assert "giam_sat_mot_cua.organization.register.job.tidy_up" in hooks.scheduler_events["cron"]["* * * * *"]
	wait_for(lambda: status() == "Failed", 150, "the record hangs", pause_s=1)
	assert "dừng giữa chừng" in importer.record()["message"]
	assert present(prefix) == (0, 0)
