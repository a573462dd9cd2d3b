"""Dry runs of retention, for administrators of the managing unit."""

import frappe
from frappe import _
from frappe.utils import cstr

from giam_sat_mot_cua.access.administrators import require_administrator
from giam_sat_mot_cua.recording import clock
from giam_sat_mot_cua.recording.hour_index import MB
from giam_sat_mot_cua.recording.retention import Tally
from giam_sat_mot_cua.workers import retention


@frappe.whitelist(methods=["POST"])
def start_dry_run(volume: str | None = None) -> dict:
	"""Starts a dry run over one volume, or all: {"name", "started"}, the name of its Retention Run, or of the
	one that is under way already. Raises PermissionError for everybody but an administrator of the managing
	unit."""
	require_administrator(
		_("Only an administrator of the managing unit starts a dry run."), _("Retention Run")
	)
	frappe.has_permission("Retention Run", "read", throw=True)
	volume = cstr(volume) or None
	if volume and not frappe.db.exists("Storage Volume", volume):
		frappe.throw(_("There is no such volume."), frappe.DoesNotExistError, title=_("Storage Volume"))
	name, started = retention.start_dry_run(volume)
	return {"name": name, "started": started}


@frappe.whitelist(methods=["GET"])
def status(name: str | None = None) -> dict:
	"""{"status"} of a Retention Run, for the form that waits for it."""
	return {"status": readable(name).status}


@frappe.whitelist(methods=["GET"])
def lines(name: str | None = None) -> list[dict]:
	"""A Retention Run by volume, camera and reason, in site time: [{"volume", "camera", "removed", "reason",
	"files", "mb", "oldest", "newest"}]. Raises PermissionError when the user may not see it."""
	zone = clock.site_zone()
	tally = Tally.from_json(readable(name).details)

	def time(utc_ms: int | None) -> str | None:
		return f"{clock.site_time(utc_ms, zone):%Y-%m-%d %H:%M:%S}" if utc_ms else None

	return [
		{
			"volume": line.volume,
			"camera": line.camera,
			"removed": line.removed,
			"reason": _(line.reason),
			"files": line.files,
			"mb": round(line.size_bytes / MB, 1),
			"oldest": time(line.oldest_utc_ms),
			"newest": time(line.newest_utc_ms),
		}
		for line in sorted(tally.lines.values(), key=lambda one: (one.volume, not one.removed, one.camera))
	]


def readable(name: str | None):
	doc = frappe.get_doc("Retention Run", cstr(name))
	doc.check_permission("read")
	return doc
