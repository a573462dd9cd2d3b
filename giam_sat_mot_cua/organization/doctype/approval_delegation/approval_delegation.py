import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cstr, get_datetime, getdate, now_datetime

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.records import keep_stored
from giam_sat_mot_cua.access.turns import InTurn
from giam_sat_mot_cua.organization import notices, quotas
from giam_sat_mot_cua.organization.phases import Phases

SYSTEM_FIELDS = ("withdrawn_on", "withdrawn_by", "withdrawal_reason")
FIXED = ("leader", "substitute", "valid_from", "valid_until", "document_number", "document_date", "reason")
UPCOMING, IN_FORCE, ENDED, WITHDRAWN = "Upcoming", "In Force", "Ended", "Withdrawn"
PHASES = Phases("Approval Delegation", "valid_from", "valid_until", UPCOMING, IN_FORCE, ENDED, WITHDRAWN)


class ApprovalDelegation(InTurn, Document):
	"""A leader's substitute for a period, by a document. Recorded once: it can be withdrawn, not changed."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		document_date: DF.Date
		document_file: DF.Attach | None
		document_number: DF.Data
		leader: DF.Link
		leader_user: DF.Link | None
		reason: DF.SmallText | None
		status: DF.Literal["Upcoming", "In Force", "Ended", "Withdrawn"]
		substitute: DF.Link
		substitute_user: DF.Link | None
		unit: DF.Link | None
		valid_from: DF.Datetime
		valid_until: DF.Datetime
		withdrawal_reason: DF.SmallText | None
		withdrawn_by: DF.Link | None
		withdrawn_on: DF.Datetime | None
	# end: auto-generated types

	TURN = quotas.TURN

	def validate(self):
		self.keep_what_stands()
		if self.is_new():
			self.set_people()
			self.require_right()
			self.validate_period()
			self.require_leader_by_position()
			self.refuse_chain()
		elif self.document_file != self.get_doc_before_save().document_file:
			self.require_right()
		self.set_status()

	def after_insert(self):
		notices.tell(
			[self.leader_user, self.substitute_user],
			_("{0} stands in for {1} until {2}.").format(
				name_of(self.substitute), name_of(self.leader), frappe.format(self.valid_until, "Datetime")
			),
			self,
		)

	def on_trash(self):
		frappe.throw(
			_("A delegation is history: it can be withdrawn, never deleted."), title=_("Approval Delegation")
		)

	def keep_what_stands(self):
		if not self.flags.by_withdrawal:
			keep_stored(self, SYSTEM_FIELDS)
		before = self.get_doc_before_save()
		if not before:
			return
		for field in FIXED:
			if cstr(self.get(field)) != cstr(before.get(field)):
				frappe.throw(
					_("A recorded delegation is not changed. Withdraw it and record a new one."),
					title=_("Approval Delegation"),
				)
		for field in ("unit", "leader_user", "substitute_user"):
			self.set(field, before.get(field))

	def set_people(self):
		for field in ("leader", "substitute"):
			account = frappe.db.get_value(
				"Monitoring Account", self.get(field), ["full_name", "status", "user", "unit"], as_dict=True
			)
			if not account or account.status != scope.GRANTED:
				frappe.throw(
					_("{0} has no granted account. Choose a granted account of the unit.").format(
						frappe.bold(account.full_name if account else cstr(self.get(field)))
					),
					title=_("Approval Delegation"),
				)
			self.set(f"{field}_user", account.user)
			if field == "leader":
				self.unit = account.unit
			elif account.unit != self.unit:
				frappe.throw(
					_("The substitute must hold an account of the same unit as the leader."),
					title=_("Approval Delegation"),
				)
		if self.leader == self.substitute:
			frappe.throw(_("Nobody is his own substitute."), title=_("Approval Delegation"))

	def require_right(self):
		"""The leader himself records and withdraws it, or the managing unit on his document."""
		if frappe.session.user != self.leader_user and not scope.acts_for_managing_unit():
			frappe.throw(
				_("Only the leader himself, or the managing unit on the leader's document, may do this."),
				frappe.PermissionError,
				title=_("Approval Delegation"),
			)

	def validate_period(self):
		start, end = get_datetime(self.valid_from), get_datetime(self.valid_until)
		if not start or not end:
			return  # Frappe's own check of mandatory fields answers
		if end <= start or end <= now_datetime():
			frappe.throw(
				_("The delegation must end after it begins, and in the future."), title=_("Valid Until")
			)
		if getdate(start) < getdate():
			frappe.throw(
				_("A delegation does not count backwards: it begins today or later."), title=_("Valid From")
			)

	def require_leader_by_position(self):
		leader = scope.account_of(self.leader_user)
		if not leader or not leader.approves_extraction:
			frappe.throw(
				_(
					"{0} does not decide by the own position, and what was delegated is not passed on. Choose the "
					"leader of the unit."
				).format(frappe.bold(name_of(self.leader))),
				title=_("Leader"),
			)

	def refuse_chain(self):
		"""Within one period nobody is both leader and substitute, and a leader has one substitute."""
		for other in overlapping(self):
			if self.leader == other.leader:
				text = _("{0} already has a substitute in this period: {1}. Withdraw that delegation first.")
			elif self.substitute == other.leader:
				text = _("{0} has a substitute in this period ({1}) and cannot stand in for somebody else.")
			elif self.leader == other.substitute:
				text = _("{0} stands in for somebody else in this period ({1}) and cannot pass it on.")
			else:
				continue
			who = self.substitute if self.substitute == other.leader else self.leader
			frappe.throw(
				text.format(frappe.bold(name_of(who)), frappe.bold(other.name)),
				title=_("Approval Delegation"),
			)

	def set_status(self):
		self.status = PHASES.at(self, now_datetime())

	@frappe.whitelist(methods=["POST"])
	def withdraw(self, reason: str | None = None):
		"""Ends the delegation now."""
		self.reload()  # as it is stored: what a request sends of it counts for nothing
		self.require_right()
		if self.status in (ENDED, WITHDRAWN):
			frappe.throw(_("This delegation has already ended."), title=_("Approval Delegation"))
		if not cstr(reason).strip():
			frappe.throw(_("Write the reason for the withdrawal."), title=_("Approval Delegation"))
		self.withdrawn_on, self.withdrawn_by = now_datetime(), frappe.session.user
		self.withdrawal_reason = cstr(reason).strip()
		self.flags.by_withdrawal = True
		self.save()
		notices.tell(
			[self.leader_user, self.substitute_user],
			_("The delegation {0} was withdrawn.").format(self.name),
			self,
		)


def overlapping(delegation: Document) -> list[frappe._dict]:
	"""Delegations of the same unit that share a moment with `delegation` from now on, so none that was
	withdrawn; a locking read, so that one that was recorded a moment ago counts."""
	table = frappe.qb.DocType("Approval Delegation")
	return (
		frappe.qb.from_(table)
		.select(table.name, table.leader, table.substitute)
		.where((table.unit == delegation.unit) & (table.name != (delegation.name or "")))
		.where(table.withdrawn_on.isnull())
		.where(
			(table.valid_from < get_datetime(delegation.valid_until))
			& (table.valid_until > get_datetime(delegation.valid_from))
		)
		.for_update()
	).run(as_dict=True)


def name_of(account: str) -> str:
	return frappe.db.get_value("Monitoring Account", account, "full_name") or account


def refresh_statuses() -> None:
	"""Every minute: the status that lists show. What counts is the period itself (access/scope.py)."""
	PHASES.refresh()
