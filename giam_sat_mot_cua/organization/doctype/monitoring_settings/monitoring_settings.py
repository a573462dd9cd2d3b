import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, flt

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.recording import folders
from giam_sat_mot_cua.recording.backups.folder import PLAIN_PATH
from giam_sat_mot_cua.recording.doctype.storage_volume.storage_volume import own_folder
from giam_sat_mot_cua.recording.retention import LONGEST_DAYS

LONGEST_PATH = 300  # as the field says

# field: (smallest, largest) that a recorder can work with
BOUNDS = {
	"cameras_per_recorder": (1, 200),
	"file_seconds": (10, 600),
	"fragment_ms": (200, 10_000),
	"stall_seconds": (3, 60),
	"still_seconds": (5, 3600),
	"lease_seconds": (4, 60),
	"alarm_after_seconds": (30, 86_400),
	"clock_offset_limit_s": (1, 3600),
	"rows_waiting_seconds": (60, 86_400),
	"rows_waiting_count": (100, 1_000_000),
	"retention_days": (1, LONGEST_DAYS),
	"min_free_percent": (1, 50),
	"slow_write_ms": (50, 60_000),
	"archive_after_hours": (0, 87_600),
	"move_mbit_s": (0, 1_000_000),
	"backup_hour": (0, 23),
	"backup_keep_days": (1, 3650),
	"backup_overdue_hours": (2, 8760),
	"drill_overdue_days": (1, 3650),
	"link_minutes": (1, 60),
	"playback_minutes": (5, 1440),
	"extraction_check_hours": (1, 720),
	"extraction_decide_hours": (1, 720),
	"extraction_urgent_hours": (1, 72),
	"package_days": (1, 3650),
	"applications_per_day": (1, 100_000),
	"account_review_months": (1, 60),
	"account_review_days": (1, 90),
	"account_reminder_days": (1, 30),
	"shared_login_minutes": (1, 1440),
}


class MonitoringSettings(OwnAttributes, Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		account_reminder_days: DF.Int
		account_review_days: DF.Int
		account_review_months: DF.Int
		alarm_after_seconds: DF.Int
		applications_per_day: DF.Int
		archive_after_hours: DF.Int
		backup_folder: DF.Data | None
		backup_hour: DF.Int
		backup_keep_days: DF.Int
		backup_overdue_hours: DF.Int
		backup_with_files: DF.Check
		cameras_per_recorder: DF.Int
		clock_offset_limit_s: DF.Int
		drill_overdue_days: DF.Int
		extraction_check_hours: DF.Int
		extraction_decide_hours: DF.Int
		extraction_urgent_hours: DF.Int
		file_seconds: DF.Int
		fragment_ms: DF.Int
		lease_seconds: DF.Int
		link_minutes: DF.Int
		min_free_percent: DF.Percent
		move_mbit_s: DF.Int
		package_days: DF.Int
		playback_minutes: DF.Int
		retention_days: DF.Int
		rows_waiting_count: DF.Int
		rows_waiting_seconds: DF.Int
		stall_seconds: DF.Int
		shared_login_minutes: DF.Int
		slow_write_ms: DF.Int
		still_seconds: DF.Int
	# end: auto-generated types

	def validate(self):
		self.require_bounds()
		self.leave_what_is_played_in_place()
		self.validate_backup_folder()

	def require_bounds(self):
		for fieldname, (smallest, largest) in BOUNDS.items():
			if not smallest <= flt(self.get(fieldname)) <= largest:
				frappe.throw(
					_("{0} must lie between {1} and {2}.").format(
						frappe.bold(_(self.meta.get_label(fieldname))), smallest, largest
					),
					title=_("Monitoring Settings"),
				)

	def leave_what_is_played_in_place(self):
		"""A playlist names the volumes of its files: what it may still hold is not moved."""
		earliest = -(-cint(self.playback_minutes) // 60) + 1
		if 0 < cint(self.archive_after_hours) < earliest:
			frappe.throw(
				_(
					"Footage is moved to the archive one hour after the longest playback at the earliest: {0} hours."
				).format(earliest),
				title=_("Monitoring Settings"),
			)

	def validate_backup_folder(self):
		if self.backup_folder is None or not str(self.backup_folder).strip():
			self.backup_folder = None
			return
		self.backup_folder = plain_folder(self.backup_folder)
		if not self.backup_folder:
			self.refuse_backup_folder(
				_(
					"The backup folder is an absolute path of its own, such as /srv/backup, of letters without accents, "
					"digits, dots, hyphens and slashes; not a folder of the system."
				)
			)
		if folders.refuses_backups(self.backup_folder):
			self.refuse_backup_folder(
				_(
					"Backups cannot lie in a folder that the web server shows or that is backed up itself, nor share "
					"one with the footage of a volume. Choose a folder of their own."
				)
			)

	def refuse_backup_folder(self, text: str):
		frappe.throw(text, title=_("Backup Folder"))


def plain_folder(chosen) -> str | None:
	"""A path that backups can be written to, or None. A program may send anything."""
	if not isinstance(chosen, str) or len(chosen) > LONGEST_PATH:
		return None
	path = own_folder(chosen)
	return path if path and PLAIN_PATH.fullmatch(path) else None


def get_settings() -> "MonitoringSettings":
	"""The settings, from Frappe's cache."""
	return frappe.get_cached_doc("Monitoring Settings")
