from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.recording import clock, gap_ledger
from giam_sat_mot_cua.setup import factories

START = 1_795_521_600_000


class TestRecordingGap(IntegrationTestCase):
	def setUp(self):
		self.unit = factories.unit().name
		self.camera = factories.camera(self.unit).name

	def tearDown(self):
		frappe.db.rollback()

	def gaps(self) -> list[tuple]:
		rows = frappe.get_all(
			"Recording Gap", {"camera": self.camera}, ["cause", "duration_s", "end_utc"], order_by="start_utc"
		)
		return [(row.cause, row.duration_s if row.end_utc else None) for row in rows]

	def test_a_gap_opens_and_closes_once(self):
		for _again in range(2):
			gap_ledger.open_gap(self.camera, self.unit, START, "camera_offline")
		self.assertEqual(self.gaps(), [("Camera Offline", None)])
		for _again in range(2):
			gap_ledger.close_gap(self.camera, self.unit, START, START + 90_500, "camera_offline")
		self.assertEqual(self.gaps(), [("Camera Offline", 90.5)])

	def test_the_first_cause_stays(self):
		gap_ledger.open_gap(self.camera, self.unit, START, "network")
		gap_ledger.close_gap(self.camera, self.unit, START, START + 1000, "recorder_down")
		self.assertEqual(self.gaps(), [("Network", 1.0)])

	def test_a_later_gap_closes_one_left_open(self):
		gap_ledger.open_gap(self.camera, self.unit, START, "network")
		gap_ledger.close_gap(self.camera, self.unit, START + 5000, START + 9000, "disk")
		self.assertEqual(self.gaps(), [("Network", 5.0), ("Storage", 4.0)])

	def test_gaps_are_never_deleted(self):
		gap_ledger.close_gap(self.camera, self.unit, START, START + 1000, "clock")
		gap = frappe.get_doc("Recording Gap", gap_ledger.gap_name(self.camera, START))
		self.assertRaises(frappe.ValidationError, gap.delete)


class TestGapsUnderMaintenance(IntegrationTestCase):
	"""A period from an hour ago to half an hour ago, recorded before it began."""

	def setUp(self):
		self.unit = factories.unit().name
		self.camera = factories.camera(self.unit).name
		self.now_ms = clock.now_ms()
		self.begin, self.end = self.ago(60), self.ago(30)
		self.order = self.period(60, 30, known=120)

	def tearDown(self):
		frappe.db.rollback()

	def ago(self, minutes: float) -> int:
		return self.now_ms - round(minutes * 60_000)

	def period(self, begin: float, end: float, known: float) -> str:
		"""An order from `begin` to `end`, recorded `known` minutes ago."""
		order = factories.maintenance_order([self.camera], now_datetime() + timedelta(days=9)).name
		times = {
			"creation": clock.site_time(self.ago(known)),
			"from_time": clock.site_time(self.ago(begin)),
			"to_time": clock.site_time(self.ago(end)),
		}
		frappe.db.set_value("Maintenance Order", order, times, update_modified=False)
		return order

	def gaps(self) -> list[tuple]:
		"""(cause, cause seen, order, begin and end in minutes ago)"""
		rows = frappe.get_all("Recording Gap", {"camera": self.camera}, ["*"], order_by="start_utc")

		def minutes(time):
			return time and round((self.now_ms - clock.utc_ms(time)) / 60_000, 2)

		return [
			(
				row.cause,
				row.observed_cause,
				row.maintenance_order,
				minutes(row.start_utc),
				minutes(row.end_utc),
			)
			for row in rows
		]

	def opened(self, minutes: float, cause: str = "camera_offline") -> None:
		gap_ledger.open_gap(self.camera, self.unit, self.ago(minutes), cause)

	def closed(self, begin: float, end: float, cause: str = "camera_offline") -> None:
		gap_ledger.close_gap(self.camera, self.unit, self.ago(begin), self.ago(end), cause)

	def test_a_gap_that_begins_in_the_period_is_maintenance(self):
		self.opened(50)
		self.closed(50, 40)
		self.assertEqual(self.gaps(), [("Maintenance", "Camera Offline", self.order, 50, 40)])

	def test_one_that_began_before_keeps_its_cause(self):
		self.opened(61)
		self.closed(61, 40)
		self.closed(29, 20, "network")
		self.assertEqual(
			self.gaps(), [("Camera Offline", None, None, 61, 40), ("Network", None, None, 29, 20)]
		)

	def test_maintenance_explains_no_more_than_its_period(self):
		self.opened(50)
		self.closed(50, 10)
		self.assertEqual(
			self.gaps(),
			[
				("Maintenance", "Camera Offline", self.order, 50, 30),
				("Camera Offline", None, None, 30, 10),
			],
		)

	def test_a_gap_told_when_it_is_over_is_split_too(self):
		for _again in range(2):
			self.closed(50, 10, "recorder_down")
		self.assertEqual(
			self.gaps(),
			[("Maintenance", "Recorder Down", self.order, 50, 30), ("Recorder Down", None, None, 30, 10)],
		)

	def test_a_gap_that_goes_on_is_split_at_the_end_of_the_period(self):
		self.opened(50)
		for _again in range(2):
			gap_ledger.end_covered_gaps()
		open_rows = [
			("Maintenance", "Camera Offline", self.order, 50, 30),
			("Camera Offline", None, None, 30, None),
		]
		self.assertEqual(self.gaps(), open_rows)
		self.opened(50)  # told again
		self.assertEqual(self.gaps(), open_rows)
		self.closed(50, 5)
		self.assertEqual(self.gaps(), [open_rows[0], ("Camera Offline", None, None, 30, 5)])

	def test_an_end_that_arrives_late_corrects_the_split(self):
		self.opened(50)
		gap_ledger.end_covered_gaps()
		self.closed(50, 45)
		self.assertEqual(self.gaps()[0], ("Maintenance", "Camera Offline", self.order, 50, 45))
		self.assertEqual(self.gaps()[1][3:], (30, 30))  # nothing, but a row is never removed

	def test_orders_that_follow_each_other_cover_like_one(self):
		self.period(30, 15, known=40)
		self.opened(50)
		self.closed(50, 5)
		self.assertEqual(
			self.gaps(),
			[
				("Maintenance", "Camera Offline", self.order, 50, 15),
				("Camera Offline", None, None, 15, 5),
			],
		)

	def test_an_order_recorded_afterwards_explains_nothing(self):
		frappe.db.set_value(
			"Maintenance Order", self.order, "creation", clock.site_time(self.ago(45)), update_modified=False
		)
		self.closed(50, 46)
		self.closed(44, 40)
		self.assertEqual([row[0] for row in self.gaps()], ["Camera Offline", "Maintenance"])

	def test_a_withdrawn_order_covers_until_then(self):
		frappe.db.set_value(
			"Maintenance Order",
			self.order,
			"withdrawn_on",
			clock.site_time(self.ago(50)),
			update_modified=False,
		)
		self.closed(55, 45)
		self.closed(40, 35)
		self.assertEqual(
			[(row[0], row[3], row[4]) for row in self.gaps()],
			[("Maintenance", 55, 50), ("Camera Offline", 50, 45), ("Camera Offline", 40, 35)],
		)

	def test_a_running_period_leaves_an_open_gap_alone(self):
		order = self.period(5, -30, known=10)
		self.opened(3)
		gap_ledger.end_covered_gaps()
		self.assertEqual(self.gaps(), [("Maintenance", "Camera Offline", order, 3, None)])
