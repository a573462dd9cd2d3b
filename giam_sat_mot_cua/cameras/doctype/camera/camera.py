import re
from urllib.parse import unquote, urlsplit, urlunsplit

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from giam_sat_mot_cua.access import secrets
from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import keep_stored
from giam_sat_mot_cua.media.camera_stream import StreamError, checked_address
from giam_sat_mot_cua.recording import volume_kinds
from giam_sat_mot_cua.recording.retention import LONGEST_DAYS

WHOLE = re.compile(r"-?[0-9]{1,10}")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Written by recorders alone (workers/camera_state.py); a form that was opened earlier must not bring old ones back.
STATE_FIELDS = ("state", "fault", "state_message", "state_since", "picture", "sound", "recorder_node")
CLOCK_FIELDS = ("clock_offset_s", "clock_checked_on")  # workers/camera_clock.py
SECRETS = ("stream_url", "stream_username", "stream_password")  # encrypted; api/connection.py reveals them


class Camera(secrets.KeepsSecrets, OwnAttributes, Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from giam_sat_mot_cua.cameras.doctype.camera_using_unit.camera_using_unit import CameraUsingUnit

		asset_number: DF.Data
		asset_owner: DF.Link
		camera_code: DF.Data
		camera_name: DF.Data
		clock_checked_on: DF.Datetime | None
		clock_offset_s: DF.Float
		connection_changed_at: DF.Datetime | None
		enabled: DF.Check
		fault: DF.Literal[
			"",
			"Wrong Address",
			"Unknown Host Name",
			"Unreachable",
			"Wrong Login",
			"Stream Not Found",
			"No Video",
			"Unsupported Format",
			"No Data Arriving",
			"Stream Ended",
			"Storage Fault",
			"Internal Fault",
		]
		firmware_version: DF.Data | None
		geo_location: DF.JSON | None
		holds_state_secret: DF.Check
		installed_on: DF.Date | None
		is_internal: DF.Check
		mac_address: DF.Data | None
		manufacturer: DF.Data | None
		model: DF.Data | None
		monitored_area: DF.Literal["Reception Desks", "Waiting Area", "Results Desk", "Entrance", "Other"]
		picture: DF.Data | None
		position_note: DF.SmallText | None
		providing_unit: DF.Link
		recorder_node: DF.Link | None
		records_audio: DF.Check
		responsible_person: DF.Data | None
		retention_days: DF.Int
		secret_legal_basis: DF.SmallText | None
		serial_number: DF.Data | None
		sound: DF.Data | None
		state: DF.Literal["Not Recording", "Connecting", "Recording", "Waiting"]
		state_message: DF.SmallText | None
		state_since: DF.Datetime | None
		stream_password: DF.Password | None
		stream_url: DF.Password | None
		stream_username: DF.Password | None
		supplier: DF.Data | None
		transport: DF.Literal["TCP", "UDP"]
		unit: DF.Link
		update_form: DF.Literal["Automatic Stream", "Periodic Upload", "Manual"]
		update_frequency: DF.Literal["Continuous 24/7", "Working Hours", "Daily", "On Request"]
		updating_unit: DF.Link | None
		using_units: DF.TableMultiSelect[CameraUsingUnit]
		volume: DF.Link | None
		warranty_until: DF.Date | None
	# end: auto-generated types

	def before_insert(self):
		self.validate_code()  # before Frappe names the record after it

	def validate(self):
		keep_stored(self, (*STATE_FIELDS, *CLOCK_FIELDS, "connection_changed_at"))
		self.validate_code()
		self.take_login_out_of_address()
		self.validate_address()
		self.note_change_of_connection()
		self.validate_asset_number()  # Art 4.3
		self.require_unit_with_counter()  # Art 1.1
		self.keep_internal_camera_out()  # Art 1.3
		self.refuse_archive()
		self.validate_retention_days()
		self.require_basis_for_state_secret()  # Art 1.2
		self.say_what_is_missing()

	def validate_code(self):
		if not CODE.fullmatch(str(self.camera_code or "")):
			frappe.throw(
				_(
					"Camera Code {0} cannot be used: write up to 64 letters without accents, digits, hyphens or "
					"underscores, beginning with a letter or digit, for example NB-HL-01."
				).format(frappe.bold(frappe.utils.escape_html(str(self.camera_code or "")))),
				title=_("Camera Code"),
			)

	def take_login_out_of_address(self):
		"""Moves user name and password typed into the address to the encrypted fields (Art 5.3)."""
		self.stream_url = str(self.stream_url or "").strip() or None
		if not self.stream_url or "@" not in self.stream_url:
			return
		try:
			parts = urlsplit(self.stream_url)
		except ValueError:
			return  # validate_address says what is wrong
		login, _at, host = parts.netloc.rpartition("@")
		username, _colon, password = login.partition(":")
		if not login or "@" in parts.path + parts.query + parts.fragment:
			return  # where the login ends cannot be told: validate_address asks for it in its own fields
		self.stream_url = urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))
		if username:
			self.stream_username = unquote(username)
		if password:
			self.stream_password = unquote(password)

	def validate_address(self):
		"""The message never repeats the address: it may hold a password."""
		if not self.stream_url or self.is_dummy_password(self.stream_url):
			return  # none, or the one already stored
		try:
			checked_address(self.stream_url)
			valid = not re.search(r"[\0@#]", self.stream_url)
		except StreamError:
			valid = False
		if not valid:
			frappe.throw(
				_(
					"The stream address cannot be used: write it as rtsp://HOST:PORT/PATH, for example "
					"rtsp://10.1.2.3:554/stream1. User name and password go into their own fields; write @ and # in "
					"the path as %40 and %23."
				),
				title=_("Stream Address"),
			)

	def note_change_of_connection(self):
		"""The history sees only stars before and after: this tells it that there was a change, and when."""
		before = self.get_doc_before_save()
		for field in SECRETS:
			value = self.get(field)
			removed = bool(before and before.get(field) and not value)
			if removed or (value and not self.is_dummy_password(value)):
				self.connection_changed_at = now_datetime()

	def validate_asset_number(self):
		other = self.asset_number and frappe.db.get_value(
			"Camera", {"asset_number": self.asset_number, "name": ("!=", self.name or "")}
		)
		if other:
			frappe.throw(
				_("Asset Number {0} is already that of camera {1}. Each camera has its own.").format(
					frappe.bold(frappe.utils.escape_html(str(self.asset_number))), frappe.bold(other)
				),
				title=_("Asset Number"),
			)

	def require_unit_with_counter(self):
		unit = frappe.db.get_value("Monitored Unit", self.unit, ["has_counter", "active", "unit_name"])
		if unit is None:
			return  # Frappe's own check of links and mandatory fields answers
		has_counter, active, unit_name = unit
		if self.is_new() or self.has_value_changed("unit"):
			if not has_counter:
				frappe.throw(
					_(
						"{0} has no one-stop counter, so no camera of this system may be registered there. Choose "
						"the unit whose counter the camera shows, or tick 'Has a One-Stop Counter' on the unit."
					).format(frappe.bold(unit_name)),
					title=_("Unit of the Counter"),
				)
			if not active:
				frappe.throw(
					_("{0} is no longer active. Choose the unit that took over its counter.").format(
						frappe.bold(unit_name)
					),
					title=_("Unit of the Counter"),
				)

	def keep_internal_camera_out(self):
		if self.is_internal:
			self.enabled = 0

	def refuse_archive(self):
		if self.volume and volume_kinds.is_archive(self.volume):
			frappe.throw(
				_(
					"Volume {0} is an archive. A camera is recorded to a local folder and moved there later."
				).format(frappe.bold(self.volume)),
				title=_("Fixed Volume"),
			)

	def validate_retention_days(self):
		"""0: as in Monitoring Settings. Frappe would cut 1.99 to 1, and take what is no number for 0."""
		days = whole_number(self.retention_days)
		if days is None:
			frappe.throw(
				_("{0} is not a whole number. Write digits only.").format(
					frappe.bold(frappe.utils.escape_html(str(self.retention_days)))
				),
				title=_("Keep Footage (days)"),
			)
		if not 0 <= days <= LONGEST_DAYS:
			frappe.throw(
				_("{0} must lie between {1} and {2}.").format(
					frappe.bold(_("Keep Footage (days)")), 0, LONGEST_DAYS
				),
				title=_("Keep Footage (days)"),
			)
		self.retention_days = days

	def require_basis_for_state_secret(self):
		if self.holds_state_secret and not (self.secret_legal_basis or "").strip():
			frappe.throw(
				_(
					"Write the legal basis for marking this camera's footage as possibly holding state secrets."
				),
				title=_("State Secrets"),
			)

	def _save_passwords(self):
		super()._save_passwords()
		secrets.mask(self, SECRETS)

	def say_what_is_missing(self):
		"""A camera that ought to be recorded and cannot be begun with says so; recorders say all the rest."""
		if self.state == "Not Recording":
			self.state_message = missing_address(self)

	def on_trash(self):
		if frappe.db.exists("Recording Hour", {"camera": self.name}):
			frappe.throw(
				_(
					"Camera {0} has recordings, so it cannot be deleted. Untick 'Record This Camera' instead: its "
					"history stays."
				).format(frappe.bold(self.name)),
				title=_("Camera"),
			)


def whole_number(value) -> int | None:
	"""`value` as a form or a program sends it; nothing is 0, and None what is no whole number."""
	if value in (None, ""):
		return 0
	if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
		return None
	if isinstance(value, str):
		return int(value) if WHOLE.fullmatch(value.strip()) else None
	return int(value) if isinstance(value, int | float) else None


def missing_address(camera) -> str | None:
	"""What a camera without an address shows: `camera` has `enabled`, `is_internal` and `stream_url`."""
	if camera.enabled and not camera.is_internal and not camera.stream_url:
		return _("This camera has no stream address yet. An administrator enters it under Connection.")
	return None
