"""What retention may remove: decisions and their wording. Nothing is touched here; workers/purge.py acts.

A file is *due* when all of it is older than its camera's retention. Due footage goes first, then, while a
volume is too full, the oldest of all cameras, after an alarm. Some footage never goes: what is held, what is
being written, what was recorded just now, and what belongs to no camera of this site.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import frappe
from frappe import _
from frappe.utils import cint, flt, format_datetime

from giam_sat_mot_cua.recording import clock, hour_index

DAY_MS = 86_400_000
FRESH_MS = 15 * 60_000
LONGEST_DAYS = 3650  # that footage may be kept: dates far ahead are none to the database
GB = 1e9

# Why footage is kept although it should go, or a volume is left alone
HELD = "Legal Hold"
WRITTEN = "Being Written"
FRESH = "Recorded Just Now"
UNKNOWN_CAMERA = "Camera Unknown"
NOT_INDEXED = "Not in the Index Yet"
NOT_REMOVABLE = "Cannot Be Removed"
NOT_MOUNTED = "Not Mounted"
READ_ONLY = "Read Only"
FAILING = "Failing"
OTHER_MACHINE = "Volume of Another Machine"
AT_WORK = "Another Run Is at Work"
OUT_OF_TIME = "The Next Run Goes On"
SPACE_NOT_FREED = "Space Does Not Come Free"
NOTHING_DUE = "Nothing to Remove"


@dataclass(frozen=True)
class Policy:
	"""The rules at a moment. `days`: days of every camera of the site. `recorded`: cameras that a recorder
	holds now; None when nobody knows, so that every camera counts as recorded."""

	now_utc_ms: int
	days: dict[str, int]
	recorded: frozenset[str] | None
	min_free_percent: float

	def due_before(self, camera: str) -> int:
		"""A file that ends at this moment (UTC, ms) or earlier is due."""
		return self.now_utc_ms - self.days[camera] * DAY_MS

	@property
	def first_not_due(self) -> int:
		"""No camera has due footage from this moment (UTC, ms) on."""
		return self.now_utc_ms - min(self.days.values(), default=0) * DAY_MS

	def is_recorded(self, camera: str) -> bool:
		return self.recorded is None or camera in self.recorded

	def is_fresh(self, end_utc_ms: int) -> bool:
		return end_utc_ms > self.now_utc_ms - FRESH_MS


def read_policy(recorded: frozenset[str] | None) -> Policy:
	"""The rules now. A camera without days of its own has those of Monitoring Settings."""
	stored = frappe.db.get_singles_dict("Monitoring Settings")
	default = min(cint(stored.get("retention_days")), LONGEST_DAYS)
	if default < 1:
		raise ValueError("Monitoring Settings do not say how long footage is kept")
	rows = frappe.get_all("Camera", fields=["name", "retention_days"], order_by="name")
	days = {row.name: kept_days(row.retention_days, default) for row in rows}
	return Policy(clock.now_ms(), days, recorded, flt(stored.get("min_free_percent")))


def kept_days(stored: int | None, default: int) -> int:
	"""What a camera's own days come to: rows may be older than their bounds."""
	days = cint(stored)
	return min(days, LONGEST_DAYS) if days > 0 else default


def early_text(camera: str, start_utc_ms: int, policy: Policy) -> str:
	"""How young the footage is that has to go before its time."""
	age = (policy.now_utc_ms - start_utc_ms) / DAY_MS
	return _(
		"The volume is full. Footage of {0} from {1} goes although it is only {2} days old and is to be kept "
		"{3} days. Add a volume, or keep footage for a shorter time."
	).format(camera, site_text(start_utc_ms), f"{age:.1f}", policy.days[camera])


def site_text(utc_ms: int) -> str:
	return format_datetime(clock.site_time(utc_ms).replace(microsecond=0))


@dataclass
class Line:
	"""Files of one volume and camera that were removed, or kept, for one reason."""

	volume: str
	camera: str
	removed: bool
	reason: str  # an option of Recording Hour.removal_reason, or one of the reasons above
	files: int = 0
	size_bytes: int = 0
	oldest_utc_ms: int | None = None
	newest_utc_ms: int | None = None

	def add(self, start_utc_ms: int | None, size_bytes: int, files: int = 1) -> None:
		self.files += files
		self.size_bytes += size_bytes
		if start_utc_ms is not None:
			self.oldest_utc_ms = min(start_utc_ms, self.oldest_utc_ms or start_utc_ms)
			self.newest_utc_ms = max(start_utc_ms, self.newest_utc_ms or start_utc_ms)


@dataclass
class Tally:
	"""What a run has removed and kept, for people. Kept as JSON: a list of the lines' values."""

	lines: dict[tuple, Line] = field(default_factory=dict)

	def line(self, volume: str, camera: str, removed: bool, reason: str) -> Line:
		key = (volume, camera, removed, reason)
		return self.lines.setdefault(key, Line(*key))

	def removed(self, volume: str, camera: str, why: str, start_utc_ms: int, size_bytes: int) -> None:
		self.line(volume, camera, True, hour_index.REASONS[why]).add(start_utc_ms, size_bytes)

	def kept(self, volume: str, camera: str, reason: str, start_utc_ms: int, size_bytes: int) -> None:
		self.line(volume, camera, False, reason).add(start_utc_ms, size_bytes)

	def left_alone(self, volume: str, reason: str, camera: str = "") -> None:
		"""A whole volume, or a whole folder of it, without a look at its files."""
		self.line(volume, camera, False, reason)

	@property
	def removals(self) -> Iterator[Line]:
		return (line for line in self.lines.values() if line.removed)

	def summary(self) -> dict:
		"""The fields of Retention Run that lists show."""
		removed = list(self.removals)
		early = hour_index.REASONS[hour_index.VOLUME_FULL]
		oldest = min((line.oldest_utc_ms for line in removed), default=None)
		newest = max((line.newest_utc_ms for line in removed), default=None)
		return {
			"file_count": sum(line.files for line in removed),
			"size_gb": flt(sum(line.size_bytes for line in removed) / GB, 3),
			"early_count": sum(line.files for line in removed if line.reason == early),
			"refused_count": sum(line.files for line in self.lines.values() if not line.removed),
			"oldest": oldest and clock.site_time(oldest).replace(microsecond=0),
			"newest": newest and clock.site_time(newest).replace(microsecond=0),
			"details": self.to_json(),
		}

	def to_json(self) -> str:
		return json.dumps([list(vars(line).values()) for line in self.lines.values()], separators=(",", ":"))

	@classmethod
	def from_json(cls, text: str | None) -> "Tally":
		lines = [Line(*values) for values in json.loads(text or "[]")]
		return cls({(line.volume, line.camera, line.removed, line.reason): line for line in lines})
