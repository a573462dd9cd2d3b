import re

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cstr, getdate, now_datetime

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.records import keep_stored
from giam_sat_mot_cua.access.states import Led
from giam_sat_mot_cua.access.turns import InTurn
from giam_sat_mot_cua.organization import account_user, notices, quotas
from giam_sat_mot_cua.organization.doctype.monitoring_account import account_states as states

EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
# Written by this controller alone, whatever a request sends.
SYSTEM_FIELDS = (
	"user",
	"proposed_by",
	"proposed_on",
	"proposed_under",
	"granted_by",
	"granted_on",
	"suspended_on",
	"revoked_on",
	"handed_over_by",
)


class MonitoringAccount(InTurn, Led, Document):
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from giam_sat_mot_cua.organization.doctype.account_assignment.account_assignment import (
			AccountAssignment,
		)

		assignments: DF.Table[AccountAssignment]
		decision_reason: DF.SmallText | None
		document_date: DF.Date | None
		document_file: DF.Attach | None
		document_number: DF.Data | None
		email: DF.Data
		full_name: DF.Data
		granted_by: DF.Link | None
		granted_on: DF.Datetime | None
		handed_over_by: DF.Link | None
		handed_over_on: DF.Datetime | None
		handover_document: DF.Attach | None
		handover_note: DF.SmallText | None
		job_title: DF.Data | None
		mobile_no: DF.Data | None
		officer_code: DF.Data | None
		position: DF.Link
		proposed_by: DF.Link | None
		proposed_on: DF.Datetime | None
		proposed_under: DF.Link | None
		received_by: DF.Data | None
		revoked_on: DF.Datetime | None
		status: DF.Literal["Draft", "Proposed", "Granted", "Returned", "Suspended", "Revoked"]
		suspended_on: DF.Datetime | None
		unit: DF.Link
		user: DF.Link | None
		workflow_state: DF.Link | None
	# end: auto-generated types

	TURN = quotas.TURN
	STATUSES = states.STATUSES

	def validate(self):
		self.read_status()
		self.keep_what_the_system_writes()
		self.tidy_person()
		self.require_right()
		self.keep_locked_fields()
		self.require_one_account_per_person()
		self.require_assignment()
		if self.entered(states.PROPOSED):
			self.note_proposal()
		if self.entered(*states.NEEDS_REASON):
			self.require_reason()
		if self.entered(states.GRANTED):
			self.grant()
		elif self.moved():
			self.transfer()
		self.note_end()
		self.note_handover()

	def on_update(self):
		if self.status_changed() or self.moved() or self.has_value_changed("mobile_no"):
			account_user.follow(self)
		if self.before and self.status_changed():
			self.tell_of_decision()

	def onload(self):
		self.set_onload("locked_fields", states.LOCKED[self.status])

	def on_trash(self):
		if self.status not in (states.DRAFT, states.RETURNED):
			frappe.throw(
				_("Account {0} has a history, so it cannot be deleted. Revoke it instead.").format(
					frappe.bold(self.name)
				),
				title=_("Monitoring Account"),
			)
		self.require_own_unit()

	# What changed

	def moved(self) -> bool:
		return self.status in quotas.HOLDING and any(map(self.changed, states.ASSIGNMENT))

	# Who may

	def require_right(self):
		if not self.before:
			if self.status != states.DRAFT:
				self.refuse(_("An account begins as a draft; the workflow's buttons lead on from there."))
			return self.require_own_unit()
		if self.status_changed():
			return self.require_transition()
		if self.previous in states.OPEN_TO_UNIT:
			return self.require_own_unit()
		self.require_managing_unit()
		if self.user and self.user == frappe.session.user:
			self.refuse(_("Nobody decides about his own account."))

	def require_transition(self):
		who = states.TRANSITIONS.get((self.previous, self.status))
		if not who:
			self.refuse(
				_("An account does not go from {0} to {1}.").format(
					frappe.bold(_(self.previous)), frappe.bold(_(self.status))
				)
			)
		if self.user and self.user == frappe.session.user:
			self.refuse(_("Nobody decides about his own account."))
		if who == states.MANAGING or scope.acts_for_managing_unit():
			return self.require_managing_unit()
		self.require_own_unit()
		self.proposal_basis = scope.require_approver(self.unit)

	def require_own_unit(self):
		"""Drafts are prepared by the people of the unit itself, or by the managing unit for it."""
		if scope.acts_for_managing_unit():
			return
		units = {self.unit, self.before.unit if self.before else self.unit}
		if units != {scope.home_unit()}:
			self.refuse(_("Accounts are prepared by the unit itself. Choose your own unit."))

	def require_managing_unit(self):
		if not scope.acts_for_managing_unit():
			self.refuse(
				_(
					"Accounts are granted, changed and withdrawn by the managing unit alone (Article 6.3). Ask it to "
					"do so."
				)
			)

	def refuse(self, text: str):
		frappe.throw(text, frappe.PermissionError, title=_("Monitoring Account"))

	def keep_what_the_system_writes(self):
		keep_stored(self, SYSTEM_FIELDS)
		self.set("assignments", [row.as_dict() for row in self.before.assignments] if self.before else [])

	def keep_locked_fields(self):
		if not self.before:
			for field in states.HANDOVER:
				self.set(field, None)
		for field in states.LOCKED.get(self.previous, ()):
			if self.changed(field):
				self.refuse(
					_("{0} cannot be changed while the account is {1}.").format(
						frappe.bold(_(self.meta.get_label(field))), frappe.bold(_(self.previous))
					)
				)

	# What must be right

	def tidy_person(self):
		self.full_name = " ".join(cstr(self.full_name).split())
		self.email = cstr(self.email).strip().lower()
		self.officer_code = cstr(self.officer_code).strip() or None
		if self.email and not EMAIL.fullmatch(self.email):
			frappe.throw(
				_("Write one e-mail address of this person, for example ten@ninhbinh.gov.vn."),
				title=_("Email (login name)"),
			)

	def require_one_account_per_person(self):
		"""One person, one account (Article 5.10). Two that are granted at once meet at the one User."""
		for field in ("email", "officer_code"):
			if not self.get(field):
				continue
			table = frappe.qb.DocType("Monitoring Account")
			query = (
				frappe.qb.from_(table)
				.select(table.name, table.full_name, table.status)
				.where((table[field] == self.get(field)) & (table.name != (self.name or "")))
				.where(table.status != states.REVOKED)
			)
			other = next(iter(query.run(as_dict=True)), None)
			if other:
				frappe.throw(
					_(
						"{0} {1} already belongs to account {2} of {3} ({4}). One person has one account: transfer "
						"that one, or revoke it first (Article 5.10)."
					).format(
						_(self.meta.get_label(field)),
						frappe.bold(frappe.utils.escape_html(self.get(field))),
						frappe.bold(other.name),
						other.full_name,
						_(other.status),
					),
					title=_("Monitoring Account"),
				)

	def require_assignment(self):
		if not (self.unit and self.position) or self.status == states.REVOKED:
			return  # Frappe's own check of mandatory fields answers
		position = frappe.db.get_value(
			"Position", self.position, ["position_name", "active", "role_profile"], as_dict=True
		)
		new = not self.before or any(map(self.changed, states.ASSIGNMENT)) or self.status_changed()
		if not (frappe.db.exists("Monitored Unit", self.unit) and position and new):
			return
		if self.status != states.SUSPENDED:
			quotas.require_active(self.unit)
		if not position.active or not position.role_profile:
			frappe.throw(
				_(
					"The position {0} cannot be used: an administrator activates it and gives it a role profile."
				).format(frappe.bold(position.position_name)),
				title=_("Position"),
			)

	def require_reason(self):
		"""A reason belongs to one decision: proposing and granting clear it."""
		if not cstr(self.decision_reason).strip():
			frappe.throw(
				_("Write the reason for the decision: the unit reads it."), title=_("Reason for the Decision")
			)

	# What happens

	def note_proposal(self):
		self.require_documents()
		quotas.require_quota(self.unit, self.position)
		self.proposed_by, self.proposed_on = frappe.session.user, now_datetime()
		basis = getattr(self, "proposal_basis", None)
		self.proposed_under = basis.delegation if basis else None
		self.decision_reason = None

	def require_documents(self):
		"""No account without an approving document (Article 3.4)."""
		for field in ("document_number", "document_date"):
			if not cstr(self.get(field)).strip():
				frappe.throw(
					_(
						"Enter {0} of the document that approves the use of the system: without it no account is "
						"granted (Article 3.4)."
					).format(frappe.bold(_(self.meta.get_label(field)))),
					title=_("Approving Document"),
				)
		if getdate(self.document_date) > getdate():
			frappe.throw(
				_("The document is dated {0}, which is still to come. Correct the date.").format(
					frappe.bold(frappe.format(self.document_date, "Date"))
				),
				title=_("Approving Document"),
			)

	def grant(self):
		self.require_documents()
		if self.previous == states.SUSPENDED:
			self.suspended_on = None  # it kept its place
			if self.moved():
				self.transfer()
		else:
			quotas.require_place(self.unit, self.position, self.name)
			self.granted_by, self.granted_on = frappe.session.user, now_datetime()
			self.begin_assignment()
		self.decision_reason = None
		self.user = self.email

	def transfer(self):
		"""To another unit or position: on a new document, with the old one kept in the history."""
		if self.user == frappe.session.user:
			self.refuse(_("Nobody decides about his own account."))
		if not self.changed("document_number"):
			frappe.throw(
				_("Enter the number and date of the document that decides the transfer."),
				title=_("Approving Document"),
			)
		self.require_documents()
		quotas.require_place(self.unit, self.position, self.name)
		self.end_assignment()
		self.begin_assignment()

	def begin_assignment(self):
		self.append(
			"assignments",
			{
				"unit": self.unit,
				"position": self.position,
				"valid_from": now_datetime(),
				"document": self.document_number,
			},
		)

	def end_assignment(self):
		if self.assignments and not self.assignments[-1].valid_until:
			self.assignments[-1].valid_until = now_datetime()

	def note_end(self):
		if self.entered(states.SUSPENDED):
			self.suspended_on = now_datetime()
		if self.entered(states.REVOKED):
			self.revoked_on = now_datetime()
			self.end_assignment()

	def note_handover(self):
		if self.changed("handed_over_on"):
			self.handed_over_by = frappe.session.user if self.handed_over_on else None

	def tell_of_decision(self):
		name = self.full_name
		if self.status == states.PROPOSED:
			notices.tell_administrators(_("An account is proposed for {0}.").format(name), self)
		else:
			notices.tell(
				[self.proposed_by, *notices.deciders(self.unit)],
				_("The account of {0} is now: {1}.").format(name, _(self.status)),
				self,
			)


def on_doctype_update():
	"""The index by which places are counted (organization/quotas.py)."""
	frappe.db.add_index("Monitoring Account", ["unit", "position", "status"], quotas.PLACES_INDEX)
