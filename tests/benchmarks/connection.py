"""A benchmark's ways into the running instance: its database, and its web server as a demo person."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import frappe
import requests

from devbench.stack import Stack


@contextmanager
def connected() -> Iterator[None]:
	os.chdir(os.environ["GSMC_SITES_PATH"])  # Frappe's paths are relative to it
	frappe.init(site=os.environ["GSMC_TEST_SITE"], sites_path=".")
	frappe.connect()
	try:
		yield
	finally:
		frappe.destroy()


def reconnect() -> None:
	"""A benchmark's own connection dies with the server. A new one is a new transaction, too."""
	frappe.db.close()
	frappe.connect()


def log_in(stack: Stack, role: str) -> requests.Session:
	"""What it sends carries the login's token, as the Desk's requests do."""
	person, login = requests.Session(), stack.logins[role]
	values = {"usr": login["user"], "pwd": login["password"]}
	answer = person.post(stack.url + "/api/method/login", json=values, timeout=30)
	assert answer.status_code == 200, answer.text
	token = re.search(r'csrf_token = "([^"]*)"', person.get(stack.url + "/app", timeout=60).text)
	person.headers["X-Frappe-CSRF-Token"] = token[1] if token else ""
	return person
