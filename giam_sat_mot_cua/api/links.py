"""Signed addresses of footage bytes: short-lived, bound to the login session that asked for them.

The signature is the one that nginx's secure_link_md5 checks, so that in production nginx serves the bytes
without asking Frappe again (docs/operations.md): base64url(md5(EXPIRES + URI + SID + " " + SECRET)),
EXPIRES in seconds since the epoch.
"""

import base64
import hashlib
import hmac
import re
import time
from urllib.parse import quote

import frappe

PREFIX = "/gsmc-media/"
SECRET_KEY = "gsmc_link_secret"
DIGITS = re.compile(r"[0-9]{1,12}")


def signed_url(volume: str, path: str, minutes: int) -> str:
	"""Address of the file `path` (relative to `volume`) for the session's user, good for `minutes`."""
	uri = PREFIX + quote(f"{volume}/{path}")
	# rounded up to a minute, so that a live playlist repeats the same address and the browser's cache works
	expires = (int(time.time()) // 60 + minutes + 1) * 60
	return f"{uri}?e={expires}&s={signature(uri, expires, session_id())}"


def is_valid(uri: str, expires: str | None, given: str | None) -> bool:
	"""Whether the signature of a request's `uri` fits its session and has not expired."""
	if not expires or not given or not DIGITS.fullmatch(expires) or int(expires) < time.time():
		return False
	return hmac.compare_digest(signature(uri, int(expires), session_id()).encode(), given.encode())


def signature(uri: str, expires: int, sid: str) -> str:
	# MD5 is what nginx offers here; the secret is in front of nobody and the link lives for minutes
	digest = hashlib.md5(f"{expires}{uri}{sid} {secret()}".encode()).digest()
	return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def session_id() -> str:
	return frappe.session.sid or ""


def secret() -> str:
	"""The site's own secret, made at installation (setup/install.py)."""
	found = frappe.conf.get(SECRET_KEY)
	if not found:
		frappe.throw(
			frappe._("The key for video links is missing. Run bench migrate on this site."),
			title=frappe._("Playback"),
		)
	return found
