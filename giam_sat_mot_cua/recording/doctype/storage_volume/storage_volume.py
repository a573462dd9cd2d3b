import os
import re
from urllib.parse import urlsplit

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cstr, get_bench_path

from giam_sat_mot_cua.access import secrets
from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import keep_stored
from giam_sat_mot_cua.recording import folders, hour_index
from giam_sat_mot_cua.recording.volume_kinds import S3_ARCHIVE

# workers/volume_state.py
OBSERVED = ("state", "state_message", "total_gb", "free_gb", "checked_at", "volume_id", "write_ms")
SYSTEM_FOLDERS = (
	"/bin",
	"/boot",
	"/dev",
	"/etc",
	"/lib",
	"/lib64",
	"/proc",
	"/root",
	"/run",
	"/sbin",
	"/sys",
	"/usr",
)
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
SECRETS = ("access_key", "secret_key")  # encrypted; nobody is shown them again
OF_FOLDERS = ("path", "node")
OF_ARCHIVES = ("endpoint", "bucket", "prefix", "region", "ca_file", *SECRETS)
TEXTS = ("volume_name", "endpoint", "bucket", "prefix", "region", "ca_file")
PLACE = ("endpoint", "bucket", "prefix")  # where an archive's objects lie
KEY = re.compile(r"[!-~]{1,512}")
PORTS = {"http": 80, "https": 443}
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
REGION = re.compile(r"[A-Za-z0-9-]{1,63}")
PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")


class StorageVolume(secrets.KeepsSecrets, OwnAttributes, Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		access_key: DF.Password | None
		bucket: DF.Data | None
		ca_file: DF.Data | None
		checked_at: DF.Datetime | None
		enabled: DF.Check
		endpoint: DF.Data | None
		free_gb: DF.Float
		kind: DF.Literal["Local Folder", "S3 Archive"]
		node: DF.Link | None
		path: DF.Data | None
		prefix: DF.Data | None
		priority: DF.Int
		region: DF.Data | None
		secret_key: DF.Password | None
		state: DF.Literal["", "Ready", "Not Mounted", "Read Only", "Full", "Failing"]
		state_message: DF.SmallText | None
		total_gb: DF.Float
		verify_certificate: DF.Check
		volume_id: DF.Data | None
		volume_name: DF.Data
		write_ms: DF.Float
	# end: auto-generated types

	def validate(self):
		keep_stored(self, OBSERVED)
		for field in TEXTS:
			self.set(field, cstr(self.get(field)) or None)  # a program may send numbers
		self.validate_volume_name()
		if self.kind == S3_ARCHIVE:
			self.clear(OF_FOLDERS)
			self.validate_place()
			self.validate_keys()
			self.validate_ca_file()
			self.say_what_follows_from_the_place()
		else:
			self.clear(OF_ARCHIVES)
			self.validate_path()
		self.volume_id = self.volume_id or frappe.generate_hash(length=20)

	def validate_volume_name(self):
		if not NAME.fullmatch(self.volume_name or ""):
			frappe.throw(
				_(
					"Volume Name {0} cannot be used: write up to 32 lower-case letters, digits and hyphens."
				).format(frappe.bold(self.volume_name or "")),
				title=_("Volume Name"),
			)

	def clear(self, fieldnames: tuple[str, ...]):
		for fieldname in fieldnames:
			self.set(fieldname, None)

	def validate_path(self):
		self.path = own_folder(self.path)
		if not self.path:
			frappe.throw(
				_(
					"The folder of a volume is an absolute path of its own, such as /srv/footage; not a folder of the system."
				),
				title=_("Storage Volume"),
			)
		self.refuse_folder_of_the_site()
		self.refuse_folder_of(self.volume_of_same_folder())
		if not self.is_new() and self.has_value_changed("path") and self.has_footage():
			frappe.msgprint(
				_("Footage already recorded is looked for in the new folder: move it there as well."),
				title=_("Storage Volume"),
			)

	def refuse_folder_of_the_site(self):
		"""Footage is neither served without a question, nor part of a backup, nor mixed with programs."""
		if self.is_new() or self.has_value_changed("path"):
			if folders.refuses_footage(self.path) or folders.inside_any(self.path, folders_of_programs()):
				self.refuse(
					_("This folder belongs to the site or to its programs. Choose one of footage alone.")
				)

	def refuse_folder_of(self, other: str | None):
		if other:
			frappe.throw(
				_("Volume {0} already uses this folder. Two volumes cannot share one.").format(
					frappe.bold(other)
				),
				title=_("Storage Volume"),
			)

	def volume_of_same_folder(self) -> str | None:
		"""Another volume under this path that a machine of this one sees."""
		rows = frappe.get_all(
			"Storage Volume",
			{"path": ("is", "set"), "name": ("!=", self.name or "")},
			["name", "node", "path"],
		)
		near = [row for row in rows if not self.node or not row.node or row.node == self.node]
		shared = (
			row.name
			for row in near
			if folders.inside(self.path, row.path) or folders.inside(row.path, self.path)
		)
		return next(shared, None)

	def validate_place(self):
		"""No message repeats the address: it may hold a login."""
		self.endpoint = store_address(self.endpoint)
		self.bucket = (self.bucket or "").strip()
		self.prefix = (self.prefix or "").strip().strip("/") or None
		self.region = (self.region or "").strip() or None
		if not self.endpoint:
			self.refuse(
				_(
					"Write the address of the store as https://HOST or https://HOST:PORT, without path and login."
				)
			)
		if not BUCKET.fullmatch(self.bucket):
			self.refuse(
				_("Name the bucket of the archive: 3 to 63 lower-case letters, digits, hyphens and dots.")
			)
		if self.prefix and not PREFIX.fullmatch(self.prefix):
			self.refuse(
				_(
					"The folder in the bucket has letters without accents, digits, hyphens, underscores and slashes."
				)
			)
		if self.region and not REGION.fullmatch(self.region):
			self.refuse(_("The region has letters, digits and hyphens."))
		same = {field: self.get(field) or ("is", "not set") for field in PLACE}
		self.refuse_folder_of(
			frappe.db.get_value("Storage Volume", {**same, "name": ("!=", self.name or "")})
		)

	def validate_keys(self):
		for field in SECRETS:
			self.set(field, str(self.get(field) or "").strip() or None)
		if not (self.access_key and self.secret_key):
			self.refuse(_("Write the access key and the secret key of the archive."))
		left = [field for field in SECRETS if self.is_dummy_password(self.get(field))]
		if any(self.is_new() or not self.has_stored(field) for field in left):
			self.refuse(_("Write the access key and the secret key in full: stars stand for a stored key."))
		if not all(KEY.fullmatch(self.get(field)) for field in SECRETS):
			self.refuse(_("A key has letters without accents, digits and signs, and no spaces."))
		before = self.get_doc_before_save()
		if left and before and before.endpoint and server_of(before.endpoint) != server_of(self.endpoint):
			self.refuse(
				_(
					"The address of the store has changed: write the access key and the secret key again. Stored "
					"keys are sent to no other server."
				)
			)

	def has_stored(self, field: str) -> bool:
		return bool(secrets.stored(self.doctype, self.name, field))

	def validate_ca_file(self):
		chosen = (self.ca_file or "").strip()
		self.ca_file = os.path.normpath(chosen) if chosen and self.verify_certificate else None
		if self.ca_file and not os.path.isabs(self.ca_file):
			self.refuse(_("The file of the certificate authority is named by its absolute path."))
		if self.ca_file and self.has_value_changed("ca_file") and not os.path.isfile(self.ca_file):
			self.refuse(
				_("There is no file {0} on this machine. Every machine needs it.").format(
					frappe.bold(frappe.utils.escape_html(self.ca_file))
				)
			)

	def say_what_follows_from_the_place(self):
		if not self.is_new() and any(map(self.has_value_changed, PLACE)):
			if self.has_footage():
				frappe.msgprint(
					_("Footage already recorded is looked for in the new folder: move it there as well."),
					title=_("Storage Volume"),
				)
			else:
				self.checked_at = None  # the new place gets the marker, as a new archive does
		changed = self.is_new() or self.has_value_changed("endpoint")
		if changed and self.endpoint.startswith("http:"):
			frappe.msgprint(
				_("Footage travels to this store unencrypted. Use https unless the network is your own."),
				title=_("Storage Volume"),
			)

	def refuse(self, text: str):
		frappe.throw(text, title=_("Storage Volume"))

	def _save_passwords(self):
		super()._save_passwords()
		secrets.mask(self, SECRETS)

	def has_footage(self) -> bool:
		"""Whether a row of the index names this volume."""
		return bool(
			frappe.db.exists("Recording Hour", {"files": ("like", hour_index.names_volume(self.name))})
		)

	def on_trash(self):
		if self.enabled or self.has_footage() or frappe.db.exists("Camera", {"volume": self.name}):
			frappe.throw(
				_(
					"Volume {0} may hold footage. Untick 'Record to This Volume' instead of deleting it."
				).format(frappe.bold(self.name)),
				title=_("Storage Volume"),
			)


def own_folder(path) -> str | None:
	"""`path` without detours when it is absolute and no folder of the system; else None."""
	if not isinstance(path, str) or not path.isprintable():
		return None
	path = os.path.normpath(path.strip())
	path = (
		"/" + path.lstrip("/") if os.path.isabs(path) else path
	)  # two slashes at the beginning stay otherwise
	top = "/".join(path.split("/")[:2])
	return path if os.path.isabs(path) and path != "/" and top not in SYSTEM_FOLDERS else None


def folders_of_programs() -> list[str]:
	"""Of this bench. (recording/folders.py knows those of its sites.)"""
	site, bench = os.path.abspath(frappe.get_site_path()), get_bench_path()
	own = [os.path.join(site, name) for name in ("locks", "logs")]
	return own + [os.path.join(bench, name) for name in ("apps", "config", "env", "logs")]


def store_address(address: str | None) -> str | None:
	"""`address` when it names a store and nothing else: http or https, host, perhaps a port; else None."""
	try:
		parts = urlsplit((address or "").strip().rstrip("/"))
		port = parts.port
	except ValueError:
		return None
	host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
	known = parts.scheme in ("http", "https") and HOST.fullmatch(host)
	bare = not (parts.path or parts.query or parts.fragment)
	return f"{parts.scheme}://{parts.netloc.lower()}" if known and bare else None


def server_of(address: str) -> tuple[str, str | None, int | None]:
	"""(scheme, host, port) of an address of `store_address`."""
	parts = urlsplit(address)
	return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
