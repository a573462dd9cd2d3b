"""Account reviews: what opens, reminds, counts and closes them (Articles 6.1, 10.2)."""

from collections import Counter

import frappe
from frappe import _
from frappe.utils import add_days, add_months, date_diff, format_date, getdate

from giam_sat_mot_cua.organization import notices
from giam_sat_mot_cua.organization.doctype.account_review_entry import account_review_entry as entries
from giam_sat_mot_cua.organization.quotas import HOLDING

CONFIRM, CHANGE, REVOKE = "Confirm", "Change", "Revoke"
UNDECIDED = (entries.WAITING, entries.OVERDUE)
REMIND_OVERDUE_EVERY_DAYS = 7


def add_entries(review) -> None:
	"""One entry for each account that holds a place, as it is on the day the review opens."""
	accounts = frappe.get_all(
		"Monitoring Account",
		{"status": ("in", HOLDING)},
		["name", "full_name", "unit", "position", "status", "user"],
		order_by="unit, name",
	)
	users = [account.user for account in accounts if account.user]
	logins = dict(
		frappe.get_all("User", {"name": ("in", users)}, ["name", "last_login"], as_list=True, order_by="name")
	)
	for account in accounts:
		entry = frappe.get_doc(
			{
				"doctype": "Account Review Entry",
				"review": review.name,
				"account": account.name,
				"full_name": account.full_name,
				"unit": account.unit,
				"position": account.position,
				"account_status": _(account.status),
				"last_login": logins.get(account.user) or None,
				"due_on": review.due_on,
				"status": entries.WAITING,
			}
		)
		entry.flags.by_system = True
		entry.insert(ignore_permissions=True)  # the system writes entries; units decide them
	tell_units(review, _("Account review: please decide about your unit's accounts until {0}."))


def move_due_date(review) -> None:
	for entry in undecided(review.name):
		status = entries.WAITING if getdate(review.due_on) >= getdate() else entries.OVERDUE
		frappe.db.set_value("Account Review Entry", entry.name, {"due_on": review.due_on, "status": status})


def undecided(review: str) -> list[frappe._dict]:
	return frappe.get_all(
		"Account Review Entry",
		{"review": review, "status": ("in", UNDECIDED)},
		["name", "account", "unit"],
		order_by="unit, name",
	)


def figures(review: str | None) -> dict[str, int]:
	"""{"total", "undecided", "Confirm", "Change", "Revoke"} of a review."""
	rows = frappe.get_all(
		"Account Review Entry", {"review": review or ""}, ["decision"], order_by="name", limit_page_length=0
	)
	counts = Counter(row.decision or "undecided" for row in rows)
	return {"total": len(rows), **{key: counts[key] for key in ("undecided", CONFIRM, CHANGE, REVOKE)}}


def status_now(review: str) -> str:
	"""As it is now, not as an older snapshot of the transaction has it."""
	return frappe.db.get_value("Account Review", review, "status", for_update=True)


def entries_now(review: str) -> list[frappe._dict]:
	"""[{"name", "account", "decision", "remark", "status"}], with what others decided a moment ago."""
	table = frappe.qb.DocType("Account Review Entry")
	query = frappe.qb.from_(table).where(table.review == review).orderby(table.unit).orderby(table.name)
	fields = (table.name, table.account, table.decision, table.remark, table.status)
	return query.select(*fields).for_update().run(as_dict=True)


def carry_out(review) -> None:
	"""Revokes what the units gave back; proposes for suspension what nobody decided about."""
	for entry in entries_now(review.name):
		status, outcome = entries.CLOSED, None
		if entry.decision == REVOKE:
			outcome = revoke(entry, review)
		elif entry.decision == CHANGE:
			outcome = _("To be changed in the account: {0}").format(entry.remark)
		elif not entry.decision:
			status = entries.SUSPENSION_PROPOSED
			outcome = _("The unit did not decide until the review was closed.")
		frappe.db.set_value("Account Review Entry", entry.name, {"status": status, "outcome": outcome})


def revoke(entry, review) -> str:
	account = frappe.get_doc("Monitoring Account", entry.account)
	if account.status not in HOLDING:
		return _("The account was already: {0}.").format(_(account.status))
	if account.user == frappe.session.user:
		return _("Not revoked: nobody decides about his own account.")
	move(account, "Revoked", _("Account review {0}: {1}").format(review.name, entry.remark))
	return _("Revoked.")


def suspend_undecided(review) -> int:
	"""Suspends the granted accounts that were proposed for it; returns how many."""
	count = 0
	for entry in entries_now(review.name):
		if entry.status != entries.SUSPENSION_PROPOSED or entry.decision:
			continue
		account = frappe.get_doc("Monitoring Account", entry.account)
		if account.status != "Granted" or account.user == frappe.session.user:
			continue
		move(account, "Suspended", _("Account review {0}: not confirmed by the unit.").format(review.name))
		outcome = {"status": entries.CLOSED, "outcome": _("Suspended.")}
		frappe.db.set_value("Account Review Entry", entry.name, outcome)
		count += 1
	return count


def move(account, status: str, reason: str) -> None:
	"""Leads `account` to `status` as the session's user, with all rules and his own rights."""
	account.decision_reason = reason
	account.workflow_state = state_for(status)
	account.save()


def state_for(status: str) -> str:
	"""The workflow's state, whatever its text, that means `status`."""
	name = frappe.db.get_value("Workflow", {"document_type": "Monitoring Account", "is_active": 1})
	for row in frappe.get_cached_doc("Workflow", name).states if name else ():
		if (row.update_value or row.state) == status:
			return row.state
	frappe.throw(_("No active workflow of accounts has a state for {0}.").format(_(status)))


# Every day


def daily() -> None:
	"""Opens the next review when it is due, marks what is overdue, reminds."""
	open_when_due()
	name = frappe.db.get_value("Account Review", {"status": "Open"})
	if name:
		review = frappe.get_doc("Account Review", name)
		mark_overdue(review)
		remind(review)


def open_when_due() -> None:
	settings = frappe.get_cached_doc("Monitoring Settings")
	if frappe.db.exists("Account Review", {"status": "Open"}):
		return
	last = frappe.get_all("Account Review", pluck="opened_on", order_by="opened_on desc", limit=1)
	first = frappe.get_all(
		"Monitoring Account",
		{"granted_on": ("is", "set")},
		pluck="granted_on",
		order_by="granted_on asc",
		limit=1,
	)
	since = last or first  # without a review: since accounts were first granted
	if not since or getdate() < getdate(add_months(getdate(since[0]), settings.account_review_months)):
		return
	review = frappe.get_doc(
		{
			"doctype": "Account Review",
			"title": _("Periodic account review of {0}").format(format_date(getdate(), "MM/yyyy")),
			"due_on": add_days(getdate(), settings.account_review_days),
			"status": "Open",
		}
	)
	review.flags.by_system = True
	review.insert(ignore_permissions=True)  # opened by its date; nobody is logged in


def mark_overdue(review) -> None:
	if getdate(review.due_on) >= getdate():
		return
	for entry in frappe.get_all(
		"Account Review Entry",
		{"review": review.name, "status": entries.WAITING},
		pluck="name",
		order_by="name",
	):
		frappe.db.set_value("Account Review Entry", entry, "status", entries.OVERDUE)


def remind(review) -> None:
	left = date_diff(review.due_on, getdate())
	settings = frappe.get_cached_doc("Monitoring Settings")
	if left in (settings.account_reminder_days, 1, 0):
		tell_units(review, _("Account review: please decide about your unit's accounts until {0}."))
	elif left < 0 and -left % REMIND_OVERDUE_EVERY_DAYS == 1:
		tell_units(review, _("Account review: the decision about your unit's accounts was due on {0}."))
		count = len(undecided(review.name))
		if count:
			notices.tell_administrators(
				_("Account review: {0} accounts are overdue and may be suspended.").format(count), review
			)


def tell_units(review, text: str) -> None:
	"""One notice to those who decide for each unit with undecided accounts."""
	waiting = undecided(review.name)
	first = {entry.unit: entry for entry in reversed(waiting)}
	for unit, entry in sorted(first.items()):
		doc = frappe.get_doc("Account Review Entry", entry.name)
		notices.tell(notices.deciders(unit), text.format(frappe.format(review.due_on, "Date")), doc)
