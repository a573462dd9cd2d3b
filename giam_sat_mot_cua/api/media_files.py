"""Serves footage bytes: those of archives always, those of folders on a development server. In production
nginx serves folders (docs/operations.md)."""

import re
from urllib.parse import quote, unquote

import frappe
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.utils import send_file
from werkzeug.wrappers import Response

from giam_sat_mot_cua.api import links
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import archives, footage, hour_index
from giam_sat_mot_cua.recording.object_store import NoSuchObject, RangeRefused, StoreError
from giam_sat_mot_cua.recording.volume_kinds import is_archive

MIME = "video/mp4"
CACHED = "private, max-age=600"
LAST_NONE = re.compile(r"=\s*-0+\s*$")


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
			camera, start = layout.parse_path(path)
		except ValueError:
			return refused(404)
		if not is_range_served():
			return refused(416)
		if is_archive(volume):
			return from_archive(volume, path)
		return from_folder(volume, path) or from_archive(hour_index.volume_of(camera, start), path)


def from_folder(volume: str, path: str) -> Response | None:
	"""The file of a volume; None when it is not there."""
	try:
		full = layout.safe_join(footage.volume_path(volume), path)
	except (ValueError, OSError):
		return None
	if not full.is_file():
		return None
	try:
		response = send_file(
			full, frappe.local.request.environ, mimetype=MIME, conditional=True, etag=False, max_age=None
		)
	except RequestedRangeNotSatisfiable:
		return refused(416)
	response.headers["Cache-Control"] = CACHED
	return response


def from_archive(volume: str | None, path: str) -> Response:
	"""The file in an archive, in chunks as they come: nobody but this process is told where the store is. A
	file that was moved since its link was made is served from there as well."""
	if not volume or not is_archive(volume):
		return refused(404)
	try:
		with archives.watched(volume) as store:
			if frappe.local.request.method == "HEAD":
				return described(store.head(path).size_bytes)
			return streamed(store, path)
	except NoSuchObject:
		return refused(404)
	except RangeRefused:
		return refused(416)
	except StoreError:
		return refused(424)


def streamed(store: archives.ObjectStore, path: str) -> Response:
	wanted = single_range()
	if wanted is None:
		size, body = store.open(path)
		return whole(size, body)
	begin, end = wanted
	if begin < 0:  # the last bytes
		size = store.head(path).size_bytes
		begin = max(size + begin, 0)
	size, body = store.open(path, begin, end)
	return part(size, begin, min(end or size, size), body)


def described(size: int) -> Response:
	"""What HEAD answers of an object of `size` bytes."""
	wanted = single_range()
	if wanted is None:
		return whole(size, ())
	begin, end = wanted
	begin = max(size + begin, 0) if begin < 0 else begin
	return part(size, begin, min(end or size, size), ()) if begin < size else refused(416)


def single_range() -> tuple[int, int | None] | None:
	"""(first byte, one behind the last or None) of the range that is asked for; a negative first byte counts
	from the end. None: all is asked for."""
	found = frappe.local.request.range
	return found.ranges[0] if found else None


def is_range_served() -> bool:
	"""Whether all is asked for, or one range of bytes. Several ranges and what cannot be read are refused, of
	folders and archives alike; and the last 0 bytes, which werkzeug takes for all."""
	asked = frappe.local.request.headers.get("Range")
	if not asked:
		return True
	found = frappe.local.request.range
	single = found is not None and found.units == "bytes" and len(found.ranges) == 1
	return single and not LAST_NONE.search(asked)


def whole(size: int, body) -> Response:
	return bytes_of(Response(body, 200, mimetype=MIME), size)


def part(size: int, begin: int, end: int, body) -> Response:
	response = Response(body, 206, mimetype=MIME)
	response.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
	return bytes_of(response, end - begin)


def bytes_of(response: Response, count: int) -> Response:
	response.headers["Content-Length"] = str(count)
	response.headers["Accept-Ranges"] = "bytes"
	response.headers["Cache-Control"] = CACHED
	response.direct_passthrough = True  # no rule of Frappe's reads it as a whole
	return response


def refused(status: int) -> Response:
	"""A bare answer: Frappe would show an exception from here as a page with status 500."""
	return Response(status=status, headers={"Cache-Control": "no-store"})
