import frappe
from frappe.utils import add_days, add_months, getdate

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.organization import account_reviews
from giam_sat_mot_cua.organization.report.overdue_account_reviews import overdue_account_reviews
from giam_sat_mot_cua.setup import factories


class TestAccountReview(IntegrationTestCase):
	def setUp(self):
		self.district = factories.unit("DISTRICT", is_group=1)
		self.unit = factories.unit(superior=self.district.name)
		self.leader = factories.user(roles.UNIT_LEADER, self.unit.name).name
		self.operator = factories.user(roles.UNIT_OPERATOR, self.unit.name).name
		frappe.db.delete("Account Review")
		frappe.db.delete("Account Review Entry")

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def review(self, **values):
		return frappe.get_doc(
			{
				"doctype": "Account Review",
				"title": "Rà soát thử",
				"due_on": add_days(getdate(), 10),
				**values,
			}
		).insert()

	def entry(self, user: str):
		return frappe.get_doc("Account Review Entry", {"account": factories.account(user)})

	def decide(self, user: str, decision: str, remark: str | None = None):
		entry = self.entry(user)
		entry.decision, entry.remark = decision, remark
		entry.save()
		return entry

	def test_every_account_has_one_row_with_its_last_login(self):
		frappe.db.set_value("User", self.operator, "last_login", "2026-01-02 03:04:05")
		review = self.review()
		holding = frappe.db.count("Monitoring Account", {"status": ("in", ("Granted", "Suspended"))})
		self.assertEqual(frappe.db.count("Account Review Entry", {"review": review.name}), holding)
		self.assertEqual(str(self.entry(self.operator).last_login), "2026-01-02 03:04:05")
		self.assertIsNone(self.entry(self.leader).last_login)

	def test_the_units_own_leader_decides(self):
		self.review()
		frappe.set_user(self.leader)
		decided = self.decide(self.operator, "Confirm")
		self.assertEqual((decided.status, decided.decided_by), ("Decided", self.leader))
		frappe.set_user("Administrator")
		for role, unit in (
			(roles.UNIT_LEADER, self.district.name),  # sees it and does not decide
			(roles.UNIT_OPERATOR, self.unit.name),
			(roles.MONITORING_ADMINISTRATOR, None),  # closes, does not decide for the unit
			(roles.UNIT_LEADER, factories.unit().name),
		):
			frappe.set_user(factories.user(role, unit).name)
			with self.subTest(role, unit=unit), self.assertRaises(frappe.PermissionError):
				self.decide(self.operator, "Change", "Đổi chức danh")
			frappe.set_user("Administrator")

	def test_the_managing_unit_decides_about_its_own_but_nobody_about_himself(self):
		one, other = (factories.user(roles.MONITORING_ADMINISTRATOR).name for _ in range(2))
		self.review()
		frappe.set_user(one)
		self.assertEqual(self.decide(other, "Confirm").status, "Decided")
		with self.assertRaises(frappe.PermissionError):
			self.decide(one, "Confirm")

	def test_changing_and_revoking_need_a_remark(self):
		self.review()
		frappe.set_user(self.leader)
		for decision in ("Change", "Revoke"):
			with self.subTest(decision), self.assertRaises(frappe.ValidationError):
				self.decide(self.operator, decision, " ")

	def test_closing_carries_out_the_decisions(self):
		review = self.review()
		frappe.set_user(self.leader)
		self.decide(self.operator, "Revoke", "Đã nghỉ việc")
		self.assertRaises(frappe.PermissionError, frappe.get_doc("Account Review", review.name).close)
		frappe.set_user("Administrator")
		review.reload()
		review.close()
		account = frappe.get_doc("Monitoring Account", factories.account(self.operator))
		self.assertEqual(account.status, "Revoked")
		self.assertIn("Đã nghỉ việc", account.decision_reason)
		left = self.entry(self.leader)
		self.assertEqual(left.status, "Suspension Proposed")
		frappe.set_user(self.leader)
		with self.assertRaises(frappe.ValidationError):
			self.decide(self.leader, "Confirm")
		frappe.set_user("Administrator")
		frappe.db.delete("Account Review Entry", {"account": ("!=", factories.account(self.leader))})
		self.assertEqual(review.suspend_undecided(), 1)
		self.assertEqual(frappe.db.get_value("Monitoring Account", left.account, "status"), "Suspended")
		self.assertFalse(frappe.db.get_value("User", self.leader, "enabled"))

	def test_a_closed_review_is_not_closed_again_nor_made_closed(self):
		review = self.review()
		review.close()
		values = {"doctype": "Account Review", "title": "x", "due_on": getdate(), "status": "Open"}
		for forged in (
			{**review.as_dict(), "status": "Open", "opened_on": "2001-01-01"},
			{**values, "name": "RS-GIA", "__islocal": 1},
		):
			before = frappe.db.get_value("Account Review", review.name, ["opened_on", "closed_on"])
			with (
				self.subTest(forged["name"]),
				self.assertRaises((frappe.ValidationError, frappe.DoesNotExistError)),
			):
				frappe.get_doc(forged).close()
			self.assertEqual(
				frappe.db.get_value("Account Review", review.name, ["opened_on", "closed_on"]), before
			)

	def test_decided_accounts_are_never_suspended_with_the_undecided(self):
		review = self.review()
		review.close()
		entry = self.entry(self.leader)
		frappe.db.set_value(
			"Account Review Entry", entry.name, "decision", "Confirm"
		)  # as a lost race left it
		frappe.db.delete("Account Review Entry", {"name": ("!=", entry.name)})
		self.assertEqual(review.suspend_undecided(), 0)

	def test_what_is_overdue_is_listed_within_the_view(self):
		review = self.review()
		frappe.db.set_value("Account Review", review.name, "due_on", add_days(getdate(), -3))
		frappe.db.set_value(
			"Account Review Entry", {"review": review.name}, "due_on", add_days(getdate(), -3)
		)
		review.reload()
		account_reviews.mark_overdue(review)
		self.assertEqual(self.entry(self.operator).status, "Overdue")
		_columns, rows = overdue_account_reviews.execute({"review": review.name})
		self.assertEqual({row.days_overdue for row in rows}, {3})
		frappe.set_user(self.leader)
		_columns, rows = overdue_account_reviews.execute({})
		self.assertEqual({row.unit for row in rows}, {self.unit.name})
		frappe.set_user(factories.user(None).name)
		self.assertEqual(overdue_account_reviews.execute({})[1], [])

	def test_the_next_review_opens_by_itself(self):
		frappe.db.set_value(
			"Monitoring Account", {"status": "Granted"}, "granted_on", add_months(getdate(), -5)
		)
		account_reviews.open_when_due()
		self.assertFalse(frappe.db.count("Account Review"))
		frappe.db.set_value(
			"Monitoring Account", {"status": "Granted"}, "granted_on", add_months(getdate(), -6)
		)
		for _time in range(2):
			account_reviews.open_when_due()
			self.assertEqual(frappe.db.count("Account Review"), 1)
		first = frappe.get_last_doc("Account Review")
		self.assertEqual(getdate(first.due_on), add_days(getdate(), 15))
		first.close()
		account_reviews.open_when_due()
		self.assertEqual(frappe.db.count("Account Review"), 1)
		frappe.db.set_value("Account Review", first.name, "opened_on", add_months(getdate(), -6))
		account_reviews.open_when_due()
		self.assertEqual(frappe.db.count("Account Review"), 2)

	def test_reminders_reach_who_decides(self):
		review = self.review()
		account_reviews.remind(review)
		frappe.db.delete("Notification Log")
		frappe.db.set_value("Account Review", review.name, "due_on", getdate())
		review.reload()
		account_reviews.remind(review)
		told = frappe.get_all("Notification Log", {"document_type": "Account Review Entry"}, pluck="for_user")
		self.assertIn(self.leader, told)
		self.assertNotIn(self.operator, told)

	def test_one_review_at_a_time_and_none_is_deleted(self):
		review = self.review()
		self.assertRaises(frappe.ValidationError, self.review)
		self.assertRaises(frappe.ValidationError, review.delete)
		self.assertRaises(frappe.PermissionError, self.entry(self.leader).delete)
		forged = self.entry(self.leader)
		forged.status, forged.outcome, forged.account = "Closed", "x", factories.account(self.operator)
		forged.save()
		self.assertEqual((forged.status, forged.outcome), ("Waiting", None))
		self.assertEqual(forged.account, factories.account(self.leader))
