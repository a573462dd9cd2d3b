import frappe
from frappe.utils import add_to_date, now_datetime

from giam_sat_mot_cua.api import coverage
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.recording import clock, hour_index
from giam_sat_mot_cua.recording.hour_index import IndexedFile
from giam_sat_mot_cua.setup import factories

HOUR = 1_795_521_600_000  # 2026-11-24 12:00 UTC
STREAM = {
	"video_codec": "h264",
	"width": 640,
	"height": 360,
	"fps": 12.0,
	"audio_codec": None,
	"audio_rate": None,
}


def file(start_s: float, seconds: float = 60, volume: str = "main", sha: str = "ab" * 32) -> IndexedFile:
	return IndexedFile(HOUR + round(start_s * 1000), round(seconds * 1000), 1_000_000, sha, volume, STREAM)


class TestRecordingHour(IntegrationTestCase):
	def setUp(self):
		self.unit = factories.unit().name
		self.camera = factories.camera(self.unit).name

	def tearDown(self):
		frappe.db.rollback()

	def merge(self, *files: IndexedFile) -> None:
		hour_index.merge(self.camera, self.unit, list(files))

	def row(self, hour: int = HOUR):
		return frappe.get_doc("Recording Hour", hour_index.row_name(self.camera, hour))

	def test_an_hour_without_a_gap_is_whole(self):
		self.merge(*[file(60 * minute) for minute in range(60)])
		row = self.row()
		self.assertEqual((row.recorded_ms, row.file_count, row.coverage_percent), (3_600_000, 60, 100))
		self.assertEqual(row.owner, "Administrator")
		self.assertEqual(row.hour_start_utc, clock.utc_time(HOUR))
		self.assertEqual(f"{row.hour_start:%H:%M}", "19:00")

	def test_merging_again_changes_nothing(self):
		self.merge(file(0), file(60))
		before = self.row().files
		self.merge(file(60))
		self.merge(file(0), file(60))
		self.assertEqual(self.row().files, before)

	def test_files_come_back_as_they_went_in(self):
		files = [file(0), file(70, 30, "second", "cd" * 32)]
		self.merge(*reversed(files))
		self.assertEqual(hour_index.unpack(self.row().files, HOUR), files)

	def test_a_file_across_the_hour_counts_in_both(self):
		self.merge(file(3570))
		self.assertEqual(self.row().recorded_ms, 30_000)
		self.assertEqual(self.row(HOUR + 3_600_000).recorded_ms, 30_000)
		self.assertEqual(self.row(HOUR + 3_600_000).file_count, 0)
		self.merge(file(3630))
		self.assertEqual(self.row(HOUR + 3_600_000).recorded_ms, 90_000)

	def test_overlaps_count_once(self):
		self.assertEqual(
			hour_index.covered_ms([file(0), file(30), file(200)], HOUR, HOUR + 3_600_000), 150_000
		)

	def test_the_index_is_searched_by_time(self):
		self.merge(*[file(60 * minute) for minute in range(58, 62)])
		found = hour_index.files_between(self.camera, HOUR + 3_590_000, HOUR + 3_610_000)
		self.assertEqual([f.start_utc_ms - HOUR for f in found], [3_540_000, 3_600_000])
		self.assertEqual(hour_index.recorded_until(self.camera), HOUR + 62 * 60_000)

	def test_rows_are_never_deleted(self):
		self.merge(file(0))
		self.assertRaises(frappe.ValidationError, self.row().delete)

	def test_the_last_hour_counts_from_when_the_camera_is_known(self):
		now = clock.now_ms()
		self.assertEqual(coverage.last_hour(self.camera)["minutes"][:59], [None] * 59)
		self.assertEqual(coverage.minute_share([], now, now - 1), 0)
		self.assertEqual(coverage.minute_share([], now, now + 60_000), None)
		self.assertEqual(coverage.minute_share([(now + 45_000, now + 90_000)], now, now + 30_000), 0.5)
		earlier = add_to_date(now_datetime(), minutes=-10)
		frappe.db.set_value("Camera", self.camera, "creation", earlier, update_modified=False)
		minutes = coverage.last_hour(self.camera)["minutes"]
		self.assertEqual((minutes[:49], minutes[51:]), ([None] * 49, [0] * 9))
		self.assertEqual(coverage.last_hour(self.camera)["percent"], 0)
