"""Alarms: what is wrong opens one event, and ends it when it is right again."""

import time

import frappe
import pytest
from frappe.utils import add_to_date, get_datetime, now_datetime

from giam_sat_mot_cua.recording import clock, gap_ledger, health_events
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import alarms, camera_clock
from giam_sat_mot_cua.workers.overview import CameraNow

STALL_S, AFTER_S = 10, 120


@pytest.fixture(autouse=True)
def told(monkeypatch):
	"""Subjects of the notices that were sent; all rows are undone."""
	subjects: list[str] = []
	monkeypatch.setattr(
		health_events.notices, "tell", lambda _people, subject, _doc: subjects.append(subject)
	)
	yield subjects
	frappe.db.rollback()


def camera(long_ago: bool = True, **values) -> str:
	"""A camera to be recorded, known for a day unless it was changed just now."""
	name = factories.camera(factories.unit().name, enabled=1, stream_url="rtsp://127.0.0.1:9/x").name
	if long_ago:
		values["modified"] = add_to_date(now_datetime(), days=-1)
	if values:
		frappe.db.set_value("Camera", name, values, update_modified=False)
	return name


def now_of(name: str, owner: str | None = "n:1:1", **health) -> CameraNow:
	row = frappe.db.get_value(
		"Camera",
		name,
		[
			"name",
			"modified",
			"unit",
			"enabled",
			"is_internal",
			"stream_url",
			"state",
			"state_since",
			"state_message",
			"clock_offset_s",
			"clock_checked_on",
		],
		as_dict=True,
	)
	told = {
		"state": "recording",
		"fault": None,
		"packet_age_s": 0.1,
		"at": time.time(),
		"node": "n",
		**health,
	}
	return CameraNow(row, owner, told if health else None)


def missing(*cameras: CameraNow) -> dict[str, int]:
	return {name: round(age) for name, age in alarms.missing_for(list(cameras), STALL_S).items()}


def event(kind: str, **subject):
	return frappe.get_all(
		"Health Event",
		{"kind": kind, "status": "Open", **subject},
		["name", "detail", "severity", "silenced", "began_on"],
	)


def check(now: CameraNow, silenced: set[str] = frozenset()) -> None:
	alarms.check_cameras([now], alarms.missing_for([now], STALL_S), silenced, AFTER_S)


# For how long a camera has not been recorded


def test_a_camera_that_is_recorded_misses_nothing():
	assert missing(now_of(camera(), state="recording")) == {}


def test_the_ledger_says_since_when():
	name = camera(state="Waiting", state_since=add_to_date(now_datetime(), seconds=-100))
	gap_ledger.open_gap(
		name, frappe.db.get_value("Camera", name, "unit"), clock.now_ms() - 300_000, "network"
	)
	assert missing(now_of(name, state="waiting", packet_age_s=None)) == {name: 300}


def test_a_recorder_that_hangs_is_not_believed():
	name = camera(state="Recording")
	assert missing(now_of(name, state="recording", packet_age_s=400.0)) == {name: 400}


def test_a_dead_recorders_last_word_counts():
	name = camera(state="Recording")
	assert missing(now_of(name, None, at=time.time() - 200, packet_age_s=1.0)) == {name: 201}


def test_a_camera_is_not_missing_from_before_it_was_switched_on():
	name = camera(long_ago=False)
	gap_ledger.open_gap(
		name, frappe.db.get_value("Camera", name, "unit"), clock.now_ms() - 9_000_000, "switched_off"
	)
	assert missing(now_of(name, None))[name] < 30


def test_one_that_nobody_has_ever_taken_misses_all_since_it_was_registered():
	name = camera()
	assert missing(now_of(name, None))[name] == pytest.approx(86_400, abs=30)


# Camera Not Recorded


def test_an_event_opens_with_what_is_wrong_and_ends(told):
	name = camera(
		state="Waiting",
		state_since=add_to_date(now_datetime(), seconds=-130),
		state_message="Camera không trả lời.",
	)
	lost = now_of(name, state="waiting", packet_age_s=None)
	for _minute in range(3):
		check(lost)
	(opened,) = event("Camera Not Recorded", camera=name)
	assert (opened.detail, opened.silenced) == ("Camera không trả lời.", 0)
	assert abs((now_datetime() - get_datetime(opened.began_on)).total_seconds() - 130) < 30
	assert len(told) == 1 and name in told[0]
	check(now_of(name, state="recording"))
	assert event("Camera Not Recorded", camera=name) == []


def test_a_short_loss_opens_none():
	name = camera(state="Waiting", state_since=add_to_date(now_datetime(), seconds=-60))
	check(now_of(name, state="waiting", packet_age_s=None))
	assert event("Camera Not Recorded", camera=name) == []


def test_an_edit_of_the_record_ends_no_event():
	name = camera(state="Waiting", state_since=add_to_date(now_datetime(), seconds=-300))
	check(now_of(name, state="waiting", packet_age_s=None))
	frappe.db.set_value("Camera", name, "modified", now_datetime(), update_modified=False)
	check(now_of(name, state="waiting", packet_age_s=None))
	assert len(event("Camera Not Recorded", camera=name)) == 1


def test_a_camera_that_is_wanted_no_more_ends_its_event():
	name = camera(state="Waiting", state_since=add_to_date(now_datetime(), seconds=-300))
	check(now_of(name, state="waiting", packet_age_s=None))
	alarms.check_cameras([], {}, set(), AFTER_S)
	assert event("Camera Not Recorded", camera=name) == []


def test_maintenance_silences_and_its_end_tells(told):
	name = camera(state="Waiting", state_since=add_to_date(now_datetime(), seconds=-300))
	lost = now_of(name, state="waiting", packet_age_s=None)
	check(lost, {name})
	assert event("Camera Not Recorded", camera=name)[0].silenced and told == []
	check(lost)
	check(lost)
	assert not event("Camera Not Recorded", camera=name)[0].silenced and len(told) == 1


def test_many_at_once_are_told_in_one_notice(told):
	names = [
		camera(state="Waiting", state_since=add_to_date(now_datetime(), seconds=-300)) for _n in range(9)
	]
	lost = [now_of(name, state="waiting", packet_age_s=None) for name in names]
	alarms.check_cameras(lost, alarms.missing_for(lost, STALL_S), set(), AFTER_S)
	assert len(event("Camera Not Recorded", camera=("in", names))) == 9
	assert len(told) == 1 and told[0].count(", ") == health_events.NAMED - 1


# Recorders and nodes


def facts(node: str, **values) -> dict:
	return {
		"node": node,
		"cameras": 0,
		"capacity": 50,
		"leaving": False,
		"waiting": 0,
		"left_behind": 0,
		"index_delay_s": 0.5,
		"load": 0.1,
		"memory_mb": 10,
		"version": "1",
		"database_ok": time.time(),
		"at": time.time(),
		**values,
	}


def test_cameras_without_a_recorder_make_one_event():
	waiting = [now_of(camera(), None) for _n in range(3)]
	for _minute in range(2):
		alarms.check_recorders(waiting, {"a": facts("n", cameras=50)})
	(opened,) = event("No Recorder Free")
	assert opened.severity == "Critical" and opened.detail.startswith("3 ")
	alarms.check_recorders([], {})
	assert event("No Recorder Free") == []


def node(**values) -> str:
	name = factories.code("MG")
	values = {"state": "Down", "last_report": add_to_date(now_datetime(), minutes=-5), **values}
	factories.insert(doctype="Recorder Node", node_name=name, **values)
	return name


def test_a_silent_node_is_one_event_of_its_own():
	name, retired = node(), node(retired=1)
	alarms.check_nodes(cameras_wait=False)
	assert event("Recorder Node Down", recorder_node=name)[0].severity == "Warning"
	assert event("Recorder Node Down", recorder_node=retired) == []
	alarms.check_nodes(cameras_wait=True)
	assert event("Recorder Node Down", recorder_node=name)[0].severity == "Critical"
	frappe.db.set_value("Recorder Node", name, "state", "Up")
	alarms.check_nodes(cameras_wait=True)
	assert event("Recorder Node Down", recorder_node=name) == []


@pytest.mark.parametrize("late", [{"index_delay_s": 400}, {"waiting": 3000}, {"left_behind": 3000}])
def test_rows_that_wait_too_long_or_too_many_are_an_event(late):
	name = node(state="Up")
	both = {"a": facts(name, **late), "b": facts(name)}
	alarms.check_rows(both, 300, 2000)
	assert len(event("Rows Waiting", recorder_node=name)) == 1
	alarms.check_rows({"a": facts(name), "b": facts(name)}, 300, 2000)
	assert event("Rows Waiting", recorder_node=name) == []


# Clocks


@pytest.mark.parametrize(("offset", "word"), [(7.25, "nhanh 7.2"), (-90, "chậm 90")])
def test_a_clock_that_is_off_is_an_event(offset, word):
	frappe.local.lang = "vi"
	name = camera()
	camera_clock.observe(name, offset)
	camera_clock.check([now_of(name)], set(), 5)
	assert word in event("Camera Clock Off", camera=name)[0].detail
	camera_clock.observe(name, 4.9)
	camera_clock.check([now_of(name)], set(), 5)
	assert event("Camera Clock Off", camera=name) == []


def test_a_clock_that_nobody_has_read_is_not_judged():
	name = camera()
	camera_clock.check([now_of(name)], set(), 5)
	assert event("Camera Clock Off", camera=name) == []


def test_what_was_read_long_ago_is_not_judged():
	name = camera()
	camera_clock.observe(name, 60)
	camera_clock.check([now_of(name)], set(), 5)
	assert len(event("Camera Clock Off", camera=name)) == 1
	frappe.db.set_value("Camera", name, "clock_checked_on", add_to_date(now_datetime(), hours=-25))
	camera_clock.check([now_of(name)], set(), 5)
	assert event("Camera Clock Off", camera=name) == []


def test_maintenance_silences_a_clock_too(told):
	name = camera()
	camera_clock.observe(name, 60)
	camera_clock.check([now_of(name)], {name}, 5)
	assert event("Camera Clock Off", camera=name)[0].silenced and told == []


def stored_clock(name: str) -> float | None:
	row = frappe.db.get_value("Camera", name, ["clock_offset_s", "clock_checked_on"], as_dict=True)
	return row.clock_offset_s if row.clock_checked_on else None


def forget_clock(name: str) -> None:
	frappe.db.set_value("Camera", name, {"clock_offset_s": 0, "clock_checked_on": None})


def test_a_recorder_writes_of_a_clock_what_is_news():
	name, other = camera(), camera()
	book, started = camera_clock.Notebook(), frappe.db.get_value("Camera", name, "modified")
	try:
		note(book, {name: 1.0, other: None})
		assert (stored_clock(name), stored_clock(other)) == (1.0, None)
		assert frappe.db.get_value("Camera", name, "modified") == started  # nobody changed the record
		note(book, {name: 1.4})
		assert stored_clock(name) == 1.0
		note(book, {name: -0.6})
		assert stored_clock(name) == -0.6
		forget_clock(name)
		note(book, {name: -0.5})
		assert stored_clock(name) is None
		offset, written_at = book.written[name]
		book.written[name] = (offset, written_at - camera_clock.WRITTEN_EVERY_S)
		note(book, {name: -0.5})
		assert stored_clock(name) == -0.5
		forget_clock(name)
		note(book, {})  # another recorder has it
		note(book, {name: -0.5})
		assert stored_clock(name) == -0.5
	finally:
		remove(name, other)


def test_what_the_database_did_not_keep_is_written_again():
	name = camera()
	frappe.db.commit()
	book = camera_clock.Notebook()
	try:
		book.write({name: 3.0})
		frappe.db.rollback()
		assert stored_clock(name) is None
		note(book, {name: 3.0})
		assert stored_clock(name) == 3.0
	finally:
		remove(name)


def note(book: camera_clock.Notebook, offsets: dict) -> None:
	book.write(offsets)
	frappe.db.commit()  # as a recorder's unit of work


def remove(*names: str) -> None:
	units = [frappe.db.get_value("Camera", name, "unit") for name in names]
	frappe.db.delete("Camera", {"name": ("in", names)})
	frappe.db.delete("Monitored Unit", {"name": ("in", units)})
	frappe.db.commit()


def test_a_form_cannot_set_what_was_observed():
	name = camera()
	camera_clock.observe(name, 7)
	doc = frappe.get_doc("Camera", name)
	doc.clock_offset_s, doc.clock_checked_on = 0, None
	doc.save()
	assert doc.clock_offset_s == 7 and doc.clock_checked_on


def test_the_whole_look_runs_twice_and_changes_nothing_the_second_time():
	alarms.check()
	before = frappe.get_all("Health Event", ["name", "status", "severity"], order_by="name")
	alarms.check()
	assert frappe.get_all("Health Event", ["name", "status", "severity"], order_by="name") == before
