"""The text format for scrapers."""

from giam_sat_mot_cua.workers import exposition
from giam_sat_mot_cua.workers.exposition import COUNTER, GAUGE, Family


def test_a_family_is_written_with_its_kind_and_values():
	family = Family("gsmc_x_total", COUNTER, "How many.")
	family.add(3, camera="NB-01", cause="Network")
	family.add(2.5)
	assert exposition.render([family]) == (
		"# HELP gsmc_x_total How many.\n"
		"# TYPE gsmc_x_total counter\n"
		'gsmc_x_total{camera="NB-01",cause="Network"} 3\n'
		"gsmc_x_total 2.5\n"
	)


def test_texts_cannot_break_out_of_a_line():
	family = Family("gsmc_x", GAUGE, "One\\two\nthree")
	family.add(1, name='Quầy "1"\\2\ngsmc_y 7', unit=None)
	lines = exposition.render([family]).split("\n")
	assert lines[0] == r"# HELP gsmc_x One\\two\nthree"
	assert lines[2] == r'gsmc_x{name="Quầy \"1\"\\2\ngsmc_y 7"} 1'
	assert len(lines) == 4


def test_numbers_are_written_as_the_format_wants_them():
	written = [exposition.number(value) for value in (0, True, 1e15, 0.1, float("nan"), float("-inf"))]
	assert written == ["0", "1", "1000000000000000", "0.1", "NaN", "-Inf"]
