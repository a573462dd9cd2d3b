import io
import zipfile
from datetime import date, datetime

import frappe
from frappe.utils.password import get_decrypted_password
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.api import register_import as api
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.organization.register import stored_file, template, workbook, write
from giam_sat_mot_cua.organization.register.check import Register
from giam_sat_mot_cua.organization.register.columns import CAMERAS, UNITS, columns_of
from giam_sat_mot_cua.organization.register.faults import Unreadable, quoted
from giam_sat_mot_cua.setup import factories

SECRET = "m4t-khau"


def unit_row(code: str, **values) -> dict:
	return {"unit_code": code, "unit_name": f"Xã {code}", "unit_level": "Cấp xã", **values}


def camera_row(code: str, unit: str, **values) -> dict:
	return {
		"camera_code": code,
		"camera_name": f"Camera {code}",
		"unit": unit,
		"asset_number": code,
		"asset_owner": unit,
		"providing_unit": unit,
		"enabled": "Không",
		**values,
	}


def tried(**sheets: list[dict]) -> Register:
	"""The file after a trial, as a check leaves it before its rollback."""
	titles = {"units": "Đơn vị", "cameras": "Camera"}
	register = Register(factories.xlsx({titles[key]: rows for key, rows in sheets.items()}))
	write.insert_all(register, lambda _done: None)
	return register


def told(register: Register) -> list[tuple[int, str, str]]:
	return [(fault.row, fault.column, fault.message) for fault in register.faults]


class TestRegisterImport(IntegrationTestCase):
	def setUp(self):
		frappe.local.lang = "vi"

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def assert_told(self, register: Register, row: int, column: str, part: str):
		"""One error, in this row and column, with this in its text."""
		self.assertEqual([(fault[0], fault[1]) for fault in told(register)], [(row, column)], told(register))
		self.assertIn(part, register.faults[0].message)

	# What is read

	def test_units_in_any_order_with_their_cameras(self):
		province, district, commune = (factories.code() for _number in range(3))
		frappe.set_user(factories.user(roles.MONITORING_ADMINISTRATOR).name)
		register = tried(
			cameras=[
				camera_row(f"{commune}-1", f"Xã {commune}"),
				camera_row(f"{commune}-2", commune.lower()),
			],
			units=[
				unit_row(commune, **{"Đơn vị cấp trên *": district, "has_counter": "Có"}),
				{},
				unit_row(district, unit_level="DISTRICT", **{"Đơn vị cấp trên *": province, "is_group": "x"}),
				unit_row(province, unit_level="Cấp tỉnh", **{"is_group": True}),
			],
		)
		self.assertEqual(told(register), [])
		self.assertEqual((register.count(UNITS), register.count(CAMERAS)), (3, 2))
		self.assertEqual(frappe.db.get_value("Monitored Unit", commune, "parent_monitored_unit"), district)
		self.assertEqual(
			frappe.get_all("Camera", {"unit": commune}, order_by="name", pluck="name")[0], f"{commune}-1"
		)

	def test_cells_as_people_write_them(self):
		unit, other = factories.unit(), factories.unit()
		codes = [factories.code("CAM") for _number in range(2)]
		register = tried(
			cameras=[
				camera_row(
					codes[0],
					f"  {unit.name} ",
					monitored_area="khu  vực chờ",
					installed_on="05/3/2025",
					warranty_until=datetime(2027, 3, 5),
					retention_days="30",
					records_audio="không",
					serial_number=123.0,
					using_units=f"{unit.name}; {other.name}",
					stream_url=f"rtsp://quan:{SECRET}@10.1.2.3/a",
				),
				camera_row(codes[1], unit.name, installed_on="2025-03-05", update_form="Manual"),
			]
		)
		self.assertEqual(told(register), [])
		camera = frappe.get_doc("Camera", codes[0])
		self.assertEqual((camera.installed_on, camera.warranty_until), (date(2025, 3, 5), date(2027, 3, 5)))
		self.assertEqual((camera.retention_days, camera.records_audio, camera.enabled), (30, 0, 0))
		self.assertEqual((camera.monitored_area, camera.serial_number), ("Waiting Area", "123"))
		self.assertEqual([row.unit for row in camera.using_units], [unit.name, other.name])
		self.assertEqual(get_decrypted_password(camera.doctype, camera.name, "stream_password"), SECRET)
		self.assertEqual(camera.stream_url, "*" * 8)
		self.assertEqual(frappe.db.get_value("Camera", codes[1], "update_form"), "Manual")

	def test_leading_zeros_that_excel_shows_are_kept(self):
		book = Workbook()
		sheet = book.active
		sheet.title = "Đơn vị"
		sheet.append(["unit_code", "unit_name", "unit_level"])
		sheet.append([123, "Xã số", "COMMUNE"])
		sheet["A2"].number_format = "00000"
		register = Register(saved(book))
		self.assertEqual([row.code for row in register.rows], ["00123"])

	def test_english_headings_texts_and_field_names_are_read_as_well(self):
		code = factories.code()
		register = tried(
			units=[{"Unit Code": code, "unit_name": "x", "Unit Level": "COMMUNE", "Active": "No"}]
		)
		self.assertEqual(told(register), [])
		self.assertEqual(frappe.db.get_value("Monitored Unit", code, "active"), 0)

	# What is refused, row by row

	def test_each_bad_unit_is_told_with_row_column_and_reason(self):
		known = factories.unit()
		code = factories.code
		for row, field, part in (
			(unit_row(""), "unit_code", "còn trống"),
			(unit_row("có dấu"), "unit_code", "không dùng được"),
			(unit_row(known.name.lower()), "unit_code", "đã có trong hệ thống"),
			(unit_row(code(), unit_name="x" * 141), "unit_name", "141 ký tự"),
			(unit_row(code(), unit_level="Cấp thôn"), "unit_level", "Cấp thôn"),
			(unit_row(code(), parent_monitored_unit="KHONG-CO"), "parent_monitored_unit", "KHONG-CO"),
			(unit_row(code(), parent_monitored_unit=known.name), "parent_monitored_unit", known.unit_name),
			(unit_row(code(), unit_role="Đơn vị lạ"), "unit_role", "Đơn vị khai thác"),
			(unit_row(code(), has_counter="có lẽ"), "has_counter", "Có; Không"),
			(unit_row(code(), valid_from="31/02/2026"), "valid_from", "31/12/2026"),
			(unit_row(code(), valid_from=45000), "valid_from", "45000"),
			(unit_row(code(), head_title=datetime(2026, 1, 2)), "head_title", "Excel đã tự đổi"),
			(unit_row(code(), email="a b"), "email", "thư điện tử"),
		):
			with self.subTest(part=part, field=field):
				register = tried(units=[unit_row(code()), row])
				heading = {column.fieldname: column.heading for column in columns_of(UNITS)}[field]
				self.assert_told(register, 3, heading, part)

	def test_each_bad_camera_is_told_with_row_and_reason(self):
		unit, known = factories.unit(), None
		known = factories.camera(unit.name)
		code = factories.code
		for row, field, part in (
			(
				camera_row(code(), "KHONG-CO", asset_owner=unit.name, providing_unit=unit.name),
				"unit",
				"KHONG-CO",
			),
			(camera_row(code(), unit.name, asset_number=known.asset_number), "asset_number", known.name),
			(camera_row(code(), unit.name, retention_days="ba mươi"), "retention_days", "ba mươi"),
			(camera_row(code(), unit.name, retention_days=-1), "retention_days", "nhỏ hơn 0"),
			(camera_row(code(), unit.name, retention_days=1.5), "retention_days", "số nguyên"),
			(
				camera_row(code(), unit.name, stream_url=f"http://a:{SECRET}@10.9.8.7/"),
				"stream_url",
				"rtsp://HOST",
			),
			(camera_row(code(), unit.name, stream_username="x" * 141), "stream_username", "141"),
			(camera_row(code(), factories.unit(has_counter=0).name), "unit", "Bộ phận Một cửa"),
			(camera_row(f"rtsp://a:{SECRET}@10.9.8.7/", unit.name), "camera_code", "***"),
			(camera_row(code(), unit.name, camera_name="<script>"), None, "<"),
		):
			with self.subTest(part=part, field=field):
				register = tried(cameras=[camera_row(code(), unit.name), row])
				self.assertEqual([fault.row for fault in register.faults], [3], told(register))
				fault = register.faults[0]
				if part != "rtsp://HOST":
					self.assertIn(part, fault.message)
				self.assertNotIn(SECRET, fault.message)
				self.assertNotIn("10.9.8.7", fault.message)
				heading = {column.fieldname: column.heading for column in columns_of(CAMERAS)}.get(field, "")
				self.assertEqual(fault.column, heading)

	def test_values_that_stand_twice_in_the_file(self):
		code, unit = factories.code(), factories.unit()
		register = tried(
			units=[unit_row(code), unit_row(factories.code()), unit_row(code.lower())],
			cameras=[
				camera_row(factories.code(), unit.name, asset_number="TS-TRUNG"),
				camera_row(factories.code(), unit.name, asset_number="ts-trung"),
			],
		)
		self.assertEqual(
			[(fault.sheet, fault.row) for fault in register.faults], [("Đơn vị", 4), ("Camera", 3)]
		)
		self.assertIn("dòng 2", register.faults[0].message)

	def test_a_circle_of_superiors_names_its_rows_and_no_others(self):
		first, second, third, alone = (factories.code() for _number in range(4))
		above = "parent_monitored_unit"
		register = tried(
			units=[
				unit_row(first, **{above: second}),
				unit_row(second, **{above: first}),
				unit_row(third, **{above: first}),
				unit_row(alone, **{above: alone}),
			]
		)
		self.assertEqual(sorted(fault.row for fault in register.faults), [2, 3, 5])

	def test_every_bad_row_is_told_and_rows_that_need_them_are_not(self):
		unit = factories.code()
		register = Register(
			factories.xlsx(
				{
					"Đơn vị": [unit_row(unit, valid_from="hôm qua"), unit_row("có dấu")],
					"Camera": [
						camera_row(factories.code(), unit),
						camera_row(factories.code(), unit, enabled="?"),
					],
				}
			)
		)
		documents, untried = write.insert_all(register, lambda _done: None)
		self.assertEqual((documents, untried), ([], 1))
		found = sorted((fault.sheet, fault.row) for fault in register.faults)
		self.assertEqual(found, [("Camera", 3), ("Đơn vị", 2), ("Đơn vị", 3)])

	def test_two_records_of_one_name_need_their_code(self):
		twins = [factories.unit(unit_name="Xã Trùng Tên") for _number in range(2)]
		register = tried(cameras=[camera_row(factories.code(), "Xã Trùng Tên", asset_owner=twins[0].name)])
		self.assertEqual(
			{fault.message for fault in register.faults},
			{frappe._("More than one is called {0}. Write the code instead.").format("Xã Trùng Tên")},
		)

	def test_a_record_that_somebody_else_adds_meanwhile_is_a_row_error(self):
		code = factories.code()
		register = Register(factories.xlsx({"Đơn vị": [unit_row(code), unit_row(factories.code())]}))
		factories.insert(doctype="Monitored Unit", unit_code=code, unit_name="x", unit_level="COMMUNE")
		documents, _untried = write.insert_all(register, lambda _done: None)
		self.assertEqual(len(documents), 1)
		self.assert_told(register, 2, "", "người khác")

	def test_a_trial_leaves_nothing_in_the_search_of_the_desk(self):
		unit = factories.code()
		self.assertEqual(told(tried(units=[unit_row(unit)])), [])
		queued = frappe.cache().lrange("global_search_queue", 0, -1)
		self.assertFalse([entry for entry in queued if unit in str(entry)])

	def test_headings_are_checked(self):
		row = unit_row(factories.code(), **{"Cột lạ": "1", "Unit Name": "x"})
		del row["unit_level"]
		register = tried(units=[row])
		self.assertEqual(
			{(fault.row, fault.column) for fault in register.faults},
			{(1, "Cột lạ"), (1, "Unit Name"), (1, frappe._("Unit Level"))},
		)

	def test_fields_of_the_system_are_no_columns(self):
		for field in ("lft", "state", "connection_changed_at"):
			names = {column.fieldname for sheet in (UNITS, CAMERAS) for column in columns_of(sheet)}
			self.assertNotIn(field, names)

	# Files that are no lists

	def test_files_that_cannot_be_read_are_told_as_such(self):
		good = factories.xlsx({"Đơn vị": [unit_row("X")]})
		bomb = io.BytesIO()
		with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
			archive.writestr("xl/workbook.xml", b"0" * (workbook.MOST_UNPACKED_BYTES + 1))
		for content, part in (
			(b"", "hỏng"),
			(b"Ma,Ten\n", "hỏng"),
			(good[: len(good) // 2], "hỏng"),
			(workbook.OLD_OR_PROTECTED + b"\0" * 600, "mật khẩu"),
			(b"\0" * (workbook.MOST_BYTES + 1), "MB"),
			(bomb.getvalue(), "giải nén"),
			(with_part(good, "xl/workbook.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "hỏng"),
			(factories.xlsx({"Trang khác": [unit_row("X")]}), "trang tính"),
			(factories.xlsx({"Đơn vị": [], "Camera": []}), "không có dòng"),
			(template.build(), "không có dòng"),
			(factories.xlsx({"Đơn vị": [unit_row(f"X{n}") for n in range(workbook.MOST_ROWS + 1)]}), "5000"),
		):
			with self.subTest(part=part), self.assertRaises(Unreadable) as refused:
				Register(content)
			self.assertIn(part, str(refused.exception))

	def test_a_cell_far_below_is_told_and_blank_rows_are_not(self):
		book = load_workbook(io.BytesIO(factories.xlsx({"Đơn vị": [{}, unit_row("X")]})))
		book.active.cell(1_000_000, 1).number_format = "@"
		self.assertEqual([row.number for row in Register(saved(book)).rows], [3])
		book.active.cell(1_000_000, 1).value = "Y"
		with self.assertRaises(Unreadable) as refused:
			Register(saved(book))
		self.assertIn("20000", str(refused.exception))

	def test_formulas_and_merged_cells(self):
		book = Workbook()
		sheet = book.active
		sheet.title = "Đơn vị"
		for row in (
			["unit_code", "unit_name", "unit_level", "head_title"],
			["A-1", '="Xã"&" A"', "COMMUNE", None],
			["A-2", "#REF!", "COMMUNE", "Chủ tịch"],
			["A-3", "Xã", "COMMUNE", None],
		):
			sheet.append(row)
		sheet["B3"].data_type = "e"
		sheet.merge_cells("D3:D4")
		register = Register(saved(book))
		found = {(fault.row, fault.column) for fault in register.faults}
		self.assertEqual(found, {(2, "unit_name"), (3, "unit_name"), (3, "head_title")})

	def test_text_of_a_cell_is_repeated_shortly_and_never_an_address(self):
		self.assertEqual(quoted("rtsp://a:b@c"), "***")
		self.assertEqual(len(quoted("x" * 900)), 58)

	# Template

	def test_the_template_has_a_column_for_every_field_and_no_row(self):
		book = load_workbook(io.BytesIO(template.build()))
		self.assertEqual(book.sheetnames[:3], ["Đơn vị", "Camera", "Hướng dẫn"])
		for sheet in (UNITS, CAMERAS):
			shown = book[sheet.title]
			self.assertEqual(shown.max_row, 1)
			self.assertEqual(
				[cell.value for cell in shown[1]], [column.title for column in columns_of(sheet)]
			)
			choices = {
				str(choice.sqref).partition("2:")[0] for choice in shown.data_validations.dataValidation
			}
			for index, column in enumerate(columns_of(sheet), start=1):
				self.assertEqual(get_column_letter(index) in choices, bool(column.drop_down), column.heading)
		text = str([row for row in book["Hướng dẫn"].iter_rows(values_only=True)])
		self.assertIn("NB-HL-NM-01", text)
		lists = book[frappe._("Lists")]
		self.assertEqual(lists.sheet_state, "hidden")
		shown = {cell.value for row in lists.iter_rows() for cell in row}
		self.assertLessEqual({"Có", "Không", "Cấp xã", frappe._("Waiting Area")}, shown)

	# Who may

	def test_nobody_but_administrators_of_the_system_imports(self):
		document = api.new_document()
		calls = (
			api.download_template,
			api.upload,
			lambda: api.upload(document.name),
			lambda: api.check(document.name),
			lambda: api.run(document.name),
			lambda: api.progress(document.name),
			lambda: api.delete_file(document.name),
			lambda: frappe.get_list("Register Import"),
			lambda: frappe.get_doc("Register Import", document.name).check_permission("read"),
			lambda: frappe.delete_doc("Register Import", document.name),
		)
		unit = factories.unit().name
		people = [
			factories.user(role, unit).name
			for role in {*roles.ALL_ROLES, None} - {roles.MONITORING_ADMINISTRATOR}
		]
		for person in [*people, system_manager()]:
			frappe.set_user(person)
			for number, call in enumerate(calls):
				with self.subTest(person=person, call=number), self.assertRaises(frappe.PermissionError):
					call()
			frappe.set_user("Administrator")

	def test_facts_of_an_import_are_written_by_the_system_alone(self):
		frappe.set_user(factories.user(roles.MONITORING_ADMINISTRATOR).name)
		document = frappe.new_doc("Register Import")
		document.update({"status": "Checked", "file_stored": 1, "unit_count": 9})
		document.insert()
		document.reload()
		self.assertEqual((document.status, document.file_stored, document.unit_count), ("Draft", 0, 0))
		document.status = "Imported"
		document.save()
		self.assertEqual(document.status, "Draft")
		for call in (api.check, api.run):
			self.assertRaises(frappe.ValidationError, call, document.name)

	def test_the_file_goes_with_its_record(self):
		document = api.new_document()
		stored_file.keep(document.name, b"x")
		path = stored_file.path_of(document.name)
		self.assertEqual(path.stat().st_mode & 0o777, 0o600)
		document.delete()
		self.assertFalse(path.exists())

	def test_an_import_that_made_records_stays(self):
		document = api.new_document()
		document.db_set("status", "Imported")
		self.assertRaises(frappe.ValidationError, document.delete)


def system_manager() -> str:
	"""A login with Frappe's own administrative role and none of this system."""
	login = factories.user(None)
	login.append("roles", {"role": "System Manager"})
	login.set_parent_in_children()
	login.roles[-1].db_insert()
	frappe.clear_cache(user=login.name)
	return login.name


def saved(book: Workbook) -> bytes:
	content = io.BytesIO()
	book.save(content)
	return content.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
	"""The same archive with another content of one part."""
	changed = io.BytesIO()
	with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
		for info in old.infolist():
			new.writestr(info.filename, part if info.filename == name else old.read(info))
	return changed.getvalue()
