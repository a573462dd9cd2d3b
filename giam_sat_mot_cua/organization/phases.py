"""The status of records that count in a period: shown in lists, worked out again every minute."""

from dataclasses import dataclass
from datetime import datetime

import frappe
from frappe.utils import get_datetime, now_datetime


@dataclass(frozen=True)
class Phases:
	"""`begin` and `end` are fields of the DocType; the others are options of its field `status`."""

	doctype: str
	begin: str
	end: str
	before: str
	during: str
	after: str
	withdrawn: str

	def at(self, record, moment: datetime) -> str:
		"""The status of a document or row at `moment`, site time."""
		if record.withdrawn_on:
			return self.withdrawn
		if moment < get_datetime(record.get(self.begin)):
			return self.before
		return self.during if moment < get_datetime(record.get(self.end)) else self.after

	def refresh(self) -> None:
		"""Writes the statuses that time has changed."""
		now = now_datetime()
		for row in frappe.get_all(
			self.doctype,
			{"status": ("in", (self.before, self.during))},
			["name", self.begin, self.end, "withdrawn_on", "status"],
			order_by=self.begin,
		):
			status = self.at(row, now)
			if status != row.status:
				frappe.db.set_value(self.doctype, row.name, "status", status, update_modified=False)
