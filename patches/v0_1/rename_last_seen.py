"""Recorder Node's `last_seen` was never shown in lists: Frappe takes every field with `_seen` in its name for
its own."""

import frappe
from frappe.model.utils.rename_field import rename_field


def execute() -> None:
	if frappe.db.has_column("Recorder Node", "last_seen"):
		rename_field("Recorder Node", "last_seen", "last_report")
