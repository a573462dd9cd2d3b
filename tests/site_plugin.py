"""Connects pytest to the site of the test instance, once, before tests are collected.

`make test` names the site in the environment. Without it (`pytest tests/media`) only tests run that
need none.
"""

import os

import pytest

SITE = os.environ.get("GSMC_TEST_SITE", "")
PARTS = ("cameras", "records")
CAMERAS_RUN = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
	parser.addoption("--whole-matrix", action="store_true", help="every role tries every route of the matrix")
	parser.addoption("--part", choices=PARTS, help="only tests that watch cameras, or only the others")


def pytest_sessionstart(session: pytest.Session) -> None:
	if SITE:
		import frappe

		os.chdir(os.environ["GSMC_SITES_PATH"])  # Frappe's paths are relative to it
		frappe.init(site=SITE, sites_path=".")
		frappe.connect()
		frappe.flags.in_test = True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
	"""Tests that need no cameras run before the others; those that look at what all the others left behind
	run after them, in either part."""
	part = config.getoption("--part")
	if part:
		others = [item for item in items if not in_both(item) and part_of(item) != part]
		config.hook.pytest_deselected(items=others)
		dropped = set(others)
		items[:] = [item for item in items if item not in dropped]
	items.sort(key=lambda item: (is_last(item), not is_quiet(item)))


def part_of(item: pytest.Item) -> str:
	"""Tests that only watch cameras, and break nothing, run where no program is killed: both parts take about
	as long."""
	watches = item.get_closest_marker("watches") is not None
	return "records" if is_quiet(item) or watches else "cameras"


def in_both(item: pytest.Item) -> bool:
	"""What looks at everything that was left behind."""
	return is_last(item) and not is_quiet(item)


def is_last(item: pytest.Item) -> bool:
	return item.get_closest_marker("last") is not None


def is_quiet(node: pytest.Item) -> bool:
	"""Marked so, or a test of records alone."""
	alone = {"giam_sat_mot_cua", "site"}.intersection(
		node.path.parent.relative_to(node.config.rootpath).parts
	)
	return bool(alone) or node.get_closest_marker("quiet") is not None


@pytest.fixture(autouse=True, scope="module")
def demo_cameras(request: pytest.FixtureRequest) -> None:
	"""The demo cameras rest while nobody needs them: encoding and recording them takes half a core."""
	if not SITE:
		return
	wanted = not is_quiet(request.node)
	if wanted != demo_cameras_run(request.config):
		run_demo_cameras(request.config, wanted)
		if wanted:
			wait_for_recording()


def demo_cameras_run(config: pytest.Config) -> bool:
	return config.stash.get(CAMERAS_RUN, True)


def run_demo_cameras(config: pytest.Config, wanted: bool) -> None:
	from devbench.stack import Stack

	stack = Stack.from_env()
	(stack.start if wanted else stack.stop)("cameras", "recorder-1", "recorder-2")
	config.stash[CAMERAS_RUN] = wanted


def wait_for_recording() -> None:
	from devbench.stack import Stack
	from tests.cameras.server import wait_for
	from tests.e2e import rows

	names = Stack.from_env().cameras
	wait_for(lambda: all(rows.state(name)[0] == "Recording" for name in names), 90, "no recording")


def pytest_ignore_collect(collection_path, config) -> bool | None:
	"""Files that need Frappe are left out when there is no site; `make test` always has one."""
	needs_site = collection_path.name.startswith("test_") and "doctype" in collection_path.parts
	needs_site = needs_site or {"site", "e2e"}.intersection(collection_path.parts)
	return True if needs_site and not SITE else None


@pytest.hookimpl(trylast=True)  # fixtures of an interrupted run end before the connection does
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
	if SITE:
		import frappe

		frappe.destroy()
		if not demo_cameras_run(session.config):
			run_demo_cameras(session.config, True)
