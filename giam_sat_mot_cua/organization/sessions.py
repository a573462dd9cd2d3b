"""Logins and sessions: who comes in, from where, and who is turned away (Articles 5.5, 5.10)."""

import frappe
from frappe import _
from frappe.core.doctype.user import user as user_module
from frappe.model.document import Document

from giam_sat_mot_cua.access.frappe_methods import called_method
from giam_sat_mot_cua.organization import login_history

NOBODY = ("Guest", "Administrator")
NOTED_FOR_S = 600  # one session from one more address is noted at most this often


@frappe.whitelist(allow_guest=True, methods=["POST"])
def reset_password(user: str) -> None:
	"""Frappe's answer tells anybody which logins there are: here it is the same for each."""
	try:
		user_module.reset_password(user)
	except frappe.RateLimitExceededError:
		raise
	except Exception:
		frappe.log_error(title="Password link not sent")  # there is such a login, but no mail goes out
	frappe.clear_messages()
	for told in ("exc_type", "http_status_code"):
		frappe.local.response.pop(told, None)
	frappe.msgprint(
		_(
			"If this is the login of an account, and the system sends e-mail, a link is on its way. Without "
			"one ask the managing unit to hand your account over again."
		),
		title=_("Forgot Password?"),
	)


@frappe.whitelist(allow_guest=True, methods=["POST"])
def update_password(
	new_password: str,
	logout_all_sessions: int | str = 0,
	key: str | None = None,
	old_password: str | None = None,
):
	"""Frappe logs in whoever sets a password, without asking for the second factor. With a link's key the way
	leads to the login page here."""
	answer = user_module.update_password(new_password, logout_all_sessions, key, old_password)
	if not key or frappe.session.user == "Guest":
		return answer  # one's own password while logged in, or what Frappe has against the link
	frappe.local.login_manager.logout()
	frappe.set_user("Guest")  # else the end of the request would put the session back into the cache
	return "/login"


def note_login(login_manager) -> None:
	"""Before a session is made: the account may be in use from elsewhere."""
	others = login_history.other_addresses(login_manager.user)
	if others:
		login_history.report_shared(login_manager.user, others)


def record_login(login_manager) -> None:
	if frappe.session.user not in NOBODY:
		login_history.write(frappe.session.user, login_history.LOGGED_IN)
		frappe.db.commit()  # Frappe has committed the session by now; a login by GET would lose the row


def record_logout(login_manager=None) -> None:
	"""Frappe calls this also when one person's logins are ended by another, who stays logged in."""
	if frappe.session.user not in NOBODY and called_method().endswith("logout"):
		login_history.write(frappe.session.user, login_history.LOGGED_OUT)


def record_failure(activity: Document, _method: str | None = None) -> None:
	"""Frappe notes failed logins in its Activity Log, which does not last."""
	if activity.operation == "Login" and activity.status == "Failed" and activity.user:
		user = frappe.db.get_value("User", activity.user)
		if user:
			login_history.write(user, login_history.FAILED)


def refuse_disabled() -> None:
	"""With each request, after Frappe has found out who asks: a login that was switched off is nobody.

	Ending its sessions is not enough: a request that was under way at that moment puts its own session back
	into the cache when it ends, and an API key or token is no session.
	"""
	user = frappe.session.user  # None within a login that waits for its second factor
	if not user or user in NOBODY or frappe.db.get_value("User", user, "enabled"):
		note_moved_session(user)
		return
	frappe.cache().hdel("session", frappe.session.sid)
	if frappe.get_request_header("Authorization"):
		raise frappe.AuthenticationError
	frappe.local.login_manager.clear_cookies()
	frappe.set_user("Guest")
	frappe.response["session_expired"] = 1


def note_moved_session(user: str) -> None:
	"""A session's cookie that is used from another address than that of its login was handed on, or its
	owner has moved: it is reported like a second login."""
	began_at = (frappe.session.data or {}).get("session_ip")
	here = login_history.address()
	if not user or user in NOBODY or not began_at or not here or began_at == here:
		return
	key = f"gsmc:moved:{frappe.local.site}:{frappe.session.sid}:{here}"
	if frappe.cache().get_value(key):
		return
	frappe.cache().set_value(key, 1, expires_in_sec=NOTED_FOR_S)
	login_history.report_shared(user, [began_at])
	frappe.db.commit()  # a GET request is rolled back
