"""What the minutes of a package say: those of a handover (Articles 4.5, 5.7, 9.2), and those of the
extraction itself, which lie in the package. Facts only: minutes_format.py lays them out."""

import hashlib
import re
from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, cstr, format_date, getdate

from giam_sat_mot_cua.evidence import access_log, package_facts, packages, ranges, request_people
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states
from giam_sat_mot_cua.media.evidence import verify
from giam_sat_mot_cua.papers import qr
from giam_sat_mot_cua.recording import clock, timeline
from giam_sat_mot_cua.recording.timeline import Piece

TITLE = "Handover Minutes"
FORMAT = "Biên bản bàn giao dữ liệu hình ảnh"  # the Print Format
WITH_MINUTES = (states.READY, states.HANDED_OVER, states.CLOSED)
# A row more costs some 10 ms; beyond that the manifest's own hash stands for the rest
MOST_FILES = 1000
SEEN_OFFSET_MS = 500  # clocks in pictures show seconds
BLANK_DAY = "ngày ..... tháng ..... năm ........"
KIND_FIRST = {"playable": 0, "derivative": 1, "document": 2, "verifier": 3, "source": 4}


def handover_minutes(doc: Document) -> dict:
	"""For Print Formats: what the minutes of the Extraction Request `doc` say (docs/evidence.md). What is
	stored counts, not what a form holds. Raises PermissionError, ValidationError."""
	request = printable(doc.name)
	access_log.note_now(access_log.MINUTES, reason=_("Shown for printing"), about=request)
	return of_handover(request)


def printable(name: str | None) -> Document:
	"""The Extraction Request `name`, when the session's user may make its minutes and there is something to
	hand over."""
	if not name or not frappe.db.exists("Extraction Request", cstr(name)):
		frappe.throw(_("Name the request."), title=_(TITLE))
	request = frappe.get_doc("Extraction Request", cstr(name))
	request.check_permission("read")
	if not may_make(request):
		frappe.throw(
			_("Only operators, who asked for the footage and who decided about it make its minutes."),
			frappe.PermissionError,
			title=_(TITLE),
		)
	if request.status not in WITH_MINUTES:
		frappe.throw(
			_("There are minutes once the package is ready; the request is {0}.").format(
				frappe.bold(_(request.status))
			),
			title=_(TITLE),
		)
	return request


def may_make(request: Document) -> bool:
	"""Whether the session's user has a part in the handing over of `request`. Whether he sees it is another
	question."""
	return frappe.session.user in (request.requester, request.decided_by) or request_people.is_operator()


def of_handover(request: Document) -> dict:
	package = newest_package(request)
	listing = packages.manifest_of(package.name)
	manifest = verify.parse_manifest(listing) if listing else None
	fingerprint, organisation = frappe.db.get_value(
		"Signing Key", package.signing_key, ["fingerprint", "organisation"]
	)
	size = packages.size_of(package.name)
	return {
		**common(request, manifest),
		"is_handover": True,
		"number": f"{package.name}/BBBG",
		"day": day(request.handed_over_on),
		"giver": person(request.handed_over_by or operator_of_session()),
		"receiver": {"name": request.received_by, "paper": request.received_paper},
		"package": {
			"name": package.name,
			"made_on": moment(package.made_on),
			"size": _("{0} bytes").format(thousands(size)) if size else f"{package.size_mb} MB",
			"files": package.files,
			"sha256": package.sha256,
			"manifest_sha256": hashlib.sha256(listing).hexdigest() if listing else None,
		},
		"certificate": certificate(fingerprint, organisation),
		"qr": qr.data_uri(compared(package.name, package.sha256, fingerprint)),
	}


def of_extraction(request: Document, manifest: dict, fingerprint: str, organisation: str) -> dict:
	"""`manifest`: what is known of the package before it is sealed: its facts and `files`."""
	made_on = clock.site_time(manifest["made_utc_ms"])
	return {
		**common(request, manifest),
		"is_handover": False,
		"number": f"{manifest['package_id']}/BBTX",
		"day": day(made_on),
		"package": {"name": manifest["package_id"], "made_on": moment(made_on)},
		"certificate": certificate(fingerprint, organisation),
	}


def common(request: Document, manifest: dict | None) -> dict:
	files, left_out = listed(manifest["files"]) if manifest else ([], 0)
	return {
		**managing_unit(),
		"request": asked(request),
		"decision": decision(request),
		"ranges": said_by_manifest(manifest) if manifest else said_by_request(request),
		"delivery": _(request.delivery),
		"files": files,
		"files_left_out": left_out,
		"custody": [step(row) for row in request.steps],
	}


def newest_package(request: Document) -> frappe._dict:
	fields = ["name", "made_on", "size_mb", "files", "sha256", "signing_key"]
	made = {"request": request.name, "status": ("in", (packages.READY, packages.REMOVED))}
	found = frappe.get_all(packages.DOCTYPE, made, fields, order_by="creation desc", limit=1)
	if not found or not found[0].sha256:
		frappe.throw(_("There is no package yet."), title=_(TITLE))
	return found[0]


def compared(package: str, sha256: str, fingerprint: str) -> str:
	"""What the QR code holds."""
	return f"{package}\nSHA256 {sha256}\nCERT {fingerprint}"


def certificate(fingerprint: str, organisation: str) -> dict:
	return {
		"organisation": organisation,
		"fingerprint": fingerprint,
		"fingerprint_grouped": verify.grouped(fingerprint),
	}


# Who


def managing_unit() -> dict:
	unit = frappe.db.get_value(
		"Monitored Unit",
		{"unit_role": "Managing Unit"},
		["unit_name", "address", "parent_monitored_unit"],
		as_dict=True,
		order_by="lft",
	)
	if not unit:
		return {"managing_unit": "", "superior": "", "place": ""}
	return {
		"managing_unit": unit.unit_name,
		"superior": package_facts.unit_name(unit.parent_monitored_unit),
		"place": place(cstr(unit.address)),
	}


def place(address: str) -> str:
	"""What stands before the date: the last part of an address, without the kind of administrative unit."""
	last = address.rsplit(",", 1)[-1].strip()
	return re.sub(r"^(tỉnh|thành phố|tp\.?|thị xã|huyện|xã|phường)\s+", "", last, flags=re.IGNORECASE)


def operator_of_session() -> str | None:
	"""Whoever prints before the handing over, when he is one who hands over."""
	return frappe.session.user if request_people.is_operator() else None


def person(user: str | None) -> dict:
	if not user:
		return {"name": None, "title": None}
	account = frappe.db.get_value(
		"Monitoring Account", {"user": user}, ["job_title", "position"], as_dict=True
	)
	title = account and (
		account.job_title or frappe.db.get_value("Position", account.position, "position_name")
	)
	return {"name": frappe.db.get_value("User", user, "full_name"), "title": title or None}


def asked(request: Document) -> dict:
	return {
		"number": request.name,
		"requester": request.requester_name,
		"organisation": request.organisation or package_facts.unit_name(request.requester_unit),
		"purpose": request.purpose,
		"legal_basis": request.legal_basis,
		"application_number": request.application_number,
		"application_date": format_date(request.application_date) if request.application_date else None,
	}


def decision(request: Document) -> dict:
	return {
		**person(request.decided_by),
		"unit": package_facts.unit_name(request.unit),
		"at": moment(request.decided_on),
		"delegation": delegation(request.decided_under) if request.decided_under else None,
	}


def delegation(name: str) -> dict:
	row = frappe.db.get_value(
		"Approval Delegation", name, ["document_number", "document_date", "leader_user"], as_dict=True
	)
	return {
		"document_number": row.document_number,
		"document_date": format_date(row.document_date) if row.document_date else None,
		"leader": person(row.leader_user)["name"],
	}


# What


def said_by_manifest(manifest: dict) -> list[dict]:
	"""Cameras, periods, what was there of them and what not, when the package was made."""
	cameras = {camera["camera"]: camera for camera in manifest["cameras"]}
	return [period(row, cameras[row["camera"]]) for row in manifest["ranges"]]


def period(row: dict, camera: dict) -> dict:
	pieces = [
		Piece(each["kind"], each["begin_utc_ms"], each["end_utc_ms"], each["note"]) for each in row["pieces"]
	]
	return {
		**of_camera(camera),
		"begin": moment(clock.site_time(row["from_utc_ms"])),
		"end": moment(clock.site_time(row["to_utc_ms"])),
		"recorded": ranges.duration(ranges.length(pieces, timeline.RECORDED)),
		"missing": [missing(cause, found) for cause, found in ranges.grouped(pieces).items()],
	}


def said_by_request(request: Document) -> list[dict]:
	"""The same when the manifest is not there any more: what was found when the request was decided."""
	return [
		{
			**of_camera(package_facts.camera(row.camera)),
			"begin": moment(row.from_time),
			"end": moment(row.to_time),
			"recorded": ranges.duration(round(row.recorded_s * 1000)),
			"missing": [row.there],
		}
		for row in request.ranges
	]


def of_camera(camera: dict) -> dict:
	return {
		"camera": camera["camera"],
		"camera_name": camera["name"],
		"unit": camera["unit"],
		"clock": clock_text(camera["clock_offset_ms"]),
	}


def clock_text(offset_ms: int | None) -> str | None:
	"""By how much the clock in the picture is wrong; None when nobody sees it, or it was not measured."""
	if not offset_ms or abs(offset_ms) < SEEN_OFFSET_MS:
		return None
	return _("Clock in the picture: {0} s").format(f"{offset_ms / 1000:+.1f}".replace(".", ","))


def missing(cause: str, pieces: list[Piece]) -> str:
	total = ranges.duration(sum(piece.end_ms - piece.begin_ms for piece in pieces))
	return _("{0}: {1}, first at {2}").format(cause, total, moment(clock.site_time(pieces[0].begin_ms)))


def listed(files: list[dict]) -> tuple[list[dict], int]:
	"""(files as the minutes name them, number of those left out): what was made of the sources first, so that
	only sources are left out."""
	ordered = sorted(files, key=lambda file: KIND_FIRST.get(file["kind"], 0))
	shown = [
		{
			"path": file["path"],
			"kind": kind(file["kind"]),
			"size": thousands(file["size"]),
			"sha256": file["sha256"],
		}
		for file in ordered[:MOST_FILES]
	]
	return shown, max(len(files) - MOST_FILES, 0)


def kind(value: str) -> str:
	return {
		"source": _("Source file"),
		"playable": _("Playable video"),
		"derivative": _("Derivative"),
		"document": _("Document"),
		"verifier": _("Verifier"),
	}.get(value, value)


def step(row: Document) -> dict:
	told = package_facts.told(row)
	return {"at": moment(row.at), "who": told["who"], "what": told["what"]}


# How it is written


def day(at: datetime | None) -> str:
	"""As administrative papers write it (Decree 30/2020/NĐ-CP): two digits for days, and for January and
	February."""
	if not at:
		return BLANK_DAY
	date = getdate(at)
	month = f"{date.month:02d}" if date.month < 3 else str(date.month)
	return f"ngày {date.day:02d} tháng {month} năm {date.year}"


def moment(at: datetime | str | None) -> str:
	return f"{frappe.utils.get_datetime(at):%H:%M:%S %d/%m/%Y}" if at else ""


def thousands(number: int) -> str:
	return f"{cint(number):,}".replace(",", ".")
