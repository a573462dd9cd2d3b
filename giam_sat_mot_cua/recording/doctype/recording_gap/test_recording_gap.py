import frappe

from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.recording import gap_ledger
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
