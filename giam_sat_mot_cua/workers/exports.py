"""Evidence packages as jobs: made one at a time on a machine, begun anew after a crash, removed after their
term."""

import time
from pathlib import Path

import frappe
from frappe import _
from frappe.utils import now_datetime

from giam_sat_mot_cua.evidence import access_log, export, packages, signing_keys
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states
from giam_sat_mot_cua.evidence.export import Export, ExportFailed, NotYet
from giam_sat_mot_cua.evidence.row_times import span
from giam_sat_mot_cua.media.evidence.derivative import Stopped
from giam_sat_mot_cua.media.evidence.package import PackageError, SourceChanged
from giam_sat_mot_cua.media.evidence.signing import SigningError
from giam_sat_mot_cua.media.fmp4 import BrokenFile, sync_folder
from giam_sat_mot_cua.recording import changed_footage, clock
from giam_sat_mot_cua.recording.backups.folder import describe
from giam_sat_mot_cua.workers import leases, queues, single
from giam_sat_mot_cua.workers.database import use_site_language

QUEUE = "long"
METHOD = "giam_sat_mot_cua.workers.exports.run"
LABEL = "gsmc-export"
TIMEOUT_S = 12 * 3600
TOLD_EVERY_S = 2.0
LOOKS_EVERY_S = 1.0
MOST_ATTEMPTS = 5


def enqueue(after_commit: bool = False) -> None:
	queues.enqueue_once(METHOD, QUEUE, LABEL, TIMEOUT_S, enqueue_after_commit=after_commit)


def keep_up() -> None:
	"""Every minute: a job when a package waits or its maker has died; packages past their term."""
	use_site_language()
	packages.remove_outdated(now_datetime())
	if packages.to_make():
		enqueue()


def run() -> None:
	"""The job that RQ runs: makes every package that waits."""
	frappe.set_user("Administrator")  # a package belongs to the system; who decided stands in it
	use_site_language()
	try:
		with single.only_one("export"):
			remove_remains()
			for name in packages.to_make():
				make(name)
	except single.AlreadyRunning:
		pass  # the one that runs makes all


def remove_remains() -> None:
	"""What makers of this machine that died left: whoever makes one elsewhere writes to it all the time."""
	for path in packages.folder().glob(".*.part"):
		if time.time() - path.stat().st_mtime > packages.SILENT_S:
			path.unlink(missing_ok=True)


def make(name: str) -> None:
	"""One package, from the beginning."""
	request = packages.begin(name, leases.own_name(), leases.process_is_gone)
	frappe.db.commit()  # people see that it is being made
	if not request:
		return
	try:
		if request.status != states.EXPORTING:
			raise ExportFailed(_("The request is not approved any more."))
		write(name, request)
	except Stopped:
		frappe.db.rollback()  # who stopped it has said so
	except NotYet as error:
		frappe.db.rollback()
		packages.wait_again(name, str(error))
	except (ExportFailed, SigningError, SourceChanged, BrokenFile, PackageError) as error:
		frappe.db.rollback()
		packages.fail(name, export.in_words(error))
		if isinstance(error, SourceChanged):
			named = f"{error.path}, {request.name}"
			changed_footage.report(named, camera=export.camera_of(error.path))
	except (frappe.PermissionError, frappe.ValidationError) as error:
		frappe.db.rollback()
		packages.fail(name, str(error))
	except OSError as error:
		frappe.db.rollback()
		give_another_try(name, error)
	except Exception:
		frappe.db.rollback()
		frappe.log_error(title="Evidence package failed")
		packages.fail(name, _("An internal error; the Error Log has the details."))
	finally:
		packages.unfinished_path(name).unlink(missing_ok=True)
	frappe.db.commit()  # each package is a unit of work of its own


def give_another_try(name: str, error: OSError) -> None:
	"""A full disk, a store that does not answer: later, but not for ever."""
	text = _("The disk or the archive gave an error: {0}.").format(error.strerror or type(error).__name__)
	if frappe.db.get_value(packages.DOCTYPE, name, "attempts") >= MOST_ATTEMPTS:
		packages.fail(name, text)
	else:
		packages.wait_again(name, text)


def write(name: str, request) -> None:
	progress = Progress(name)
	work = Export(request, progress, progress.stopped)
	work.require()
	key, signer = signing_keys.active()
	for row in request.ranges:
		begin, end = span(row)
		access_log.note(access_log.EXPORT, row.camera, begin, end, request.purpose, request)
	log_row = access_log.newest_row()
	frappe.db.commit()  # what is exported stands on the log first; others write there meanwhile
	unfinished, path = packages.unfinished_path(name), packages.path_of(name)
	with unfinished.open("w+b") as out:
		manifest = work.write(out, name, signer, log_row)
	made = describe(packages.DOCTYPE, unfinished)
	frappe.db.commit()  # what others did meanwhile is seen
	if not packages.is_under_way(name):
		raise Stopped
	if key not in signing_keys.active_names():
		raise NotYet(_("The signing key was changed meanwhile."))
	publish(unfinished, path)
	packages.finish(
		name,
		made.size_bytes,
		work.without_minutes,
		made_on=clock.site_time(manifest["made_utc_ms"]).replace(microsecond=0),
		sha256=made.sha256,
		files=len(manifest["files"]),
		signing_key=key,
		log_sequence=log_row.sequence,
		log_hash=log_row.row_hash,
	)
	for camera in {row.camera for row in request.ranges}:
		changed_footage.is_right_for(request.name, camera)


def publish(unfinished: Path, path: Path) -> None:
	"""A package has its name only when all of it is on the disk."""
	unfinished.rename(path)
	sync_folder(path.parent)


class Progress:
	"""Writes down how far a package is, and looks whether it is still wanted, now and then."""

	def __init__(self, name: str):
		self.name, self.next = name, 0.0
		self.is_stopped, self.look_at = False, 0.0

	def stopped(self) -> bool:
		if time.monotonic() >= self.look_at:
			self.look_at = time.monotonic() + LOOKS_EVERY_S
			frappe.db.commit()  # what others did meanwhile is seen
			self.is_stopped = packages.is_stopped(self.name)
		return self.is_stopped

	def __call__(self, share: float) -> None:
		if time.monotonic() < self.next:
			return
		self.next = time.monotonic() + TOLD_EVERY_S
		packages.write(self.name, progress=round(share * 100))
		frappe.db.commit()  # people watch it
