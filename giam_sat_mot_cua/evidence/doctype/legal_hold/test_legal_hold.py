from datetime import datetime, timedelta

import frappe
from frappe.desk.query_report import run

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.evidence import holds
from giam_sat_mot_cua.evidence.report.held_footage import held_footage as held_report
from giam_sat_mot_cua.recording import clock, hour_index
from giam_sat_mot_cua.recording.hour_index import Gone, IndexedFile
from giam_sat_mot_cua.setup import factories

BEGIN = datetime(2026, 11, 1, 8)
BEGIN_MS = 1_793_494_800_000  # in Vietnam
HOUR_MS = 3_600_000
REASON = "Vụ việc đã kết thúc"


class TestLegalHold(IntegrationTestCase):
	def setUp(self):
		self.camera = factories.camera(factories.unit().name).name
		self.first, self.second = (factories.user(roles.MONITORING_ADMINISTRATOR).name for _n in range(2))

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def row(self, **values) -> dict:
		return {"camera": self.camera, "from_time": BEGIN, "to_time": BEGIN + timedelta(hours=1), **values}

	def hold(self, *rows: dict):
		return frappe.get_doc(
			doctype="Legal Hold", title="Vụ 12", basis="Công văn 5/CV", cameras=rows or [self.row()]
		).insert()

	def placed(self):
		frappe.set_user(self.first)
		return self.hold()

	def test_a_period_of_a_camera_is_held_in_site_time(self):
		self.hold()
		self.assertEqual(clock.site_time_to_utc_ms(BEGIN), BEGIN_MS)
		minute = 60_000
		for begin, end, held in (
			(BEGIN_MS, BEGIN_MS + minute, True),
			(BEGIN_MS - minute, BEGIN_MS, False),
			(BEGIN_MS - minute, BEGIN_MS + 1, True),  # a file is kept as a whole
			(BEGIN_MS + HOUR_MS - 1, BEGIN_MS + HOUR_MS + minute, True),
			(BEGIN_MS + HOUR_MS, BEGIN_MS + HOUR_MS + minute, False),
		):
			with self.subTest(begin=begin, end=end):
				self.assertEqual(holds.held(self.camera, begin, end), held)
		other = factories.camera(factories.unit().name).name
		self.assertFalse(holds.held(other, BEGIN_MS, BEGIN_MS + minute))

	def test_a_row_of_another_hold_is_not_taken_from_it(self):
		held, other = self.hold(), self.hold()
		other.append("cameras", {**self.row(), "name": held.cameras[0].name})
		self.assertRaises(frappe.PermissionError, other.save)
		held.reload()
		self.assertEqual(len(held.cameras), 1)

	def test_a_time_that_is_none_is_refused(self):
		for wrong in (20261126, "10:00", "2026-11-26 10:00:00+07:00", "Thu", 1):
			with self.subTest(wrong), self.assertRaises(frappe.ValidationError):
				self.hold(self.row(from_time=wrong))

	def test_a_row_without_moments_holds_all_and_hinders_nobody(self):
		hold = self.hold()
		frappe.db.set_value("Legal Hold Camera", hold.cameras[0].name, {"from_utc": None, "to_utc": None})
		self.assertTrue(holds.held(self.camera, BEGIN_MS - HOUR_MS, BEGIN_MS - HOUR_MS + 1))

	def test_another_administrator_releases_with_a_reason(self):
		hold = self.placed()
		self.assertEqual((hold.status, hold.placed_by), ("Active", self.first))
		with self.assertRaises(frappe.PermissionError):
			hold.release(REASON)
		frappe.set_user(self.second)
		for reason in (None, "", "  ngắn  "):
			with self.subTest(reason), self.assertRaises(frappe.ValidationError):
				hold.release(reason)
		self.assertTrue(holds.held(self.camera, BEGIN_MS, BEGIN_MS + 1))
		hold.release(REASON)
		self.assertEqual((hold.status, hold.released_by), ("Released", self.second))
		self.assertEqual(hold.release_reason, REASON)
		self.assertTrue(hold.released_on)
		self.assertFalse(holds.held(self.camera, BEGIN_MS, BEGIN_MS + 1))
		with self.assertRaises(frappe.ValidationError):
			hold.release(REASON)

	def test_a_release_counts_what_is_stored_and_not_what_is_sent(self):
		hold = self.placed()
		hold.placed_by = hold.owner = self.second
		with self.assertRaises(frappe.PermissionError):
			hold.release(REASON)

	def test_a_form_cannot_release_or_pretend(self):
		hold = self.placed()
		hold.status, hold.placed_by, hold.released_by = "Released", self.second, self.second
		hold.save()
		hold.reload()
		self.assertEqual((hold.status, hold.placed_by, hold.released_by), ("Active", self.first, None))
		new = frappe.get_doc(
			doctype="Legal Hold", title="x", basis="y", status="Released", cameras=[self.row()]
		).insert()
		self.assertEqual(new.status, "Active")

	def test_rows_are_added_and_never_changed_or_taken_away(self):
		hold = self.placed()
		hold.append(
			"cameras", self.row(from_time=BEGIN + timedelta(days=1), to_time=BEGIN + timedelta(days=2))
		)
		hold.save()
		self.assertTrue(holds.held(self.camera, BEGIN_MS + 30 * HOUR_MS, BEGIN_MS + 31 * HOUR_MS))
		for change in (
			lambda doc: doc.set("cameras", doc.cameras[1:]),
			lambda doc: doc.cameras[0].set("to_time", BEGIN + timedelta(minutes=1)),
			lambda doc: doc.cameras[0].set("camera", factories.camera(factories.unit().name).name),
		):
			frappe.set_user("Administrator")
			doc = frappe.get_doc("Legal Hold", hold.name)
			change(doc)
			frappe.set_user(self.first)
			with self.assertRaises(frappe.ValidationError):
				doc.save()

	def test_a_released_hold_does_not_change_and_none_is_deleted(self):
		hold = self.placed()
		frappe.set_user(self.second)
		hold.release(REASON)
		hold.append("cameras", self.row())
		with self.assertRaises(frappe.ValidationError):
			hold.save()
		frappe.set_user("Administrator")
		with self.assertRaises(frappe.ValidationError):
			frappe.delete_doc("Legal Hold", hold.name)

	def test_a_period_ends_after_it_begins(self):
		with self.assertRaises(frappe.ValidationError):
			self.hold(self.row(to_time=BEGIN))

	def test_only_administrators_of_the_managing_unit_place_and_release(self):
		hold = self.placed()
		unit = factories.unit().name
		for role in set(roles.ALL_ROLES) - {roles.MONITORING_ADMINISTRATOR}:
			frappe.set_user("Administrator")
			person = factories.user(role, unit).name
			frappe.set_user(person)
			with self.subTest(role):
				self.assertRaises(frappe.PermissionError, self.hold)
				self.assertRaises(
					frappe.PermissionError, frappe.get_doc("Legal Hold", hold.name).release, REASON
				)
		frappe.set_user("Administrator")
		self.assertEqual(frappe.db.get_value("Legal Hold", hold.name, "status"), "Active")

	def footage(self, hours: int, gone: bool = False) -> None:
		"""Index rows of so many hours from BEGIN, a file a minute of 1,000,001 bytes. `gone`: the first of each
		hour is not there any more."""
		unit = frappe.db.get_value("Camera", self.camera, "unit")
		starts = [BEGIN_MS + number * 60_000 for number in range(hours * 60)]
		files = [IndexedFile(start, 60_000, 1_000_001, "00" * 32, "V") for start in starts]
		hour_index.merge(self.camera, unit, files)
		if gone:
			(rows,) = hour_index.lock_hours({self.camera: starts}).values()
			mark = Gone(hour_index.REMOVED, BEGIN_MS, hour_index.PAST_RETENTION)
			hour_index.mark_rows_gone(rows, "V", set(starts[::60]), mark)

	def test_what_is_held_and_its_size_are_told(self):
		self.footage(5)
		hold = self.hold(self.row(to_time=BEGIN + timedelta(hours=5)), self.row())
		report = held_report.execute({"camera": self.camera})
		self.assertEqual([row["files"] for row in report[1]], [300, 60])
		self.assertEqual(report[1][0]["record"], hold.name)
		self.assertEqual(report[1][0]["size_gb"], 300 * 1_000_001 / 1e9)
		self.assertEqual(report[4][0]["value"], 300)  # once, what two rows hold
		hold.run_method("onload")
		self.assertEqual(hold.get_onload("held"), {"files": 300, "gb": 0.3})

	def test_files_at_the_border_count_and_those_that_are_gone_do_not(self):
		self.footage(3, gone=True)
		minute = 60_000
		for begin, end, files in (
			(BEGIN_MS, BEGIN_MS + 3 * HOUR_MS, 3 * 59),
			(BEGIN_MS + 90 * minute, BEGIN_MS + 91 * minute, 1),
			(BEGIN_MS + 90 * minute + 1, BEGIN_MS + 91 * minute + 1, 2),
			(BEGIN_MS - HOUR_MS, BEGIN_MS, 0),
			(0, BEGIN_MS + 9 * HOUR_MS, 3 * 59),
			(BEGIN_MS + 59 * minute + 1, BEGIN_MS + 60 * minute + 1, 1),
		):
			with self.subTest(begin=begin - BEGIN_MS, end=end - BEGIN_MS):
				found = hour_index.kept_between(self.camera, begin, end)
				self.assertEqual(found, (files, files * 1_000_001))

	def test_the_list_of_what_is_held_is_for_those_who_see_holds(self):
		may = {
			roles.MONITORING_ADMINISTRATOR,
			roles.MONITORING_OPERATOR,
			roles.MANAGING_UNIT_LEADER,
			roles.MONITORING_AUDITOR,
		}
		unit = factories.unit().name
		for role in roles.ALL_ROLES:
			frappe.set_user("Administrator")
			frappe.set_user(factories.user(role, unit).name)
			with self.subTest(role=role):
				if role in may:
					run("Held Footage")
				else:
					self.assertRaises(frappe.PermissionError, run, "Held Footage")
