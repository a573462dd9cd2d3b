"""The key that signs evidence packages: changed by administrators, its certificate taken by whoever may read
its record."""

import frappe
from frappe import _
from frappe.utils import cstr
from werkzeug.wrappers import Response

from giam_sat_mot_cua.access.administrators import require_administrator
from giam_sat_mot_cua.evidence import signing_keys

MOST_BYTES = 1_000_000
MIME = "application/x-pem-file"
TITLE = "Signing Key"


@frappe.whitelist(methods=["POST"])
def make() -> dict:
	"""Makes a new key, which signs from now on: {"name"}. Raises PermissionError for everybody but an
	administrator of the managing unit."""
	require()
	return {"name": signing_keys.make()}


@frappe.whitelist(methods=["POST"])
def take(password: str | None = None) -> dict:
	"""Lets the key of a certificate authority sign from now on: {"name"}. The request's `file` is PKCS#12; it
	is kept nowhere. Raises PermissionError for everybody but an administrator of the managing unit,
	ValidationError when the key cannot sign."""
	require()
	file = frappe.request.files.get("file")
	data = file.stream.read(MOST_BYTES + 1) if file else b""
	if not data:
		frappe.throw(_("Choose the file of the certificate authority (.p12 or .pfx)."), title=_(TITLE))
	if len(data) > MOST_BYTES:
		frappe.throw(_("The file is too large to be a key."), title=_(TITLE))
	return {"name": signing_keys.take_pkcs12(data, cstr(password))}


@frappe.whitelist(methods=["GET"])
def certificate(name: str | None = None) -> Response:
	"""The certificate of a key, and those above it, as PEM: with it others check whose signature it is."""
	doc = frappe.get_doc(TITLE, cstr(name))
	doc.check_permission("read")
	response = Response(doc.certificate, mimetype=MIME)
	response.headers["Content-Disposition"] = f'attachment; filename="{doc.name}.pem"'
	response.headers["X-Content-Type-Options"] = "nosniff"
	return response


def require() -> None:
	require_administrator(_("Only an administrator of the managing unit changes the signing key."), _(TITLE))
