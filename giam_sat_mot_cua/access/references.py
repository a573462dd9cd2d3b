"""Records of Frappe that point to one of this app: tasks, comments, tags, followers, shares. They are listed,
read and made by who sees the record that they point to."""

from functools import partial

import frappe
from frappe import _

from giam_sat_mot_cua.access import hooks, records, scope
from giam_sat_mot_cua.compat import NO_OBJECTION

# DocType of Frappe: (field with the DocType, field with the name) of what it points to
REFERENCES = {
	"Activity Log": ("reference_doctype", "reference_name"),
	"Comment": ("reference_doctype", "reference_name"),
	"Communication": ("reference_doctype", "reference_name"),
	"Document Follow": ("ref_doctype", "ref_docname"),
	"Notification Log": ("document_type", "document_name"),
	"Tag Link": ("document_type", "document_name"),
	"ToDo": ("reference_type", "reference_name"),
	"Version": ("ref_doctype", "docname"),
	"Workflow Action": ("reference_doctype", "reference_name"),
}
TOLD_TO = {"Document Follow": "user", "Notification Log": "for_user", "ToDo": "allocated_to"}


def of_seen_records(doctype: str, user: str | None = None) -> str:
	"""SQL condition that keeps the rows of `doctype` that point to no record of this app that `user` does not
	see."""
	seen = scope.sight(user)
	if seen.everything:
		return "1=1"
	type_field, name_field = (f"`tab{doctype}`.`{field}`" for field in REFERENCES[doctype])
	ours = ", ".join(frappe.db.escape(name) for name in records.doctypes())
	of_seen = " or ".join(
		f"({type_field} = {frappe.db.escape(other)} and {name_field} in "
		f"(select name from `tab{other}` where {condition}))"
		for other, condition in hooks.conditions_of_all(seen, user)
	)
	return f"(ifnull({type_field}, '') not in ({ours}) or {of_seen})"


def document_follow_conditions(user: str | None = None) -> str:
	"""Frappe lists everybody's; here each has his own."""
	own = f"`tabDocument Follow`.user = {frappe.db.escape(user or frappe.session.user)}"
	return f"({own} and {of_seen_records('Document Follow', user)})"


# One for each hook, since Frappe 15 does not say which DocType it asks about
activity_log_conditions = partial(of_seen_records, "Activity Log")
comment_conditions = partial(of_seen_records, "Comment")
communication_conditions = partial(of_seen_records, "Communication")
notification_log_conditions = partial(of_seen_records, "Notification Log")
tag_link_conditions = partial(of_seen_records, "Tag Link")
todo_conditions = partial(of_seen_records, "ToDo")
version_conditions = partial(of_seen_records, "Version")
workflow_action_conditions = partial(of_seen_records, "Workflow Action")


def has_reference_permission(doc, ptype: str | None = None, user: str | None = None) -> bool | None:
	"""Frappe's own rules apply as well; this only narrows."""
	user = user or frappe.session.user
	type_field, name_field = REFERENCES[doc.doctype]
	if not records.sees(doc.get(type_field), doc.get(name_field), user=user):
		return False
	if doc.doctype == "Document Follow" and user not in (doc.get("user"), "Administrator"):
		return False
	return NO_OBJECTION


def require_seen(doc, _method: str | None = None) -> None:
	"""Nobody comments on, tags, follows or assigns a record that he does not see, nor has it told to somebody
	who does not see it."""
	type_field, name_field = REFERENCES[doc.doctype]
	record = doc.get(type_field), doc.get(name_field)
	records.require(*record)
	person = doc.get(TOLD_TO.get(doc.doctype, ""))
	if person and doc.get("status") not in ("Cancelled", "Closed") and not records.sees(*record, user=person):
		frappe.throw(
			_("{0} does not see this record, so it cannot be given to this person.").format(
				frappe.bold(frappe.utils.escape_html(str(person)))
			),
			frappe.PermissionError,
			title=_("Not permitted"),
		)


def refuse_share(share, _method: str | None = None) -> None:
	"""Frappe adds shares to what an account sees; here the unit alone decides (Article 6.3)."""
	if records.is_ours(share.get("share_doctype")):
		frappe.throw(
			_("Records of this system cannot be shared: who sees one is decided by its unit."),
			frappe.PermissionError,
			title=_("Not permitted"),
		)


def remove_shares() -> None:
	"""Shares that were made before this app was there, or past it: Frappe would count them."""
	frappe.db.delete("DocShare", {"share_doctype": ("in", records.doctypes())})
