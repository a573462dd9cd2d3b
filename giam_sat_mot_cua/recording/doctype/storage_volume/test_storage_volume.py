import frappe

from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.recording import clock, hour_index
from giam_sat_mot_cua.recording.hour_index import IndexedFile
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.setup.demo import insert


class TestStorageVolume(IntegrationTestCase):
	def tearDown(self):
		frappe.db.rollback()

	def volume(self, **values):
		defaults = {"volume_name": f"t{frappe.generate_hash(length=8)}", "enabled": 0, "priority": 90}
		return insert(doctype="Storage Volume", **{**defaults, "path": "/srv/x", **values})

	def test_folders_of_the_system_are_refused(self):
		for path in ("/etc", "/etc/footage", "/proc/1", "/", "footage", "/srv/../etc"):
			with self.subTest(path), self.assertRaises(frappe.ValidationError):
				self.volume(path=path)

	def test_two_volumes_that_one_machine_sees_do_not_share_a_folder(self):
		node = insert(doctype="Recorder Node", node_name=f"t{frappe.generate_hash(length=8)}").name
		path = f"/srv/{frappe.generate_hash(length=8)}"
		first = self.volume(path=path)
		for values in ({}, {"node": node}):
			with self.subTest(values), self.assertRaises(frappe.ValidationError):
				self.volume(path=path, **values)
		first.save()  # itself is no other
		first.db_set("node", node)
		self.assertRaises(frappe.ValidationError, self.volume, path=path)
		other = insert(doctype="Recorder Node", node_name=f"t{frappe.generate_hash(length=8)}").name
		self.assertTrue(self.volume(path=path, node=other).name)

	def test_a_volume_never_used_may_go_and_one_with_footage_stays(self):
		unused, used = self.volume(), self.volume(path="/srv/y")
		unit = factories.unit().name
		file = IndexedFile(clock.now_ms(), 60_000, 1000, "ab" * 32, used.name)
		hour_index.merge(factories.camera(unit).name, unit, [file])
		with self.assertRaises(frappe.ValidationError):
			used.delete()
		unused.delete()
		self.assertFalse(frappe.db.exists("Storage Volume", unused.name))
