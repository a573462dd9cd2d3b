import json
import os
import tempfile

import frappe
from frappe.utils import get_bench_path
from frappe.utils.password import get_decrypted_password

from giam_sat_mot_cua.access import roles, secrets
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.recording import clock, hour_index
from giam_sat_mot_cua.recording.hour_index import IndexedFile
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.setup.demo import insert
from giam_sat_mot_cua.workers import volumes

KEYS = {"access_key": "KHOA-9x2m4k7d", "secret_key": "bi-mat-3f8s6w1p"}


class TestStorageVolume(IntegrationTestCase):
	def tearDown(self):
		frappe.db.rollback()

	def volume(self, **values):
		defaults = {"volume_name": f"t{frappe.generate_hash(length=8)}", "enabled": 0, "priority": 90}
		return insert(doctype="Storage Volume", **{**defaults, "path": "/srv/x", **values})

	def test_folders_of_the_system_are_refused(self):
		wrong = ("/etc", "/etc/footage", "/proc/1", "/", "footage", "/srv/../etc")
		for path in (*wrong, "//etc", "//", "//root", "/run/x", "/srv/a\nb", 5):
			with self.subTest(path), self.assertRaises(frappe.ValidationError):
				self.volume(path=path)

	def test_folders_of_the_site_and_its_programs_are_refused(self):
		site, bench = (os.path.abspath(path) for path in (frappe.get_site_path(), get_bench_path()))
		for path in (f"{site}/public/files", f"{site}/private/files/x", f"{bench}/apps", f"{bench}/env/x"):
			with self.subTest(path), self.assertRaises(frappe.ValidationError):
				self.volume(path=path)
		with tempfile.TemporaryDirectory() as folder:
			os.symlink(f"{site}/public/files", f"{folder}/link")
			self.assertRaises(frappe.ValidationError, self.volume, path=f"{folder}/link")

	def test_no_volume_lies_in_another(self):
		path = f"/srv/{frappe.generate_hash(length=8)}"
		self.volume(path=f"{path}/inner")
		self.assertRaises(frappe.ValidationError, self.volume, path=path)
		self.assertRaises(frappe.ValidationError, self.volume, path=f"{path}/inner/most")
		self.assertTrue(self.volume(path=f"{path}/other").name)

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

	def archive(self, **values):
		place = {"endpoint": "https://s3.example.vn:9000", "bucket": "kho-video", "prefix": "a/b", **KEYS}
		return self.volume(**{"path": None, "kind": "S3 Archive", **place, **values})

	def test_a_volume_is_a_folder_unless_it_says_otherwise(self):
		volume = self.volume(path=f"/srv/{frappe.generate_hash(length=8)}", **KEYS, endpoint="https://x")
		self.assertEqual(volume.kind, "Local Folder")
		self.assertEqual((volume.endpoint, volume.access_key), (None, None), "what only an archive has")
		volume.kind = "S3 Archive"
		self.assertRaises(frappe.ValidationError, volume.save)
		self.assertRaises(frappe.ValidationError, self.volume, path=None)

	def test_an_archive_has_a_place_and_keys_and_no_folder(self):
		made = self.archive(path="/srv/z", endpoint=" https://S3.example.vn:9000/ ", prefix="/a/b/")
		self.assertEqual((made.path, made.node), (None, None))
		self.assertEqual((made.endpoint, made.prefix), ("https://s3.example.vn:9000", "a/b"))
		for values in (
			{"endpoint": None},
			{"endpoint": 5},
			{"bucket": 5},
			{"prefix": "ư"},
			{"endpoint": "s3.example.vn"},
			{"endpoint": "https://ten:mat-khau@s3.example.vn"},
			{"endpoint": "https://s3.example.vn/kho"},
			{"bucket": "Kho"},
			{"bucket": None},
			{"prefix": "a/../b"},
			{"prefix": "thư mục"},
			{"region": "vùng 1"},
			{"access_key": None},
			{"secret_key": "  "},
			{"access_key": secrets.MASK},
			{"secret_key": "***"},
			{"access_key": "KHOA\nX-Other: 1"},
			{"secret_key": "khóa bí mật"},
			{"ca_file": "ca.pem"},
			{"ca_file": "/khong/co/ca.pem"},
		):
			with self.subTest(values), self.assertRaises(frappe.ValidationError):
				self.archive(**{"prefix": "c", **values})

	def test_two_archives_do_not_share_a_folder_in_a_bucket(self):
		self.archive()
		self.assertRaises(frappe.ValidationError, self.archive)
		self.assertTrue(self.archive(prefix="a/c").name)
		self.assertTrue(self.archive(prefix=None).name)
		self.assertRaises(frappe.ValidationError, self.archive, prefix="/")

	def test_keys_are_encrypted_and_nothing_shows_them(self):
		made = self.archive()
		made.load_from_db()
		for field, key in KEYS.items():
			self.assertEqual(made.get(field), secrets.MASK)
			self.assertEqual(get_decrypted_password("Storage Volume", made.name, field), key)
			self.assertTrue(made.meta.get_field(field).permlevel)
		made.secret_key = "khoa-moi-5j7h2c"
		made.priority = 91
		made.save()
		self.assertEqual(get_decrypted_password("Storage Volume", made.name, "secret_key"), "khoa-moi-5j7h2c")
		self.assertEqual(
			get_decrypted_password("Storage Volume", made.name, "access_key"), KEYS["access_key"]
		)
		stored = frappe.get_all("Version", {"docname": made.name}, ["data"])
		shown = json.dumps(
			[made.as_dict(), stored, frappe.get_all("Storage Volume", fields=["*"])], default=str
		)
		for key in (*KEYS.values(), "khoa-moi-5j7h2c"):
			self.assertNotIn(key, shown)

	def test_stored_keys_are_sent_to_no_other_server(self):
		name = self.archive().name
		for endpoint in ("https://s3.other.vn:9000", "http://s3.example.vn:9000", "https://s3.example.vn"):
			for keys in ({}, {"secret_key": "khoa-moi-5j7h2c"}):  # one of them is not enough
				with self.subTest(endpoint, keys=len(keys)):
					changed = frappe.get_doc("Storage Volume", name).update({"endpoint": endpoint, **keys})
					self.assertRaisesRegex(frappe.ValidationError, "has changed", changed.save)
		made = frappe.get_doc("Storage Volume", name)
		made.prefix = "c"
		made.save()
		made.update({"endpoint": "https://s3.other.vn", **KEYS})
		made.save()
		made.endpoint = "https://S3.other.vn:443/"
		made.save()  # the same server

	def test_only_administrators_read_where_an_archive_is(self):
		made = self.archive()
		unit = factories.unit().name
		for role in (roles.MONITORING_OPERATOR, roles.MONITORING_AUDITOR):
			frappe.set_user(factories.user(role, unit).name)
			try:
				shown = frappe.get_doc("Storage Volume", made.name)
				shown.apply_fieldlevel_read_permissions()
				self.assertEqual({shown.get(field) for field in ("endpoint", "bucket", *KEYS)}, {None})
			finally:
				frappe.set_user("Administrator")

	def test_recorders_write_to_no_archive(self):
		made = self.archive(enabled=1, priority=0)
		self.assertNotIn(made.name, [row.name for row in volumes.of_node("any")])
		self.assertIn(made.name, [row.name for row in volumes.archives()])
		unit = factories.unit().name
		with self.assertRaisesRegex(frappe.ValidationError, "is an archive"):
			factories.camera(unit, volume=made.name)
		made.db_set("enabled", 0)

	def test_an_archive_without_footage_that_gets_another_place_counts_as_new(self):
		made = self.archive()
		made.db_set("checked_at", frappe.utils.now())
		made.priority = 5
		made.save()
		self.assertTrue(made.checked_at)
		made.prefix = "elsewhere"
		made.save()
		self.assertIsNone(made.checked_at)

	def test_an_archive_with_footage_stays(self):
		made = self.archive()
		unit = factories.unit().name
		file = IndexedFile(clock.now_ms(), 60_000, 1000, "ab" * 32, made.name)
		hour_index.merge(factories.camera(unit).name, unit, [file])
		self.assertRaises(frappe.ValidationError, made.delete)
