import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from giam_sat_mot_cua.access.administrators import require_administrator
from giam_sat_mot_cua.access.records import keep_stored
from giam_sat_mot_cua.access.turns import InTurn
from giam_sat_mot_cua.access.values import short_text
from giam_sat_mot_cua.evidence import held_footage, holds
from giam_sat_mot_cua.evidence.row_times import period, set_utc
from giam_sat_mot_cua.organization import notices
from giam_sat_mot_cua.recording.retention import GB

SYSTEM_FIELDS = ("status", "placed_by", "placed_on", "released_by", "released_on", "release_reason")
SHORTEST_REASON = 10


class LegalHold(InTurn, Document):
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

	TURN = holds.TURN  # not between retention's look at the holds and its removal of files

	def validate(self):
		require_placer()
		if not self.flags.by_release:
			keep_stored(self, SYSTEM_FIELDS)
		if self.is_new():
			self.placed_by, self.placed_on = frappe.session.user, now_datetime()
		self.refuse_change_of_released()
		self.keep_rows()
		self.validate_rows()

	def onload(self):
		if self.status == holds.ACTIVE:
			files, size = held_footage.counted_once(held_footage.listed([self.name]))
			self.set_onload("held", {"files": files, "gb": round(size / GB, 3)})

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
			set_utc(row, _("Legal Hold"))

	@frappe.whitelist(methods=["POST"])
	def release(self, reason: str | None = None):
		"""Ends the hold: retention may remove the footage from now on. By another administrator than the one
		who placed it, with a reason."""
		holds.take_turn()
		self.reload()  # as it is stored: what a request sends of it counts for nothing
		self.check_permission("write")
		require_placer()
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


def require_placer() -> None:
	"""Raises PermissionError for everybody but administrators of the managing unit."""
	text = _("Only administrators of the managing unit place and release legal holds.")
	require_administrator(text, _("Legal Hold"))
