"""Configuration and keys of the site, encrypted: whoever takes a backup away has the cameras' logins only in
the form in which the database holds them.

The key of the seal, `gsmc_backup_key`, is in the site's configuration and, written down, in a safe. The
format is Fernet's (AES-128-CBC, HMAC-SHA256) over JSON.
"""

import json
from pathlib import Path

import frappe
from cryptography.fernet import Fernet, InvalidToken
from frappe import _

KEY = "gsmc_backup_key"
FILE = "site_config.sealed"
OF_THE_SITE = ("encryption_key", "backup_encryption_key")  # kept for all sites of a bench by some


class WrongKey(Exception):
	"""The key does not open the seal, or the file is not what was sealed."""


def new_key() -> str:
	return Fernet.generate_key().decode()


def own_key() -> str:
	"""The key of this site. Throws when there is none."""
	key = frappe.conf.get(KEY)
	if not key:
		frappe.throw(
			_("The key for backups is missing. Run bench migrate on this site."), title=_("Backup Run")
		)
	return key


def configuration() -> dict:
	"""What site_config.json holds, with the keys of this system wherever they are set."""
	found = {
		name: frappe.conf[name] for name in frappe.conf if name.startswith("gsmc_") or name in OF_THE_SITE
	}
	return found | json.loads(Path(frappe.get_site_path("site_config.json")).read_text())


def seal(config: dict, key: str) -> bytes:
	return Fernet(key).encrypt(json.dumps(config).encode())


def unseal(content: bytes, key: str) -> dict:
	"""The configuration. WrongKey."""
	try:
		return json.loads(Fernet(key).decrypt(content))
	except (InvalidToken, ValueError) as error:  # ValueError: not a key at all
		raise WrongKey from error
