"""The alarm when no backup, or no restore drill, was made for too long."""

from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import cint, format_datetime, get_datetime, now_datetime

from giam_sat_mot_cua.recording import health_events
from giam_sat_mot_cua.recording.backups import runs

KIND = "Backup Overdue"


def check() -> None:
	"""Opens or closes the health event. Needs a connection; the caller commits."""
	stored = frappe.db.get_singles_dict("Monitoring Settings")
	last = last_backup()
	drilled = last_drill()
	critical, warnings = [], []
	if is_late(last, timedelta(hours=cint(stored.get("backup_overdue_hours")))):
		critical.append(backup_text(last))
	if failed_since(drilled):
		critical.append(_("The last restore drill failed: see Backups."))
	elif is_late(drilled, timedelta(days=cint(stored.get("drill_overdue_days")))):
		warnings.append(drill_text(drilled))
	if critical or warnings:
		severity = health_events.CRITICAL if critical else health_events.WARNING
		health_events.report(KIND, " ".join(critical + warnings), severity)
	else:
		health_events.close(KIND)


def is_late(last: datetime | None, longest: timedelta) -> bool:
	"""A new site has as much time for its first one."""
	return now_datetime() - (last or installed_on()) > longest


def last_backup() -> datetime | None:
	"""End of the newest backup that is whole."""
	return newest("ended_on", {"outcome": runs.SUCCEEDED})


def last_drill() -> datetime | None:
	"""When a drill passed last."""
	return newest("drilled_on", {"drill_result": runs.PASSED})


def failed_since(passed: datetime | None) -> bool:
	"""Whether a drill failed after the last one that passed."""
	failed = newest("drilled_on", {"drill_result": runs.FAILED})
	return bool(failed and (not passed or failed > passed))


def newest(field: str, filters: dict) -> datetime | None:
	rows = frappe.get_all(runs.DOCTYPE, filters, pluck=field, order_by=f"{field} desc", limit=1)
	return get_datetime(rows[0]) if rows else None


def installed_on() -> datetime:
	return get_datetime(frappe.db.get_value("Module Def", "Recording", "creation"))


def backup_text(last: datetime | None) -> str:
	if not last:
		return _(
			"No backup has been made yet. Look at Backups for the reason, and at the worker of the queue "
			"long."
		)
	return _(
		"The last whole backup is from {0}. Look at Backups for the reason, and at the worker of the queue "
		"long."
	).format(format_datetime(last))


def drill_text(last: datetime | None) -> str:
	command = "bench gsmc restore-drill"
	if not last:
		return _("No backup has been proved by a restore drill yet. Run {0}.").format(command)
	return _("The last restore drill that passed was on {0}. Run {1}.").format(format_datetime(last), command)
