"""The web application of a devbench instance for gunicorn: Frappe, its static files, and one site.

In production nginx does both; `bench serve` does it for a developer, but with a debugger that must not be
left on.
"""

import os

import frappe.app
from werkzeug.middleware.shared_data import SharedDataMiddleware

SITE = os.environ["GSMC_SITE"]
SITES = os.environ["GSMC_SITES_PATH"]


def for_our_site(environ: dict, start_response):
	environ["HTTP_X_FRAPPE_SITE_NAME"] = SITE
	return frappe.app.application(environ, start_response)


application = SharedDataMiddleware(
	for_our_site,
	{"/assets": os.path.join(SITES, "assets"), "/files": os.path.join(SITES, SITE, "public", "files")},
)
