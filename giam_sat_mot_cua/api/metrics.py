"""Measurements for a scraper (Prometheus) that has the site's token and no login (docs/monitoring.md).

The token comes as `Authorization: Bearer TOKEN`. Frappe takes such a header for an OAuth token: it would look
for it in the database, and newer versions refuse the request when it is none. So the header of this one
method is taken off the request before Frappe looks at it.
"""

import hmac

import frappe
from werkzeug.wrappers import Response

from giam_sat_mot_cua.access.frappe_methods import called_method
from giam_sat_mot_cua.workers import exposition
from giam_sat_mot_cua.workers import metrics as measured

TOKEN_KEY = "gsmc_metrics_token"
METHOD = "giam_sat_mot_cua.api.metrics.metrics"
HEADER = "HTTP_AUTHORIZATION"


def take_token() -> None:
	"""Runs before each request. Of a token only whether it was right is kept."""
	if called_method() == METHOD:
		frappe.local.flags.gsmc_scraper = is_token(frappe.request.environ.pop(HEADER, ""))


def is_token(header: str) -> bool:
	"""Whether `header` holds the token made at installation (setup/install.py)."""
	scheme, _space, given = header.partition(" ")
	expected = frappe.conf.get(TOKEN_KEY) or ""
	right = hmac.compare_digest(given.strip().encode(), expected.encode())
	return bool(expected) and scheme.lower() == "bearer" and right


@frappe.whitelist(allow_guest=True, methods=["GET"])
def metrics() -> Response:
	"""All measurements in Prometheus' text format. A bare 401 without the token; a login is worth nothing."""
	if not frappe.local.flags.gsmc_scraper:
		return Response(status=401, headers={"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"})
	text = exposition.render(measured.collect())
	return Response(text, content_type=exposition.CONTENT_TYPE, headers={"Cache-Control": "no-store"})
