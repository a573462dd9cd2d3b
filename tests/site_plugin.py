"""Connects pytest to the site of the test instance, once, before tests are collected.

`make test` names the site in the environment. Without it (`pytest tests/media`) only tests run that
need none.
"""

import os

import pytest

SITE = os.environ.get("GSMC_TEST_SITE", "")


def pytest_addoption(parser: pytest.Parser) -> None:
	parser.addoption("--whole-matrix", action="store_true", help="every role tries every route of the matrix")


def pytest_sessionstart(session: pytest.Session) -> None:
	if SITE:
		import frappe

		os.chdir(os.environ["GSMC_SITES_PATH"])  # Frappe's paths are relative to it
		frappe.init(site=SITE, sites_path=".")
		frappe.connect()
		frappe.flags.in_test = True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
	"""Tests that look at what all the others left behind run after them."""
	items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_ignore_collect(collection_path, config) -> bool | None:
	"""Files that need Frappe are left out when there is no site; `make test` always has one."""
	needs_site = collection_path.name.startswith("test_") and "doctype" in collection_path.parts
	needs_site = needs_site or {"site", "e2e"}.intersection(collection_path.parts)
	return True if needs_site and not SITE else None


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
	if SITE:
		import frappe

		frappe.destroy()
