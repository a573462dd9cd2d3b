from datetime import timedelta
from pathlib import Path

import frappe
from frappe.utils import now_datetime

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.evidence import (
	application_files,
	application_form,
	application_progress,
	applications,
	receipt_codes,
	reminders,
)
from giam_sat_mot_cua.setup import factories

REASON = "Đơn không có chữ ký của người đề nghị"


class TestFootageApplication(IntegrationTestCase):
	"""A commune, its leader, two operators, and what a citizen sends."""

	def setUp(self):
		self.unit = factories.unit("COMMUNE")
		self.operator = factories.user(roles.MONITORING_OPERATOR).name
		self.until = now_datetime().replace(microsecond=0) - timedelta(hours=3)

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def sent(self, **values) -> dict:
		return factories.application_fields(self.unit.unit_name, self.until, **values)

	def received(self, **values) -> tuple:
		"""(application, code) as somebody without a login sends it."""
		frappe.set_user("Guest")
		content = f"%PDF-1.4 {factories.code()}".encode()
		doc, code = applications.receive(
			application_form.read(self.sent(**values)), (content, "pdf"), "203.0.113.7"
		)
		return frappe.get_doc(doc.doctype, doc.name), code

	def faults(self, **values) -> dict:
		with self.assertRaises(application_form.Refused) as caught:
			application_form.read(self.sent(**values))
		return caught.exception.faults

	def taken_over(self, **values) -> tuple:
		"""(application, its request)"""
		doc, _code = self.received(**values)
		frappe.set_user(self.operator)
		request = applications.take_over(doc.name)
		return frappe.get_doc(doc.doctype, doc.name), frappe.get_doc("Extraction Request", request)

	def test_what_a_citizen_sends_is_kept_as_it_is(self):
		doc, code = self.received()
		self.assertEqual(
			(doc.status, doc.unit, doc.organisation), ("Received", self.unit.name, "Công ty A & B")
		)
		self.assertEqual(doc.from_address, "203.0.113.7")
		self.assertTrue(doc.due_on > doc.received_on)
		self.assertEqual(doc.receipt_hash, receipt_codes.hashed(doc.name, code))
		self.assertNotIn(code.replace("-", ""), frappe.as_json(doc.as_dict()))
		file = frappe.get_doc("File", {"attached_to_doctype": doc.doctype, "attached_to_name": doc.name})
		self.assertEqual((file.is_private, file.owner, file.file_url), (1, "Administrator", doc.scan))
		self.assertIn(doc.name, file.file_name)

	def test_a_code_fits_its_own_application_however_it_is_written(self):
		doc, code = self.received()
		other, _code = self.received()
		for written in (code, code.lower(), code.replace("-", " "), f" {code} "):
			self.assertTrue(receipt_codes.fits(doc.name, written, doc.receipt_hash))
		for number, written, stored in (
			(other.name, code, other.receipt_hash),
			(doc.name, code[:-1], doc.receipt_hash),
			(doc.name, "", doc.receipt_hash),
			(doc.name, "", None),
			("", "", None),
		):
			self.assertFalse(receipt_codes.fits(number, written, stored))

	def test_each_fault_is_told_of_its_field(self):
		now = now_datetime()
		for values, field in (
			({"requester_name": " "}, "requester_name"),
			({"requester_name": "a" * 141}, "requester_name"),
			({"requester_name": "=1+1"}, "requester_name"),
			({"requester_name": "Hạnh\u202egnud"}, "requester_name"),
			({"requester_name": "Hạnh\nHoa"}, "requester_name"),
			({"wanted": "Quầy 2\x00"}, "wanted"),
			({"wanted": "<img src=x onerror=alert(1)>"}, "wanted"),
			({"wanted": "a" * 2001}, "wanted"),
			({"wanted": {"a": 1}}, "wanted"),
			({"identity_paper": "Giấy khác"}, "identity_paper"),
			({"unit": self.unit.name}, "unit"),
			({"unit": "Đơn vị không có"}, "unit"),
			({"phone": None, "email": ""}, "phone"),
			({"phone": "gọi tôi"}, "phone"),
			({"email": "không phải thư"}, "email"),
			({"from_time": "hôm qua"}, "from_time"),
			({"from_time": f"{now + timedelta(hours=1):%Y-%m-%d %H:%M}"}, "from_time"),
			({"to_time": f"{now + timedelta(hours=1):%Y-%m-%d %H:%M}"}, "to_time"),
			({"to_time": f"{self.until - timedelta(hours=1):%Y-%m-%d %H:%M}"}, "to_time"),
			({"from_time": f"{self.until - timedelta(days=8):%Y-%m-%d %H:%M}"}, "to_time"),
		):
			with self.subTest(values=str(values)[:60]):
				self.assertEqual(list(self.faults(**values)), [field])

	def test_all_faults_are_told_at_once(self):
		found = self.faults(requester_name="", unit="", purpose="")
		self.assertEqual(set(found), {"requester_name", "unit", "purpose"})

	def test_units_with_a_counter_are_offered_by_their_names(self):
		without = factories.unit("COMMUNE", has_counter=0)
		given_up = factories.unit("COMMUNE", active=0)
		superior = factories.unit("DISTRICT", is_group=1)
		name = f"Xã trùng tên {factories.code()}"
		first, second = (factories.unit("COMMUNE", unit_name=name) for _time in range(2))
		frappe.db.set_value("Monitored Unit", second.name, "parent_monitored_unit", superior.name)
		offered = application_form.units()
		self.assertEqual(offered[self.unit.unit_name], self.unit.name)
		self.assertEqual(offered[name], first.name)
		self.assertEqual(offered[f"{name} ({superior.unit_name})"], second.name)
		self.assertFalse({without.name, given_up.name}.intersection(offered.values()))

	def test_nobody_changes_or_removes_it(self):
		doc, _code = self.received()
		for person in (self.operator, "Administrator"):
			frappe.set_user(person)
			for field, value in (
				("status", "Refused"),
				("wanted", "Việc khác"),
				("from_address", "10.0.0.1"),
			):
				changed = frappe.get_doc(doc.doctype, doc.name)
				changed.set(field, value)
				self.assertRaises(frappe.PermissionError, changed.save, ignore_permissions=True)
			self.assertRaises(
				frappe.PermissionError,
				frappe.delete_doc,
				doc.doctype,
				doc.name,
				ignore_permissions=True,
				force=True,
			)
			fresh = frappe.copy_doc(doc)
			self.assertRaises(frappe.PermissionError, fresh.insert, ignore_permissions=True)

	def test_its_scan_stays(self):
		doc, _code = self.received()
		frappe.set_user("Administrator")
		file = frappe.get_doc("File", {"attached_to_doctype": doc.doctype, "attached_to_name": doc.name})
		self.assertTrue(application_files.is_kept(doc.doctype, doc.name))
		self.assertRaises(frappe.PermissionError, file.delete)
		self.assertTrue(Path(file.get_full_path()).is_file())
		file.attached_to_doctype = file.attached_to_name = None
		self.assertRaises(frappe.PermissionError, file.save)

	def test_the_managing_units_people_read_it_and_nobody_else(self):
		doc, _code = self.received()
		frappe.set_user("Administrator")
		readers = {
			roles.MONITORING_OPERATOR,
			roles.MONITORING_ADMINISTRATOR,
			roles.MANAGING_UNIT_LEADER,
			roles.MONITORING_AUDITOR,
		}
		people = {role: factories.user(role, self.unit.name).name for role in roles.ALL_ROLES}
		for role, person in {**people, "Guest": "Guest"}.items():
			with self.subTest(role=role):
				frappe.set_user(person)
				sees = role in readers
				self.assertEqual(bool(frappe.has_permission(doc.doctype, "read", doc=doc.name)), sees)
				if sees:
					self.assertTrue(frappe.get_list(doc.doctype, {"name": doc.name}))
					self.assertFalse(frappe.has_permission(doc.doctype, "write", doc=doc.name))
				else:
					self.assertRaises(frappe.PermissionError, frappe.get_list, doc.doctype)

	def test_taking_over_makes_one_request_of_the_operator(self):
		doc, request = self.taken_over()
		self.assertEqual(
			(doc.status, doc.handled_by, doc.request), ("Taken Over", self.operator, request.name)
		)
		self.assertEqual((request.owner, request.status, request.requester), (self.operator, "Draft", None))
		self.assertEqual(request.requester_kind, "Outside Person or Body")
		for field in ("requester_name", "organisation", "phone", "identity_number", "purpose", "legal_basis"):
			self.assertEqual(request.get(field), doc.get(field))
		self.assertIn(self.unit.unit_name, request.wanted)
		self.assertIn(doc.wanted, request.wanted)
		self.assertEqual((request.application, request.application_number), (doc.name, doc.name))
		self.assertTrue(request.application_document)
		self.assertEqual(applications.take_over(doc.name), request.name)  # a second click
		frappe.set_user("Administrator")
		other = factories.user(roles.MONITORING_ADMINISTRATOR).name
		frappe.set_user(other)
		self.assertRaises(frappe.ValidationError, applications.take_over, doc.name)
		self.assertRaises(frappe.ValidationError, applications.refuse, doc.name, REASON)
		self.assertEqual(frappe.db.count("Extraction Request", {"application": doc.name}), 1)

	def test_a_request_does_not_claim_an_application(self):
		doc, _code = self.received()
		frappe.set_user(self.operator)
		request = frappe.get_doc(
			{
				"doctype": "Extraction Request",
				"requester_kind": "Outside Person or Body",
				"requester_name": "Người khác",
				"purpose": "Khiếu nại",
				"legal_basis": "Luật Khiếu nại",
				"application": doc.name,
			}
		).insert()
		self.assertIsNone(request.application)

	def test_refusing_needs_a_reason_that_the_applicant_reads(self):
		doc, _code = self.received()
		frappe.set_user(self.operator)
		self.assertRaises(frappe.ValidationError, applications.refuse, doc.name, "không")
		applications.refuse(doc.name, REASON)
		doc = frappe.get_doc(doc.doctype, doc.name)
		self.assertEqual((doc.status, doc.reason, doc.handled_by), ("Refused", REASON, self.operator))
		(step,) = application_progress.told(doc)["steps"]
		self.assertEqual(step["reason"], REASON)
		self.assertRaises(frappe.ValidationError, applications.take_over, doc.name)

	def test_only_operators_handle_it(self):
		doc, _code = self.received()
		frappe.set_user("Administrator")
		for role in (
			roles.MANAGING_UNIT_LEADER,
			roles.INTAKE_DESK_OFFICER,
			roles.MONITORING_AUDITOR,
			roles.UNIT_LEADER,
		):
			with self.subTest(role=role):
				frappe.set_user("Administrator")
				frappe.set_user(factories.user(role, self.unit.name).name)
				self.assertRaises(frappe.PermissionError, applications.take_over, doc.name)
				self.assertRaises(frappe.PermissionError, applications.refuse, doc.name, REASON)

	def test_its_progress_follows_the_requests(self):
		doc, request = self.taken_over()
		self.assertEqual(self.states(doc), [frappe._("Taken Over")])
		for status, state in (
			("Checked", frappe._("Waiting for the Decision")),
			("Approved", frappe._("Approved")),
			("Ready", frappe._("Ready")),
			("Handed Over", frappe._("Handed Over")),
			("Expired", frappe._("Expired")),
		):
			frappe.db.set_value(request.doctype, request.name, {"status": status, "unit": self.unit.name})
			self.assertEqual(self.states(doc), [state])
		frappe.db.set_value(request.doctype, request.name, {"status": "Rejected", "decision_reason": REASON})
		(step,) = application_progress.told(doc)["steps"]
		self.assertEqual(step["reason"], REASON)
		self.assertIn(self.unit.unit_name, step["text"])

	def states(self, doc) -> list[str]:
		return [step["state"] for step in application_progress.told(doc)["steps"]]

	def test_each_part_of_a_split_request_is_told(self):
		doc, request = self.taken_over()
		other = factories.unit("COMMUNE")
		end = self.until
		cameras = [factories.camera(unit).name for unit in (self.unit.name, other.name)]
		for camera in cameras:
			request.append(
				"ranges", {"camera": camera, "from_time": end - timedelta(minutes=5), "to_time": end}
			)
		request.workflow_state = "Submitted"
		request.save()
		self.assertEqual(len(self.states(doc)), 2)

	def test_no_more_in_a_day_than_the_settings_allow(self):
		self.received()
		today = frappe.db.count("Footage Application", {"received_on": (">=", frappe.utils.today())})
		frappe.db.set_single_value("Monitoring Settings", "applications_per_day", today)
		frappe.clear_document_cache("Monitoring Settings", "Monitoring Settings")
		self.assertRaises(applications.Full, self.received)

	def test_operators_are_told_once_a_day_of_one_that_waits(self):
		doc, _code = self.received()
		frappe.set_user("Administrator")
		self.assertNotIn(doc.name, reminders.remind())
		frappe.db.set_value(doc.doctype, doc.name, "due_on", now_datetime() - timedelta(minutes=1))
		self.assertIn(doc.name, reminders.remind())
		self.assertNotIn(doc.name, reminders.remind())
		frappe.set_user(self.operator)
		applications.refuse(doc.name, REASON)
		frappe.set_user("Administrator")
		frappe.db.set_value(doc.doctype, doc.name, "reminded_on", now_datetime() - timedelta(hours=25))
		self.assertNotIn(doc.name, reminders.remind())
