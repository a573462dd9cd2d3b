import frappe

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.recording import health_events
from giam_sat_mot_cua.setup import factories


class TestHealthEvent(IntegrationTestCase):
	def setUp(self):
		self.camera = factories.camera(factories.unit().name).name

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def report(self, **values):
		return health_events.report("Camera Not Recorded", camera=self.camera, **values)

	def test_one_event_is_open_however_often_it_is_reported(self):
		name = self.report(detail="một")
		self.assertIsNone(self.report(detail="hai"))
		event = frappe.get_doc("Health Event", name)
		self.assertEqual((event.detail, event.status), ("hai", "Open"))
		self.assertEqual(event.unit, frappe.db.get_value("Camera", self.camera, "unit"))
		self.assertTrue(health_events.close("Camera Not Recorded", camera=self.camera))
		self.assertFalse(health_events.close("Camera Not Recorded", camera=self.camera))
		event.reload()
		self.assertEqual(event.status, "Closed")
		self.assertTrue(event.ended_on)
		self.assertNotEqual(self.report(), name)

	def test_people_write_what_they_did_and_nothing_else(self):
		event = frappe.get_doc("Health Event", self.report(detail="một"))
		operator = factories.user(roles.MONITORING_OPERATOR).name
		frappe.set_user(operator)
		event.handling_note, event.detail, event.status, event.severity = (
			"Đã gọi đơn vị",
			"x",
			"Closed",
			"Critical",
		)
		event.save()
		event.reload()
		self.assertEqual((event.detail, event.status, event.severity), ("một", "Open", "Warning"))
		self.assertEqual((event.handling_note, event.handled_by), ("Đã gọi đơn vị", operator))
		frappe.set_user("Administrator")
		self.assertRaises(frappe.ValidationError, event.delete)
		with self.assertRaises(frappe.PermissionError):
			factories.insert(doctype="Health Event", kind="Volume Full", began_on="2026-11-25 08:00:00")

	def test_an_event_has_one_subject(self):
		for subject in ({"camera": self.camera, "recorder_node": "x"}, {"unit": "x"}):
			with self.subTest(subject), self.assertRaises(ValueError):
				health_events.report("Volume Full", **subject)
