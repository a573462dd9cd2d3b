import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import add_to_date, cstr, get_datetime, now_datetime

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.access.records import keep_stored
from giam_sat_mot_cua.access.turns import InTurn
from giam_sat_mot_cua.access.values import short_text
from giam_sat_mot_cua.cameras import maintenance
from giam_sat_mot_cua.organization.phases import Phases

SYSTEM_FIELDS = ("withdrawn_on", "withdrawn_by", "withdrawal_reason")
FIXED_ONCE_BEGUN = ("unit", "with_subordinates", "from_time")
PLANNED, IN_PROGRESS, DONE, CANCELLED = "Planned", "In Progress", "Done", "Cancelled"
PHASES = Phases("Maintenance Order", "from_time", "to_time", PLANNED, IN_PROGRESS, DONE, CANCELLED)
OVER = (DONE, CANCELLED)
LONGEST_DAYS = 31


class MaintenanceOrder(InTurn, Document):
	"""Planned work on cameras (Article 6.1): their alarms are silent meanwhile; what is missing stays on the
	ledger, with the cause Maintenance."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from giam_sat_mot_cua.cameras.doctype.maintenance_camera.maintenance_camera import (
			MaintenanceCamera,
		)

		cameras: DF.Table[MaintenanceCamera]
		document_number: DF.Data
		from_time: DF.Datetime
		reason: DF.SmallText
		status: DF.Literal["Planned", "In Progress", "Done", "Cancelled"]
		to_time: DF.Datetime
		unit: DF.Link
		with_subordinates: DF.Check
		withdrawal_reason: DF.SmallText | None
		withdrawn_by: DF.Link | None
		withdrawn_on: DF.Datetime | None
	# end: auto-generated types

	TURN = "Maintenance Order"  # two orders for one camera must see each other

	def validate(self):
		if self.flags.by_withdrawal:
			self.set_status()
			return
		keep_stored(self, SYSTEM_FIELDS)
		self.refuse_change_when_over()
		self.validate_period()
		self.validate_cameras()
		self.refuse_overlap()
		self.set_status()

	def on_trash(self):
		frappe.throw(
			_("A maintenance order is history: it can be withdrawn, never deleted."),
			title=_("Maintenance Order"),
		)

	def refuse_change_when_over(self):
		before = self.get_doc_before_save()
		status = PHASES.at(before, now_datetime()) if before else PLANNED
		if status == CANCELLED:
			frappe.throw(
				_("This order was withdrawn and is not changed any more. Record a new one."),
				title=_("Maintenance Order"),
			)
		if status == DONE:
			frappe.throw(
				_("This order is over and is not changed any more. Record a new one."),
				title=_("Maintenance Order"),
			)
		if status == IN_PROGRESS and self.differs_from(before):
			frappe.throw(
				_(
					"The work has begun: only its end, reason and document may change. For other cameras record "
					"another order."
				),
				title=_("Maintenance Order"),
			)

	def differs_from(self, before: Document) -> bool:
		same = all(cstr(self.get(field)) == cstr(before.get(field)) for field in FIXED_ONCE_BEGUN)
		return not same or self.single_cameras() != [row.camera for row in before.cameras]

	def validate_period(self):
		start, end, now = get_datetime(self.from_time), get_datetime(self.to_time), now_datetime()
		if not start or not end:
			return  # Frappe's own check of mandatory fields answers
		if end <= start:
			frappe.throw(_("The work must end after it begins."), title=_("Maintenance Order"))
		if end > add_to_date(max(start, now), days=LONGEST_DAYS):
			frappe.throw(
				_("An order lasts at most {0} days. Record another one when the work takes longer.").format(
					LONGEST_DAYS
				),
				title=_("Maintenance Order"),
			)
		if self.is_new() and start < add_to_date(now, days=-1):
			frappe.throw(
				_("The beginning lies more than a day ago. What was missing until now keeps its own cause."),
				title=_("Maintenance Order"),
			)
		if end <= now:
			frappe.throw(
				_(
					"This period is over already. An order is recorded before its end: what was missing until now "
					"keeps its own cause."
				),
				title=_("Maintenance Order"),
			)
		before = self.get_doc_before_save()
		if before and start != get_datetime(before.from_time) and start < now:
			frappe.throw(
				_("The beginning can only be moved to a moment in the future."), title=_("Maintenance Order")
			)

	def validate_cameras(self):
		named = self.single_cameras()
		twice = next((name for name in named if named.count(name) > 1), None)
		if twice:
			frappe.throw(
				_("Camera {0} is listed twice.").format(frappe.bold(twice)), title=_("Maintenance Order")
			)
		units = scope.subtree(self.unit)
		for name in named:
			if frappe.db.get_value("Camera", name, "unit") not in units:
				frappe.throw(
					_("Camera {0} belongs neither to this unit nor to one below it.").format(
						frappe.bold(name)
					),
					title=_("Maintenance Order"),
				)
		if not maintenance.cameras_of(self, named):
			frappe.throw(
				_(
					"This unit has no camera. Choose another one, or tick 'Also Units Below It' for a superior unit."
				),
				title=_("Maintenance Order"),
			)

	def refuse_overlap(self):
		own = set(maintenance.cameras_of(self, self.single_cameras()))
		for other in overlapping(self):
			shared = sorted(own.intersection(maintenance.cameras_of(other)))
			if shared:
				frappe.throw(
					_(
						"Camera {0} is already in order {1}, from {2} to {3}. Change that order, or choose "
						"another period."
					).format(
						frappe.bold(shared[0]),
						frappe.bold(other.name),
						frappe.format(other.from_time, "Datetime"),
						frappe.format(other.to_time, "Datetime"),
					),
					title=_("Maintenance Order"),
				)

	def single_cameras(self) -> list[str]:
		return [row.camera for row in self.cameras]

	def set_status(self):
		self.status = PHASES.at(self, now_datetime())

	@frappe.whitelist(methods=["POST"])
	def end_now(self):
		"""The work is done earlier than planned: alarms count again from now on."""
		self.as_stored()
		if self.status != IN_PROGRESS:
			frappe.throw(_("Only work that has begun can be ended."), title=_("Maintenance Order"))
		self.to_time = now_datetime()
		self.flags.by_withdrawal = True
		self.save()

	@frappe.whitelist(methods=["POST"])
	def withdraw(self, reason: str | None = None):
		"""The work does not take place, or not any further: it counts until now."""
		self.as_stored()
		if self.status in OVER:
			frappe.throw(_("This order has already ended."), title=_("Maintenance Order"))
		reason = short_text(reason)
		if not reason:
			frappe.throw(_("Write why the order is withdrawn."), title=_("Maintenance Order"))
		self.withdrawn_on, self.withdrawn_by = now_datetime(), frappe.session.user
		self.withdrawal_reason = reason
		self.flags.by_withdrawal = True
		self.save()

	def as_stored(self):
		"""What a request sends of the record counts for nothing."""
		self.reload()
		self.check_permission("write")
		self.set_status()


def overlapping(order: Document) -> list[frappe._dict]:
	"""Orders that share a moment with `order` and were not withdrawn; a locking read, so that one that was
	recorded a moment ago counts."""
	table = frappe.qb.DocType("Maintenance Order")
	return (
		frappe.qb.from_(table)
		.select(table.name, table.unit, table.with_subordinates, table.from_time, table.to_time)
		.where((table.name != (order.name or "")) & table.withdrawn_on.isnull())
		.where(
			(table.from_time < get_datetime(order.to_time)) & (table.to_time > get_datetime(order.from_time))
		)
		.orderby(table.from_time)
		.for_update()
	).run(as_dict=True)


def refresh_statuses() -> None:
	"""Every minute: the status that lists show. What counts is the period itself (cameras/maintenance.py)."""
	PHASES.refresh()
