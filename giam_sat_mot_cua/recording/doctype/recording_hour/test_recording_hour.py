import frappe
from frappe.utils import add_to_date, now_datetime

from giam_sat_mot_cua.api import coverage
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.recording import clock, hour_index
from giam_sat_mot_cua.recording.hour_index import (
	MISSING,
	PAST_RETENTION,
	REMOVED,
	VOLUME_FULL,
	Gone,
	IndexedFile,
)
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.setup.demo import insert

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

	def mark(self, gone: Gone, *starts_s: float, volume: str = "main") -> int:
		starts = {HOUR + round(start * 1000) for start in starts_s}
		rows = hour_index.lock_hours({self.camera: starts}).get(self.camera, [])
		return sum(len(hour_index.mark_gone(row, volume, starts, gone)) for row in rows)

	def test_a_removed_file_is_marked_and_what_was_recorded_stays(self):
		self.merge(*[file(60 * minute) for minute in range(60)])
		before = self.row()
		at = HOUR + 40 * 86_400_000
		self.assertEqual(self.mark(Gone(REMOVED, at, PAST_RETENTION), 0, 60), 2)
		row = self.row()
		for field in ("recorded_ms", "coverage_percent", "file_count", "size_mb", "first_start", "last_end"):
			self.assertEqual(row.get(field), before.get(field), field)
		self.assertEqual((row.has_footage, row.removed_count, row.missing_count), (1, 2, 0))
		self.assertEqual((row.removed_on, row.removal_reason), (clock.site_time(at), "Past Its Retention"))
		files = hour_index.unpack(row.files, HOUR)
		self.assertEqual([f.gone for f in files[:3]], [Gone(REMOVED, at, PAST_RETENTION)] * 2 + [None])
		self.assertEqual([f.sha256 for f in files], ["ab" * 32] * 60)
		self.assertEqual(len(row.files) - len(before.files), len(f',"gone":[["removed",{at},"age"]]') + 2 * 2)
		self.mark(Gone(REMOVED, at + 1000, VOLUME_FULL), *[60 * minute for minute in range(60)])
		row = self.row()
		self.assertEqual((row.has_footage, row.removed_count, row.removal_reason), (0, 60, "Volume Full"))
		self.assertEqual(row.recorded_ms, 3_600_000)
		self.assertEqual(hour_index.unpack(row.files, HOUR)[0].gone.at_utc_ms, at)  # the first mark stays

	def test_a_mark_is_for_one_volume(self):
		self.merge(file(0), file(60, volume="second"))
		self.assertEqual(self.mark(Gone(MISSING, HOUR), 0, 60, volume="second"), 1)
		self.assertEqual(self.mark(Gone(MISSING, HOUR), 0, volume="elsewhere"), 0)
		row = self.row()
		self.assertEqual((row.has_footage, row.removed_count, row.missing_count), (1, 0, 1))
		self.assertEqual((row.removed_on, row.removal_reason), (None, None))

	def test_an_event_delivered_late_does_not_bring_a_removed_file_back(self):
		self.merge(file(0), file(60))
		gone = Gone(REMOVED, HOUR, PAST_RETENTION)
		self.mark(gone, 0)
		self.merge(file(0), file(120))
		files = hour_index.unpack(self.row().files, HOUR)
		self.assertEqual([f.gone for f in files], [gone, None, None])

	def test_a_file_that_was_seen_is_there(self):
		self.merge(file(0), file(60))
		self.mark(Gone(MISSING, HOUR), 0, 60)
		hour_index.merge(self.camera, self.unit, [file(0)], seen=True)
		row = self.row()
		self.assertEqual((row.has_footage, row.missing_count), (1, 1))
		rows = hour_index.lock_hours({self.camera: [HOUR]})[self.camera]
		self.assertEqual(hour_index.mark_found(rows[0], "main", {HOUR + 60_000}), 1)
		row = self.row()
		self.assertEqual((row.missing_count, hour_index.unpack(row.files, HOUR)), (0, [file(0), file(60)]))
		self.assertNotIn("gone", row.files)

	def archive(self) -> str:
		name = f"t{frappe.generate_hash(length=8)}"
		place = {"endpoint": "https://s3.example.vn", "bucket": "kho", "prefix": name}
		keys = {"access_key": "k", "secret_key": "s", "enabled": 0}
		insert(doctype="Storage Volume", volume_name=name, kind="S3 Archive", **place, **keys)
		return name

	def test_a_row_says_whether_any_of_it_lies_outside_the_archive(self):
		archive, files = self.archive(), [file(0), file(60)]
		self.merge(*files)
		self.assertEqual(self.row().outside_archive, 1)
		before = self.row()
		for part, left in (([files[0]], 1), (files, 0)):
			row = hour_index.lock_hours({self.camera: [HOUR]})[self.camera][0]
			hour_index.move(row, "main", part, archive)
			self.assertEqual(self.row().outside_archive, left)
		row = self.row()
		for field in ("recorded_ms", "coverage_percent", "file_count", "size_mb", "has_footage", "last_end"):
			self.assertEqual(row.get(field), before.get(field), field)
		self.assertEqual({f.volume for f in hour_index.unpack(row.files, HOUR)}, {archive})
		self.merge(file(120))
		self.assertEqual(self.row().outside_archive, 1)
		self.mark(Gone(REMOVED, HOUR, PAST_RETENTION), 120)
		self.assertEqual(self.row().outside_archive, 0, "what is gone lies nowhere")

	def test_only_what_the_row_still_has_just_so_is_moved(self):
		archive = self.archive()
		self.merge(file(0), file(60), file(120, volume="second"), file(180))
		self.mark(Gone(MISSING, HOUR), 60)
		row = hour_index.lock_hours({self.camera: [HOUR]})[self.camera][0]
		wanted = [file(0), file(60), file(120), file(180, sha="cd" * 32), file(240)]
		self.assertEqual(hour_index.move(row, "main", wanted, archive), [file(0)])
		volumes = [f.volume for f in hour_index.unpack(self.row().files, HOUR)]
		self.assertEqual(volumes, [archive, "main", "second", "main"])

	def test_a_late_event_leaves_a_moved_file_where_it_is(self):
		archive = self.archive()
		self.merge(file(0))
		row = hour_index.lock_hours({self.camera: [HOUR]})[self.camera][0]
		hour_index.move(row, "main", [file(0)], archive)
		before = self.row().files
		self.merge(file(0))
		self.assertEqual(self.row().files, before)
		hour_index.merge(self.camera, self.unit, [file(0)], seen=True)
		self.assertEqual(hour_index.unpack(self.row().files, HOUR), [file(0)])

	def test_rows_written_before_files_could_be_gone_are_read(self):
		text = '{"volumes":["main"],"streams":[{}],"files":[[5000,60000,7,"q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=",0,0]]}'
		self.assertEqual(
			hour_index.unpack(text, HOUR), [IndexedFile(HOUR + 5000, 60_000, 7, "ab" * 32, "main", {})]
		)

	def test_the_form_tells_what_is_there(self):
		self.merge(file(0), file(60), file(120))
		self.mark(Gone(REMOVED, HOUR, PAST_RETENTION), 0)
		self.mark(Gone(MISSING, HOUR), 60)
		frappe.local.lang = "vi"
		self.addCleanup(setattr, frappe.local, "lang", frappe.local.lang)
		kept = [line["kept"] for line in self.row().list_files()]
		self.assertEqual(kept[0], "đã xóa 24/11/2026 19:00:00: Hết thời hạn lưu")
		self.assertEqual(kept[1:], ["bị mất, phát hiện 24/11/2026 19:00:00", "còn lưu"])

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
