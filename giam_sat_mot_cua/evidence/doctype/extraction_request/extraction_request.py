import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import add_to_date, cint, cstr, getdate, now_datetime

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.records import keep_stored
from giam_sat_mot_cua.access.states import Led
from giam_sat_mot_cua.access.turns import InTurn
from giam_sat_mot_cua.evidence import (
	access_log,
	holds,
	minutes,
	packages,
	ranges,
	request_people,
	request_split,
)
from giam_sat_mot_cua.evidence.doctype.extraction_request import request_states as states
from giam_sat_mot_cua.evidence.row_times import span
from giam_sat_mot_cua.workers import exports

TITLE = "Extraction Request"
# Written by this controller alone, whatever a request sends
SYSTEM_FIELDS = (
	"requester",
	"requester_unit",
	"unit",
	"split_from",
	"application",
	"submitted_on",
	"checked_by",
	"checked_on",
	"decided_by",
	"decided_on",
	"decided_under",
	"due_on",
	"reminded_on",
	"handed_over_on",
	"handed_over_by",
)
OF_REQUESTER = (
	"requester_kind",
	"requester_name",
	"organisation",
	"phone",
	"email",
	"identity_paper",
	"identity_number",
	"identity_issued",
	"purpose",
	"legal_basis",
	"application_document",
	"application_number",
	"application_date",
	"urgency",
	"urgency_reason",
	"wanted",
	"delivery",
	"exact_cut",
	"watermark",
	"blur_faces",
)
RECEIVER = ("received_by", "received_paper")
HANDOVER = (*RECEIVER, "handover_document")


class ExtractionRequest(InTurn, Led, Document):
	"""Somebody needs footage: a written application, checked by the operator, decided by the leader of the
	unit whose counter it is (Article 9.2)."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from giam_sat_mot_cua.evidence.doctype.extraction_range.extraction_range import ExtractionRange
		from giam_sat_mot_cua.evidence.doctype.extraction_step.extraction_step import ExtractionStep

		application: DF.Link | None
		application_date: DF.Date | None
		application_document: DF.Attach | None
		application_number: DF.Data | None
		blur_faces: DF.Check
		checked_by: DF.Link | None
		checked_on: DF.Datetime | None
		decided_by: DF.Link | None
		decided_on: DF.Datetime | None
		decided_under: DF.Link | None
		decision_reason: DF.SmallText | None
		delivery: DF.Literal["Download With a Personal Link", "Handed Over on a Medium"]
		due_on: DF.Datetime | None
		email: DF.Data | None
		exact_cut: DF.Check
		handed_over_by: DF.Link | None
		handed_over_on: DF.Datetime | None
		handover_document: DF.Attach | None
		identity_issued: DF.Data | None
		identity_number: DF.Data | None
		identity_paper: DF.Literal["", "Identity Card", "Passport", "Service Card", "Letter of Introduction"]
		legal_basis: DF.SmallText
		organisation: DF.Data | None
		phone: DF.Data | None
		purpose: DF.SmallText
		ranges: DF.Table[ExtractionRange]
		received_by: DF.Data | None
		received_paper: DF.Data | None
		reminded_on: DF.Datetime | None
		requester: DF.Link | None
		requester_kind: DF.Literal["Account of the System", "Outside Person or Body"]
		requester_name: DF.Data
		requester_unit: DF.Link | None
		split_from: DF.Link | None
		status: DF.Literal[
			"Draft",
			"Submitted",
			"Checked",
			"Returned",
			"Approved",
			"Rejected",
			"Withdrawn",
			"Exporting",
			"Ready",
			"Handed Over",
			"Closed",
			"Expired",
		]
		steps: DF.Table[ExtractionStep]
		submitted_on: DF.Datetime | None
		unit: DF.Link | None
		urgency: DF.Literal["Normal", "Urgent"]
		urgency_reason: DF.SmallText | None
		wanted: DF.SmallText | None
		watermark: DF.Check
		workflow_state: DF.Link | None
	# end: auto-generated types

	TURN = holds.TURN  # what is asked for is kept from then on
	STATUSES = states.STATUSES

	basis = None  # on which a leader decides
	left_out: tuple = ()  # rows of other units, for requests of their own

	def validate(self):
		self.read_status()
		self.keep_what_the_system_writes()
		self.set_requester()
		self.require_right()
		self.keep_locked_fields()
		self.validate_texts()
		self.read_ranges()
		self.require_what_the_state_needs()
		self.note_what_happened()

	def on_update(self):
		parts, self.left_out = self.left_out, ()
		for rows in parts:
			request_split.insert_part(self, rows)
		if self.entered(states.APPROVED) and self.previous == states.CHECKED:
			packages.ask_for(self)
			exports.enqueue(after_commit=True)
		if self.entered(states.HANDED_OVER):
			self.note_handover()
		if self.status_changed():
			request_people.tell(self)

	def validate_workflow(self):
		"""Steps that the system takes are in no workflow that an administrator changes: `require_transition`
		knows them."""
		if not self.flags.by_system:
			super().validate_workflow()

	def onload(self):
		self.set_onload("locked_fields", self.locked_fields())
		has_minutes = self.status in minutes.WITH_MINUTES and minutes.may_make(self)
		self.set_onload("minutes_format", minutes.FORMAT if has_minutes else None)

	def on_trash(self):
		if self.status != states.DRAFT or frappe.session.user not in (self.requester, self.owner):
			frappe.throw(
				_("A request is history once it is submitted: it can be withdrawn, never deleted."),
				frappe.PermissionError,
				title=_(TITLE),
			)

	# What changed

	def is_outside(self) -> bool:
		return self.requester_kind == request_people.OUTSIDE

	# Who may

	def keep_what_the_system_writes(self):
		if self.flags.by_split:
			return
		keep_stored(self, SYSTEM_FIELDS)
		if not self.before:
			self.application = self.flags.from_application
		self.set("steps", [row.as_dict() for row in self.before.steps] if self.before else [])

	def set_requester(self):
		"""Who has an account asks for himself; for others somebody enters what their application says."""
		if self.flags.by_split or (self.before and self.previous not in states.OPEN):
			return
		if self.is_outside():
			self.requester = self.requester_unit = None
			return
		self.requester = self.before.owner if self.before else frappe.session.user
		account = scope.account_of(self.requester)
		self.requester_unit = account.unit if account else None
		self.requester_name = frappe.db.get_value("User", self.requester, "full_name")
		for field in ("phone", "email", "identity_paper", "identity_number", "identity_issued"):
			self.set(field, None)

	def require_right(self):
		if not self.before:
			if self.status != states.DRAFT:
				self.refuse(_("A request begins as a draft; the workflow's buttons lead on from there."))
			return
		if self.status_changed():
			return self.require_transition()
		if not any(map(self.may, self.who_leads_on())):
			self.refuse(_("In this state of the request you change nothing of it."))

	def who_leads_on(self) -> set[str]:
		"""Who may lead the request out of its state: they write in it, each what is not locked."""
		return {who for (status, _to), who in states.TRANSITIONS.items() if status == self.previous}

	def may(self, who: str) -> bool:
		try:
			self.require(who)
		except frappe.PermissionError:
			frappe.clear_last_message()
			return False
		return True

	def require_transition(self):
		who = states.TRANSITIONS.get((self.previous, self.status))
		if not who:
			self.refuse(
				_("A request does not go from {0} to {1}.").format(
					frappe.bold(_(self.previous)), frappe.bold(_(self.status))
				)
			)
		self.require(who)

	def require(self, who: str):
		"""Raises PermissionError unless the session's user is one of `who` (request_states)."""
		{
			states.REQUESTER: self.require_requester,
			states.OPERATOR: self.require_operator,
			states.APPROVER: self.require_approver,
			states.SYSTEM: self.require_system,
		}[who]()

	def require_system(self):
		if not self.flags.by_system:
			self.refuse(_("The system itself leads a request into this state."))

	def require_requester(self):
		if frappe.session.user not in (self.before.requester, self.before.owner):
			self.refuse(_("Only who made the request changes, submits or withdraws it."))

	def require_operator(self):
		request_people.require_operator()
		if self.before.requester == frappe.session.user:
			self.refuse(_("Nobody handles his own request."))

	def require_approver(self):
		"""The leader of the unit whose counter it is, or his recorded substitute; never who asks, nor who has
		entered the application."""
		if self.before.owner == frappe.session.user:
			self.refuse(_("Nobody decides a request that he has made or entered himself."))
		self.basis = scope.require_approver(self.before.unit, self.before.requester)

	def refuse(self, text: str):
		frappe.throw(text, frappe.PermissionError, title=_(TITLE))

	# What is locked

	def locked_fields(self) -> list[str]:
		if self.status in states.OPEN:
			return list(HANDOVER)
		locked = list(OF_REQUESTER)
		if self.status != states.SUBMITTED or not cstr(self.wanted).strip():
			locked.append("ranges")
		if self.status not in (states.READY, states.HANDED_OVER):
			locked += HANDOVER
		if self.status == states.HANDED_OVER:
			locked += RECEIVER
		return locked

	def keep_locked_fields(self):
		if not self.before:
			for field in HANDOVER:
				self.set(field, None)
			return
		locked = self.before.locked_fields()
		for field in locked:
			if self.ranges_changed() if field == "ranges" else self.changed(field):
				self.refuse(
					_("{0} cannot be changed while the request is {1}.").format(
						frappe.bold(_(self.meta.get_label(field))), frappe.bold(_(self.previous))
					)
				)
		if "ranges" in locked:
			self.set("ranges", [row.as_dict() for row in self.before.ranges])
		elif self.previous == states.SUBMITTED and self.ranges_changed():
			self.require_operator()

	def ranges_changed(self) -> bool:
		return [said(row) for row in self.ranges] != [said(row) for row in self.before.ranges]

	# What must be right

	def validate_texts(self):
		"""Purpose and legal basis are written out, in every request (Article 4.5)."""
		for field in ("purpose", "legal_basis", "requester_name"):
			self.set(field, cstr(self.get(field)).strip())
		if self.application_date and getdate(self.application_date) > getdate():
			frappe.throw(
				_("The application is dated {0}, which is still to come. Correct the date.").format(
					frappe.bold(frappe.format(self.application_date, "Date"))
				),
				title=_(TITLE),
			)

	def read_ranges(self):
		"""In the states in which they may still change, and where somebody decides by them."""
		if self.previous in (None, *states.OPEN, states.SUBMITTED) or self.entered(states.APPROVED):
			by_requester = not self.flags.by_split and (not self.before or self.previous in states.OPEN)
			ranges.read(self, is_asked_by_requester=by_requester)
			self.set_unit()

	def set_unit(self):
		"""One leader decides, so a request is about one unit's counter: the rows of others are split off when
		it is submitted."""
		unit_of = ranges.unit_of(self)
		units = list(dict.fromkeys(unit_of.values()))
		if self.entered(states.APPROVED) and units != [self.before.unit]:
			frappe.throw(
				_("A camera of this request belongs to another unit now. Return the request."), title=_(TITLE)
			)
		if len(units) > 1 and self.status in states.WAITING:
			self.left_out = request_split.take_out(self, unit_of, units[1:])
			units = units[:1]
		self.unit = units[0] if len(units) == 1 else None

	def require_what_the_state_needs(self):
		if self.entered(states.SUBMITTED):
			self.require_application()
		if self.entered(states.CHECKED):
			self.require_footage()
		if self.entered(*states.NEEDS_REASON):
			request_people.require_reason(self.decision_reason)
		if self.entered(states.HANDED_OVER):
			self.require_receiver()

	def require_application(self):
		if not self.application_document:
			frappe.throw(
				_("Attach the written application: without it footage is given to nobody (Article 9.2)."),
				title=_("Application (Scan)"),
			)
		if not self.ranges and not cstr(self.wanted).strip():
			frappe.throw(
				_("Say what footage you need: cameras and times, or in words the counter, day and hour."),
				title=_("What Footage"),
			)
		if self.urgency == "Urgent" and not cstr(self.urgency_reason).strip():
			frappe.throw(_("Write why the request is urgent."), title=_("Urgency"))
		if self.is_outside():
			for field in ("identity_paper", "identity_number"):
				self.require_filled(field)
			if not (cstr(self.phone).strip() or cstr(self.email).strip()):
				frappe.throw(
					_("Enter a phone number or an e-mail address of the requester."), title=_("Who Asks")
				)

	def require_filled(self, field: str):
		if not cstr(self.get(field)).strip():
			label = frappe.bold(_(self.meta.get_label(field)))
			frappe.throw(_("Enter {0}.").format(label), title=_(TITLE))

	def require_footage(self):
		if not self.ranges:
			frappe.throw(
				_("Enter the cameras and times that are asked for, or return the request."),
				title=_("Cameras and Times"),
			)
		if not any(row.recorded_s for row in self.ranges):
			frappe.throw(
				_("Nothing of what is asked for is there. Return the request, and say so as the reason."),
				title=_("Cameras and Times"),
			)

	def require_receiver(self):
		for field in ("received_by", "received_paper"):
			self.require_filled(field)

	# What happens

	def note_what_happened(self):
		if not self.status_changed():
			return
		now, user = now_datetime(), frappe.session.user
		if self.entered(states.SUBMITTED):
			self.submitted_on = now
			self.checked_by = self.checked_on = None
		if self.entered(states.CHECKED):
			self.checked_by, self.checked_on = user, now
		if self.entered(states.APPROVED, states.REJECTED) and self.basis:
			self.decided_by, self.decided_on = user, now
			self.decided_under = self.basis.delegation
		if self.entered(states.HANDED_OVER):
			self.handed_over_by, self.handed_over_on = user, now
		self.due_on, self.reminded_on = self.due_after(now), None
		self.note_step(now)
		if not self.entered(*states.NEEDS_REASON):
			self.decision_reason = None  # a reason belongs to one decision; the steps keep it

	def note_handover(self):
		"""Whoever holds the footage from now on stands on the access log, at each of its cameras."""
		reason = _("Receiver: {0}; paper: {1}; {2}").format(
			self.received_by, self.received_paper, self.purpose
		)
		for row in self.ranges:
			begin, end = span(row)
			access_log.note(access_log.HANDOVER, row.camera, begin, end, reason, self)

	def due_after(self, now):
		"""By when whoever has the request now has done his part."""
		if self.status not in states.WAITING:
			return None
		field = "extraction_check_hours" if self.status == states.SUBMITTED else "extraction_decide_hours"
		if self.urgency == "Urgent":
			field = "extraction_urgent_hours"
		return add_to_date(now, hours=cint(frappe.db.get_single_value("Monitoring Settings", field)))

	def note_step(self, now):
		self.append(
			"steps",
			{
				"at": now,
				"person": frappe.session.user,
				"full_name": frappe.db.get_value("User", frappe.session.user, "full_name"),
				"from_status": self.previous,
				"to_status": self.status,
				"reason": cstr(self.decision_reason).strip() if self.entered(*states.NEEDS_REASON) else None,
				"delegation": self.basis.delegation if self.basis else None,
			},
		)


def said(row: Document) -> tuple:
	"""What a person wrote in a row."""
	return (row.camera, cstr(row.from_time)[:19], cstr(row.to_time)[:19])


def on_doctype_update():
	"""The index by which what is asked for is kept (evidence/holds.py)."""
	frappe.db.add_index("Extraction Request", ["status", "name"], "asked_for")
