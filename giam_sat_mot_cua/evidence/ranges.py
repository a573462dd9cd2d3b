"""The cameras and times of an Extraction Request: what may be asked for, and what of it is there."""

from itertools import pairwise

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import format_datetime

from giam_sat_mot_cua.evidence.row_times import set_utc, span
from giam_sat_mot_cua.recording import clock, timeline
from giam_sat_mot_cua.recording.timeline import Piece

LONGEST_MS = 7 * 86_400_000
MOST_ROWS = 50
TITLE = "Cameras and Times"


def read(request: Document, is_asked_by_requester: bool) -> None:
	"""Checks the rows of `request`, and fills in what follows from them: times in UTC, and what is there.
	Raises PermissionError for cameras that the session's user does not see, when he is the requester, and for
	those whose footage may hold state secrets."""
	if len(request.ranges) > MOST_ROWS:
		frappe.throw(
			_("A request names at most {0} periods. Make another one.").format(MOST_ROWS), title=_(TITLE)
		)
	for row in request.ranges:
		if not row.camera:
			continue  # Frappe's own check of mandatory fields answers
		if is_asked_by_requester:
			require_seen(row)
		if set_utc(row, _(TITLE)):
			require_length(row, *span(row))
			tell_what_is_there(row, *span(row))
	refuse_overlap(request)
	refuse_secrets(request)


def require_seen(row: Document) -> None:
	if not frappe.db.exists("Camera", row.camera) or not frappe.has_permission(
		"Camera", "read", doc=row.camera
	):
		frappe.throw(
			_(
				"Row {0}: you do not see this camera. Leave the row out and write in '{1}' what footage you "
				"need: the operator enters the camera."
			).format(row.idx, _("Counter, Day, Hour and What Happened")),
			frappe.PermissionError,
			title=_(TITLE),
		)


def require_length(row: Document, begin: int, end: int) -> None:
	if end > clock.now_ms():
		frappe.throw(_("Row {0}: this period is still to come.").format(row.idx), title=_(TITLE))
	if end - begin > LONGEST_MS:
		frappe.throw(
			_("Row {0}: a period lasts at most {1} days. Divide it.").format(
				row.idx, LONGEST_MS // 86_400_000
			),
			title=_(TITLE),
		)


def refuse_overlap(request: Document) -> None:
	rows = sorted((row for row in request.ranges if row.from_utc), key=lambda row: (row.camera, row.from_utc))
	for first, second in pairwise(rows):
		if first.camera == second.camera and second.from_utc < first.to_utc:
			frappe.throw(
				_("Rows {0} and {1} ask for the same time of the same camera. Make one row of them.").format(
					first.idx, second.idx
				),
				title=_(TITLE),
			)


def refuse_secrets(request: Document) -> None:
	"""Footage that may hold state secrets is shared under the law on them, not by this system (Article
	1.2)."""
	names = [row.camera for row in request.ranges if row.camera]
	flagged = {"name": ("in", names), "holds_state_secret": 1}
	secret = names and frappe.get_all("Camera", flagged, pluck="name", limit=1)
	if secret:
		frappe.throw(
			_(
				"The footage of camera {0} may hold state secrets: it is not extracted or shared here "
				"(Article 1.2). Take the way that the law on the protection of state secrets prescribes."
			).format(frappe.bold(secret[0])),
			frappe.PermissionError,
			title=_("State Secrets"),
		)


def tell_what_is_there(row: Document, begin: int, end: int) -> None:
	found = timeline.pieces(row.camera, begin, end)
	row.recorded_s = round(length(found, timeline.RECORDED) / 1000, 1)
	row.there = in_words(found)


def length(found: list[Piece], kind: str) -> int:
	return sum(piece.end_ms - piece.begin_ms for piece in found if piece.kind == kind)


def in_words(found: list[Piece]) -> str:
	"""What a period holds, for people: how long each kind of it is, and when what is missing begins."""
	parts = [_("{0} there").format(duration(length(found, timeline.RECORDED)))]
	for text, pieces in grouped(found).items():
		first = format_datetime(clock.site_time(pieces[0].begin_ms).replace(microsecond=0))
		total = duration(sum(piece.end_ms - piece.begin_ms for piece in pieces))
		parts.append(_("{0}: {1}, first at {2}").format(text, total, first))
	return "; ".join(parts)


def grouped(found: list[Piece]) -> dict[str, list[Piece]]:
	"""What is not there, by its cause."""
	result: dict[str, list[Piece]] = {}
	for piece in found:
		if piece.kind != timeline.RECORDED:
			result.setdefault(cause(piece), []).append(piece)
	return result


def cause(piece: Piece) -> str:
	return {
		timeline.REMOVED: _("removed by retention"),
		timeline.MISSING: _("recorded, but its files are missing"),
		timeline.AWAY: _("on a volume that cannot be reached now"),
		timeline.GAP: _("not recorded ({0})").format(_(piece.note)),
	}.get(piece.kind, _("nothing is known of it"))


def duration(ms: int) -> str:
	"""`2 giờ 5 phút 3 giây`"""
	seconds = round(ms / 1000)
	hours, minutes = seconds // 3600, seconds // 60 % 60
	parts = [(hours, _("{0} h")), (minutes, _("{0} min")), (seconds % 60, _("{0} s"))]
	return " ".join(text.format(number) for number, text in parts if number) or _("{0} s").format(0)


def unit_of(request: Document) -> dict[str, str]:
	"""{camera: the unit whose counter it watches}, in the order of the rows of `request`."""
	names = list(dict.fromkeys(row.camera for row in request.ranges))
	rows = frappe.get_all("Camera", {"name": ("in", names)}, ["name", "unit"], as_list=True) if names else ()
	found = dict(rows)
	return {name: found[name] for name in names if name in found}
