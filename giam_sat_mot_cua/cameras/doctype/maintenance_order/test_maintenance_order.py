from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.cameras import maintenance
from giam_sat_mot_cua.cameras.doctype.maintenance_order import maintenance_order
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.setup import factories


class TestMaintenanceOrder(IntegrationTestCase):
	def setUp(self):
		self.unit = factories.unit("DISTRICT", is_group=1)
		self.camera = factories.camera(self.unit.name).name
		self.began = now_datetime()

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def order(self, begin: float = 0, end: float = 60, cameras: list[str] | None = None, **values):
		"""From `begin` to `end`, in minutes from the beginning of the test."""
		return factories.maintenance_order(
			[self.camera] if cameras is None else cameras, self.at(begin), self.at(end), **values
		)

	def at(self, minutes: float):
		return self.began + timedelta(minutes=minutes)

	def of_unit(self, begin: float = 0, end: float = 60, **values):
		return frappe.get_doc(
			{
				"doctype": "Maintenance Order",
				"unit": self.unit.name,
				"from_time": self.at(begin),
				"to_time": self.at(end),
				"reason": "Thay bộ chuyển mạch",
				"document_number": "7/KH-VP",
				**values,
			}
		).insert()

	def refused(self, text: str, work, *arguments) -> None:
		with self.assertRaises(frappe.ValidationError) as caught:
			work(*arguments)
		self.assertIn(text, str(caught.exception))

	def test_status_follows_the_time(self):
		self.assertEqual(self.order(60, 90).status, "Planned")
		row = self.order()
		self.assertEqual(row.status, "In Progress")
		frappe.db.set_value("Maintenance Order", row.name, "to_time", now_datetime() - timedelta(minutes=1))
		maintenance_order.refresh_statuses()
		self.assertEqual(frappe.db.get_value("Maintenance Order", row.name, "status"), "Done")

	def test_it_has_an_end_and_a_beginning_that_are_near(self):
		day = 24 * 60
		self.refused("31", self.order, 0, 32 * day)
		self.refused("more than a day ago", self.order, -2 * day, 60)
		order = self.order(0, 30 * day)
		order.to_time = self.at(60 * day)
		self.refused("31", order.save)

	def test_a_row_of_another_order_is_not_taken_from_it(self):
		first = self.order(60, 90)
		second = self.order(200, 290, [factories.camera(self.unit.name).name])
		second.append("cameras", {"camera": self.camera, "name": first.cameras[0].name})
		self.assertRaises(frappe.PermissionError, second.save)

	def test_it_covers_its_cameras_while_it_lasts(self):
		other = factories.camera(self.unit.name).name
		self.order(60, 90)
		self.assertNotIn(self.camera, maintenance.cameras_now())
		self.order()
		self.assertIn(self.camera, maintenance.cameras_now())
		self.assertNotIn(other, maintenance.cameras_now())

	def test_it_covers_a_unit_and_those_below_it(self):
		below = factories.unit(superior=self.unit.name)
		camera_below = factories.camera(below.name).name
		self.of_unit(0, 30)
		self.assertIn(self.camera, maintenance.cameras_now())
		self.assertNotIn(camera_below, maintenance.cameras_now())
		self.refused(
			self.camera, lambda: self.of_unit(10, 20, with_subordinates=1)
		)  # the unit's own is taken
		frappe.db.set_value("Maintenance Order", {"unit": self.unit.name}, "withdrawn_on", now_datetime())
		self.of_unit(0, 30, with_subordinates=1)
		self.assertLessEqual({self.camera, camera_below}, maintenance.cameras_now())

	def test_a_unit_without_cameras_is_refused(self):
		empty = factories.unit().name
		with self.assertRaises(frappe.ValidationError):
			self.of_unit(unit=empty)

	def test_cameras_of_other_units_are_refused(self):
		stranger = factories.camera(factories.unit().name).name
		self.refused(stranger, lambda: self.order(cameras=[self.camera, stranger]))
		self.refused(self.camera, lambda: self.order(cameras=[self.camera, self.camera]))

	def test_periods_are_checked(self):
		for begin, end in ((-60, -1), (30, 20), (5, 5)):
			with self.subTest(begin), self.assertRaises(frappe.ValidationError):
				self.order(begin, end)
		row = self.order(30, 60)
		row.from_time = now_datetime() - timedelta(minutes=30)
		self.assertRaises(frappe.ValidationError, row.save)

	def test_no_two_orders_for_a_camera_at_one_time(self):
		first = self.order(0, 60)
		self.refused(first.name, lambda: self.order(30, 90))
		self.refused(first.name, lambda: self.of_unit(59, 61))
		self.order(60, 90)  # afterwards is no overlap
		self.order(30, 90, cameras=[factories.camera(self.unit.name).name])
		first.withdraw("Hoãn")
		self.order(10, 60)

	def test_what_has_begun_changes_its_end_only(self):
		row = self.order()
		row.to_time = now_datetime() + timedelta(minutes=120)
		row.save()
		for field, value in (
			("from_time", now_datetime() + timedelta(minutes=5)),
			("with_subordinates", 1),
			("cameras", []),
			("to_time", now_datetime() - timedelta(minutes=1)),
		):
			changed = frappe.get_doc("Maintenance Order", row.name)
			changed.set(field, value)
			with self.subTest(field), self.assertRaises(frappe.ValidationError):
				changed.save()

	def test_what_is_over_or_withdrawn_stands(self):
		over, gone = self.order(), self.order(90, 120)
		over.end_now()
		self.assertEqual(over.status, "Done")
		self.assertNotIn(self.camera, maintenance.cameras_now())
		self.assertRaises(frappe.ValidationError, over.end_now)
		self.assertRaises(frappe.ValidationError, gone.withdraw, " ")
		gone.withdraw("Không thực hiện")
		self.assertEqual((gone.status, gone.withdrawn_by), ("Cancelled", "Administrator"))
		for row in (over, gone):
			changed = frappe.get_doc("Maintenance Order", row.name)
			changed.to_time = now_datetime() + timedelta(days=3)
			self.assertRaises(frappe.ValidationError, changed.save)
			self.assertRaises(frappe.ValidationError, changed.withdraw, "lần nữa")
			self.assertRaises(frappe.ValidationError, changed.delete)

	def test_nobody_forges_a_withdrawal(self):
		row = self.order()
		row.withdrawn_on, row.status = now_datetime(), "Done"
		row.save()
		self.assertEqual((row.withdrawn_on, row.status), (None, "In Progress"))

	def test_the_managing_unit_writes_and_the_unit_reads_its_own(self):
		row = self.order()
		for role in (roles.MONITORING_ADMINISTRATOR, roles.MONITORING_OPERATOR):
			frappe.set_user(factories.user(role).name)
			later = self.of_unit(200, 230)
			later.withdraw("Thử")
			frappe.set_user("Administrator")
		for role in (roles.UNIT_LEADER, roles.UNIT_OPERATOR, roles.MONITORING_AUDITOR):
			frappe.set_user(factories.user(role, self.unit.name).name)
			self.assertTrue(frappe.has_permission("Maintenance Order", "read", doc=row.name))
			with self.subTest(role), self.assertRaises(frappe.PermissionError):
				self.of_unit(300, 330)
			with self.subTest(role), self.assertRaises(frappe.PermissionError):
				frappe.get_doc("Maintenance Order", row.name).withdraw("Thử")
			frappe.set_user("Administrator")
		frappe.set_user(factories.user(roles.UNIT_LEADER, factories.unit().name).name)
		self.assertFalse(frappe.has_permission("Maintenance Order", "read", doc=row.name))
		self.assertEqual(frappe.get_list("Maintenance Order", {"name": row.name}), [])
