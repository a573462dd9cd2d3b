"""Backup Run: what was backed up, when, how it went, and what a drill made of it. This file is its only
writer.

Needs a connection; the caller commits.
"""

import json
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import add_to_date, get_datetime, now_datetime

from giam_sat_mot_cua.recording.backups.folder import MB
from giam_sat_mot_cua.recording.backups.make import Made

DOCTYPE = "Backup Run"
NIGHTLY, BY_HAND = "Nightly", "By Hand"
RUNNING, SUCCEEDED, FAILED = "Running", "Succeeded", "Failed"
PASSED = "Passed"
LONGEST = timedelta(hours=24)


def begin(started_for: str, started_by: str, with_files: bool, process: str) -> str:
	"""A new run; its name. `process`: who makes it, as workers/leases.py names processes."""
	run = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"outcome": RUNNING,
			"started_for": started_for,
			"started_by": started_by,
			"began_on": now_datetime(),
			"with_files": int(with_files),
			"made_by": process,
		}
	)
	return save(run).name


def succeed(name: str, made: Made) -> None:
	run = frappe.get_doc(DOCTYPE, name)
	run.update(
		{
			"outcome": SUCCEEDED,
			"message": "",
			"folder": str(made.path),
			"size_mb": made.size_bytes / MB,
			"table_count": len(made.tables),
			"row_count": sum(made.tables.values()),
			"tables": json.dumps(made.tables, separators=(",", ":")),
		}
	)
	for file in made.files:
		run.append(
			"files",
			{
				"kind": file.kind,
				"file_name": file.file_name,
				"size_mb": file.size_bytes / MB,
				"sha256": file.sha256,
			},
		)
	end(run)


def fail(name: str, message: str) -> None:
	run = frappe.get_doc(DOCTYPE, name)
	run.update({"outcome": FAILED, "message": message})
	end(run)


def end(run) -> None:
	run.ended_on = now_datetime()
	run.duration_s = (run.ended_on - get_datetime(run.began_on)).total_seconds()
	save(run)


def save(run):
	run.flags.by_system = True
	return run.save(ignore_permissions=True)  # the system's own record: no role writes it


def record_drill(name: str, result: str, message: str, duration_s: float) -> None:
	run = frappe.get_doc(DOCTYPE, name)
	run.update(
		{
			"drill_result": result,
			"drill_message": message,
			"drill_duration_s": duration_s,
			"drilled_on": now_datetime(),
		}
	)
	save(run)


def fail_dead(is_gone) -> None:
	"""Runs whose process ended in the middle: `is_gone(process)` says so, of processes of this machine; one
	elsewhere is given LONGEST."""
	given_up = now_datetime() - LONGEST
	for row in frappe.get_all(
		DOCTYPE, {"outcome": RUNNING}, ["name", "made_by", "began_on"], order_by="began_on"
	):
		if row.began_on < given_up or is_gone(row.made_by or ""):
			fail(
				row.name,
				_("The process that made the backup ended in the middle. Nothing of it counts as a backup."),
			)


def newest_whole() -> frappe._dict | None:
	"""The newest backup that is still there: name, size_mb, ended_on."""
	rows = frappe.get_all(
		DOCTYPE,
		{"outcome": SUCCEEDED, "removed_on": ("is", "not set")},
		["name", "size_mb", "ended_on"],
		order_by="began_on desc",
		limit=1,
	)
	return rows[0] if rows else None


def used_before(parent: str) -> bool:
	"""Whether a backup was made in this folder."""
	return bool(frappe.db.exists(DOCTYPE, {"folder": ("like", f"{parent.rstrip('/')}/%")}))


def outdated(keep_days: int, newest: str) -> list[frappe._dict]:
	"""Backups past their days, but never `newest`."""
	return frappe.get_all(
		DOCTYPE,
		{
			"outcome": SUCCEEDED,
			"removed_on": ("is", "not set"),
			"began_on": ("<", add_to_date(now_datetime(), days=-keep_days)),
			"name": ("!=", newest),
		},
		["name", "folder"],
		order_by="began_on",
	)


def removed(name: str) -> None:
	frappe.db.set_value(DOCTYPE, name, "removed_on", now_datetime())


def is_due(hour: int) -> bool:
	"""Whether the backup of the night should be made now: its hour has come, no run has succeeded since, none
	runs, and the last attempt was not within the hour; three attempts a night."""
	since = last_time(hour, now_datetime())
	rows = frappe.get_all(
		DOCTYPE, {"began_on": (">=", since)}, ["outcome", "began_on"], order_by="began_on desc"
	)
	if any(row.outcome in (SUCCEEDED, RUNNING) for row in rows) or len(rows) >= 3:
		return False
	return not rows or now_datetime() - rows[0].began_on > timedelta(hours=1)


def last_time(hour: int, now: datetime) -> datetime:
	"""The last moment at which it was `hour` o'clock."""
	today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
	return today if today <= now else today - timedelta(days=1)
