from datetime import timedelta

import frappe
from frappe.utils import getdate, now_datetime

from giam_sat_mot_cua.access import roles, scope
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.organization.doctype.approval_delegation import approval_delegation
from giam_sat_mot_cua.setup import factories, granted_account


class TestApprovalDelegation(IntegrationTestCase):
	def setUp(self):
		self.unit = factories.unit("DISTRICT", is_group=1)
		self.leader = factories.user(roles.UNIT_LEADER, self.unit.name).name
		self.head = factories.user(roles.COUNTER_HEAD, self.unit.name).name

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def delegation(self, leader: str | None = None, substitute: str | None = None, begin=0, end=5, **values):
		now = now_datetime()
		return frappe.get_doc(
			{
				"doctype": "Approval Delegation",
				"leader": factories.account(leader or self.leader),
				"substitute": factories.account(substitute or self.head),
				"valid_from": now + timedelta(days=begin),
				"valid_until": now + timedelta(days=end),
				"document_number": "5/GUQ-UBND",
				"document_date": getdate(),
				**values,
			}
		)

	def test_a_substitute_decides_within_the_period_only(self):
		now = now_datetime()
		row = self.delegation(begin=1, end=3).insert()
		tries = {0.5: None, 1.5: row.name, 2.9: row.name, 3.1: None}
		for days, name in tries.items():
			basis = scope.approval_basis(self.unit.name, self.head, now + timedelta(days=days))
			self.assertEqual(basis and basis.delegation, name, days)
		self.assertEqual(scope.approvable_units(self.head), frozenset())
		self.assertEqual(scope.approvable_units(self.leader), frozenset([self.unit.name]))

	def test_seeing_is_wider_than_deciding(self):
		commune = factories.unit(superior=self.unit.name)
		self.assertTrue(scope.sees_unit(commune.name, self.leader))
		self.assertIsNone(scope.approval_basis(commune.name, self.leader))
		with self.assertRaises(frappe.PermissionError):
			scope.require_approver(commune.name, user=self.leader)
		with self.assertRaises(frappe.PermissionError):
			scope.require_approver(self.unit.name, requester=self.leader, user=self.leader)

	def test_a_withdrawn_one_ends_at_once(self):
		row = self.delegation().insert()
		self.assertTrue(scope.approval_basis(self.unit.name, self.head))
		frappe.set_user(self.leader)
		self.assertRaises(frappe.ValidationError, row.withdraw, " ")
		row.withdraw("Đã trở lại làm việc")
		self.assertIsNone(scope.approval_basis(self.unit.name, self.head))
		self.assertEqual(row.status, "Withdrawn")
		self.assertRaises(frappe.ValidationError, row.withdraw, "lần nữa")

	def test_a_forged_document_withdraws_nothing(self):
		row = self.delegation().insert()
		stranger = factories.user(roles.UNIT_LEADER, factories.unit("DISTRICT").name).name
		frappe.set_user(stranger)
		forged = frappe.get_doc({**row.as_dict(), "leader_user": stranger})
		self.assertRaises(frappe.PermissionError, forged.withdraw, "giả mạo")
		frappe.set_user("Administrator")
		self.assertFalse(frappe.db.get_value("Approval Delegation", row.name, "withdrawn_on"))

	def test_it_belongs_to_one_account_of_the_leader(self):
		self.delegation().insert()
		old = factories.account(self.leader)
		frappe.db.set_value("Monitoring Account", old, {"status": "Revoked", "user": None})
		granted_account.write(self.leader, "Trở lại", roles.UNIT_LEADER, self.unit.name, "2/QĐ")
		self.assertIsNone(scope.approval_basis(self.unit.name, self.head))

	def test_it_lapses_with_the_leaders_account(self):
		self.delegation().insert()
		frappe.db.set_value("Monitoring Account", factories.account(self.leader), "status", "Suspended")
		self.assertIsNone(scope.approval_basis(self.unit.name, self.head))

	def test_never_a_chain(self):
		second_leader = factories.user(roles.UNIT_LEADER, self.unit.name).name
		operator = factories.user(roles.UNIT_OPERATOR, self.unit.name).name
		self.delegation(begin=1, end=4).insert()
		for leader, substitute in (
			(self.head, operator),  # decides by delegation only
			(self.leader, operator),  # a second substitute
			(second_leader, self.leader),  # its leader has a substitute himself
			(self.leader, self.leader),
		):
			with self.subTest(leader), self.assertRaises(frappe.ValidationError):
				self.delegation(leader, substitute, begin=2, end=9).insert()
		self.delegation(begin=5, end=9).insert()  # afterwards is no overlap
		withdrawn = self.delegation(begin=10, end=12).insert()
		withdrawn.withdraw("Đổi người")
		self.delegation(
			substitute=operator, begin=9.5, end=12
		).insert()  # what was withdrawn is in nobody's way
		self.delegation(second_leader, operator, begin=20, end=21).insert()
		with self.assertRaises(frappe.ValidationError):
			self.delegation(self.leader, second_leader, begin=20, end=21).insert()

	def test_the_substitute_is_of_the_same_unit(self):
		stranger = factories.user(roles.UNIT_OPERATOR, factories.unit().name).name
		with self.assertRaises(frappe.ValidationError):
			self.delegation(substitute=stranger).insert()

	def test_periods_are_checked(self):
		for begin, end in ((-2, 5), (3, 2), (-0.1, -0.01)):
			with self.subTest(begin), self.assertRaises(frappe.ValidationError):
				self.delegation(begin=begin, end=end).insert()

	def test_only_the_leader_or_the_managing_unit_records_it(self):
		for role in (roles.COUNTER_HEAD, roles.UNIT_LEADER):
			frappe.set_user(factories.user(role, self.unit.name).name)
			with self.subTest(role), self.assertRaises(frappe.PermissionError):
				self.delegation().insert()
			frappe.set_user("Administrator")
		frappe.set_user(self.leader)
		self.delegation(begin=1, end=2).insert()
		frappe.set_user(factories.user(roles.MONITORING_ADMINISTRATOR).name)
		self.delegation(begin=3, end=4).insert()

	def test_a_recorded_one_is_neither_changed_nor_deleted(self):
		row = self.delegation().insert()
		for field, value in (
			("valid_until", now_datetime() + timedelta(days=50)),
			("substitute", factories.account(self.leader)),
			("document_number", "6/GUQ"),
		):
			changed = frappe.get_doc("Approval Delegation", row.name)
			changed.set(field, value)
			with self.subTest(field), self.assertRaises(frappe.ValidationError):
				changed.save()
		forged = frappe.get_doc("Approval Delegation", row.name)
		forged.withdrawn_on, forged.unit, forged.status = now_datetime(), "NB", "Ended"
		forged.save()
		self.assertEqual(
			(forged.withdrawn_on, forged.unit, forged.status), (None, self.unit.name, "In Force")
		)
		self.assertRaises(frappe.ValidationError, row.delete)

	def test_lists_show_the_status_of_the_minute(self):
		row = self.delegation(begin=1, end=2).insert()
		self.assertEqual(row.status, "Upcoming")
		for start, end, status in ((-2, 1, "In Force"), (-2, -1, "Ended")):
			times = {
				"valid_from": now_datetime() + timedelta(days=start),
				"valid_until": now_datetime() + timedelta(days=end),
			}
			frappe.db.set_value("Approval Delegation", row.name, times)
			approval_delegation.refresh_statuses()
			self.assertEqual(frappe.db.get_value("Approval Delegation", row.name, "status"), status)
