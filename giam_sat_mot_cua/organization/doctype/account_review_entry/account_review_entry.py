import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cstr, now_datetime

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.records import keep_stored, refuse_change
from giam_sat_mot_cua.access.turns import InTurn
from giam_sat_mot_cua.organization import quotas

OBSERVED = (
	"review",
	"account",
	"full_name",
	"unit",
	"position",
	"last_login",
	"account_status",
	"due_on",
	"status",
	"decided_by",
	"decided_on",
	"decided_under",
	"outcome",
)
WAITING, DECIDED, OVERDUE = "Waiting", "Decided", "Overdue"
SUSPENSION_PROPOSED, CLOSED = "Suspension Proposed", "Closed"


class AccountReviewEntry(InTurn, Document):
	"""One account in a review. The unit's leader decides; who sees it is wider (access/scope.py)."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		account: DF.Link
		account_status: DF.Data | None
		decided_by: DF.Link | None
		decided_on: DF.Datetime | None
		decided_under: DF.Link | None
		decision: DF.Literal["", "Confirm", "Change", "Revoke"]
		due_on: DF.Date | None
		full_name: DF.Data | None
		last_login: DF.Datetime | None
		outcome: DF.SmallText | None
		position: DF.Link | None
		remark: DF.SmallText | None
		review: DF.Link
		status: DF.Literal["Waiting", "Decided", "Overdue", "Suspension Proposed", "Closed"]
		unit: DF.Link
	# end: auto-generated types

	TURN = quotas.TURN  # a review is not closed while somebody decides

	def validate(self):
		if self.flags.by_system:
			return
		if self.is_new():
			refuse_change(self)
		keep_stored(self, OBSERVED)
		if not (self.has_value_changed("decision") or self.has_value_changed("remark")):
			return
		basis = self.require_right()
		self.require_open_review()
		self.require_remark()
		self.decided_by = frappe.session.user if self.decision else None
		self.decided_on = now_datetime() if self.decision else None
		self.decided_under = basis.delegation if basis and self.decision else None
		self.status = DECIDED if self.decision else WAITING

	def on_trash(self):
		refuse_change(self)

	def require_right(self):
		"""The leader of the account's unit or a substitute; for its own accounts the managing unit."""
		if scope.acts_for_managing_unit():
			if frappe.db.get_value("Monitored Unit", self.unit, "unit_role") == "Using Unit":
				frappe.throw(
					_("The unit itself decides about its accounts; the managing unit closes the review."),
					frappe.PermissionError,
					title=_("Account Review Entry"),
				)
			if frappe.db.get_value("Monitoring Account", self.account, "user") == frappe.session.user:
				frappe.throw(
					_("Nobody decides about his own account."),
					frappe.PermissionError,
					title=_("Account Review Entry"),
				)
			return None
		return scope.require_approver(self.unit)

	def require_open_review(self):
		if frappe.db.get_value("Account Review", self.review, "status", for_update=True) != "Open":
			frappe.throw(_("This review is closed: its decisions stand."), title=_("Account Review Entry"))

	def require_remark(self):
		if self.decision in ("Change", "Revoke") and not cstr(self.remark).strip():
			frappe.throw(
				_("Write in the remark what is to change, or why the account is no longer needed."),
				title=_("Remark"),
			)
