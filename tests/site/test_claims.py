"""Who records what while Redis is away, and footage that becomes known late."""

import socket

import frappe
import pytest

from giam_sat_mot_cua.recording import clock, gap_ledger
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import claims


@pytest.fixture(autouse=True)
def nothing_stays():
	frappe.db.rollback()
	yield
	frappe.db.rollback()


@pytest.fixture
def node() -> str:
	name = f"t-{frappe.generate_hash(length=8)}"
	return frappe.get_doc(doctype="Recorder Node", node_name=name).insert().name


def test_a_claim_holds_for_others_and_for_its_time(node):
	assert claims.write(node, "b:1:1", ["x", "y"], 60)
	assert claims.write(node, "b:2:2", ["z"], 60)
	assert claims.of_others("a:1:1") >= {"x", "y", "z"}
	assert claims.of_others("b:1:1") & {"x", "y", "z"} == {"z"}
	claims.write(node, "b:1:1", ["x"], -1)
	assert claims.of_others("a:1:1") & {"x", "y", "z"} == {"z"}


@pytest.mark.parametrize("text", ["[[", "[1]", '{"g:1:1": 5}', '{"g:1:1": [99999999999, ["x"]]}'])
def test_what_is_no_claim_holds_nothing(node, text):
	frappe.db.set_value("Recorder Node", node, "claims", text)
	assert "x" not in claims.of_others("a:1:1")
	assert claims.write(node, "b:1:1", ["y"], 60)
	assert "y" in claims.of_others("a:1:1")


def test_a_machine_without_a_row_claims_nothing():
	assert not claims.write("nowhere", "b:1:1", ["x"], 60)


def test_only_machines_that_have_spoken_count(node):
	alone = not claims.other_nodes("t-nobody")
	frappe.db.set_value("Recorder Node", node, "last_report", frappe.utils.now_datetime())
	assert claims.other_nodes("t-nobody")
	frappe.db.set_value(
		"Recorder Node", node, "last_report", frappe.utils.add_to_date(frappe.utils.now_datetime(), days=-2)
	)
	assert claims.other_nodes("t-nobody") != alone


def test_a_stopped_service_refuses_and_one_that_hangs_does_not():
	with socket.create_server(("127.0.0.1", 0)) as listening:
		place = listening.getsockname()
		assert not claims.refuses(place)
	assert claims.refuses(place)


BEGIN = clock.now_ms() - 3_600_000


def at(seconds: float) -> int:
	return BEGIN + round(seconds * 1000)


def left(camera: str) -> list[tuple]:
	rows = frappe.get_all(
		"Recording Gap",
		{"camera": camera},
		["start_utc", "end_utc", "duration_s", "cause"],
		order_by="start_utc",
	)
	return [
		(
			(clock.utc_ms(row.start_utc) - BEGIN) / 1000,
			(clock.utc_ms(row.end_utc) - BEGIN) / 1000 if row.end_utc else None,
			row.cause,
		)
		for row in rows
		if not row.end_utc or row.duration_s
	]


@pytest.mark.parametrize(
	("gap", "files", "rest"),
	[
		((10, 40), [(0, 20)], [(20, 40)]),
		((10, 40), [(30, 60)], [(10, 30)]),
		((10, 40), [(20, 25), (25, 30)], [(10, 20), (30, 40)]),
		((10, 40), [(0, 15), (15.2, 50)], []),
		((10, 40), [(0, 10.3), (39.8, 50)], [(10, 40)]),
		((10, None), [(0, 20)], [(20, None)]),
		((10, None), [(20, 30)], [(10, 20), (30, None)]),
	],
)
def test_a_gap_gives_way_to_footage_that_arrives_late(gap, files, rest):
	camera = factories.camera(factories.unit().name)
	start, end = gap
	if end is None:
		gap_ledger.open_gap(camera.name, camera.unit, at(start), "recorder_down")
	else:
		gap_ledger.close_gap(camera.name, camera.unit, at(start), at(end), "recorder_down")
	for _again in range(2):  # what is delivered twice changes nothing
		gap_ledger.give_way(camera.name, [(at(begin), at(until)) for begin, until in files])
		assert left(camera.name) == [(*span, "Recorder Down") for span in rest]
	assert frappe.db.count("Recording Gap", {"camera": camera.name}) >= 1, "no row is ever removed"
