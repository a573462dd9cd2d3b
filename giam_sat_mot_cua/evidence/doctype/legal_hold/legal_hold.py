from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.records import keep_stored
from giam_sat_mot_cua.access.roles import MONITORING_ADMINISTRATOR
from giam_sat_mot_cua.access.values import short_text
from giam_sat_mot_cua.evidence import holds
from giam_sat_mot_cua.organization import notices
from giam_sat_mot_cua.recording import clock

SYSTEM_FIELDS = ("status", "placed_by", "placed_on", "released_by", "released_on", "release_reason")
SHORTEST_REASON = 10


class LegalHold(Document):
	"""Footage that is kept whatever its age (Article 9.3). Rows may be added, never taken away; it ends by a
	release."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from giam_sat_mot_cua.evidence.doctype.legal_hold_camera.legal_hold_camera import LegalHoldCamera

		basis: DF.SmallText
		cameras: DF.Table[LegalHoldCamera]
		placed_by: DF.Link | None
		placed_on: DF.Datetime | None
		release_reason: DF.SmallText | None
		released_by: DF.Link | None
		released_on: DF.Datetime | None
		status: DF.Literal["Active", "Released"]
		title: DF.Data
	# end: auto-generated types

	def load_from_db(self):
		if self.flags.for_update:  # REST locks the row first; whoever has the turn may want to read it
			holds.take_turn()
		return super().load_from_db()

	def check_if_latest(self):
		holds.take_turn()  # not between retention's look at the holds and its removal of files
		super().check_if_latest()

	def validate(self):
		require_administrator()
		if not self.flags.by_release:
			keep_stored(self, SYSTEM_FIELDS)
		if self.is_new():
			self.placed_by, self.placed_on = frappe.session.user, now_datetime()
		self.refuse_change_of_released()
		self.keep_rows()
		self.validate_rows()

	def on_trash(self):
		frappe.throw(_("A legal hold is history: it is released, never deleted."), title=_("Legal Hold"))

	def refuse_change_of_released(self):
		before = self.get_doc_before_save()
		if before and before.status == holds.RELEASED:
			frappe.throw(
				_("This hold has been released and does not change any more. Place a new one."),
				title=_("Legal Hold"),
			)

	def keep_rows(self):
		"""What is held stays held until the release."""
		before = self.get_doc_before_save()
		kept = {row.name: row for row in self.cameras}
		for row in before.cameras if before else ():
			now = kept.get(row.name)
			if not now or now.camera != row.camera or period(now) != period(row):
				frappe.throw(
					_("Footage that is held stays held until the release: add rows, but do not change them."),
					title=_("Legal Hold"),
				)

	def validate_rows(self):
		for row in self.cameras:
			begin, end = period(row)
			if not (row.from_time and row.to_time):
				continue  # Frappe's own check of mandatory fields answers
			if not begin or not end:
				frappe.throw(
					_("Row {0}: write both times like 2026-01-31 08:00:00.").format(row.idx),
					title=_("Legal Hold"),
				)
			if end <= begin:
				frappe.throw(
					_("Row {0}: the end must be later than the beginning.").format(row.idx),
					title=_("Legal Hold"),
				)
			row.from_utc, row.to_utc = (
				clock.utc_time(clock.site_time_to_utc_ms(time)) for time in (begin, end)
			)

	@frappe.whitelist(methods=["POST"])
	def release(self, reason: str | None = None):
		"""Ends the hold: retention may remove the footage from now on. By another administrator than the one
		who placed it, with a reason."""
		holds.take_turn()
		self.reload()  # as it is stored: what a request sends of it counts for nothing
		self.check_permission("write")
		require_administrator()
		if self.status == holds.RELEASED:
			frappe.throw(_("This hold has already been released."), title=_("Legal Hold"))
		if frappe.session.user in (self.placed_by, self.owner):
			frappe.throw(
				_("Whoever placed a hold does not release it: another administrator does."),
				frappe.PermissionError,
				title=_("Legal Hold"),
			)
		reason = short_text(reason)
		if len(reason) < SHORTEST_REASON:
			frappe.throw(
				_("Write the reason of the release, in at least {0} letters.").format(SHORTEST_REASON),
				title=_("Legal Hold"),
			)
		self.status, self.release_reason = holds.RELEASED, reason
		self.released_by, self.released_on = frappe.session.user, now_datetime()
		self.flags.by_release = True
		self.save()
		notices.tell_administrators(_("The legal hold {0} was released.").format(self.title), self)


def require_administrator() -> None:
	"""Raises PermissionError for everybody but administrators of the managing unit."""
	if frappe.session.user == "Administrator":
		return
	if not scope.acts_for_managing_unit() or MONITORING_ADMINISTRATOR not in frappe.get_roles():
		frappe.throw(
			_("Only administrators of the managing unit place and release legal holds."),
			frappe.PermissionError,
			title=_("Legal Hold"),
		)


def period(row) -> tuple[datetime | None, datetime | None]:
	"""(from, to) of a row as site times; None for what is not given, or is no moment of the site's time."""
	return moment(row.from_time), moment(row.to_time)


def moment(value) -> datetime | None:
	if not isinstance(value, str | datetime) or not value:
		return None
	try:
		found = get_datetime(value)
	except Exception:  # Frappe's parser raises many kinds
		return None
	return found if found and found.tzinfo is None else None
