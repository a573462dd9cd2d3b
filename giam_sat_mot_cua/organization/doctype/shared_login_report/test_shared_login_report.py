from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.organization import login_history
from giam_sat_mot_cua.setup import factories


class TestSharedLoginReport(IntegrationTestCase):
	def setUp(self):
		self.unit = factories.unit()
		self.user = factories.user(roles.UNIT_OPERATOR, self.unit.name).name

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.local.request_ip = None
		frappe.db.rollback()

	def session(self, address: str, minutes_ago: int):
		last = now_datetime() - timedelta(minutes=minutes_ago)
		sid = frappe.generate_hash(length=20)
		frappe.db.sql(
			"insert into tabSessions (sid, user, sessiondata, lastupdate, status) "
			"values (%s, %s, '{}', %s, 'Active')",
			(sid, self.user, last),
		)
		data = {"session_ip": address, "last_updated": str(last), "user": self.user}
		frappe.cache().hset("session", sid, {"user": self.user, "sid": sid, "data": data})
		self.addCleanup(frappe.cache().hdel, "session", sid)

	def test_another_address_at_the_same_time_is_noticed(self):
		frappe.local.request_ip = "10.0.0.1"
		self.session("10.0.0.1", 1)
		self.assertEqual(login_history.other_addresses(self.user), [])
		self.session("10.0.0.2", 31)
		self.assertEqual(login_history.other_addresses(self.user), [])  # no longer at the same time
		self.session("10.0.0.3", 29)
		self.assertEqual(login_history.other_addresses(self.user), ["10.0.0.3"])

	def test_one_open_report_grows(self):
		frappe.local.request_ip = "10.0.0.1"
		for other in ("10.0.0.2", "10.0.0.3"):
			login_history.report_shared(self.user, [other])
		report = frappe.get_doc("Shared Login Report", {"account": factories.account(self.user)})
		self.assertEqual(report.addresses.split("\n"), ["10.0.0.2", "10.0.0.1", "10.0.0.3"])
		self.assertEqual((report.times, report.unit), (2, self.unit.name))

	def test_it_is_handled_by_the_managing_unit_with_words(self):
		login_history.report_shared(self.user, ["10.0.0.2"])
		name = frappe.db.get_value("Shared Login Report", {"account": factories.account(self.user)})
		frappe.set_user(factories.user(roles.MONITORING_ADMINISTRATOR).name)
		report = frappe.get_doc("Shared Login Report", name)
		report.status, report.addresses = "Explained", "forged"
		self.assertRaises(frappe.ValidationError, report.save)
		report.reload()
		report.status, report.addresses = "Explained", "forged"
		report.explanation = "Cùng một người, hai phòng làm việc"
		report.save()
		self.assertEqual((report.handled_by, report.addresses), (frappe.session.user, "10.0.0.2"))
		self.assertRaises(frappe.PermissionError, report.delete)
		frappe.set_user(factories.user(roles.UNIT_LEADER, self.unit.name).name)
		report.reload()
		report.explanation = "khác"
		self.assertRaises(frappe.PermissionError, report.save)

	def test_odd_addresses_and_devices_lose_no_row(self):
		frappe.local.request = frappe._dict(headers={"User-Agent": "x <a onload=1>\0é" + "y" * 900})
		self.addCleanup(setattr, frappe.local, "request", None)
		for told, kept in (("10.1.2.3", "10.1.2.3"), ("<a", ""), ("x" * 300, ""), (None, "")):
			frappe.local.request_ip = told
			login_history.write(self.user, login_history.FAILED)
			row = frappe.get_last_doc("Account Login", {"account": factories.account(self.user)})
			self.assertEqual((row.from_address or "", row.outcome), (kept, "Login Failed"))
			self.assertTrue(row.device.startswith("x a onload=1"))
			frappe.db.delete("Account Login", {"name": row.name})

	def test_logins_are_written_by_the_system_alone(self):
		login_history.write(self.user, login_history.LOGGED_IN)
		row = frappe.get_last_doc("Account Login", {"account": factories.account(self.user)})
		row.outcome = login_history.FAILED
		self.assertRaises(frappe.PermissionError, row.save)
		self.assertRaises(frappe.PermissionError, row.delete)
		self.assertRaises(frappe.PermissionError, frappe.copy_doc(row).insert)
