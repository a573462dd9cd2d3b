"""HLS playlists of a camera's footage, live and past: one endpoint, permission first."""

import frappe
from frappe import _
from frappe.utils import cint
from werkzeug.wrappers import Response

from giam_sat_mot_cua.api import cameras, links, periods
from giam_sat_mot_cua.evidence import access_log
from giam_sat_mot_cua.media.playlist import PlaylistFile, media_playlist
from giam_sat_mot_cua.recording import clock, footage, timeline
from giam_sat_mot_cua.recording.retention import site_text
from giam_sat_mot_cua.recording.volume_kinds import is_archive

LIVE_BACK_MS = 120_000
MIME = "application/vnd.apple.mpegurl"


class FootageGone(frappe.ValidationError):
	"""What was recorded is not there any more."""

	http_status_code = 410


class FootageAway(frappe.ValidationError):
	"""What was recorded cannot be reached now."""

	http_status_code = 424


@frappe.whitelist(methods=["GET"])
def playlist(
	camera: str | None = None, start: str | None = None, end: str | None = None, since: str | None = None
) -> Response:
	"""The HLS playlist of `camera`, as a response of type application/vnd.apple.mpegurl.

	With `start` and `end` (site time) what was recorded then. Without them live: from `since` (UTC, ms;
	default two minutes ago) until now, growing with every request; the player repeats the `since` that it was
	given. Raises PermissionError when the user may not see the camera, FootageGone or FootageAway when all
	that was recorded in the period is not there any more, or cannot be reached now.
	"""
	doc = cameras.readable(camera)
	if start or end:
		begin, until = periods.checked(start, end, longest_ms())
		found = playable(doc.name, begin, until)
		text = media_playlist(found, live=False, from_utc_ms=begin, to_utc_ms=until)
		if "#EXTINF" in text:
			access_log.note_now(access_log.PLAYBACK, doc.name, begin, until)
		else:
			explain(doc.name, begin, until)
		return answer(text)
	now = clock.now_ms()
	begin = min(max(cint(since) or now - LIVE_BACK_MS, now - longest_ms()), now)
	found = playable(doc.name, begin, now + 60_000)
	access_log.note_now(access_log.LIVE, doc.name, begin, now)
	return answer(media_playlist(found, live=True, from_utc_ms=begin, to_utc_ms=now + 60_000))


@frappe.whitelist(methods=["GET"])
def live_from(camera: str | None = None) -> dict:
	"""Where a live player begins: {"since": UTC in ms}."""
	cameras.readable(camera)
	return {"since": clock.now_ms() - LIVE_BACK_MS}


def longest_ms() -> int:
	return cint(frappe.db.get_single_value("Monitoring Settings", "playback_minutes")) * 60_000


def playable(camera: str, from_utc_ms: int, to_utc_ms: int) -> list[PlaylistFile]:
	"""The files of the period that are there now."""
	minutes = cint(frappe.db.get_single_value("Monitoring Settings", "link_minutes"))
	files = [file for file in footage.files_between(camera, from_utc_ms, to_utc_ms) if not file.gone]
	indexes = footage.read_indexes(files)
	return [
		PlaylistFile(
			file.start_utc_ms,
			indexes[file.start_utc_ms],
			links.signed_url(file.volume, file.path, minutes),
		)
		for file in files
		if file.start_utc_ms in indexes
	]


def explain(camera: str, from_utc_ms: int, to_utc_ms: int) -> None:
	"""Why nothing of a period can be played, although something was recorded; nothing when nothing was."""
	pieces = timeline.pieces(camera, from_utc_ms, to_utc_ms)
	explain_archive([piece for piece in pieces if piece.kind == timeline.AWAY and is_archive(piece.note)])
	found = {piece.kind: piece for piece in pieces}
	for kind, error in (
		(timeline.REMOVED, FootageGone),
		(timeline.MISSING, FootageGone),
		(timeline.AWAY, FootageAway),
	):
		if kind in found:
			text = periods.told(found[kind], clock.site_zone())
			frappe.throw(_("This period cannot be played. {0}.").format(text), error, title=_("Playback"))


def explain_archive(away: list[timeline.Piece]) -> None:
	"""It comes before what is gone: of this the user may have something later."""
	if not away:
		return
	ends = (min(piece.begin_ms for piece in away), max(piece.end_ms for piece in away))
	text = _(
		"The footage from {0} to {1} lies in the archive, which does not answer now. It is not lost: try "
		"again later, or choose another period."
	)
	frappe.throw(text.format(*map(site_text, ends)), FootageAway, title=_("Playback"))


def answer(text: str) -> Response:
	response = Response(text, mimetype=MIME)
	response.headers["Cache-Control"] = "no-store"
	return response
