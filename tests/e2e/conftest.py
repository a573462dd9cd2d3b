import re

import frappe
import pytest
import requests

from devbench.stack import Stack


@pytest.fixture(scope="session")
def stack() -> Stack:
	return Stack.from_env()


@pytest.fixture
def fresh_db():
	"""The test process sees what others wrote: a new transaction for each look."""

	def look() -> None:
		frappe.db.rollback()
		frappe.local.document_cache = {}

	look()
	return look


@pytest.fixture
def session(stack):
	"""Logs in over HTTP as a demo person: `session("Unit Operator")`.

	What it sends carries the login's token, as the Desk's requests do.
	"""

	def login(role: str) -> requests.Session:
		found = requests.Session()
		person = stack.logins[role]
		answer = found.post(
			stack.url + "/api/method/login",
			json={"usr": person["user"], "pwd": person["password"]},
			timeout=30,
		)
		assert answer.status_code == 200, answer.text
		token = re.search(r'csrf_token = "([^"]*)"', found.get(stack.url + "/app", timeout=60).text)
		if token:
			found.headers["X-Frappe-CSRF-Token"] = token[1]
		return found

	return login
