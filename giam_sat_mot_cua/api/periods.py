"""The period that a request names, and what a person is told of its parts."""

from zoneinfo import ZoneInfo

import frappe
from frappe import _
from frappe.utils import format_datetime, get_datetime

from giam_sat_mot_cua.recording import clock, hour_index, timeline
from giam_sat_mot_cua.recording.timeline import Piece


def checked(start: str | None, end: str | None, longest_ms: int) -> tuple[int, int]:
	"""Both ends (site time) as UTC in ms. Throws when they make no sense or lie too far apart."""
	try:
		begin, until = (clock.site_time_to_utc_ms(get_datetime(text)) for text in (start, end))
	except (ValueError, TypeError, AttributeError, OverflowError):
		frappe.throw(_("Give the beginning and the end of the period as date and time."), title=_("Playback"))
	if begin > clock.now_ms():
		frappe.throw(_("This period is still to come."), title=_("Playback"))
	if until <= begin:
		frappe.throw(_("The end of the period must be later than its beginning."), title=_("Playback"))
	if until - begin > longest_ms:
		frappe.throw(
			_("A period may last at most {0} minutes. Choose a shorter one.").format(longest_ms // 60_000),
			title=_("Playback"),
		)
	return begin, until


def told(piece: Piece, zone: ZoneInfo) -> str:
	"""One piece of a timeline in words."""
	at = piece.at_utc_ms and format_datetime(clock.site_time(piece.at_utc_ms, zone).replace(microsecond=0))
	if piece.kind == timeline.REMOVED and piece.note == hour_index.REASONS[hour_index.VOLUME_FULL]:
		return _("Recorded, and removed on {0} since the volume was full").format(at)
	if piece.kind == timeline.REMOVED:
		return _("Recorded, and removed on {0} after its retention").format(at)
	return {
		timeline.RECORDED: _("Recorded"),
		timeline.MISSING: _("Recorded, but its files are missing"),
		timeline.AWAY: _("Recorded on volume {0}, which cannot be reached now").format(piece.note),
		timeline.GAP: _("Not recorded: {0}").format(_(piece.note)),
	}.get(piece.kind, _("Nothing is known of this time"))
