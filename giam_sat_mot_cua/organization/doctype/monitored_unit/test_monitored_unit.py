import frappe
from frappe.utils import add_days, getdate

from giam_sat_mot_cua.access import roles, scope
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.organization import superiors
from giam_sat_mot_cua.organization.doctype.monitored_unit.monitored_unit import add_node, get_children
from giam_sat_mot_cua.patches.v0_1 import date_first_superiors
from giam_sat_mot_cua.patches.v0_2 import date_first_heads
from giam_sat_mot_cua.setup import factories


class TestMonitoredUnit(IntegrationTestCase):
	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def test_superior_must_be_a_group_of_a_higher_level(self):
		commune = factories.unit("COMMUNE")
		with self.assertRaises(frappe.ValidationError):
			factories.unit("COMMUNE", superior=commune.name)
		group = factories.unit("COMMUNE", is_group=1)
		with self.assertRaises(frappe.ValidationError):
			factories.unit("DISTRICT", superior=group.name)

	def test_a_district_sees_its_communes_and_a_commune_itself(self):
		district = factories.unit("DISTRICT", is_group=1)
		inside, outside = factories.unit(superior=district.name), factories.unit()
		leader = factories.user(roles.UNIT_LEADER, district.name)
		officer = factories.user(roles.UNIT_OPERATOR, inside.name)
		self.assertEqual(scope.seen_units(leader.name), frozenset({district.name, inside.name}))
		self.assertEqual(scope.seen_units(officer.name), frozenset({inside.name}))
		self.assertFalse(scope.sees_unit(outside.name, leader.name))

	def test_a_move_in_the_tree_counts_at_once(self):
		first, second = factories.unit("DISTRICT", is_group=1), factories.unit("DISTRICT", is_group=1)
		commune = factories.unit(superior=first.name)
		leader = factories.user(roles.UNIT_LEADER, first.name)
		self.assertTrue(scope.sees_unit(commune.name, leader.name))
		commune.parent_monitored_unit = second.name
		commune.save()
		self.assertFalse(scope.sees_unit(commune.name, leader.name))

	def test_the_tree_begins_at_the_topmost_unit_that_one_sees(self):
		district = factories.unit("DISTRICT", is_group=1)
		commune, outside = factories.unit(superior=district.name), factories.unit()
		for role, home in ((roles.UNIT_OPERATOR, commune), (roles.UNIT_LEADER, district)):
			frappe.set_user(factories.user(role, home.name).name)
			self.assertEqual([node.value for node in get_children("Monitored Unit", "")], [home.name])
			self.assertEqual(
				get_children("Monitored Unit", outside.parent_monitored_unit or outside.name), []
			)
			frappe.set_user("Administrator")
		frappe.set_user(factories.user(roles.UNIT_LEADER, district.name).name)
		self.assertEqual(
			get_children("Monitored Unit", district.name),
			[{"value": commune.name, "title": commune.unit_name, "expandable": 0}],
		)
		frappe.set_user("Administrator")
		tops = {node.value for node in get_children("Monitored Unit", "")}
		self.assertIn(district.name, tops)
		self.assertNotIn(commune.name, tops)

	def test_units_are_added_from_the_tree_by_the_managing_unit_only(self):
		district = factories.unit("DISTRICT", is_group=1)
		frappe.local.form_dict = frappe._dict(
			doctype="Monitored Unit",
			unit_code="FROM-TREE",
			unit_name="Xã mới",
			unit_level="COMMUNE",
			parent=district.name,
			is_root="false",
		)
		form = frappe.local.form_dict.copy()
		add_node()
		self.assertEqual(
			frappe.db.get_value("Monitored Unit", "FROM-TREE", "parent_monitored_unit"), district.name
		)
		frappe.set_user(factories.user(roles.UNIT_LEADER, district.name).name)
		frappe.local.form_dict = frappe._dict(form, unit_code="FROM-TREE-2")
		with self.assertRaises(frappe.PermissionError):
			add_node()
		frappe.set_user("Administrator")
		frappe.local.form_dict = frappe._dict(
			form, unit_code="TOP", is_root="true", parent="Đơn vị được giám sát"
		)
		add_node()
		self.assertFalse(frappe.db.get_value("Monitored Unit", "TOP", "parent_monitored_unit"))

	def test_nobody_without_a_role_sees_anything(self):
		unit = factories.unit()
		self.assertEqual(scope.seen_units(factories.user(None, unit.name).name), frozenset())
		self.assertEqual(scope.seen_units("Guest"), frozenset())

	def test_codes_are_checked(self):
		for code in ("có dấu", "a b", "a/b"):
			with self.subTest(code), self.assertRaises(frappe.ValidationError):
				frappe.get_doc(
					{
						"doctype": "Monitored Unit",
						"unit_code": code,
						"unit_name": "x",
						"unit_level": "COMMUNE",
					}
				).insert()

	def days(self, count: int):
		return add_days(getdate(), count)

	def test_every_change_of_superior_leaves_a_dated_row(self):
		first, second = factories.unit("DISTRICT", is_group=1), factories.unit("DISTRICT", is_group=1)
		commune = factories.unit(superior=first.name, valid_from=self.days(-100))
		self.assertEqual([row.superior for row in commune.superiors], [first.name])
		commune.parent_monitored_unit = second.name
		commune.save()
		self.assertEqual(
			[(row.superior, getdate(row.valid_from)) for row in commune.superiors],
			[(first.name, self.days(-100)), (second.name, getdate())],
		)
		self.assertEqual(superiors.superior_on(commune.name, self.days(-1)), first.name)
		self.assertEqual(superiors.superior_on(commune.name, getdate()), second.name)
		self.assertIsNone(superiors.superior_on(commune.name, self.days(-101)))

	def test_a_move_decided_ahead_counts_from_its_day_for_both_leaders(self):
		first, second = factories.unit("DISTRICT", is_group=1), factories.unit("DISTRICT", is_group=1)
		commune = factories.unit(superior=first.name, valid_from=self.days(-100))
		old = factories.user(roles.UNIT_LEADER, first.name).name
		new = factories.user(roles.UNIT_LEADER, second.name).name
		commune.append("superiors", {"superior": second.name, "valid_from": self.days(1), "document": "QĐ 5"})
		commune.save()

		def views() -> tuple[bool, bool]:
			return scope.sees_unit(commune.name, old), scope.sees_unit(commune.name, new)

		self.assertEqual((commune.parent_monitored_unit, views()), (first.name, (True, False)))
		superiors.apply_due_moves()
		self.assertEqual(views(), (True, False))
		# the day comes: views follow at once, the tree with the next tick
		row = commune.superiors[-1].name
		frappe.db.set_value("Unit Superior", row, "valid_from", getdate(), update_modified=False)
		self.assertEqual(views(), (False, True))
		self.assertEqual(
			frappe.db.get_value("Monitored Unit", commune.name, "parent_monitored_unit"), first.name
		)
		superiors.apply_due_moves()
		commune.reload()
		self.assertEqual((commune.parent_monitored_unit, views()), (second.name, (False, True)))
		self.assertEqual(commune.superiors[-1].applied, 1)
		second.reload()
		self.assertTrue(second.lft < commune.lft < commune.rgt < second.rgt)

	def test_a_whole_branch_moves_with_its_head(self):
		tops = [factories.unit("PROVINCE", is_group=1) for _n in range(2)]
		district = factories.unit("DISTRICT", superior=tops[0].name, is_group=1, valid_from=self.days(-9))
		commune = factories.unit(superior=district.name)
		district.append("superiors", {"superior": tops[1].name, "valid_from": self.days(1)})
		district.save()
		frappe.db.set_value("Unit Superior", district.superiors[-1].name, "valid_from", getdate())
		self.assertEqual(scope.subtree(tops[0].name), [tops[0].name])
		self.assertEqual(set(scope.subtree(tops[1].name)), {tops[1].name, district.name, commune.name})

	def test_who_answered_on_which_day_is_kept(self):
		unit = factories.unit(responsible_head="Bà Một", head_title="Chủ tịch", head_since=self.days(-50))
		unit.responsible_head = "Ông Hai"
		unit.save()
		unit.append("heads", {"person_name": "Bà Ba", "title": "Quyền Chủ tịch", "valid_from": self.days(9)})
		unit.save()
		for day, name in ((-51, None), (-50, "Bà Một"), (-1, "Bà Một"), (0, "Ông Hai"), (9, "Bà Ba")):
			head = superiors.head_on(unit.name, self.days(day))
			self.assertEqual(head and head["person_name"], name, day)
		self.assertEqual((unit.responsible_head, getdate(unit.head_since)), ("Ông Hai", getdate()))
		frappe.db.set_value("Unit Head", unit.heads[1].name, "valid_from", self.days(-5))
		frappe.db.set_value("Unit Head", unit.heads[2].name, "valid_from", getdate())
		superiors.apply_due_moves()
		unit.reload()
		self.assertEqual((unit.responsible_head, unit.head_title), ("Bà Ba", "Quyền Chủ tịch"))

	def test_what_is_over_stays_as_it_was(self):
		unit = factories.unit(responsible_head="Bà Một", head_since=self.days(-50), valid_from=self.days(-50))
		district = factories.unit("DISTRICT", is_group=1)
		unit.append("superiors", {"superior": district.name, "valid_from": self.days(-40)})
		unit.save()
		frappe.set_user(factories.user(roles.MONITORING_ADMINISTRATOR).name)
		for table in ("superiors", "heads"):
			changed = frappe.get_doc("Monitored Unit", unit.name)
			changed.set(table, [])
			with self.subTest(table), self.assertRaises(frappe.ValidationError):
				changed.save()
		changed = frappe.get_doc("Monitored Unit", unit.name)
		changed.append("heads", {"person_name": "Ông Hai", "valid_from": self.days(3)})
		changed.save()

	def test_heads_from_before_get_their_first_row_from_the_patch(self):
		unit = factories.unit(responsible_head="Bà Một", head_since=self.days(-50))
		frappe.db.delete("Unit Head", {"parent": unit.name})
		for _time in range(2):
			date_first_heads.execute()
			self.assertEqual(superiors.head_on(unit.name, self.days(-50))["person_name"], "Bà Một")
			self.assertEqual(frappe.db.count("Unit Head", {"parent": unit.name}), 1)
		unit.reload()
		unit.responsible_head = "Ông Hai"
		unit.save()
		self.assertEqual([row.person_name for row in unit.heads], ["Bà Một", "Ông Hai"])

	def test_levels_of_a_profile_that_is_not_in_use_are_not_given(self):
		with self.assertRaises(frappe.ValidationError):
			factories.unit("COMMUNE-2")
		profile = frappe.get_doc("Administrative Profile", "TWO-TIER")
		profile.active = 1
		self.assertRaises(frappe.ValidationError, profile.save)  # nobody has entered quotas yet
		for code, row in (
			("COMMUNE-2", {"position": "LEADER", "quota": 2, "scope": "Own Unit", "approves_extraction": 1}),
			("PROVINCE-2", {"position": "SYSTEM-ADMIN", "unlimited": 1, "scope": "All Units"}),
		):
			level = frappe.get_doc("Unit Level", code)
			level.append("quotas", row)
			level.save()
		profile.reload()
		profile.active = 1
		profile.save()
		unit = factories.unit("COMMUNE-2")
		leader = factories.user(roles.UNIT_LEADER, unit.name).name
		self.assertEqual(scope.approvable_units(leader), frozenset([unit.name]))

	def test_one_unit_manages_and_no_account_says_which(self):
		home = frappe.get_doc("Monitored Unit", factories.managing_unit())
		with self.assertRaises(frappe.ValidationError):
			factories.unit(unit_role=scope.MANAGING_UNIT)
		frappe.set_user(factories.user(roles.MONITORING_ADMINISTRATOR).name)
		home.unit_role = "Superior Body"
		self.assertRaises(frappe.PermissionError, home.save)
		frappe.set_user("Administrator")
		home.reload()
		home.unit_role = "Superior Body"
		home.save()
		factories.unit(unit_role=scope.MANAGING_UNIT)

	def test_a_unit_with_accounts_is_not_given_up(self):
		unit = factories.unit()
		camera = factories.camera(unit.name, enabled=1)
		person = factories.user(roles.UNIT_LEADER, unit.name)
		account = frappe.get_doc("Monitoring Account", factories.account(person.name))
		unit.active = 0
		with self.assertRaisesRegex(frappe.ValidationError, camera.name):
			unit.save()
		frappe.db.set_value("Camera", camera.name, "enabled", 0)
		unit.reload()
		unit.active = 0
		with self.assertRaisesRegex(frappe.ValidationError, account.name):
			unit.save()
		frappe.db.set_value("Monitoring Account", account.name, "status", "Revoked")
		unit.reload()
		unit.active = 0
		unit.save()
		draft = {"full_name": "Người Sau", "email": f"{factories.code('s').lower()}@giamsat.example"}
		with self.assertRaises(frappe.ValidationError):
			factories.insert(doctype="Monitoring Account", unit=unit.name, position="OPERATOR", **draft)

	def test_quota_rows_that_make_no_sense_are_refused(self):
		for row in (
			{"position": "AUDITOR", "quota": 1, "scope": "All Units"},  # communes see no other unit
			{"position": "AUDITOR", "quota": 0, "scope": "Own Unit"},
			{"position": "LEADER", "quota": 1, "scope": "Own Unit"},  # there already
		):
			level = frappe.get_doc("Unit Level", "COMMUNE")
			level.append("quotas", row)
			with self.subTest(row), self.assertRaises(frappe.ValidationError):
				level.save()

	def test_dated_superiors_are_checked_like_the_present_one(self):
		district, commune = factories.unit("DISTRICT", is_group=1), factories.unit()
		for rows in (
			[{"superior": commune.name, "valid_from": self.days(3)}],  # no group
			[
				{"superior": district.name, "valid_from": self.days(n)} for n in (3, 3)
			],  # one day, two superiors
		):
			other = frappe.get_doc("Monitored Unit", factories.unit().name)
			for row in rows:
				other.append("superiors", row)
			with self.subTest(rows), self.assertRaises(frappe.ValidationError):
				other.save()

	def test_units_from_before_get_their_first_row_from_the_patch(self):
		district = factories.unit("DISTRICT", is_group=1)
		commune = factories.unit(superior=district.name, valid_from=self.days(-100))
		frappe.db.delete("Unit Superior", {"parent": commune.name})
		for _time in range(2):
			date_first_superiors.execute()
			rows = frappe.get_all(
				"Unit Superior", {"parent": commune.name}, ["superior", "valid_from", "applied"]
			)
			self.assertEqual(
				[(row.superior, row.valid_from, row.applied) for row in rows],
				[(district.name, self.days(-100), 1)],
			)
		self.assertEqual(scope.subtree(district.name), [district.name, commune.name])
