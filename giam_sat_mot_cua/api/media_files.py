"""Serves footage bytes on a development server; in production nginx does it (docs/operations.md)."""

from urllib.parse import quote, unquote

import frappe
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.utils import send_file
from werkzeug.wrappers import Response

from giam_sat_mot_cua.api import links
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import footage


class MediaFileRenderer:
	"""Frappe's page renderer for `/gsmc-media/VOLUME/CAMERA/.../FILE.mp4?e=EXPIRES&s=SIGNATURE`."""

	def __init__(self, path: str | None = None, http_status_code: int | None = None):
		self.uri = frappe.local.request.path

	def can_render(self) -> bool:
		return self.uri.startswith(links.PREFIX)

	def render(self) -> Response:
		request = frappe.local.request
		if request.method not in ("GET", "HEAD"):
			return refused(405)
		uri = quote(unquote(self.uri))
		if not links.is_valid(uri, request.args.get("e"), request.args.get("s")):
			return refused(403)
		volume, _slash, path = unquote(self.uri)[len(links.PREFIX) :].partition("/")
		try:
			full = layout.safe_join(footage.volume_path(volume), path)
		except (ValueError, frappe.DoesNotExistError):
			return refused(404)
		if not full.is_file():
			return refused(404)
		try:
			response = send_file(
				full, request.environ, mimetype="video/mp4", conditional=True, etag=False, max_age=None
			)
		except RequestedRangeNotSatisfiable:
			return refused(416)
		response.headers["Cache-Control"] = "private, max-age=600"
		return response


def refused(status: int) -> Response:
	"""A bare answer: Frappe would show an exception from here as a page with status 500."""
	return Response(status=status, headers={"Cache-Control": "no-store"})
