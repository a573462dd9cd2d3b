"""The newest still of a camera."""

import frappe
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from giam_sat_mot_cua.api import cameras
from giam_sat_mot_cua.evidence import access_log
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import footage


@frappe.whitelist(methods=["GET"])
def still(camera: str | None = None) -> Response:
	"""The newest still as JPEG. PermissionError when the user may not see the camera, 404 when there is none
	yet."""
	doc = cameras.readable(camera)
	newest: tuple[float, bytes] | None = None
	for volume in footage.written_volumes():
		try:
			path = layout.safe_join(footage.volume_path(volume), layout.still_path(doc.name))
			taken = path.stat().st_mtime
			if newest is None or taken > newest[0]:
				newest = (taken, path.read_bytes())
		except (OSError, ValueError):
			continue
	if newest is None:
		raise NotFound
	taken_ms = round(newest[0] * 1000)
	access_log.note_now(access_log.STILL, doc.name, taken_ms, taken_ms)
	response = Response(newest[1], mimetype="image/jpeg")
	response.headers["Cache-Control"] = "no-store"
	return response
