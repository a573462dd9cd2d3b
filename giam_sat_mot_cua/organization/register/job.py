"""Start of a check or import, the RQ job, and its end. See README.md for the states."""

import traceback

import frappe
from frappe import _
from frappe.utils import now_datetime
from redis.exceptions import RedisError

from giam_sat_mot_cua.organization.register import slot, stored_file, write
from giam_sat_mot_cua.organization.register.check import Register
from giam_sat_mot_cua.organization.register.columns import CAMERAS, UNITS
from giam_sat_mot_cua.organization.register.faults import Fault, Unreadable

DOCTYPE = "Register Import"
CHECKING, IMPORTING, IMPORTED = "Checking", "Importing", "Imported"
RUNNING = (CHECKING, IMPORTING)
MOST_SHOWN = 500
TIMEOUT_S = 1500


def start(name: str, status: str) -> None:
	"""Begins `status` (Checking or Importing) for a record that the caller has locked and checked."""
	run = frappe.generate_hash(length=16)
	if not slot.take(run) and not take_over(run):
		frappe.throw(
			_("Another import is running. Wait until it has ended, then try again."),
			title=_("Register Import"),
		)
	values = {"status": status, "run": run, "message": "", "errors": "[]", "error_count": 0}
	values |= {"started_by": frappe.session.user, "started_at": now_datetime(), "ended_at": None}
	frappe.db.set_value(DOCTYPE, name, values)
	frappe.enqueue(
		"giam_sat_mot_cua.organization.register.job.work",
		queue=slot.QUEUE,
		timeout=TIMEOUT_S,
		job_id=slot.JOB_PREFIX + run,
		enqueue_after_commit=True,
		register_import=name,
		run=run,
		writes=status == IMPORTING,
	)


def take_over(run: str) -> bool:
	"""A job gives its slot back a moment after its record says that it has ended."""
	status = frappe.db.get_value(DOCTYPE, {"run": slot.holder() or ""}, "status")
	if not status or status in RUNNING:
		return False
	slot.seize(run)
	return True


def work(register_import: str, run: str, writes: bool) -> None:
	"""The RQ job, run as the person who started it. It never raises: what Frappe would log about an exception
	includes the values that were being handled, passwords among them."""
	frappe.set_user_lang(frappe.session.user)
	if not slot.take(run):
		end(
			register_import,
			run,
			"Failed",
			_("Another import is running. Wait until it has ended, then try again."),
		)
		return
	with slot.held(run):
		try:
			check_or_import(register_import, run, writes)
		except Unreadable as error:
			frappe.db.rollback()
			end(register_import, run, "Has Errors", str(error))
		except Exception as error:
			fail(register_import, run, error)


def fail(name: str, run: str, error: Exception) -> None:
	try:
		frappe.db.rollback()
		where = "".join(traceback.format_tb(error.__traceback__))  # without the text, which may hold values
		frappe.log_error(title="Register Import failed", message=f"{where}{type(error).__name__}")
		message = _(
			"The import failed because of an internal error; nothing was imported. "
			"Tell whoever runs the system."
		)
		end(name, run, "Failed", message)
	except Exception:
		pass  # the database is away, and with it the transaction; the minute tick tells when it is back


def check_or_import(name: str, run: str, writes: bool) -> None:
	frappe.get_doc(DOCTYPE, name).check_permission("write")  # the person may have lost the role meanwhile
	content = stored_file.content(name)
	if content is None:
		raise Unreadable(_("The file is no longer on the server. Choose it again."))
	register = Register(content)
	total = len(register.rows)
	slot.tell(run, 0, total)
	documents, untried = write.insert_all(register, lambda done: slot.tell(run, done, total))
	counts = {"unit_count": register.count(UNITS), "camera_count": register.count(CAMERAS)}
	if register.faults or not writes:
		frappe.db.rollback()
		report(name, run, register.faults_in_order(), untried, counts)
	elif end(name, run, IMPORTED, imported(counts), file_stored=0, **counts):
		write.make_findable(documents)
		stored_file.remove(name)


def report(name: str, run: str, faults: list[Fault], untried: int, counts: dict) -> None:
	if not faults:
		message = _(
			"No errors: {0} units and {1} cameras can be imported. Nothing has been written yet."
		).format(counts["unit_count"], counts["camera_count"])
		end(name, run, "Checked", message, **counts)
		return
	bad_rows = len({(fault.sheet, fault.row) for fault in faults})
	message = _("{0} errors in {1} rows. Nothing was imported. Correct the file and choose it again.").format(
		len(faults), bad_rows
	)
	if untried:
		message += " " + _(
			"{0} more rows could not be tried because a row that they need has an error."
		).format(untried)
	shown = frappe.as_json([fault.as_dict() for fault in faults[:MOST_SHOWN]], indent=None)
	end(name, run, "Has Errors", message, errors=shown, error_count=len(faults), **counts)


def imported(counts: dict) -> str:
	return _(
		"{0} units and {1} cameras were imported. The file has been deleted from the server, since it may "
		"hold passwords of cameras."
	).format(counts["unit_count"], counts["camera_count"])


def end(name: str, run: str, status: str, message: str, **values) -> bool:
	"""Writes the outcome and commits, together with what the transaction holds. False, and nothing is
	written, when the record has been given up or started anew in the meantime."""
	stored = frappe.db.get_value(DOCTYPE, name, ["status", "run"], as_dict=True, for_update=True)
	if not stored or stored.run != run or stored.status not in RUNNING:
		frappe.db.rollback()
		return False
	values |= {"status": status, "message": message, "ended_at": now_datetime()}
	frappe.db.set_value(DOCTYPE, name, values)
	frappe.db.commit()  # rows and outcome in one transaction, before the file goes and the search is told
	return True


def give_up_if_dead(name: str) -> None:
	"""Sets a record whose job has died to Failed, and commits that."""
	stored = frappe.db.get_value(DOCTYPE, name, ["status", "run"], as_dict=True)
	if not stored or stored.status not in RUNNING:
		return
	try:
		if slot.is_alive(stored.run):
			return
	except RedisError:
		return  # nobody knows; asked again in a moment
	message = _("The background process ended in the middle. Nothing was imported. Start the check again.")
	end(name, stored.run, "Failed", message)


def tidy_up() -> None:
	"""Every minute: records whose job has died, and files that nobody needs any more."""
	running = frappe.get_all(
		DOCTYPE, {"status": ("in", RUNNING)}, ["name", "started_by"], order_by="started_at"
	)
	for row in running:
		frappe.set_user_lang(row.started_by)
		give_up_if_dead(row.name)
	stored_file.sweep(frappe.get_all(DOCTYPE, {"file_stored": 1}, pluck="name", order_by="name"))
