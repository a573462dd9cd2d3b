"""Whoever watches, plays or reads a camera's connection is on the log; nobody changes it by any route, and
what was changed past the program is found."""

import frappe
import pytest

from giam_sat_mot_cua.recording import clock
from tests.e2e import rows
from tests.e2e.test_recording import short_files  # noqa: F401

pytestmark = pytest.mark.watches
LOG = "Footage Access Log"
API = "/api/method/giam_sat_mot_cua.api."
CAMERA = "NB-HL-NM-01"
PERSON = "Unit Operator"


def noted(since: int) -> list[tuple]:
	"""(action, camera, login) of the rows after number `since`."""
	frappe.db.rollback()
	found = frappe.get_all(
		LOG, {"sequence": (">", since)}, ["action", "camera", "person"], order_by="sequence"
	)
	return [(row.action, row.camera, row.person) for row in found]


@pytest.fixture
def newest(fresh_db) -> int:
	"""Number of the newest row."""
	return frappe.db.sql(f"select coalesce(max(sequence), 0) from `tab{LOG}`")[0][0]


@pytest.fixture
def fresh_looks():
	"""Looks of a person at a camera within some minutes have one row: here they begin anew."""
	frappe.cache().delete_keys("gsmc-access:")


@pytest.mark.usefixtures("fresh_looks")
def test_looks_at_footage_are_written_down(stack, session, newest):
	person, login = session(PERSON), stack.logins[PERSON]["user"]
	end = rows.wait_indexed(CAMERA, clock.now_ms() - 60_000)[-1].end_utc_ms
	period = {
		"camera": CAMERA,
		"start": f"{clock.site_time(end - 5000):%Y-%m-%d %H:%M:%S}",
		"end": f"{clock.site_time(end):%Y-%m-%d %H:%M:%S}",
	}
	for _again in range(3):  # a live player asks every few seconds
		assert ask(person, stack, "playback.playlist", {"camera": CAMERA}).status_code == 200
	assert ask(person, stack, "playback.playlist", period).status_code == 200
	for _again in range(2):
		assert ask(person, stack, "stills.still", {"camera": CAMERA}).status_code == 200
	expected = [(action, CAMERA, login) for action in ("Watched Live", "Played Back", "Saw a Still")]
	assert noted(newest) == expected
	played = frappe.get_last_doc(LOG, {"action": "Played Back", "camera": CAMERA})
	assert f"{played.footage_to:%Y-%m-%d %H:%M:%S}" == period["end"]
	assert played.from_address and played.unit == "NB-HL-NM" and played.account


@pytest.mark.usefixtures("fresh_looks")
def test_a_live_picture_that_reaches_further_back_has_a_row_of_its_own(stack, session, newest):
	person = session(PERSON)
	now = clock.now_ms()
	for since in (now - 1000, now - 500, now - 3_600_000, now - 1_800_000):
		answer = ask(person, stack, "playback.playlist", {"camera": CAMERA, "since": since})
		assert answer.status_code == 200
	assert noted(newest) == [("Watched Live", CAMERA, stack.logins[PERSON]["user"])] * 2
	begin = frappe.get_last_doc(LOG, {"action": "Watched Live", "camera": CAMERA}).footage_from_utc
	assert abs(clock.utc_ms(begin) - (now - 3_600_000)) < 1000


def test_what_is_refused_or_shows_nothing_is_not_a_look(stack, session, newest):
	person = session(PERSON)
	assert ask(person, stack, "playback.playlist", {"camera": "NB-GV-01"}).status_code == 403
	assert ask(person, stack, "stills.still", {"camera": "NB-GV-01"}).status_code == 403
	nothing = {"camera": CAMERA, "start": "2020-01-01 00:00:00", "end": "2020-01-01 00:10:00"}
	assert "#EXTINF" not in ask(person, stack, "playback.playlist", nothing).text
	assert noted(newest) == []


def test_who_reads_a_connection_is_on_the_log(stack, session, newest):
	person = session("Monitoring Administrator")
	sent = {"camera": CAMERA, "reason": "Kiểm tra đường truyền của camera"}
	answer = person.post(f"{stack.url}{API}connection.reveal", json=sent, timeout=30)
	assert answer.status_code == 200
	assert noted(newest) == [
		("Read the Connection", CAMERA, stack.logins["Monitoring Administrator"]["user"])
	]


@pytest.mark.parametrize("role", ["Monitoring Administrator", "Administrator"])
def test_no_route_changes_the_log(stack, session, role):
	person = session(role)
	name = frappe.get_last_doc(LOG).name
	before = frappe.db.get_value(LOG, name, "*", as_dict=True)
	here = f"{stack.url}/api/resource/{LOG}"
	call = f"{stack.url}/api/method/"
	changed = {"doctype": LOG, "name": name, "reason": "Sửa lại"}
	tries = [
		person.put(f"{here}/{name}", json={"reason": "Sửa lại"}),
		person.delete(f"{here}/{name}"),
		person.post(here, json={**{k: str(v) for k, v in before.items()}, "name": None, "sequence": 10**6}),
		person.post(
			f"{call}frappe.client.set_value",
			json={"doctype": LOG, "name": name, "fieldname": "reason", "value": "Sửa lại"},
		),
		person.post(f"{call}frappe.client.save", json={"doc": changed}),
		person.post(f"{call}frappe.client.delete", json={"doctype": LOG, "name": name}),
		person.post(
			f"{call}frappe.client.rename_doc", json={"doctype": LOG, "old_name": name, "new_name": "X"}
		),
		person.post(
			f"{call}frappe.desk.form.save.savedocs", data={"doc": frappe.as_json(changed), "action": "Save"}
		),
	]
	assert [answer.status_code for answer in tries if answer.status_code < 400] == []
	bulk = {"doctype": LOG, "items": frappe.as_json([name])}
	person.post(f"{call}frappe.desk.reportview.delete_items", data=bulk)  # answers 200 and says what failed
	updates = frappe.as_json([{"doctype": LOG, "docname": name, "reason": "Sửa lại"}])
	person.post(f"{call}frappe.client.bulk_update", data={"docs": updates})  # the same
	frappe.db.rollback()
	assert frappe.db.get_value(LOG, name, "*", as_dict=True) == before


def test_the_command_names_the_first_row_that_was_changed(stack, fresh_db):
	assert stack.bench("gsmc", "verify-log").returncode == 0
	row = frappe.get_last_doc(LOG)
	change(row.name, "reason", "Sửa sau lưng")
	try:
		done = stack.bench("gsmc", "verify-log")
		assert done.returncode == 1
		assert f"row {row.sequence} does not fit: changed" in done.stdout
	finally:
		change(row.name, "reason", row.reason)
	assert stack.bench("gsmc", "verify-log").returncode == 0


def change(name: str, field: str, value) -> None:
	frappe.db.set_value(LOG, name, field, value, update_modified=False)
	frappe.db.commit()  # the command must see it


def ask(person, stack, method: str, query: dict):
	return person.get(f"{stack.url}{API}{method}", params=query, timeout=30)
