import gzip
import os
import tarfile
import tempfile
from datetime import datetime
from pathlib import Path

import frappe
from cryptography.fernet import Fernet
from frappe.utils import add_to_date, now_datetime

from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.recording.backups import database, folder, overdue, runs, sealed, site_files
from giam_sat_mot_cua.recording.backups.folder import BackupFailed, BackupFile
from giam_sat_mot_cua.recording.backups.make import Made
from giam_sat_mot_cua.setup import factories

DUMP = rb"""-- MariaDB dump
CREATE TABLE `tabA` (
  `name` varchar(140)
);
INSERT INTO `tabA` VALUES
('a','text with ),( and \'quotes\' \\',NULL),
('b','',1.5);
INSERT INTO `tabA` VALUES ('c','(',2),('d','INSERT INTO `tabB` VALUES\n(1);',3);
CREATE TABLE `tabB` (
  `name` varchar(140)
);
/*!50001 CREATE TABLE `view` (
INSERT INTO `tabC d` (`x`, `y`) VALUES
(_binary 'a\0b',1);
-- Dump completed on 2026-11-25  1:00:12
"""


class TestBackupRun(IntegrationTestCase):
	def setUp(self):
		frappe.db.delete("Backup Run")
		place = tempfile.TemporaryDirectory()
		self.addCleanup(place.cleanup)
		self.place = Path(place.name)

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def run_of(self, outcome: str = "Succeeded", **values):
		name = runs.begin(runs.BY_HAND, "Administrator", True, "elsewhere:1:1")
		if outcome == runs.SUCCEEDED:
			file = BackupFile("Database", "database.sql.gz", 1000, "ab" * 32)
			runs.succeed(name, Made(self.place / "x", [file], {"tabA": 2}))
		elif outcome == runs.FAILED:
			runs.fail(name, "hỏng")
		frappe.db.set_value("Backup Run", name, values) if values else None
		return frappe.get_doc("Backup Run", name)

	def test_a_run_says_what_was_made(self):
		run = self.run_of()
		self.assertEqual((run.table_count, run.row_count, run.files[0].sha256), (1, 2, "ab" * 32))
		self.assertTrue(run.ended_on and run.owner == "Administrator")
		self.assertRaises(frappe.ValidationError, run.delete)
		run.outcome = "Failed"
		self.assertRaises(frappe.PermissionError, run.save)
		with self.assertRaises(frappe.PermissionError):
			factories.insert(doctype="Backup Run", outcome="Succeeded", began_on=now_datetime())

	def test_the_night_begins_at_its_hour(self):
		self.assertEqual(runs.last_time(1, datetime(2026, 11, 25, 0, 59)), datetime(2026, 11, 24, 1))
		self.assertEqual(runs.last_time(1, datetime(2026, 11, 25, 1, 0)), datetime(2026, 11, 25, 1))

	def test_a_backup_is_due_once_a_night_and_tried_again_after_an_hour(self):
		hour = now_datetime().hour
		since = runs.last_time(hour, now_datetime())
		self.assertTrue(runs.is_due(hour))
		succeeded = self.run_of(began_on=add_to_date(since, seconds=-5))
		self.assertTrue(runs.is_due(hour))
		failed = self.run_of(runs.FAILED)
		self.assertFalse(runs.is_due(hour))
		earlier = (hour - 2) % 24  # the night began two hours ago
		succeeded.db_set("began_on", add_to_date(since, hours=-3))
		failed.db_set("began_on", add_to_date(now_datetime(), minutes=-90))
		self.assertTrue(runs.is_due(earlier))
		for _time in range(2):
			self.run_of(runs.FAILED, began_on=add_to_date(now_datetime(), minutes=-80))
		self.assertFalse(runs.is_due(earlier))
		frappe.db.delete("Backup Run")
		self.run_of(runs.RUNNING)
		self.assertFalse(runs.is_due(hour))

	def test_a_dead_run_is_a_failed_one(self):
		alive, dead = self.run_of(runs.RUNNING), self.run_of(runs.RUNNING, made_by="gone")
		runs.fail_dead(lambda process: process == "gone")
		outcomes = [frappe.db.get_value("Backup Run", run.name, "outcome") for run in (alive, dead)]
		self.assertEqual(outcomes, ["Running", "Failed"])

	def test_the_newest_whole_backup_is_never_outdated(self):
		old = add_to_date(now_datetime(), days=-40)
		first = self.run_of(began_on=old)
		self.assertEqual(runs.outdated(30, first.name), [])
		second = self.run_of(began_on=add_to_date(old, days=1))
		self.assertEqual([row.name for row in runs.outdated(30, second.name)], [first.name])
		self.assertEqual(runs.newest_whole().name, second.name)
		runs.removed(first.name)
		self.assertEqual(runs.outdated(30, second.name), [])

	def open_event(self) -> str | None:
		rows = frappe.get_all(
			"Health Event", {"kind": overdue.KIND, "status": "Open"}, ["detail", "severity"]
		)
		return (rows[0].severity, rows[0].detail) if rows else None

	def test_stopped_backups_and_drills_are_told_until_there_is_one(self):
		frappe.db.delete("Health Event", {"kind": overdue.KIND})
		frappe.db.set_value("Module Def", "Recording", "creation", add_to_date(now_datetime(), days=-100))
		overdue.check()
		self.assertEqual(self.open_event()[0], "Critical")
		run = self.run_of()
		overdue.check()
		self.assertEqual(self.open_event()[0], "Warning")
		self.assertIn("restore-drill", self.open_event()[1])
		runs.record_drill(run.name, runs.PASSED, "", 1.0)
		overdue.check()
		self.assertIsNone(self.open_event())
		runs.record_drill(run.name, runs.FAILED, "hỏng", 1.0)
		overdue.check()
		self.assertEqual(self.open_event()[0], "Critical")
		runs.record_drill(run.name, runs.PASSED, "", 1.0)
		frappe.db.set_value("Backup Run", run.name, "ended_on", add_to_date(now_datetime(), hours=-27))
		overdue.check()
		self.assertEqual(self.open_event()[0], "Critical")
		self.run_of(runs.FAILED)
		overdue.check()
		self.assertIsNotNone(self.open_event())
		self.run_of()
		overdue.check()
		self.assertIsNone(self.open_event())

	def test_a_new_site_has_time_for_its_first_backup(self):
		frappe.db.delete("Health Event", {"kind": overdue.KIND})
		frappe.db.set_value("Module Def", "Recording", "creation", now_datetime())
		overdue.check()
		self.assertIsNone(self.open_event())

	# Files

	def test_rows_of_a_dump_are_counted_whatever_texts_hold(self):
		dump = self.place / "d.sql.gz"
		dump.write_bytes(gzip.compress(DUMP))
		self.assertEqual(database.read_dump(dump), {"tabA": 4, "tabB": 0, "tabC d": 1})

	def test_a_dump_that_is_not_whole_is_refused(self):
		dump = self.place / "d.sql.gz"
		whole = gzip.compress(DUMP)
		for content in (gzip.compress(DUMP[:-60]), whole[:-20], whole[:-9] + b"x" + whole[-8:], b"none"):
			dump.write_bytes(content)
			with self.assertRaises(database.BrokenDump):
				database.read_dump(dump)

	def test_an_archive_without_its_end_is_refused(self):
		archive = self.place / "a.tar"
		(self.place / "f").write_bytes(os.urandom(5000))
		with tarfile.open(archive, "w") as opened:
			opened.add(self.place / "f")
		self.assertEqual(site_files.read_archive(archive), 1)
		content = archive.read_bytes()
		for cut in (len(content) - 9000, 3000, 0):
			archive.write_bytes(content[:cut])
			with self.assertRaises(tarfile.TarError):
				site_files.read_archive(archive)

	def test_the_seal_opens_with_its_key_only(self):
		key, content = sealed.new_key(), {"encryption_key": "x", "chữ": "ký"}
		closed = sealed.seal(content, key)
		self.assertEqual(sealed.unseal(closed, key), content)
		for wrong in (Fernet.generate_key().decode(), "", "no key"):
			self.assertRaises(sealed.WrongKey, sealed.unseal, closed, wrong)
		self.assertRaises(sealed.WrongKey, sealed.unseal, closed[:-5], key)
		self.assertEqual(sealed.configuration()["encryption_key"], frappe.conf.encryption_key)

	def test_a_folder_has_its_name_only_when_it_is_whole(self):
		name = folder.new_name(now_datetime())
		with self.assertRaises(BackupFailed), folder.being_written(self.place, name) as part:
			(part / "a").write_text("half")
			raise OSError(28, "No space left on device")
		self.assertEqual(list(self.place.iterdir()), [])
		left = self.place / f".{folder.new_name(datetime(2026, 1, 1))}.part"
		foreign = self.place / ".another_site-20260101-000000.part"
		for each in (left, foreign):
			each.mkdir()
		with folder.being_written(self.place, name) as part:
			folder.private_file(part / "a").write_text("whole")
		self.assertEqual({path.name for path in self.place.iterdir()}, {name, foreign.name})

	def test_only_backups_of_this_site_on_a_mounted_disk_are_removed(self):
		name = folder.new_name(now_datetime())
		for made in (name, "other"):
			(self.place / made).mkdir()
		self.assertRaises(FileNotFoundError, folder.remove, self.place / name)
		(self.place / folder.MARKER).touch()
		self.assertRaises(FileNotFoundError, folder.remove, self.place / "other")
		folder.remove(self.place / name)
		self.assertEqual({path.name for path in self.place.iterdir()}, {"other", folder.MARKER})
