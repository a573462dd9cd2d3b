"""The only writer of Account Login and Shared Login Report: who logged in, when, from where.

Frappe's own Activity Log is emptied after some months and is not tied to accounts, so it is no history.
"""

import re
from datetime import timedelta
from ipaddress import ip_address

import frappe
from frappe.utils import get_datetime, now_datetime

from giam_sat_mot_cua.organization import notices

LOGGED_IN, FAILED, LOGGED_OUT, ENDED = "Logged In", "Login Failed", "Logged Out", "Sessions Ended"
DEVICE_LETTERS = 140
UNPLAIN = re.compile(r"[^ -;=?-~]")
MOST_ADDRESSES = 20


def write(user: str, outcome: str) -> None:
	"""Adds a row for the account of `user`, whatever its status; logins without an account have none."""
	account = latest_account(user)
	if not account:
		return
	row = frappe.get_doc(
		{
			"doctype": "Account Login",
			"account": account.name,
			"full_name": account.full_name,
			"unit": account.unit,
			"outcome": outcome,
			"happened_at": now_datetime(),
			"from_address": address(),
			"device": device(),
		}
	)
	row.flags.by_system = True
	row.insert(ignore_permissions=True)  # no role writes this record; this is its only writer


def latest_account(user: str) -> frappe._dict | None:
	"""The account that `user` has, or had last."""
	rows = frappe.get_all(
		"Monitoring Account",
		{"user": user},
		["name", "unit", "full_name"],
		order_by="creation desc",
		limit=1,
	)
	return rows[0] if rows else None


def address() -> str:
	"""Where the request came from; blank when what it says of it is no address."""
	try:
		return str(ip_address(getattr(frappe.local, "request_ip", None) or ""))
	except ValueError:
		return ""


def device() -> str:
	if not getattr(frappe.local, "request", None):
		return ""
	told = str(frappe.local.request.headers.get("User-Agent") or "")
	return UNPLAIN.sub("", told)[:DEVICE_LETTERS]  # whatever a browser says, the row must be written


def other_addresses(user: str, besides_session: str | None = None) -> list[str]:
	"""Addresses from which `user` has another session that was used within the time set in Monitoring
	Settings, without the address of this request."""
	minutes = frappe.get_cached_doc("Monitoring Settings").shared_login_minutes or 0
	since = now_datetime() - timedelta(minutes=minutes)
	table = frappe.qb.DocType("Sessions")
	stored = frappe.qb.from_(table).select(table.sid, table.lastupdate).where(table.user == user)
	found = set()
	for sid, updated in stored.run():
		if sid == besides_session:
			continue
		# the table is brought up to date every ten minutes; the cache with each request
		data = (frappe.cache().hget("session", sid) or {}).get("data") or {}
		last = get_datetime(data.get("last_updated") or updated)
		if data.get("session_ip") and last and last >= since:
			found.add(data["session_ip"])
	return sorted(found - {address()})


def report_shared(user: str, addresses: list[str]) -> None:
	"""Notes that the account of `user` was used from this request's address and from `addresses` at the
	same time. One open report an account: what follows is added to it."""
	account = latest_account(user)
	if not account:
		return
	name = frappe.db.get_value("Shared Login Report", {"account": account.name, "status": "New"})
	if name:
		report = frappe.get_doc("Shared Login Report", name)
	else:
		report = frappe.new_doc("Shared Login Report")
		report.update(
			{"account": account.name, "unit": account.unit, "first_noticed": now_datetime(), "status": "New"}
		)
	known = (report.addresses or "").split("\n") if report.addresses else []
	together = list(dict.fromkeys([*known, *addresses, address()]))
	report.addresses = "\n".join(one for one in together[:MOST_ADDRESSES] if one)
	report.last_noticed = now_datetime()
	report.times = (report.times or 0) + 1
	report.flags.by_system = True
	report.save(ignore_permissions=True)  # written by the system; people only handle it
	if not name:
		notices.tell_administrators(
			frappe._("The account of {0} was used from several addresses at once.").format(account.full_name),
			report,
		)
