import frappe

from giam_sat_mot_cua.access import roles, scope
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.organization.doctype.monitored_unit.monitored_unit import add_node, get_children
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
