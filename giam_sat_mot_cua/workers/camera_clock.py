"""How far the clock of a camera is off: the only writer of `clock_offset_s` and `clock_checked_on`, and the
alarm when it is too far. Recorders hear a camera's clock in its stream (RTCP sender reports).
"""

import time
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

import frappe
from frappe import _
from frappe.utils import cint, get_datetime, now_datetime

from giam_sat_mot_cua.recording import health_events

KIND = "Camera Clock Off"
CHANGE_S = 0.5  # a smaller one is written with the next hour only
WRITTEN_EVERY_S = 3600
KNOWN_FOR = timedelta(days=1)  # what was read before says nothing of now


class Notebook:
	"""What one recorder has written of its cameras' clocks, so that a row is written when there is news."""

	def __init__(self):
		# camera -> offset in seconds, and when it was written (monotonic)
		self.written: dict[str, tuple[float, float]] = {}

	def write(self, offsets: dict[str, float | None]) -> None:
		"""Camera -> offset in seconds, None where the camera does not tell. Needs a connection; what the
		caller rolls back is written again the next time."""
		now = time.monotonic()
		self.written = {camera: seen for camera, seen in self.written.items() if camera in offsets}
		for camera, offset in offsets.items():
			if offset is not None and self.is_news(camera, offset, now):
				observe(camera, offset)
				frappe.db.after_commit.add(partial(self.written.__setitem__, camera, (offset, now)))

	def is_news(self, camera: str, offset: float, now: float) -> bool:
		if camera not in self.written:
			return True
		old, at = self.written[camera]
		return abs(offset - old) >= CHANGE_S or now - at >= WRITTEN_EVERY_S


def observe(camera: str, offset_s: float) -> None:
	"""Notes that the clock of `camera` shows `offset_s` seconds more than the server's. Needs a connection;
	the caller commits. The alarm follows with the next minute."""
	values = {"clock_offset_s": round(offset_s, 3), "clock_checked_on": now_datetime()}
	# a fact about the device, not somebody's change to the record
	frappe.db.set_value("Camera", camera, values, update_modified=False)
	frappe.clear_document_cache("Camera", camera)


def check(cameras: Iterable, silenced: set[str], limit_s: int) -> None:
	"""Opens and ends the events. `cameras`: CameraNow of those that are to be recorded."""
	wrong = {}
	for camera in cameras:
		offset = known(camera.row)
		if offset is not None and abs(offset) > limit_s:
			wrong[camera.name] = {"detail": wording(offset, limit_s), "silenced": camera.name in silenced}
	health_events.keep(KIND, "camera", wrong)


def known(row) -> float | None:
	"""By how many seconds the clock of a camera is ahead; None when nobody has read it within a day. `row`:
	of the Camera table."""
	read_on = row.clock_checked_on and get_datetime(row.clock_checked_on)
	return row.clock_offset_s if read_on and now_datetime() - read_on <= KNOWN_FOR else None


def wording(offset_s: float, limit_s: int) -> str:
	text = (
		_(
			"The camera's clock is {0} s ahead; up to {1} s are allowed. Set its time server. Times of "
			"footage are not affected: they come from the server's clock."
		)
		if offset_s > 0
		else _(
			"The camera's clock is {0} s behind; up to {1} s are allowed. Set its time server. Times of "
			"footage are not affected: they come from the server's clock."
		)
	)
	return text.format(round(abs(offset_s), 1), cint(limit_s))
