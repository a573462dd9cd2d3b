"""Backups as jobs: made every night, or when an administrator asks; tidied up; watched over."""

import time
from collections.abc import Callable

import frappe
from frappe import _
from frappe.utils import cint

from giam_sat_mot_cua.recording.backups import drill as restore_drill
from giam_sat_mot_cua.recording.backups import folder, make, overdue, runs, scratch
from giam_sat_mot_cua.recording.backups.folder import BackupFailed
from giam_sat_mot_cua.workers import leases, queues, single
from giam_sat_mot_cua.workers.database import (
	DatabaseAway,
	connect_again,
	unit_of_work,
	use_site_language,
)

QUEUE = "long"
METHOD = "giam_sat_mot_cua.workers.backups.run"
LABEL = "gsmc-backup"
TIMEOUT_S = 6 * 3600
SEEN_AFTER_S = 10  # by then a job that was queued is seen: it waits, or has begun
STORE_TRIES, STORE_PAUSE_S = 60, 5  # MariaDB restarts: what was done is written down when it is back


def keep_up() -> None:
	"""Scheduler: runs that died, the backup of the night, the alarm."""
	use_site_language()
	runs.fail_dead(leases.process_is_gone)
	if runs.is_due(cint(frappe.db.get_single_value("Monitoring Settings", "backup_hour"))):
		enqueue(runs.NIGHTLY)
	overdue.check()


def is_queued() -> bool:
	return bool(queues.waiting(QUEUE, LABEL))


def enqueue(started_for: str) -> bool:
	"""Puts a backup into the queue, unless one waits there."""
	return queues.enqueue_once(METHOD, QUEUE, LABEL, TIMEOUT_S, started_for=started_for)


def start_by_hand() -> bool:
	"""Puts a backup that somebody asked for into the queue, unless one waits, has begun or was just asked
	for; whether it did."""
	if frappe.db.exists(runs.DOCTYPE, {"outcome": runs.RUNNING}) or is_queued():
		return False
	if queues.started(QUEUE, LABEL) or not queues.first_to_ask(LABEL, SEEN_AFTER_S):
		return False
	return enqueue(runs.BY_HAND)


def run(started_for: str) -> None:
	"""The job that RQ runs."""
	try:
		back_up(started_for, frappe.session.user)
	except (single.AlreadyRunning, DatabaseAway):
		pass  # the one that runs is the backup; without MariaDB the tick asks again later
	finally:
		connect_again()


def back_up(started_for: str, started_by: str) -> frappe._dict:
	"""Makes a backup and removes outdated ones: {"name", "outcome", "message", "folder"} of its Backup Run.
	AlreadyRunning, DatabaseAway when it could not begin."""
	with single.only_one("backup"):
		with unit_of_work():
			use_site_language()
			settings = frappe.db.get_singles_dict("Monitoring Settings")
			with_files = bool(cint(settings.get("backup_with_files")))
			name = runs.begin(started_for, started_by, with_files, leases.own_name())
		try:
			made = make.make(plan(settings, with_files))
		except (BackupFailed, frappe.ValidationError) as error:
			message = str(error)
			store(lambda: runs.fail(name, message))
		except DatabaseAway:
			store(
				lambda: runs.fail(name, _("The database did not answer. The next attempt makes the backup."))
			)
		except Exception:
			trace = frappe.get_traceback()
			store(lambda: frappe.log_error(title="Backup failed", message=trace))
			store(lambda: runs.fail(name, _("An internal error; the Error Log has the details.")))
		else:
			store(lambda: runs.succeed(name, made))
			store(lambda: remove_outdated(cint(settings.get("backup_keep_days")), name))
		store(overdue.check)
		with unit_of_work():
			fields = ["name", "outcome", "message", "folder"]
			return frappe.db.get_value(runs.DOCTYPE, name, fields, as_dict=True)


def plan(settings: dict, with_files: bool) -> make.Plan:
	"""Where to, and what. BackupFailed."""
	with unit_of_work():
		chosen = settings.get("backup_folder")
		parent = folder.target(chosen, bool(chosen) and runs.used_before(chosen))
		last = runs.newest_whole()
		folder.require_room(parent, last.size_mb if last else 0)
		return make.plan(parent, with_files)


def store(action: Callable[[], None]) -> None:
	"""A unit of work that waits while MariaDB is away."""
	for _try in range(STORE_TRIES):
		try:
			with unit_of_work():
				return action()
		except DatabaseAway:
			time.sleep(STORE_PAUSE_S)
	raise DatabaseAway


def remove_outdated(keep_days: int, newest: str) -> None:
	for row in runs.outdated(keep_days, newest):
		try:
			folder.remove(folder.Path(row.folder))
		except OSError as error:
			print(f"backup: {row.name} could not be removed ({type(error).__name__})", flush=True)
		else:
			runs.removed(row.name)


def drill(run_name: str | None, root: scratch.Login, seal_key: str, keep: bool) -> restore_drill.Found:
	"""The restore drill of a run, the newest whole one by default, written down on it. DrillFailed;
	AlreadyRunning, NoAccess when it could not begin, which proves nothing."""
	with single.only_one("restore-drill"):
		with unit_of_work():
			use_site_language()
			name = run_name or getattr(runs.newest_whole(), "name", None)
			if not name:
				frappe.throw(_("There is no backup yet."), title=_("Restore Drill"))
			backup = restore_drill.read_run(name)
		began = time.monotonic()
		try:
			found = restore_drill.drill(backup, root, seal_key, keep)
		except restore_drill.DrillFailed as error:
			message = str(error)
			store(lambda: record(name, runs.FAILED, message, time.monotonic() - began))
			raise
		store(lambda: record(name, runs.PASSED, found.message, found.seconds))
		return found


def record(name: str, result: str, message: str, seconds: float) -> None:
	runs.record_drill(name, result, message, seconds)
	overdue.check()
