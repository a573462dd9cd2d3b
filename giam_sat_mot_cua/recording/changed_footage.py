"""The event that tells of files which are not what was recorded. They stay where they are."""

import frappe
from frappe import _

from giam_sat_mot_cua.recording import health_events

KIND = "Footage Changed"


def report(named: str, **subject) -> None:
	"""`named`: which files, and last the request that they were wanted for, if any. `subject`: as
	health_events.report has it."""
	text = _("Files are not what was recorded: their SHA-256 differs. They stay where they are.")
	health_events.report(KIND, f"{text} ({named})", health_events.CRITICAL, **subject)


def is_right_again(**subject) -> None:
	"""Ends the event: all of them are as they were recorded."""
	health_events.close(KIND, **subject)


def is_right_for(request: str, camera: str) -> None:
	"""Ends the event of `camera` if it was about what `request` asks for."""
	told = {"kind": KIND, "camera": camera, "open_key": ("is", "set"), "detail": ("like", f"%, {request})")}
	if frappe.db.exists("Health Event", told):
		is_right_again(camera=camera)
