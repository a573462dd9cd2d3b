"""Evidence packages: the way to the file, and what is done about one that was not made."""

import time

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, cstr
from werkzeug.utils import send_file
from werkzeug.wrappers import Response

from giam_sat_mot_cua.api import links
from giam_sat_mot_cua.evidence import access_log, packages, request_people
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states
from giam_sat_mot_cua.evidence.row_times import span
from giam_sat_mot_cua.workers import exports

PATH = "/api/method/giam_sat_mot_cua.api.evidence.download"
LINK_S = 600
MOST_LOG_ROWS = 100
MIME = "application/zip"
TITLE = "Evidence Package"


@frappe.whitelist(methods=["POST"])
def make_link(package: str | None = None) -> dict:
	"""{"url": where the session's user may download `package` within ten minutes}. Only who asked for it, and
	operators who hand it over. Raises PermissionError, ValidationError when it is not there."""
	doc = receivable(package)
	expires = int(time.time()) + LINK_S
	signature = links.signature(f"{PATH}?package={doc.name}", expires, links.session_id())
	return {"url": f"{PATH}?package={doc.name}&e={expires}&s={signature}"}


@frappe.whitelist(methods=["GET"])
def download(package: str | None = None, e: str | None = None, s: str | None = None) -> Response:
	"""The file of a package, by a link of this login session alone. Each link that is used is on the access
	log and counted; a download that broke off goes on by the same link."""
	if not links.is_valid(f"{PATH}?package={package}", e, s):
		frappe.throw(
			_("This link has expired or belongs to somebody else. Ask for a new one in the request."),
			frappe.PermissionError,
			title=_(TITLE),
		)
	doc = receivable(package)
	note_download(doc, s)
	response = send_file(
		packages.path_of(doc.name),
		frappe.local.request.environ,
		mimetype=MIME,
		as_attachment=True,
		download_name=f"{doc.name}.zip",
		conditional=True,
		etag=False,
		max_age=None,
	)
	response.headers["Cache-Control"] = "no-store"
	return response


@frappe.whitelist(methods=["POST"])
def make_again(request: str | None = None) -> dict:
	"""Makes a package of an approved request once more, after the last one failed or was stopped: {"package":
	name}. By operators."""
	request_people.require_operator()
	doc = frappe.get_doc("Extraction Request", cstr(request), for_update=True)  # one at a time
	doc.check_permission("read")
	if doc.status != states.APPROVED:
		frappe.throw(_("Only an approved request is exported."), title=_(TITLE))
	if frappe.db.exists(packages.DOCTYPE, {"request": doc.name, "status": packages.WAITING}):
		frappe.throw(_("A package of this request waits for its turn already."), title=_(TITLE))
	name = packages.ask_for(doc)
	exports.enqueue(after_commit=True)
	return {"package": name}


@frappe.whitelist(methods=["POST"])
def stop(package: str | None = None) -> dict:
	"""Ends the making of a package, which can be made again later: {"stopped"}, False when it was ready by
	then. By operators."""
	request_people.require_operator()
	doc = existing(package)
	doc.check_permission("read")
	return {"stopped": packages.stop(doc.name)}


@frappe.whitelist(methods=["GET"])
def of_request(request: str | None = None) -> list[dict]:
	"""The packages of a request that the user may read, the newest first: [{"name", "status", "progress",
	"message", "size_mb", "expires_on", "downloads", "may_download", "may_stop"}]."""
	doc = frappe.get_doc("Extraction Request", request)
	doc.check_permission("read")
	fields = ["name", "status", "progress", "message", "size_mb", "expires_on", "downloads"]
	rows = frappe.get_all(packages.DOCTYPE, {"request": doc.name}, fields, order_by="creation desc")
	may = may_receive(doc)
	operator = request_people.is_operator()
	return [
		{
			**row,
			"may_download": may and row.status == packages.READY,
			"may_stop": operator and row.status in packages.UNDER_WAY,
		}
		for row in rows
	]


@frappe.whitelist(methods=["GET"])
def log_of_request(request: str | None = None) -> list[dict] | None:
	"""The newest rows of the access log about a request and its packages, the newest first: [{"name",
	"happened_at", "action", "camera", "footage_from", "footage_to", "full_name", "reason"}]. None for whoever
	does not see the log."""
	doc = frappe.get_doc("Extraction Request", request)
	doc.check_permission("read")
	if not frappe.has_permission(access_log.DOCTYPE, "read"):
		return None
	about = [doc.name, *frappe.get_all(packages.DOCTYPE, {"request": doc.name}, pluck="name")]
	fields = ["name", "happened_at", "action", "camera", "footage_from", "footage_to", "full_name", "reason"]
	return frappe.get_list(
		access_log.DOCTYPE,
		filters={"about_name": ("in", about), "about_doctype": ("in", (doc.doctype, packages.DOCTYPE))},
		fields=fields,
		order_by="sequence desc",
		limit=MOST_LOG_ROWS,
	)


def receivable(package: str | None) -> Document:
	"""The Evidence Package `package`, when the user may take it and its file is there."""
	doc = existing(package)
	if not may_receive(packages.request_of(doc.name)):
		frappe.throw(
			_("Only who asked for the footage, and the operators who hand it over, download it."),
			frappe.PermissionError,
			title=_(TITLE),
		)
	if doc.status != packages.READY or not packages.path_of(doc.name).is_file():
		frappe.throw(_("The file of this package is not there."), title=_(TITLE))
	return doc


def existing(package: str | None) -> Document:
	if not package or not frappe.db.exists(packages.DOCTYPE, cstr(package)):
		frappe.throw(_("Name the package."), title=_(TITLE))
	return frappe.get_doc(packages.DOCTYPE, cstr(package))


def may_receive(request: Document) -> bool:
	return frappe.session.user == request.requester or request_people.is_operator()


def note_download(doc: Document, link: str) -> None:
	"""Once for each link: a browser that goes on after a break asks again."""
	key = f"gsmc-download:{link}"
	if frappe.cache().get_value(key, expires=True):
		return
	request = packages.request_of(doc.name)
	for row in request.ranges:
		begin, end = span(row)
		access_log.note(access_log.DOWNLOAD, row.camera, begin, end, request.purpose, doc)
	packages.write(doc.name, downloads=cint(doc.downloads) + 1)
	frappe.db.commit()  # Frappe rolls a GET back
	frappe.cache().set_value(key, 1, expires_in_sec=LINK_S * 2)
