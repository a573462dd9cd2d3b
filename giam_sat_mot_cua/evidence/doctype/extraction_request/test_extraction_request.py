import base64
import contextlib
import hashlib
import io
import re
import sys
from datetime import timedelta
from unittest.mock import patch

import cv2
import docx
import frappe
import numpy
from frappe.model.workflow import apply_workflow
from frappe.utils import now_datetime
from pypdf import PdfReader

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.api import evidence
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.evidence import (
	export,
	holds,
	minutes,
	minutes_format,
	package_facts,
	packages,
	reminders,
	signing_keys,
)
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states
from giam_sat_mot_cua.media.evidence.package import PLAYABLE, PackageWriter
from giam_sat_mot_cua.papers.page import PaperError
from giam_sat_mot_cua.recording import clock, hour_index
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import exports

REASON = "Chưa nêu rõ thời gian cần trích xuất"
SUBMIT, WITHDRAW, CHECK = "Submit the Request", "Withdraw the Request", "Confirm the Check"


def never(_maker: str) -> bool:
	"""No process has ended."""
	return False


class TestExtractionRequest(IntegrationTestCase):
	"""A district with two communes; a person of each kind."""

	def setUp(self):
		self.district = factories.unit("DISTRICT", is_group=1).name
		self.commune = factories.unit("COMMUNE", self.district).name
		self.sibling = factories.unit("COMMUNE", self.district).name
		self.cameras = {
			unit: factories.camera(unit).name for unit in (self.district, self.commune, self.sibling)
		}
		self.until = now_datetime().replace(microsecond=0) - timedelta(hours=3)
		for camera in self.cameras.values():
			self.record(camera)
		self.people = {
			"asks": factories.user(roles.UNIT_OPERATOR, self.district).name,
			"operator": factories.user(roles.MONITORING_OPERATOR).name,
			"commune leader": factories.user(roles.UNIT_LEADER, self.commune).name,
			"commune operator": factories.user(roles.UNIT_OPERATOR, self.commune).name,
			"sibling leader": factories.user(roles.UNIT_LEADER, self.sibling).name,
			"district leader": factories.user(roles.UNIT_LEADER, self.district).name,
			"province leader": factories.user(roles.MANAGING_UNIT_LEADER).name,
			"administrator": factories.user(roles.MONITORING_ADMINISTRATOR).name,
			"auditor": factories.user(roles.MONITORING_AUDITOR).name,
		}

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def record(self, camera: str) -> None:
		"""Index rows of an hour of footage whose files are not there: what the index says is enough here."""
		unit = frappe.db.get_value("Camera", camera, "unit")
		end = clock.site_time_to_utc_ms(self.until)
		hour_index.insert_row(
			hour_index.row_name(camera, end), camera, unit, clock.hour_of(end), {"files": ""}
		)

	def request(self, units: list[str] | None = None, person: str = "asks", **values):
		frappe.set_user(self.people[person])
		doc = frappe.get_doc(
			{
				"doctype": "Extraction Request",
				"purpose": "Giải quyết phản ánh của công dân",
				"legal_basis": "Luật Khiếu nại, Điều 23",
				"requester_name": "Người đề nghị",
				"ranges": [self.row(unit) for unit in ([self.commune] if units is None else units)],
				**values,
			}
		).insert()
		file = frappe.get_doc(
			{
				"doctype": "File",
				"file_name": f"{factories.code('don')}.pdf",
				"is_private": 1,
				"attached_to_doctype": doc.doctype,
				"attached_to_name": doc.name,
				"content": "%PDF-1.4 đơn đề nghị",
			}
		).insert()
		doc.application_document = file.file_url
		return doc.save()

	def row(self, unit: str, minutes: int = 10) -> dict:
		return {
			"camera": self.cameras[unit],
			"from_time": self.until - timedelta(minutes=minutes),
			"to_time": self.until,
		}

	def act(self, doc, person: str, action: str, reason: str | None = None):
		"""Presses a button of the workflow as the Desk does: with its reason stored before."""
		frappe.set_user(self.people[person])
		if reason:
			current = frappe.get_doc(doc.doctype, doc.name)
			current.decision_reason = reason
			current.save()
		return apply_workflow(frappe.get_doc(doc.doctype, doc.name), action)

	def checked(self, units: list[str] | None = None, **values):
		doc = self.act(self.request(units, **values), "asks", SUBMIT)
		for row in doc.ranges:  # as if their files were there
			frappe.db.set_value("Extraction Range", row.name, "recorded_s", 600)
		frappe.db.set_value(doc.doctype, doc.name, {"status": "Checked", "workflow_state": "Checked"})
		return frappe.get_doc(doc.doctype, doc.name)

	def refused(self, call, *arguments, **values) -> str:
		with self.assertRaises(frappe.PermissionError) as caught:
			call(*arguments, **values)
		return str(caught.exception)

	def test_it_goes_its_way_and_every_step_is_kept(self):
		doc = self.act(self.request(), "asks", SUBMIT)
		self.assertEqual(
			(doc.status, doc.unit, doc.requester), ("Submitted", self.commune, self.people["asks"])
		)
		self.assertTrue(doc.due_on > now_datetime())
		doc = self.act(doc, "operator", "Return", REASON)
		self.assertEqual((doc.status, doc.decision_reason), ("Returned", REASON))
		doc = self.act(doc, "asks", SUBMIT)
		self.assertIsNone(doc.decision_reason)
		steps = [(step.from_status, step.to_status, step.person, step.reason) for step in doc.steps]
		self.assertEqual(
			steps,
			[
				(None, "Draft", self.people["asks"], None),
				("Draft", "Submitted", self.people["asks"], None),
				("Submitted", "Returned", self.people["operator"], REASON),
				("Returned", "Submitted", self.people["asks"], None),
			],
		)

	def test_only_the_leader_of_the_counters_unit_approves(self):
		doc = self.checked()
		frappe.set_user("Administrator")
		for person in (
			"asks",
			"operator",
			"sibling leader",
			"district leader",
			"province leader",
			"administrator",
		):
			with self.subTest(person=person):
				self.refuse_every_route(doc, person)
		doc = self.act(doc, "commune leader", "Approve")
		self.assertEqual((doc.status, doc.decided_by), ("Approved", self.people["commune leader"]))
		self.assertIsNone(doc.decided_under)

	def refuse_every_route(self, doc, person: str) -> None:
		frappe.set_user(self.people[person])
		stored = frappe.get_doc(doc.doctype, doc.name)
		with self.assertRaises((frappe.PermissionError, frappe.ValidationError)):
			apply_workflow(stored, "Approve")
		stored = frappe.get_doc(doc.doctype, doc.name)
		stored.workflow_state = "Approved"
		with self.assertRaises((frappe.PermissionError, frappe.ValidationError)):
			stored.save()
		stored = frappe.get_doc(doc.doctype, doc.name)
		stored.status = "Approved"
		with contextlib.suppress(frappe.PermissionError):  # whoever may write in this state changes nothing
			stored.save()
		self.assertEqual(frappe.db.get_value(doc.doctype, doc.name, "status"), "Checked")

	def test_who_asks_does_not_decide_even_as_the_leader(self):
		doc = self.act(self.request(person="commune leader"), "commune leader", SUBMIT)
		frappe.db.set_value(doc.doctype, doc.name, {"status": "Checked", "workflow_state": "Checked"})
		self.assertIn("himself", self.refused(self.act, doc, "commune leader", "Approve"))

	def test_who_enters_an_outside_application_does_not_decide_it(self):
		outside = {
			"requester_kind": "Outside Person or Body",
			"requester_name": "Nguyễn Văn Dân",
			"identity_paper": "Identity Card",
			"identity_number": "037090001234",
			"phone": "0912000111",
		}
		doc = self.act(self.request(person="commune leader", **outside), "commune leader", SUBMIT)
		self.assertIsNone(doc.requester)
		frappe.db.set_value(doc.doctype, doc.name, {"status": "Checked", "workflow_state": "Checked"})
		self.assertIn("himself", self.refused(self.act, doc, "commune leader", "Approve"))

	def test_a_substitute_decides_within_his_period_only(self):
		doc = self.checked()
		frappe.set_user("Administrator")
		delegation = frappe.get_doc(
			{
				"doctype": "Approval Delegation",
				"leader": factories.account(self.people["commune leader"]),
				"substitute": factories.account(self.people["commune operator"]),
				"valid_from": now_datetime() + timedelta(minutes=5),
				"valid_until": now_datetime() + timedelta(hours=2),
				"document_number": "9/GUQ-UBND",
				"document_date": now_datetime().date(),
			}
		).insert()
		self.refuse_every_route(doc, "commune operator")
		frappe.set_user("Administrator")
		begun = now_datetime() - timedelta(minutes=5)
		frappe.db.set_value(delegation.doctype, delegation.name, {"valid_from": begun, "status": "In Force"})
		ended = {"valid_until": now_datetime() - timedelta(minutes=1)}
		frappe.db.set_value(delegation.doctype, delegation.name, ended)
		self.refuse_every_route(doc, "commune operator")
		frappe.set_user("Administrator")
		frappe.db.set_value(
			delegation.doctype, delegation.name, {"valid_until": now_datetime() + timedelta(hours=1)}
		)
		doc = self.act(doc, "commune operator", "Approve")
		self.assertEqual((doc.status, doc.decided_under), ("Approved", delegation.name))
		self.assertEqual(doc.steps[-1].delegation, delegation.name)

	def test_every_refusal_and_return_has_a_reason(self):
		doc = self.checked()
		for action in ("Reject", "Return"):
			with self.assertRaises(frappe.ValidationError):
				self.act(doc, "commune leader", action)
		self.assertEqual(self.act(doc, "commune leader", "Reject", REASON).status, "Rejected")

	def test_a_request_over_two_units_is_split(self):
		doc = self.act(self.request([self.commune, self.sibling]), "asks", SUBMIT)
		self.assertEqual(
			(doc.unit, [row.camera for row in doc.ranges]), (self.commune, [self.cameras[self.commune]])
		)
		(name,) = frappe.get_all(doc.doctype, {"split_from": doc.name}, pluck="name")
		part = frappe.get_doc(doc.doctype, name)
		self.assertEqual((part.status, part.unit, part.requester), ("Submitted", self.sibling, doc.requester))
		self.assertEqual([row.camera for row in part.ranges], [self.cameras[self.sibling]])
		self.assertEqual((part.purpose, part.owner), (doc.purpose, doc.owner))
		files = {"attached_to_doctype": doc.doctype, "attached_to_name": part.name}
		self.assertEqual(frappe.get_all("File", files, pluck="file_url"), [doc.application_document])

	def test_fields_lock_on_submission(self):
		doc = self.act(self.request(), "asks", SUBMIT)
		for person, field, value in (
			("asks", "purpose", "Mục đích khác"),
			("operator", "purpose", "Mục đích khác"),
			("operator", "application_document", None),
			("operator", "requester_name", "Người khác"),
		):
			with self.subTest(person=person, field=field):
				frappe.set_user(self.people[person])
				stored = frappe.get_doc(doc.doctype, doc.name)
				stored.set(field, value)
				self.refused(stored.save)
		frappe.set_user(self.people["operator"])
		stored = frappe.get_doc(doc.doctype, doc.name)
		stored.ranges[0].to_time = self.until - timedelta(minutes=1)
		self.refused(stored.save)

	def test_the_application_stays_as_it_was_submitted(self):
		other, doc = self.request().name, self.request()
		attached = {"attached_to_doctype": doc.doctype, "attached_to_name": doc.name}
		doc = self.act(doc, "asks", SUBMIT)
		for person in ("asks", "Administrator"):
			frappe.set_user(self.people.get(person, person))
			file = frappe.get_doc("File", attached)
			self.refused(file.delete, ignore_permissions=True)
			file.attached_to_name = other
			self.refused(file.save, ignore_permissions=True)
		self.act(doc, "operator", "Return", REASON)
		frappe.set_user(self.people["asks"])
		frappe.get_doc("File", attached).delete()

	def test_what_the_system_writes_is_not_taken_from_a_request(self):
		doc = self.request()
		forged = {
			"unit": self.sibling,
			"requester": self.people["district leader"],
			"decided_by": "Administrator",
		}
		doc.update({**forged, "submitted_on": now_datetime()})
		doc.append("steps", {"at": now_datetime(), "to_status": "Approved"})
		doc.save()
		stored = frappe.get_doc(doc.doctype, doc.name)
		self.assertEqual((stored.unit, stored.requester), (self.commune, self.people["asks"]))
		self.assertEqual((stored.decided_by, stored.submitted_on, len(stored.steps)), (None, None, 1))

	def test_the_operator_enters_cameras_that_the_requester_does_not_see(self):
		self.refused(self.request, [self.sibling], person="commune operator")
		doc = self.request([], person="commune operator", wanted="Quầy số 2 sáng thứ hai, 8 đến 9 giờ")
		doc = self.act(doc, "commune operator", SUBMIT)
		self.assertIsNone(doc.unit)
		frappe.set_user(self.people["commune operator"])
		stored = frappe.get_doc(doc.doctype, doc.name)
		stored.append("ranges", self.row(self.sibling))
		self.refused(stored.save)
		frappe.set_user(self.people["operator"])
		stored = frappe.get_doc(doc.doctype, doc.name)
		stored.append("ranges", self.row(self.sibling))
		stored.save()
		self.assertEqual(stored.unit, self.sibling)

	def test_footage_with_state_secrets_is_a_hard_stop(self):
		doc = self.checked()
		frappe.set_user("Administrator")
		secret = {"holds_state_secret": 1, "secret_legal_basis": "Quyết định 1"}
		frappe.db.set_value("Camera", self.cameras[self.commune], secret)
		self.assertIn("state secrets", self.refused(self.act, doc, "commune leader", "Approve"))
		self.assertIn("state secrets", self.refused(self.request))

	def test_an_application_is_needed(self):
		doc = self.request()
		doc.application_document = None
		doc.save()
		with self.assertRaises(frappe.ValidationError):
			self.act(doc, "asks", SUBMIT)
		doc = self.request(requester_kind="Outside Person or Body")
		with self.assertRaises(frappe.ValidationError):  # without a paper
			self.act(doc, "asks", SUBMIT)

	def test_bad_periods_get_a_message(self):
		for row in (
			{"to_time": self.until - timedelta(hours=1)},
			{"to_time": now_datetime() + timedelta(hours=1)},
			{"from_time": self.until - timedelta(days=8)},
		):
			with self.subTest(row=row), self.assertRaises(frappe.ValidationError):
				self.request([], ranges=[{**self.row(self.commune), **row}])
		with self.assertRaises(frappe.ValidationError):
			self.request([self.commune, self.commune])

	def test_who_sees_it(self):
		draft = self.request()
		for person, sees in (
			("asks", True),
			("commune leader", False),
			("operator", False),
			("auditor", False),
		):
			self.assert_sees(person, draft, sees)
		doc = self.act(draft, "asks", SUBMIT)
		for person, sees in (
			("asks", True),
			("commune leader", True),
			("operator", True),
			("auditor", True),
			("district leader", True),
			("sibling leader", False),
		):
			self.assert_sees(person, doc, sees)

	def assert_sees(self, person: str, doc, sees: bool) -> None:
		frappe.set_user(self.people[person])
		with self.subTest(person=person, status=doc.status):
			self.assertEqual(bool(frappe.has_permission(doc.doctype, "read", doc=doc.name)), sees)
			self.assertEqual(bool(frappe.get_list(doc.doctype, {"name": doc.name})), sees)

	def test_what_is_asked_for_is_kept_until_it_is_decided(self):
		begin = clock.site_time_to_utc_ms(self.until) - 60_000
		doc = self.request()
		self.assertFalse(holds.held(self.cameras[self.commune], begin, begin + 1000))
		doc = self.act(doc, "asks", SUBMIT)
		self.assertTrue(holds.held(self.cameras[self.commune], begin, begin + 1000))
		self.act(doc, "asks", WITHDRAW, "Không còn nhu cầu nữa")
		self.assertFalse(holds.held(self.cameras[self.commune], begin, begin + 1000))

	def test_only_a_draft_is_deleted(self):
		doc = self.act(self.request(), "asks", SUBMIT)
		frappe.set_user("Administrator")
		self.refused(frappe.delete_doc, doc.doctype, doc.name, ignore_permissions=True)

	def test_nothing_that_is_there_is_nothing_to_check(self):
		doc = self.act(self.request(), "asks", SUBMIT)
		with self.assertRaises(frappe.ValidationError) as caught:
			self.act(doc, "operator", CHECK)
		self.assertIn("Nothing of what is asked for", str(caught.exception))

	def test_whoever_is_late_is_told_once_a_day(self):
		doc = self.checked()
		frappe.db.set_value(doc.doctype, doc.name, "due_on", now_datetime() - timedelta(minutes=1))
		frappe.set_user("Administrator")
		self.assertIn(doc.name, reminders.remind())
		self.assertNotIn(doc.name, reminders.remind())
		self.assertIn(self.people["commune leader"], reminders.who_is_late(doc))
		self.assertIn(self.people["operator"], reminders.who_is_late(doc))
		frappe.db.set_value(doc.doctype, doc.name, "reminded_on", now_datetime() - timedelta(hours=25))
		self.assertIn(doc.name, reminders.remind())

	def package(self) -> tuple:
		"""(an approved request, its package), which no worker makes: nothing here is committed."""
		doc = self.act(self.checked(), "commune leader", "Approve")
		frappe.set_user("Administrator")
		return doc, frappe.db.get_value("Evidence Package", {"request": doc.name})

	def test_one_process_makes_a_package(self):
		_doc, name = self.package()
		self.assertEqual(packages.begin(name, "here:1:1", never).status, "Exporting")
		self.assertIsNone(packages.begin(name, "elsewhere:2:2", never))
		self.assertEqual(packages.begin(name, "here:3:3", lambda maker: True).status, "Exporting")
		silent = now_datetime() - timedelta(seconds=packages.SILENT_S + 1)
		frappe.db.set_value("Evidence Package", name, "modified", silent, update_modified=False)
		self.assertEqual(packages.begin(name, "elsewhere:2:2", never).status, "Exporting")

	def test_a_package_goes_after_its_term_and_its_record_stays(self):
		doc, name = self.package()
		packages.begin(name, "here:1:1", never)
		packages.path_of(name).write_bytes(b"PK")
		packages.finish(name, 2, sha256="0" * 64)
		self.assertNotIn(name, packages.remove_outdated(now_datetime()))
		kept_until = frappe.db.get_value("Evidence Package", name, "expires_on")
		self.assertEqual((kept_until - now_datetime()).days, 29)
		frappe.db.set_value("Evidence Package", name, "expires_on", now_datetime() - timedelta(minutes=1))
		self.assertIn(name, packages.remove_outdated(now_datetime()))
		self.assertFalse(packages.path_of(name).exists())
		self.assertEqual(frappe.db.get_value("Evidence Package", name, "status"), "Removed")
		self.assertEqual(frappe.db.get_value(doc.doctype, doc.name, "status"), "Expired")

	def test_a_package_that_fails_leaves_the_request_approved(self):
		doc, name = self.package()
		packages.begin(name, "here:1:1", never)
		packages.fail(name, "Đĩa đầy")
		self.assertEqual(frappe.db.get_value(doc.doctype, doc.name, "status"), "Approved")
		found = frappe.db.get_value("Evidence Package", name, ["status", "message"])
		self.assertEqual(found, ("Failed", "Đĩa đầy"))

	def test_a_package_that_was_stopped_stays_so_and_another_can_be_made(self):
		doc, name = self.package()
		packages.begin(name, "here:1:1", never)
		frappe.set_user(self.people["commune leader"])
		self.refused(evidence.stop, name)
		frappe.set_user(self.people["operator"])
		self.assertEqual(evidence.stop(name), {"stopped": True})
		self.assertEqual(evidence.stop(name), {"stopped": False})
		self.assertTrue(packages.is_stopped(name))
		packages.fail(name, "Quá muộn")
		packages.wait_again(name)
		self.assertTrue(packages.is_stopped(name))
		self.assertIsNone(packages.begin(name, "here:1:1", never))
		self.assertEqual(frappe.db.get_value(doc.doctype, doc.name, "status"), "Approved")
		other = evidence.make_again(doc.name)["package"]
		self.assertEqual(packages.begin(other, "here:1:1", never).status, "Exporting")

	def test_a_request_is_withdrawn_until_its_export_begins(self):
		doc, name = self.package()
		with self.assertRaises((frappe.PermissionError, frappe.ValidationError)):
			self.act(doc, "commune operator", "Withdraw the Request")
		self.act(doc, "asks", "Withdraw the Request", "Đã tìm được cách khác")
		self.assertEqual(packages.begin(name, "here:1:1", never).status, "Withdrawn")
		doc, name = self.package()
		packages.begin(name, "here:1:1", never)
		frappe.set_user(self.people["asks"])
		stored = frappe.get_doc(doc.doctype, doc.name)
		stored.workflow_state = states.WITHDRAWN
		with self.assertRaises((frappe.PermissionError, frappe.ValidationError)):
			stored.save()

	def test_a_request_sets_fields_and_nothing_else(self):
		"""Names of the controller's attributes are no fields, whoever sends them."""
		doc = self.request()
		before = frappe.db.count(doc.doctype)
		doc.update({"left_out": [[self.row(self.sibling)]], "TURN": "x", "basis": 1, "validate": "x"})
		doc.save()
		self.assertEqual(frappe.db.count(doc.doctype), before)
		self.assertEqual((doc.left_out, doc.TURN, doc.basis), ((), "Legal Hold", None))

	def test_letters_that_nobody_sees_and_formulas_are_refused(self):
		for field, value in (
			("purpose", "Kiểm tra \u202egnort"),
			("legal_basis", "Luật\u0007 Khiếu nại"),
			("organisation", "Sở\u200b Nội vụ"),
			("organisation", "-1+1"),
			("organisation", "+cmd|calc"),
			("purpose", "x" * 10_001),
		):
			with self.subTest(field=field, value=value[:20]):
				self.assertRaises(frappe.ValidationError, self.request, **{field: value})
		phone = "+84 912 345 678"
		outside = {"requester_kind": "Outside Person or Body", "phone": phone}
		self.assertEqual(self.request(person="operator", **outside).phone, phone)

	def test_the_receiver_stays_who_he_was_at_the_handover(self):
		doc, name = self.package()
		packages.begin(name, "here:1:1", never)
		packages.path_of(name).write_bytes(b"PK")
		packages.finish(name, 2, sha256="0" * 64)
		frappe.set_user(self.people["operator"])
		ready = frappe.get_doc(doc.doctype, doc.name)
		ready.update({"received_by": "Phạm Thị Nhận", "received_paper": "CCCD 1"}).save()
		handed = self.act(ready, "operator", "Hand Over")
		handed.received_by = "Kẻ Khác"
		self.refused(handed.save)
		packages.path_of(name).unlink()

	def test_an_approval_is_a_decision_and_a_stopped_export_is_none(self):
		doc, name = self.package()
		packages.begin(name, "here:1:1", never)
		frappe.set_user(self.people["operator"])
		evidence.stop(name)
		steps = frappe.get_doc(doc.doctype, doc.name).steps
		self.assertEqual([package_facts.is_decision(step) for step in steps].count(True), 1)
		told = package_facts.told(steps[-1])
		full_name = frappe.db.get_value("User", self.people["operator"], "full_name")
		self.assertEqual((told["who"], told["what"]), (full_name, frappe._("Export given up")))

	def test_a_package_is_not_signed_with_a_key_that_was_retired_meanwhile(self):
		_doc, name = self.package()
		request = packages.begin(name, "here:1:1", never)

		class KeyChanges:
			"""An export in whose midst an administrator makes a new key."""

			without_minutes = None

			def __init__(self, *_arguments):
				pass

			def require(self):
				pass

			def write(self, out, *_arguments) -> dict:
				signing_keys.make()
				out.write(b"PK")
				return {"made_utc_ms": clock.now_ms(), "files": []}

		with patch.object(exports, "Export", KeyChanges), patch.object(frappe.db, "commit"):
			self.assertRaises(export.NotYet, exports.write, name, request)
		self.assertFalse(packages.path_of(name).exists())
		packages.unfinished_path(name).unlink()

	def test_the_system_alone_exports(self):
		doc = self.act(self.checked(), "commune leader", "Approve")
		for person in ("operator", "commune leader"):
			frappe.set_user(self.people[person])
			stored = frappe.get_doc(doc.doctype, doc.name)
			stored.workflow_state = states.EXPORTING
			with self.assertRaises((frappe.PermissionError, frappe.ValidationError)):
				stored.save()

	# The minutes

	def ready(self, files: int = 1):
		"""A request whose package is there, with real bytes in place of its videos."""
		_doc, name = self.package()
		request = packages.begin(name, "here:1:1", never)
		key, signer = signing_keys.active()
		facts = package_facts.facts(name, request, {"sequence": 1, "row_hash": "0" * 64})
		path = packages.path_of(name)
		self.addCleanup(path.unlink, missing_ok=True)
		self.addCleanup(packages.kept_manifest_path(name).unlink, missing_ok=True)
		with path.open("w+b") as out, PackageWriter(out, facts, signer) as writer:
			for number in range(files):
				writer.add_file(f"xem/{number}.mp4", io.BytesIO(b"%d" % number), PLAYABLE, {})
		sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
		packages.finish(name, path.stat().st_size, files=files + 3, sha256=sha256, signing_key=key)
		return frappe.get_doc("Extraction Request", request.name)

	def handed_over(self, doc):
		frappe.set_user(self.people["operator"])
		doc.update({"received_by": "Phạm Thị Nhận", "received_paper": "CCCD 037090001234"})
		doc.save()
		return self.act(doc, "operator", "Hand Over")

	def test_a_handover_stands_on_the_access_log(self):
		doc = self.handed_over(self.ready())
		(row,) = frappe.get_all(
			"Footage Access Log",
			{"about_name": doc.name, "action": "Handed Over"},
			["camera", "unit", "person", "reason", "footage_from", "footage_to"],
		)
		self.assertEqual((row.camera, row.unit), (self.cameras[self.commune], self.commune))
		self.assertEqual(row.person, self.people["operator"])
		self.assertEqual((row.footage_from, row.footage_to), (doc.ranges[0].from_time, doc.ranges[0].to_time))
		for said in ("Phạm Thị Nhận", "037090001234", doc.purpose):
			self.assertIn(said, row.reason)

	def test_minutes_say_what_is_handed_over_and_on_what_basis(self):
		doc = self.ready()
		frappe.set_user(self.people["operator"])
		before = minutes.of_handover(doc)
		self.assertEqual((before["day"], before["receiver"]["name"]), (minutes.BLANK_DAY, None))
		self.assertTrue(before["giver"]["name"])  # whoever prints hands over
		doc = self.handed_over(doc)
		found = minutes.of_handover(doc)
		package = frappe.get_last_doc("Evidence Package", {"request": doc.name})
		(file,) = (file for file in found["files"] if file["path"] == "xem/0.mp4")
		self.assertEqual(file["sha256"], hashlib.sha256(b"0").hexdigest())
		self.assertEqual(found["package"]["sha256"], package.sha256)
		self.assertEqual(found["receiver"], {"name": "Phạm Thị Nhận", "paper": "CCCD 037090001234"})
		self.assertEqual(found["day"], minutes.day(now_datetime()))
		fingerprint = frappe.db.get_value("Signing Key", package.signing_key, "fingerprint")
		self.assertEqual(found["certificate"]["fingerprint"], fingerprint)
		self.assertEqual([row["camera"] for row in found["ranges"]], [self.cameras[self.commune]])
		self.assertTrue(found["ranges"][0]["missing"])
		who = [step["who"] for step in found["custody"]]
		self.assertEqual(who[-3:], ["The system", "The system", "Thử"])
		text = re.sub(r"\s", "", pdf_text(minutes_format.to_pdf(doc, found)))
		for said in (package.name, package.sha256, file["sha256"], "PhạmThịNhận", "Giảiquyếtphảnánh"):
			self.assertIn(said, text)
		paper = docx.Document(io.BytesIO(minutes_format.to_docx(doc, found)))
		cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
		self.assertIn(package.sha256, cells)
		self.assertIn(file["sha256"], cells)
		self.assertEqual(qr_text(found["qr"]), f"{package.name}\nSHA256 {package.sha256}\nCERT {fingerprint}")

	def test_minutes_name_the_delegation(self):
		doc = self.ready()
		delegation = factories.insert(
			doctype="Approval Delegation",
			leader=factories.account(self.people["commune leader"]),
			substitute=factories.account(self.people["commune operator"]),
			valid_from=now_datetime() + timedelta(minutes=5),
			valid_until=now_datetime() + timedelta(hours=2),
			document_number="9/GUQ-UBND",
			document_date="2026-01-31",
		)
		doc.decided_under = delegation.name
		found = minutes.of_handover(doc)["decision"]["delegation"]
		self.assertEqual((found["document_number"], found["document_date"]), ("9/GUQ-UBND", "31/01/2026"))

	def test_who_has_a_part_in_it_makes_minutes(self):
		doc = self.ready()
		for person in ("asks", "operator", "commune leader", "administrator"):
			frappe.set_user(self.people[person])
			self.assertEqual(minutes.printable(doc.name).name, doc.name)
		for person in ("auditor", "district leader", "sibling leader", "province leader", "commune operator"):
			frappe.set_user(self.people[person])
			with self.subTest(person=person):
				self.refused(minutes.printable, doc.name)
				self.refused(minutes.handover_minutes, doc)

	def test_there_are_minutes_from_the_package_on(self):
		doc, _name = self.package()
		frappe.set_user(self.people["operator"])
		with self.assertRaises(frappe.ValidationError) as caught:
			minutes.printable(doc.name)
		self.assertIn("once the package is ready", str(caught.exception))

	def test_the_list_of_files_outlives_the_package(self):
		doc = self.handed_over(self.ready())
		before = minutes.of_handover(doc)
		frappe.set_user("Administrator")
		past = now_datetime() - timedelta(minutes=1)
		(name,) = frappe.get_all("Evidence Package", {"request": doc.name}, pluck="name")
		frappe.db.set_value("Evidence Package", name, "expires_on", past)
		packages.remove_outdated(now_datetime())
		self.assertFalse(packages.path_of(name).exists())
		after = minutes.of_handover(doc)
		self.assertEqual(after["files"], before["files"])
		self.assertEqual(after["package"]["manifest_sha256"], before["package"]["manifest_sha256"])
		packages.kept_manifest_path(name).unlink()
		bare = minutes.of_handover(doc)
		self.assertEqual((bare["files"], bare["package"]["sha256"]), ([], before["package"]["sha256"]))
		self.assertIn("hết hạn lưu", minutes_format.to_html(doc, bare))

	def test_the_clock_in_a_picture_is_told_when_people_see_that_it_is_wrong(self):
		found = [minutes.clock_text(offset) for offset in (None, 0, -40, 3249, -90_000)]
		said = "Clock in the picture: {0} s"
		self.assertEqual(found, [None, None, None, said.format("+3,2"), said.format("-90,0")])

	def test_sources_alone_are_left_out_of_a_very_long_list(self):
		files = [{"path": f"goc/{n}", "kind": "source", "size": 1, "sha256": ""} for n in range(1100)]
		files.append({"path": "xem/a.mp4", "kind": "playable", "size": 1, "sha256": ""})
		shown, left_out = minutes.listed(files)
		self.assertEqual((len(shown), left_out, shown[0]["path"]), (minutes.MOST_FILES, 101, "xem/a.mp4"))

	def test_a_fault_in_the_layout_is_told_and_stops_no_export(self):
		doc = self.ready()
		frappe.db.set_value("Print Format", minutes.FORMAT, "html", "{{ 1 / 0 }}")
		with self.assertRaises(PaperError) as caught:
			minutes_format.to_pdf(doc, minutes.of_handover(doc))
		self.assertIn(minutes.FORMAT, str(caught.exception))
		self.assertIn("has a fault", self.exported(doc)[1])

	def test_a_missing_library_is_told_and_stops_no_export(self):
		doc = self.ready()
		with patch.dict(sys.modules, {"weasyprint": None}):
			listed, told = self.exported(doc)
		self.assertIn("apt-get install libpango", told)
		self.assertNotIn(export.MINUTES, listed)
		listed, told = self.exported(doc)
		self.assertIsNone(told)
		self.assertIn(export.MINUTES, listed)

	def exported(self, doc) -> tuple[list[str], str | None]:
		"""(files of a package of `doc` in which there are only minutes, what is told of it)."""
		_key, signer = signing_keys.active()
		facts = package_facts.facts("GCC-THU", doc, {"sequence": 1, "row_hash": "0" * 64})
		writer, work = PackageWriter(io.BytesIO(), facts, signer), export.Export(doc, lambda share: None)
		work.add_minutes(writer, facts, signer)
		return [file["path"] for file in writer.close()["files"]], work.without_minutes

	def test_a_removed_layout_leaves_the_one_that_ships(self):
		doc = self.ready()
		frappe.db.delete("Print Format", {"name": minutes.FORMAT})
		self.assertIn("BIÊN BẢN BÀN GIAO", minutes_format.to_html(doc, minutes.of_handover(doc)))


def pdf_text(content: bytes) -> str:
	return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def qr_text(data_uri: str) -> str:
	image = numpy.frombuffer(base64.b64decode(data_uri.split(",", 1)[1]), numpy.uint8)
	return cv2.QRCodeDetectorAruco().detectAndDecode(cv2.imdecode(image, cv2.IMREAD_GRAYSCALE))[0]
