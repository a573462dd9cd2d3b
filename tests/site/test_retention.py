"""Retention, audit and timeline on real files and rows: what goes, what stays, and whether rows and files
agree."""

import os
import time
from contextlib import ExitStack
from pathlib import Path

import frappe
import pytest
from frappe.utils import add_to_date, now_datetime
from frappe.utils.background_jobs import get_redis_conn

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.api import coverage, playback
from giam_sat_mot_cua.api import retention as api
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import clock, gap_ledger, hour_index, retention, retention_runs, timeline
from giam_sat_mot_cua.recording.hour_index import MISSING, PAST_RETENTION, REMOVED, Gone
from giam_sat_mot_cua.recording.retention_runs import Run
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import leases, purge, reconcile, turns, volumes
from giam_sat_mot_cua.workers import retention as work
from giam_sat_mot_cua.workers.leases import LeaseTable
from tests import footage_files
from tests.footage_bytes import whole_file
from tests.footage_files import DAY_MS, MINUTE_MS, in_index, lay, on_disk, write

DAYS = 5


class World:
	"""A volume of its own, and cameras whose footage is kept for DAYS. `today`: midnight, UTC in ms."""

	def __init__(self, path: Path):
		self.path = path
		self.volumes: dict[str, object] = {}
		self.cameras: list[str] = []
		self.turns = ExitStack()  # the instance's own jobs leave these volumes alone
		self.today = clock.now_ms() - clock.now_ms() % DAY_MS

	def volume(self, label: str = "main", **values):
		made = footage_files.make_volume(self.path / label, **values)
		self.volumes[made.name] = made
		self.turns.enter_context(work.turn(made.name))
		return made

	def camera(self, days: int = DAYS) -> str:
		name = factories.camera(factories.unit().name, retention_days=days).name
		self.cameras.append(name)
		return name

	def day(self, ago: int, count: int = 3) -> list[int]:
		"""Starts of some files of a day in the past."""
		return [self.today - ago * DAY_MS + number * MINUTE_MS for number in range(count)]

	def hold(self, camera: str, begin: int, end: int) -> None:
		row = {"camera": camera, "from_time": clock.site_time(begin), "to_time": clock.site_time(end)}
		frappe.get_doc(doctype="Legal Hold", title="test-giữ", basis="Công văn", cameras=[row]).insert()


@pytest.fixture
def world(tmp_path):
	frappe.db.rollback()
	made = World(tmp_path)
	yield made
	frappe.set_user("Administrator")
	frappe.local.lang = "en"
	made.turns.close()
	footage_files.forget(made.volumes, made.cameras)


def run_purge(volume, **changes) -> purge.Purge | None:
	"""The job's work, in this process; `changes`: values of the row as if they were stored."""
	frappe.db.commit()  # a job sees what is stored
	row = work.row_of(volume.name)
	row.update(changes)
	run = Run(row.name, leases.node_name())
	with work.turn(row.name) as mine:
		assert mine
		found = work.look_over(row, run)
		run.finish()
		frappe.db.commit()  # as the job does
	return found


def kept(volume) -> set[tuple[str, int]]:
	return on_disk(volume)


def run_of(volume, **filters):
	return frappe.get_last_doc("Retention Run", {"volume": volume.name, **filters})


def assert_agree(volume, cameras) -> None:
	"""A row says "there" of exactly the files that are there."""
	assert {key for key, gone in in_index(volume, cameras).items() if not gone} == on_disk(volume)


# What goes


def test_footage_goes_when_all_of_it_is_older_than_its_cameras_retention(world):
	volume, short, long = world.volume(), world.camera(), world.camera(days=40)
	for camera in (short, long):
		for ago in (1, DAYS - 1, DAYS + 1, 39, 41):
			lay(volume, camera, world.day(ago))
	edge = clock.now_ms() - DAYS * DAY_MS
	lay(volume, short, [edge - 2 * MINUTE_MS])
	lay(volume, short, [edge - MINUTE_MS], duration_ms=30 * MINUTE_MS)  # reaches beyond the edge
	before = frappe.get_all(
		"Recording Hour", {"camera": short}, ["name", "recorded_ms", "coverage_percent", "file_count"]
	)
	run_purge(volume)
	gone = {(short, s) for ago in (DAYS + 1, 39, 41) for s in world.day(ago)} | {
		(short, edge - 2 * MINUTE_MS)
	}
	gone |= {(long, start) for start in world.day(41)}
	index = in_index(volume, world.cameras)
	assert {key for key, mark in index.items() if mark} == gone
	assert {(mark.kind, mark.why) for mark in index.values() if mark} == {(REMOVED, PAST_RETENTION)}
	assert_agree(volume, world.cameras)
	assert before == frappe.get_all(
		"Recording Hour", {"camera": short}, ["name", "recorded_ms", "coverage_percent", "file_count"]
	)
	run = run_of(volume)
	assert (run.status, run.file_count, run.early_count, run.pending) == ("Finished", len(gone), 0, None)
	lines = {line["camera"]: line for line in api.lines(run.name)}
	assert (lines[long]["files"], lines[long]["removed"]) == (3, True)


def test_empty_folders_of_past_days_go_with_their_files(world):
	volume, camera = world.volume(), world.camera()
	lay(volume, camera, world.day(400))
	lay(volume, camera, world.day(0, 1))
	run_purge(volume)
	assert list(layout.days(Path(volume.path) / camera)) == [layout.day_of(world.today)]


def test_a_run_without_work_leaves_no_record(world):
	volume, camera = world.volume(), world.camera()
	lay(volume, camera, world.day(1))
	run_purge(volume)
	assert not frappe.db.exists("Retention Run", {"volume": volume.name})


def test_the_setting_counts_for_cameras_without_days_of_their_own(world):
	volume, camera = world.volume(), world.camera(days=0)
	days = frappe.db.get_single_value("Monitoring Settings", "retention_days")
	lay(volume, camera, world.day(days - 1))
	lay(volume, camera, world.day(days + 1))
	run_purge(volume)
	assert kept(volume) == {(camera, start) for start in world.day(days - 1)}


def test_files_without_a_row_get_one_before_they_go(world):
	volume, camera = world.volume(), world.camera()
	for start in world.day(9):
		write(volume, camera, start, whole_file())
	torn = world.today - 9 * DAY_MS + 10 * MINUTE_MS
	write(volume, camera, torn, whole_file()[:-50])
	write(volume, camera, torn + MINUTE_MS, b"not a film")
	newest = lay(volume, camera, world.day(1, 1))[0]
	run_purge(volume)
	assert kept(volume) == {(camera, newest)}
	index = in_index(volume, [camera])
	assert set(index) == {(camera, start) for start in [*world.day(9), torn, newest]}
	assert {mark and mark.kind for mark in index.values()} == {REMOVED, None}
	assert sum(frappe.get_all("Recording Hour", {"camera": camera}, pluck="recorded_ms")) > 3000


def test_copies_of_a_file_go_together(world):
	volume, second, camera = world.volume(), world.volume("second"), world.camera()
	for start in lay(volume, camera, world.day(9)):
		write(second, camera, start, b"\1" * 1000)
	run_purge(second)
	assert kept(second) == set() and len(kept(volume)) == 3
	assert set(in_index(volume, [camera]).values()) == {None}
	run_purge(volume)
	assert_agree(volume, [camera])


# What stays


def test_held_footage_stays_and_goes_after_the_release(world):
	volume, camera = world.volume(), world.camera()
	starts = lay(volume, camera, world.day(9))
	lay(volume, camera, world.day(8))
	world.hold(camera, starts[1] + 30_000, starts[1] + 40_000)
	run_purge(volume)
	assert kept(volume) == {(camera, starts[1])}
	assert_agree(volume, [camera])
	line = next(line for line in api.lines(run_of(volume).name) if not line["removed"])
	assert (line["files"], line["reason"]) == (1, frappe._(retention.HELD))
	frappe.db.set_value("Legal Hold", {"title": "test-giữ"}, "status", "Released")
	run_purge(volume)
	assert kept(volume) == set()


def test_the_newest_file_of_a_camera_stays_while_somebody_may_write_it(world):
	volume, camera = world.volume(), world.camera()
	old = clock.now_ms() - 3 * DAY_MS
	frappe.db.set_value("Camera", camera, "retention_days", 1)
	starts = lay(volume, camera, [old, old + MINUTE_MS])
	newest = Path(volume.path) / layout.file_path(camera, starts[1])
	os.utime(newest)
	run_purge(volume)
	assert kept(volume) == {(camera, starts[1])}, "the newest file has grown a moment ago"
	os.utime(newest, (time.time() - 7200,) * 2)
	run_purge(volume)
	assert kept(volume) == set()


def test_a_file_of_a_leased_camera_counts_as_written(world):
	camera = world.camera()
	table = LeaseTable(get_redis_conn(), frappe.local.site, leases.own_name(), 20_000)
	held = table.acquire(camera)
	try:
		assert camera in work.recorded_cameras()
	finally:
		table.release(held)
	assert camera not in work.recorded_cameras()
	now = clock.now_ms()
	policy = retention.Policy(now, {camera: 1}, None, 5)
	assert policy.is_recorded(camera), "nobody knows: every camera counts as recorded"


def test_folders_of_unknown_cameras_are_left_alone_and_told(world):
	volume = world.volume()
	write(volume, "NO-SUCH-CAMERA", world.day(400)[0], b"x")
	found = run_purge(volume)
	assert len(kept(volume)) == 1
	reasons = [(line.camera, line.reason) for line in found.run.tally.lines.values()]
	assert reasons == [("NO-SUCH-CAMERA", retention.UNKNOWN_CAMERA)]


@pytest.mark.parametrize(
	("harm", "reason"),
	[
		(lambda path: (path / volumes.MARKER).unlink(), retention.NOT_MOUNTED),
		(lambda path: (path / volumes.MARKER).write_text("another"), retention.NOT_MOUNTED),
		(lambda path: path.chmod(0o555), retention.READ_ONLY),
	],
)
def test_a_volume_that_is_away_or_read_only_is_left_alone(world, harm, reason):
	volume, camera = world.volume(), world.camera()
	lay(volume, camera, world.day(9))
	path = Path(volume.path)
	harm(path)
	try:
		frappe.db.commit()  # a job sees what is stored
		row = work.row_of(volume.name)
		run = Run(volume.name, "here")
		assert work.look_over(row, run) is None
		assert [line.reason for line in run.tally.lines.values()] == [reason]
		assert work.audit_volume(row) == work.Found()
	finally:
		path.chmod(0o755)
	assert len(kept(volume)) == 3
	assert set(in_index(volume, [camera]).values()) == {None}


def test_a_volume_of_another_machine_is_left_alone(world):
	volume = world.volume()
	row = work.row_of(volume.name)
	row.node = "elsewhere"
	assert work.reason_to_leave(row) == retention.OTHER_MACHINE


def test_a_volume_unmounted_in_the_middle_marks_nothing(world, monkeypatch):
	volume, camera = world.volume(), world.camera()
	lay(volume, camera, world.day(9))
	real, marker = purge.holds.take_turn, Path(volume.path) / volumes.MARKER

	def unmount() -> None:
		real()
		marker.rename(marker.with_suffix(".away"))

	monkeypatch.setattr(purge.holds, "take_turn", unmount)
	with pytest.raises(purge.VolumeAway):
		run_purge(volume)
	frappe.db.rollback()
	assert set(in_index(volume, [camera]).values()) == {None}
	monkeypatch.undo()
	marker.with_suffix(".away").rename(marker)
	run_purge(volume)
	assert_agree(volume, [camera])
	assert run_of(volume, status="Interrupted").file_count == 0


def test_one_run_at_a_time_has_a_volume(world):
	volume = world.volume()
	with work.turn(volume.name) as mine:
		assert mine
		frappe.local.db, first = frappe.database.get_db(), frappe.local.db
		try:
			with work.turn(volume.name) as second:
				assert not second
		finally:
			frappe.local.db.close()
			frappe.local.db = first


# What a crash leaves


def test_what_a_killed_run_had_removed_is_marked_by_the_next(world):
	volume, camera = world.volume(), world.camera()
	starts = lay(volume, camera, world.day(9, 6))
	frappe.db.commit()  # a run sees what is stored
	run = Run(volume.name, "here")
	gone = Gone(REMOVED, clock.now_ms() - 1000, PAST_RETENTION)
	run.begin_batch(volume.name, gone, {camera: starts})
	for start in starts[:2]:  # and then the process died
		(Path(volume.path) / layout.file_path(camera, start)).unlink()
	run_purge(volume)
	index = in_index(volume, [camera])
	assert kept(volume) == set() and {mark.kind for mark in index.values()} == {REMOVED}
	assert [index[camera, start].at_utc_ms for start in starts[:2]] == [gone.at_utc_ms] * 2
	dead = frappe.get_doc("Retention Run", run.name)
	assert (dead.status, dead.file_count, dead.pending) == ("Interrupted", 2, None)
	assert run_of(volume, status="Finished").file_count == 4


# Dry runs


def test_a_dry_run_tells_what_would_go_and_touches_nothing(world):
	volume, camera = world.volume(), world.camera()
	starts = lay(volume, camera, world.day(9), size_bytes=2_000_000)
	world.hold(camera, starts[0], starts[0] + 1)
	lay(volume, camera, world.day(1))
	frappe.db.commit()  # the job sees what is stored
	before = on_disk(volume)
	name = retention_runs.create(volume.name, True, "Waiting")
	work.dry_run(name)
	assert frappe.local.lang == "vi", "what a job writes is for the people of the site"
	run = frappe.get_doc("Retention Run", name)
	assert (run.status, run.dry_run, run.file_count, run.refused_count) == ("Finished", 1, 2, 1)
	assert run.size_gb == pytest.approx(0.004)
	assert on_disk(volume) == before and set(in_index(volume, [camera]).values()) == {None}


def test_only_administrators_of_the_managing_unit_start_a_dry_run(world):
	volume = world.volume()
	unit = factories.unit().name
	for role in roles.ALL_ROLES:
		frappe.set_user("Administrator")
		frappe.set_user(factories.user(role, unit).name)
		if role == roles.MONITORING_ADMINISTRATOR:
			name = api.start_dry_run(volume.name)["name"]
			assert api.status(name) == {"status": "Waiting"}
			assert api.start_dry_run(volume.name) == {"name": name, "started": False}
		else:
			with pytest.raises(frappe.PermissionError):
				api.start_dry_run(volume.name)
	frappe.set_user("Administrator")
	frappe.db.rollback()  # so that no job is queued


def test_one_dry_run_of_the_same_is_under_way_at_a_time(world):
	one, other = world.volume().name, world.volume("other").name
	name, started = work.start_dry_run(one)
	assert started and work.start_dry_run(one) == (name, False)
	assert work.start_dry_run(other)[1] and work.start_dry_run(None)[1]
	assert not work.start_dry_run(None)[1]
	frappe.db.set_value("Retention Run", name, "status", "Finished")
	second, started = work.start_dry_run(one)
	assert started and second != name
	long_ago = add_to_date(now_datetime(), minutes=-5)
	frappe.db.set_value("Retention Run", second, "creation", long_ago)  # its job is in no queue: it has died
	assert work.start_dry_run(one)[1]
	frappe.db.rollback()  # so that no job is queued


def test_a_run_is_written_by_the_system_and_never_deleted(world):
	with pytest.raises(frappe.PermissionError):
		frappe.get_doc({"doctype": "Retention Run", "status": "Finished"}).insert()
	name = retention_runs.create(None, True, "Waiting")
	run = frappe.get_doc("Retention Run", name)
	with pytest.raises(frappe.PermissionError):
		run.save()
	with pytest.raises(frappe.ValidationError):
		run.delete()
	frappe.db.rollback()


# Rows and files compared


def audit(volume, hours: int = 0) -> work.Found:
	frappe.db.commit()  # a job sees what is stored
	row = work.row_of(volume.name)
	return work.audit_volume(row, hours)


def event(volume):
	return frappe.db.get_value(
		"Health Event",
		{"kind": "Footage Missing", "storage_volume": volume.name},
		["status", "severity", "detail"],
		order_by="creation desc",
		as_dict=True,
	)


def test_a_file_that_is_gone_without_reason_is_missing_and_told(world):
	volume, camera = world.volume(), world.camera()
	starts = lay(volume, camera, world.day(2))
	(Path(volume.path) / layout.file_path(camera, starts[1])).unlink()
	assert audit(volume).missing == 1
	index = in_index(volume, [camera])
	assert [index[camera, start] and index[camera, start].kind for start in starts] == [None, MISSING, None]
	assert (event(volume).status, event(volume).severity) == ("Open", "Critical")
	assert camera in event(volume).detail
	assert audit(volume).missing == 0  # told once
	write(volume, camera, starts[1], b"\1" * 1000)  # somebody has brought it back
	assert audit(volume).back == 1
	assert_agree(volume, [camera])
	assert event(volume).status == "Closed"


def test_a_whole_day_that_is_gone_is_found(world):
	volume, camera = world.volume(), world.camera()
	lay(volume, camera, world.day(2))
	lay(volume, camera, world.day(90))
	for path in sorted((Path(volume.path) / camera).rglob("*"), reverse=True):
		path.rmdir() if path.is_dir() else path.unlink()
	assert audit(volume, hours=72).missing == 3
	assert audit(volume).missing == 3


def test_a_file_without_a_row_gets_one(world):
	volume, camera = world.volume(), world.camera()
	for start in world.day(2):
		write(volume, camera, start, whole_file())
	newest = clock.now_ms() - 60_000
	write(volume, camera, newest, whole_file())  # on its way into the index
	assert audit(volume).indexed == 3
	assert set(in_index(volume, [camera])) == {(camera, start) for start in world.day(2)}


def test_a_file_that_was_moved_is_followed(world):
	volume, second, camera = world.volume(), world.volume("second"), world.camera()
	start = world.day(2)[0]
	path = write(volume, camera, start, whole_file())
	assert audit(volume).indexed == 1
	moved = Path(second.path) / layout.file_path(camera, start)
	moved.parent.mkdir(parents=True)
	path.rename(moved)
	assert audit(volume).missing == 0, "it is not lost, it lies on the other volume"
	assert audit(second).indexed == 1
	assert in_index(second, [camera]) == {(camera, start): None}


# The index written anew


def rows_of(camera: str) -> list[dict]:
	frappe.db.rollback()  # a new look
	return frappe.get_all("Recording Hour", {"camera": camera}, ["*"], order_by="name")


def rebuild(camera: str, again: bool = True) -> int:
	frappe.db.commit()  # a command sees what is stored
	return reconcile.reconcile_site(camera, again).indexed.get(camera, 0)


@pytest.fixture
def copied(world):
	"""(volume, second, camera, starts): files with rows on the first volume, and copies on the second."""
	volume, second, camera = world.volume(priority=90), world.volume("second", priority=91), world.camera()
	starts = [*world.day(2), *world.day(1)]
	for start in starts:
		write(volume, camera, start, whole_file())
	assert rebuild(camera, again=False) == 6
	for start in starts:
		write(second, camera, start, whole_file())
	return volume, second, camera, starts


def test_a_whole_index_written_anew_stays_as_it_is(copied):
	volume, _second, camera, starts = copied
	at = Gone(REMOVED, clock.now_ms(), PAST_RETENTION)
	for each in (volume, _second):
		(Path(each.path) / layout.file_path(camera, starts[0])).unlink()
	hour_index.mark_gone(hour_index.lock_hours({camera: starts[:1]})[camera][0], volume.name, starts[:1], at)
	frappe.db.commit()  # a command sees what is stored
	before = rows_of(camera)
	assert len(before) == 2
	assert rebuild(camera) == 5
	assert rows_of(camera) == before, "not even the time of change"
	assert rebuild(camera, again=False) == 0


def test_an_index_written_anew_follows_the_files(copied):
	volume, second, camera, starts = copied
	(Path(volume.path) / layout.file_path(camera, starts[1])).unlink()
	frappe.db.delete("Recording Hour", {"name": hour_index.row_name(camera, clock.hour_of(starts[3]))})
	rebuild(camera)
	assert set(in_index(second, [camera])) >= {(camera, starts[1])}, "the copy that is left"
	found = {**in_index(volume, [camera]), **in_index(second, [camera])}
	assert found == {(camera, start): None for start in starts}


def test_a_volume_that_is_away_keeps_its_rows_and_lends_its_path_to_nobody(copied):
	volume, second, camera, _starts = copied
	before = rows_of(camera)
	(Path(volume.path) / volumes.MARKER).write_text(second.volume_id)
	found = reconcile.reconcile_site(camera, again=True)
	assert volume.name in found.away and second.name not in found.away
	assert rows_of(camera) == before


def test_an_index_is_not_written_while_retention_removes(world, monkeypatch):
	volume, camera = world.volume(), world.camera()
	write(volume, camera, world.day(1)[0], whole_file())
	monkeypatch.setattr(reconcile, "PATIENCE_S", 0)
	frappe.db.commit()  # the other connection sees what is stored
	frappe.local.db, first = frappe.database.get_db(), frappe.local.db
	try:
		with pytest.raises(turns.VolumeBusy):
			reconcile.reconcile_site(camera)
	finally:
		frappe.local.db.close()
		frappe.local.db = first
	assert in_index(volume, [camera]) == {}


# What people are told


def texts(camera: str, begin: int, end: int) -> list[tuple[str, int, str]]:
	frappe.local.lang = "vi"
	try:
		found = coverage.period(camera, str(clock.site_time(begin)), str(clock.site_time(end)))
	finally:
		frappe.local.lang = "en"
	return [(piece["kind"], round(piece["seconds"]), piece["text"]) for piece in found["pieces"]]


def test_a_timeline_tells_what_was_recorded_and_what_of_it_is_there(world):
	volume, camera = world.volume(), world.camera()
	begin = world.today - 2 * DAY_MS
	starts = lay(volume, camera, [begin + number * MINUTE_MS for number in range(5)])
	unit = frappe.db.get_value("Camera", camera, "unit")
	gap_ledger.close_gap(camera, unit, begin + 5 * MINUTE_MS, begin + 6 * MINUTE_MS, "network")
	at = world.today
	rows = hour_index.lock_hours({camera: starts})[camera]
	hour_index.mark_gone(rows[0], volume.name, starts[:2], Gone(REMOVED, at, PAST_RETENTION))
	(Path(volume.path) / layout.file_path(camera, starts[4])).unlink()
	day = f"{clock.site_time(at):%d/%m/%Y %H:%M:%S}"
	assert texts(camera, begin, begin + 7 * MINUTE_MS) == [
		("removed", 120, f"Đã ghi, và đã xóa ngày {day} do hết thời hạn lưu"),
		("recorded", 120, "Có dữ liệu ghi hình"),
		("missing", 60, "Đã ghi nhưng tệp dữ liệu bị mất"),
		("gap", 60, "Không ghi được: Đường truyền"),
		("unknown", 60, "Không có thông tin về khoảng này"),
	]
	found = coverage.period(camera, str(clock.site_time(begin)), str(clock.site_time(begin + 7 * MINUTE_MS)))
	assert (found["recorded_s"], found["playable_s"]) == (300, 120)
	(Path(volume.path) / volumes.MARKER).unlink()
	kinds = [kind for kind, _seconds, _text in texts(camera, begin, begin + 7 * MINUTE_MS)]
	assert kinds == ["removed", "away", "gap", "unknown"]


def test_pieces_never_overlap_and_leave_nothing_out():
	piece = timeline.Piece
	laid = timeline.laid_over(
		[piece("recorded", 1000, 2000), piece("recorded", 3000, 4000)],
		[piece("gap", 0, 1500), piece("gap", 1800, 3200), piece("gap", 3300, 3400), piece("gap", 3900, 6000)],
	)
	found = timeline.fill(laid, 0, 8000)
	assert [(p.kind, p.begin_ms, p.end_ms) for p in found] == [
		("gap", 0, 1000),
		("recorded", 1000, 2000),
		("gap", 2000, 3000),
		("recorded", 3000, 4000),
		("gap", 4000, 6000),
		("unknown", 6000, 8000),
	]


def test_a_removed_period_says_so_instead_of_playing(world):
	volume, camera = world.volume(), world.camera()
	starts = lay(volume, camera, world.day(9))
	run_purge(volume)
	period = (str(clock.site_time(starts[0])), str(clock.site_time(starts[-1] + MINUTE_MS)))
	frappe.local.lang = "vi"
	try:
		with pytest.raises(playback.FootageGone, match="đã xóa ngày .* do hết thời hạn lưu"):
			playback.playlist(camera, *period)
	finally:
		frappe.local.lang = "en"
	assert playback.FootageGone.http_status_code == 410


def test_what_lies_on_a_volume_that_is_away_is_not_played(world):
	volume, camera = world.volume(), world.camera()
	start = clock.now_ms() - 60 * MINUTE_MS
	write(volume, camera, start, whole_file())
	assert rebuild(camera) == 1
	period = (str(clock.site_time(start)), str(clock.site_time(start + MINUTE_MS)))
	assert b"#EXTINF" in playback.playlist(camera, *period).data
	(Path(volume.path) / volumes.MARKER).write_text("another")
	with pytest.raises(playback.FootageAway):
		playback.playlist(camera, *period)


def test_the_hour_before_now_shows_what_is_no_longer_there(world):
	volume, camera = world.volume(), world.camera()
	now = clock.now_ms()
	starts = lay(volume, camera, [now - (30 - number) * MINUTE_MS for number in range(10)])
	rows = hour_index.lock_hours({camera: starts})[camera]
	for row in rows:
		hour_index.mark_gone(row, volume.name, starts, Gone(REMOVED, now, "space"))
	hour = coverage.last_hour(camera)
	assert hour["kinds"].count("removed") >= 9
	assert sum(share or 0 for share in hour["minutes"]) == pytest.approx(10, abs=0.2)
	frappe.db.commit()  # forget() removes the rows
