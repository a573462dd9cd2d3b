import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import getdate, now_datetime

from giam_sat_mot_cua.access import scope, turns
from giam_sat_mot_cua.access.records import keep_stored
from giam_sat_mot_cua.organization import account_reviews, quotas

SYSTEM_FIELDS = ("status", "opened_on", "closed_on", "closed_by")
OPEN, CLOSED = "Open", "Closed"


class AccountReview(turns.InTurn, Document):
	"""A campaign in which each unit confirms, changes or revokes its accounts (Articles 6.1, 10.2)."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		closed_by: DF.Link | None
		closed_on: DF.Datetime | None
		document_number: DF.Data | None
		due_on: DF.Date
		note: DF.SmallText | None
		opened_on: DF.Date | None
		status: DF.Literal["Open", "Closed"]
		title: DF.Data
	# end: auto-generated types

	TURN = quotas.TURN

	def onload(self):
		self.set_onload("figures", account_reviews.figures(self.name))

	def validate(self):
		if not self.flags.by_system:
			if not scope.acts_for_managing_unit():
				frappe.throw(
					_("Account reviews are held by the managing unit."),
					frappe.PermissionError,
					title=_("Account Review"),
				)
			keep_stored(self, SYSTEM_FIELDS)
		if self.is_new():
			self.require_no_open_review()
			self.opened_on = getdate()
		self.validate_due_date()

	def require_no_open_review(self):
		other = frappe.db.get_value(
			"Account Review", {"status": OPEN}, ["name", "title"], as_dict=True, for_update=True
		)
		if other:
			frappe.throw(
				_("The review {0} ({1}) is still open. Close it first.").format(
					frappe.bold(other.title), other.name
				),
				title=_("Account Review"),
			)

	def validate_due_date(self):
		if self.due_on and self.status == OPEN and getdate(self.due_on) < getdate(self.opened_on):
			frappe.throw(_("The due date lies before the review is opened."), title=_("Due On"))

	def after_insert(self):
		account_reviews.add_entries(self)

	def on_update(self):
		if not self.is_new() and self.has_value_changed("due_on"):
			account_reviews.move_due_date(self)

	def on_trash(self):
		frappe.throw(
			_("An account review is history: it can be closed, never deleted."), title=_("Account Review")
		)

	def require_managing_unit(self):
		self.reload()  # as it is stored: what a request sends of it counts for nothing
		turns.take_for_person(self.TURN)
		self.check_permission("write")
		if not scope.acts_for_managing_unit():
			raise frappe.PermissionError

	@frappe.whitelist(methods=["POST"])
	def close(self):
		"""Carries out what the units decided and ends the review. Accounts that nobody decided about are
		proposed for suspension."""
		self.require_managing_unit()
		if account_reviews.status_now(self.name) != OPEN:
			frappe.throw(_("This review is already closed."), title=_("Account Review"))
		account_reviews.carry_out(self)
		self.status, self.closed_on, self.closed_by = CLOSED, now_datetime(), frappe.session.user
		self.flags.by_system = True
		self.save()

	@frappe.whitelist(methods=["POST"])
	def suspend_undecided(self):
		"""Suspends the accounts that were proposed for it. Returns how many."""
		self.require_managing_unit()
		return account_reviews.suspend_undecided(self)
