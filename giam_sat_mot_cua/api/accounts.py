"""Handing an account over to its person, and who decides for a unit."""

import frappe
from frappe import _, twofactor
from frappe.utils import cint, cstr, now_datetime

from giam_sat_mot_cua.access import records, scope
from giam_sat_mot_cua.access.administrators import require_administrator


@frappe.whitelist(methods=["POST"])
def hand_over(account: str | None = None, received_by: str | None = None) -> dict:
	"""{"password_link", "second_factor_link"}: addresses with which the person of a granted account sets the
	password and, while a second factor is asked for, registers the authenticator app. Older links end.

	For an administrator of the managing unit; writes the handover record (Article 6.2). Raises
	PermissionError for everybody else.
	"""
	doc = frappe.get_doc("Monitoring Account", cstr(account))
	doc.check_permission("write")
	require_administrator(
		_("Accounts are handed over by an administrator of the managing unit."), _("Hand Over")
	)
	if doc.user == frappe.session.user:
		frappe.throw(_("Nobody decides about his own account."), frappe.PermissionError)
	if doc.status != scope.GRANTED:
		frappe.throw(_("Only a granted account is handed over."), title=_("Hand Over"))
	if not cstr(received_by).strip():
		frappe.throw(_("Write who receives the account."), title=_("Hand Over"))
	doc.received_by = cstr(received_by).strip()
	doc.handed_over_on = now_datetime().replace(second=0, microsecond=0)  # as the form's field has it
	doc.save()
	user = frappe.get_doc("User", doc.user)
	return {
		"password_link": user.reset_password(send_email=False),
		"second_factor_link": second_factor_link(doc.user),
	}


def second_factor_link(user: str) -> str | None:
	"""Address of a page with the QR code of a new secret; None while no second factor is asked for.

	Frappe sends this address by e-mail at the first login; here it is handed over with the account, so that
	a site without e-mail can ask for a second factor too.
	"""
	if not cint(twofactor.two_factor_is_enabled(user)) or twofactor.get_verification_method() != "OTP App":
		return None
	twofactor.clear_default(user + "_otpsecret")
	secret = twofactor.get_otpsecret_for_(user)
	twofactor.set_default(user + "_otplogin", 1)  # the app is registered: do not send an e-mail
	issuer = frappe.db.get_single_value("System Settings", "otp_issuer_name")
	uri = twofactor.pyotp.TOTP(secret).provisioning_uri(user, issuer_name=issuer)
	return twofactor.get_link_for_qrcode(user, uri)


@frappe.whitelist(methods=["GET"])
def deciders(unit: str | None = None) -> list[dict]:
	"""[{"full_name", "position", "delegation", "until"}] of those who decide for `unit` now, for somebody
	who sees it. `delegation` names the record by which a substitute decides."""
	records.require("Monitored Unit", cstr(unit))
	found = []
	for account in frappe.get_all(
		"Monitoring Account",
		{"unit": cstr(unit), "status": scope.GRANTED},
		["user", "full_name", "position"],
		order_by="name",
	):
		basis = scope.approval_basis(cstr(unit), account.user)
		if basis:
			found.append(
				{
					"full_name": account.full_name,
					"position": frappe.db.get_value("Position", account.position, "position_name"),
					"delegation": basis.delegation,
					"until": basis.delegation
					and frappe.db.get_value("Approval Delegation", basis.delegation, "valid_until"),
				}
			)
	return found


@frappe.whitelist(methods=["GET"])
def own_delegations() -> list[dict]:
	"""[{"name", "leader", "valid_until"}] of the delegations by which the session's user decides now."""
	account = scope.account_of()
	basis = scope.approval_basis(account.unit) if account else None
	if not basis or not basis.delegation:
		return []
	row = frappe.db.get_value(
		"Approval Delegation", basis.delegation, ["name", "leader", "valid_until"], as_dict=True
	)
	row.leader = frappe.db.get_value("Monitoring Account", row.leader, "full_name")
	return [row]
