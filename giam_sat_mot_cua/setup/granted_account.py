"""Accounts that are there without having gone through their workflow: those of people who had their roles
before accounts were kept, and those of tests."""

import frappe
from frappe.model.naming import set_new_name
from frappe.utils import now_datetime

from giam_sat_mot_cua.access.scope import GRANTED
from giam_sat_mot_cua.organization import account_user
from giam_sat_mot_cua.setup import seeds


def position_of(role: str) -> str:
	"""The seeded position whose accounts hold `role`."""
	return next(code for code, _name, each in seeds.POSITIONS if each == role)


def record(email: str, full_name: str, role: str, unit: str, document: str):
	"""Writes a granted account and brings its login in line; returns the account. Quotas are not asked."""
	account = write(email, full_name, role, unit, document)
	account_user.follow(account)
	return account


def write(email: str, full_name: str, role: str, unit: str, document: str):
	"""Writes a granted account alone."""
	account = frappe.new_doc("Monitoring Account")
	values = {
		"email": email,
		"user": email,
		"full_name": full_name,
		"unit": unit,
		"position": position_of(role),
		"document_number": document,
		"status": GRANTED,
		"workflow_state": GRANTED,
		"granted_by": frappe.session.user,
		"granted_on": now_datetime(),
	}
	account.update(values)
	account.append(
		"assignments",
		{
			"unit": unit,
			"position": account.position,
			"valid_from": account.granted_on,
			"document": document,
		},
	)
	account.set_user_and_timestamp()
	set_new_name(account)
	account.set_parent_in_children()
	account.db_insert()
	for row in account.assignments:
		row.owner, row.creation, row.modified = account.owner, account.creation, account.modified
		row.modified_by = account.modified_by
		row.db_insert()
	return account
