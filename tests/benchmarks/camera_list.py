"""What the scope costs: the list of 2,000 cameras, all of them of one district's communes, read by that
district's leader (scoped) and by the Administrator (unscoped), in turn, on a running instance.

`python -m tests.benchmarks.camera_list` with the environment that `make test` sets.
"""

import json
import statistics
import time
from collections.abc import Callable

import frappe
import requests

from devbench.stack import Stack
from giam_sat_mot_cua.access import roles, scope
from giam_sat_mot_cua.setup import factories
from tests.benchmarks.connection import connected, log_in

COMMUNES, CAMERAS, ROUNDS = 100, 2_000, 40
FIELDS = ["name", "camera_name", "unit", "state", "enabled", "modified"]
LARGEST_RATIO = 2


def run(stack: Stack) -> dict:
	"""Medians in milliseconds and the medians of the ratios leader : Administrator, pair by pair."""
	with connected():
		leader = stack.logins[roles.UNIT_LEADER]["user"]
		make_cameras(scope.home_unit(leader))
		frappe.db.commit()
		seen = {user: count(user) for user in (leader, "Administrator")}
		queries = in_turn(lambda user: listed(user, 20), leader)
		whole = in_turn(lambda user: listed(user, 0), leader)
	people = {"leader": log_in(stack, roles.UNIT_LEADER), "Administrator": log_in(stack, "Administrator")}
	http = in_turn(lambda who: over_http(stack, people[who]), "leader")
	return {
		"cameras_seen_by_leader": seen[leader],
		"cameras_seen_by_administrator": seen["Administrator"],
		"query_of_a_page": queries,
		"query_of_all_rows": whole,
		"list_over_http": http,
		"largest_ratio_allowed": LARGEST_RATIO,
	}


def make_cameras(district: str) -> None:
	units = [factories.unit(superior=district).name for _n in range(COMMUNES)]
	for number in range(CAMERAS):
		factories.camera(units[number % COMMUNES])


def count(user: str) -> int:
	frappe.set_user(user)
	try:
		return len(frappe.get_list("Camera", pluck="name", order_by="name", limit_page_length=0))
	finally:
		frappe.set_user("Administrator")


def listed(user: str, page: int) -> None:
	frappe.set_user(user)
	try:
		frappe.get_list("Camera", fields=FIELDS, order_by="modified desc", limit_page_length=page)
	finally:
		frappe.set_user("Administrator")


def over_http(stack: Stack, person: requests.Session) -> None:
	values = {
		"doctype": "Camera",
		"fields": json.dumps([f"`tabCamera`.`{field}`" for field in FIELDS]),
		"order_by": "`tabCamera`.`modified` desc",
		"start": 0,
		"page_length": 20,
	}
	answer = person.post(stack.url + "/api/method/frappe.desk.reportview.get", data=values, timeout=60)
	assert answer.status_code == 200, answer.text[:300]


def in_turn(work: Callable[[str], None], leader: str) -> dict:
	times: dict[str, list[float]] = {leader: [], "Administrator": []}
	for number in range(ROUNDS + 2):
		for who, found in times.items():
			began = time.perf_counter()
			work(who)
			if number >= 2:  # the first ones fill caches
				found.append((time.perf_counter() - began) * 1000)
	ratios = [ours / theirs for ours, theirs in zip(*times.values(), strict=True)]
	return {
		"leader_ms": round(statistics.median(times[leader]), 2),
		"administrator_ms": round(statistics.median(times["Administrator"]), 2),
		"ratio": round(statistics.median(ratios), 2),
	}


if __name__ == "__main__":
	print(json.dumps(run(Stack.from_env()), indent=1))
