import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cstr, now_datetime

from giam_sat_mot_cua.access.attributes import OwnAttributes
from giam_sat_mot_cua.access.records import keep_stored, refuse_change

HANDLING = ("handling_note",)
WRITTEN_HERE = ("handled_by", "handled_on")


class HealthEvent(OwnAttributes, Document):
	"""Written by recording/health_events.py; people add what they did about it."""

	def validate(self):
		if self.flags.by_system:
			return
		if self.is_new():
			refuse_change(self)
		own = {df.fieldname for df in self.meta.fields if df.read_only or df.hidden} - set(HANDLING)
		keep_stored(self, own)
		if self.has_value_changed("handling_note"):
			written = bool(cstr(self.handling_note).strip())
			self.handled_by = frappe.session.user if written else None
			self.handled_on = now_datetime() if written else None

	def on_trash(self):
		frappe.throw(_("A health event is history: it is never deleted."), title=_("Health Event"))
