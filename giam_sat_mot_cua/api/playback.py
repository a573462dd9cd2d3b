"""HLS playlists of a camera's footage, live and past: one endpoint, permission first."""

from pathlib import Path

import frappe
from frappe import _
from frappe.utils import cint, get_datetime
from werkzeug.wrappers import Response

from giam_sat_mot_cua.api import cameras, links
from giam_sat_mot_cua.media.fmp4 import BrokenFile
from giam_sat_mot_cua.media.layout import safe_join
from giam_sat_mot_cua.media.playlist import PlaylistFile, media_playlist
from giam_sat_mot_cua.media.segment_index import read_index
from giam_sat_mot_cua.recording import clock, footage

LIVE_BACK_MS = 120_000
MIME = "application/vnd.apple.mpegurl"


@frappe.whitelist(methods=["GET"])
def playlist(
	camera: str | None = None, start: str | None = None, end: str | None = None, since: str | None = None
) -> Response:
	"""The HLS playlist of `camera`, as a response of type application/vnd.apple.mpegurl.

	With `start` and `end` (site time) what was recorded then. Without them live: from `since` (UTC, ms;
	default two minutes ago) until now, growing with every request; the player repeats the `since` that it
	was given. Raises PermissionError when the user may not see the camera.
	"""
	doc = cameras.readable(camera)
	if start or end:
		begin, until = period(start, end)
		return answer(build(doc.name, begin, until, live=False))
	now = clock.now_ms()
	begin = min(max(cint(since) or now - LIVE_BACK_MS, now - longest_ms()), now)
	return answer(build(doc.name, begin, now + 60_000, live=True))


@frappe.whitelist(methods=["GET"])
def live_from(camera: str | None = None) -> dict:
	"""Where a live player begins: {"since": UTC in ms}."""
	cameras.readable(camera)
	return {"since": clock.now_ms() - LIVE_BACK_MS}


def period(start: str | None, end: str | None) -> tuple[int, int]:
	"""Both ends as UTC in ms. Throws when they make no sense or lie too far apart."""
	try:
		begin, until = (clock.site_time_to_utc_ms(get_datetime(text)) for text in (start, end))
	except (ValueError, TypeError, AttributeError, OverflowError):
		frappe.throw(_("Give the beginning and the end of the period as date and time."), title=_("Playback"))
	if begin > clock.now_ms():
		frappe.throw(_("This period is still to come."), title=_("Playback"))
	if until <= begin:
		frappe.throw(_("The end of the period must be later than its beginning."), title=_("Playback"))
	if until - begin > longest_ms():
		frappe.throw(
			_("At most {0} minutes can be played at once. Choose a shorter period.").format(
				longest_ms() // 60_000
			),
			title=_("Playback"),
		)
	return begin, until


def longest_ms() -> int:
	return cint(frappe.db.get_single_value("Monitoring Settings", "playback_minutes")) * 60_000


def build(camera: str, from_utc_ms: int, to_utc_ms: int, live: bool) -> str:
	minutes = cint(frappe.db.get_single_value("Monitoring Settings", "link_minutes"))
	roots: dict[str, Path] = {}
	found = []
	for file in footage.files_between(camera, from_utc_ms, to_utc_ms):
		root = roots.setdefault(file.volume, footage.volume_path(file.volume))
		try:
			index = read_index(safe_join(root, file.path))
		except (OSError, ValueError, BrokenFile):
			continue  # removed meanwhile, or its volume is away: the gap shows in the player
		found.append(
			PlaylistFile(file.start_utc_ms, index, links.signed_url(file.volume, file.path, minutes))
		)
	return media_playlist(found, live=live, from_utc_ms=from_utc_ms, to_utc_ms=to_utc_ms)


def answer(text: str) -> Response:
	response = Response(text, mimetype=MIME)
	response.headers["Cache-Control"] = "no-store"
	return response
