"""Evidence Package: which package of which request is to be made, is being made, is there. The only writer
of it."""

import os
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import add_days, add_to_date, cint, now_datetime

from giam_sat_mot_cua.access.states import state_of
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states
from giam_sat_mot_cua.media.evidence import verify

DOCTYPE = "Evidence Package"
WAITING, BEING_MADE, READY, REMOVED = "Waiting", "Being Made", "Ready", "Removed"
FAILED, STOPPED = "Failed", "Stopped"  # there is no package, and another one may be made
UNDER_WAY = (WAITING, BEING_MADE)
MB = 1_000_000
SILENT_S = 300  # a maker tells every few seconds how far it is


def folder() -> Path:
	"""Where packages lie: in a folder of the site that no web server shows and no backup holds."""
	path = Path(os.path.abspath(frappe.get_site_path("private", "gsmc-evidence")))
	path.mkdir(mode=0o700, exist_ok=True)
	return path


def path_of(name: str) -> Path:
	return folder() / f"{name}.zip"


def unfinished_path(name: str) -> Path:
	return folder() / f".{name}.part"


def kept_manifest_path(name: str) -> Path:
	"""What stays of a package past its term: the list of its files, for minutes that are printed later."""
	return folder() / f"{name}.manifest.json"


def manifest_of(name: str) -> bytes | None:
	"""The manifest of a package, byte for byte; None when neither the package nor what was kept of it can be
	read."""
	try:
		if path_of(name).is_file():
			with zipfile.ZipFile(path_of(name)) as package:
				return package.read(verify.MANIFEST)
		return kept_manifest_path(name).read_bytes()
	except (OSError, zipfile.BadZipFile, KeyError):
		return None


def size_of(name: str) -> int | None:
	"""In bytes, while the file is there."""
	return path_of(name).stat().st_size if path_of(name).is_file() else None


def ask_for(request: Document) -> str:
	"""A package for `request`, to be made as soon as a worker is free; its name."""
	doc = frappe.get_doc(
		{"doctype": DOCTYPE, "request": request.name, "unit": request.unit, "status": WAITING, "progress": 0}
	)
	doc.flags.by_system = True
	return doc.insert(ignore_permissions=True).name  # no role writes this record


def write(name: str, **values) -> None:
	frappe.db.set_value(DOCTYPE, name, values)


def begin(name: str, maker: str, is_gone: Callable[[str], bool]) -> Document | None:
	"""The request of a package that is made from now on by the process `maker`, in the state Exporting. None
	when somebody makes it already, maybe on another machine. `is_gone`: whether a process of this machine has
	ended."""
	fields = ["request", "attempts", "status", "maker", "modified"]
	package = frappe.db.get_value(DOCTYPE, name, fields, as_dict=True, for_update=True)
	if package.status not in UNDER_WAY:
		return None
	silent_since = add_to_date(now_datetime(), seconds=-SILENT_S)
	alive = package.maker not in (None, maker) and not is_gone(package.maker)
	if package.status == BEING_MADE and alive and package.modified > silent_since:
		return None
	write(name, status=BEING_MADE, progress=0, message=None, maker=maker, attempts=cint(package.attempts) + 1)
	request = frappe.get_doc("Extraction Request", package.request)
	return lead(request, states.EXPORTING) if request.status == states.APPROVED else request


def stop(name: str) -> bool:
	"""A package that waits, or is being made, is not wanted any more: the request is approved as before, and
	whoever makes it finds out. False when it is no longer on its way."""
	if not is_under_way(name):
		return False
	who = frappe.db.get_value("User", frappe.session.user, "full_name")
	write(name, status=STOPPED, message=_("Stopped by {0}.").format(who), maker=None)
	request = request_of(name)
	if request.status == states.EXPORTING:
		lead(request, states.APPROVED)
	return True


def is_under_way(name: str) -> bool:
	"""Locks the package until the transaction ends: it does not become another meanwhile."""
	return frappe.db.get_value(DOCTYPE, name, "status", for_update=True) in UNDER_WAY


def is_stopped(name: str) -> bool:
	"""Whether somebody has stopped it: the caller has committed since, so it reads what others wrote."""
	return frappe.db.get_value(DOCTYPE, name, "status") == STOPPED


def finish(name: str, size_bytes: int, message: str | None = None, **values) -> None:
	"""`message`: what people have to know of a package that is there. The caller has asked `is_under_way` in
	this transaction."""
	days = cint(frappe.db.get_single_value("Monitoring Settings", "package_days"))
	now = now_datetime()
	made = {"made_on": now, "expires_on": add_days(now, days), "size_mb": round(size_bytes / MB, 1)}
	write(name, status=READY, progress=100, message=message, maker=None, **made | values)
	lead(request_of(name), states.READY)


def fail(name: str, message: str) -> None:
	"""No package: why, and what to do, is told; the request is approved as before."""
	if not is_under_way(name):
		return
	write(name, status=FAILED, message=message, maker=None)
	request = request_of(name)
	if request.status == states.EXPORTING:
		lead(request, states.APPROVED)


def wait_again(name: str, message: str | None = None) -> None:
	if is_under_way(name):
		write(name, status=WAITING, message=message, maker=None)


def request_of(name: str) -> Document:
	return frappe.get_doc("Extraction Request", frappe.db.get_value(DOCTYPE, name, "request"))


def lead(request: Document, status: str) -> Document:
	"""A step that the system takes."""
	request.workflow_state = state_of(request.doctype, status)
	request.flags.by_system = True
	return request.save(ignore_permissions=True)  # the system decides it, not the session's user


def to_make() -> list[str]:
	"""Packages that wait for a worker, or whose maker has died, in the order in which they were asked for."""
	wanted = {"status": ("in", UNDER_WAY)}
	return frappe.get_all(DOCTYPE, wanted, pluck="name", order_by="creation")


def remove_outdated(now: datetime) -> list[str]:
	"""Removes the files of packages past their term; the records stay. Names of the packages."""
	outdated = frappe.get_all(DOCTYPE, {"status": READY, "expires_on": ("<", now)}, pluck="name")
	for name in outdated:
		if manifest := manifest_of(name):
			kept_manifest_path(name).write_bytes(manifest)
		path_of(name).unlink(missing_ok=True)
		write(name, status=REMOVED, removed_on=now, message=_("Removed after its term."))
		request = request_of(name)
		if request.status == states.READY:
			lead(request, states.EXPIRED)
	return outdated


def anchors() -> list[tuple[int, str]]:
	"""What packages know of the access log: (number, hash) of its newest row when each was made."""
	rows = frappe.get_all(DOCTYPE, {"log_sequence": (">", 0)}, ["log_sequence", "log_hash"])
	return [(row.log_sequence, row.log_hash) for row in rows]
