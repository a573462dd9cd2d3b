import frappe

from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.evidence import access_log, log_chain
from giam_sat_mot_cua.setup import factories

BEGIN = 1_795_521_600_000


class TestFootageAccessLog(IntegrationTestCase):
	def setUp(self):
		self.camera = factories.camera(factories.unit().name).name
		newest = access_log.newest_row()
		self.start = newest.sequence if newest else 0

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def note(self, action: str = access_log.PLAYBACK, **values):
		name = access_log.note(action, self.camera, BEGIN, BEGIN + 60_000, **values)
		return frappe.get_doc("Footage Access Log", name)

	def new_rows(self) -> list[dict]:
		"""The rows of this test, numbered from one, as if the log began with them."""
		return [row for row in log_chain.stored() if row.sequence > self.start]

	def checked(self) -> log_chain.Checked:
		"""The chain from the first row of this test on."""
		rows = self.new_rows()
		return follow(rows, self.start)

	def test_a_row_says_who_saw_what_and_when(self):
		person = factories.user("Unit Leader", frappe.db.get_value("Camera", self.camera, "unit"))
		frappe.set_user(person.name)
		row = self.note(reason="Xem lại theo đơn")
		self.assertEqual((row.person, row.camera, row.reason), (person.name, self.camera, "Xem lại theo đơn"))
		self.assertEqual(row.unit, frappe.db.get_value("Camera", self.camera, "unit"))
		self.assertEqual((row.footage_to_utc - row.footage_from_utc).total_seconds(), 60)
		self.assertEqual((row.footage_from - row.footage_from_utc).total_seconds(), 7 * 3600)
		self.assertEqual(row.account, frappe.db.get_value("Monitoring Account", {"user": person.name}))

	def test_rows_follow_each_other(self):
		first, second = self.note(), self.note(access_log.STILL)
		self.assertEqual(second.sequence, first.sequence + 1)
		self.assertEqual(second.previous_hash, first.row_hash)
		self.assertIsNone(self.checked().broken)

	def test_nobody_changes_or_removes_a_row(self):
		row = self.note()
		row.reason = "Sửa lại"
		self.assertRaises(frappe.PermissionError, row.save, ignore_permissions=True)
		self.assertRaises(frappe.PermissionError, row.delete, ignore_permissions=True)
		new = frappe.new_doc("Footage Access Log").update(row.as_dict(no_default_fields=True))
		self.assertRaises(frappe.PermissionError, new.insert, ignore_permissions=True)

	def test_a_row_that_was_changed_past_the_program_is_named(self):
		for field, value in (("person", "khac@giamsat.example"), ("reason", "x"), ("footage_to", None)):
			with self.subTest(field=field):
				rows = [self.note() for _number in range(3)]
				middle = rows[1]
				before = middle.get(field)
				frappe.db.set_value("Footage Access Log", middle.name, field, value, update_modified=False)
				self.assertEqual(self.checked().broken, log_chain.Broken(middle.sequence, "changed"))
				frappe.db.set_value("Footage Access Log", middle.name, field, before, update_modified=False)
				self.assertIsNone(self.checked().broken)

	def test_a_row_that_was_removed_or_slipped_in_is_named(self):
		rows = [self.note() for _number in range(3)]
		twin = frappe.get_doc("Footage Access Log", rows[1].name)
		frappe.db.delete("Footage Access Log", {"name": rows[1].name})
		self.assertEqual(self.checked().broken, log_chain.Broken(rows[2].sequence, "missing"))
		twin.name = f"{twin.name}-X"
		twin.person = "khac@giamsat.example"
		twin.row_hash = log_chain.row_hash(twin.previous_hash, twin.as_dict())
		twin.db_insert()
		self.assertEqual(self.checked().broken, log_chain.Broken(rows[2].sequence, "moved"))

	def test_rows_cut_off_at_the_end_are_found_by_what_packages_know(self):
		rows = [self.note() for _number in range(3)]
		known = [(rows[2].sequence, rows[2].row_hash)]
		frappe.db.delete("Footage Access Log", {"name": rows[2].name})
		found = follow(self.new_rows(), self.start, known)
		self.assertEqual(found.broken, log_chain.Broken(rows[2].sequence, "cut off"))

	def test_a_renamed_login_leaves_the_log_as_it_was(self):
		person = factories.user("Unit Leader", frappe.db.get_value("Camera", self.camera, "unit"))
		frappe.set_user(person.name)
		self.note()
		frappe.set_user("Administrator")
		frappe.rename_doc("User", person.name, f"moi-{person.name}", force=True)
		self.assertIsNone(self.checked().broken)


def follow(rows: list[dict], start: int, anchors=()) -> log_chain.Checked:
	"""The chain of `rows`, which follow row number `start` of a log that other tests write to as well."""
	previous = rows[0].previous_hash if rows else log_chain.ORIGIN
	return log_chain.check(rows, anchors, start, previous)
