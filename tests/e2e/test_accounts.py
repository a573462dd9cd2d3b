"""Accounts over HTTP: quotas under races, suspension of an open session, login history, forged states."""

import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest
import requests
from frappe.utils.password import update_password

from giam_sat_mot_cua.organization.account_reviews import state_for
from giam_sat_mot_cua.setup import factories
from tests.cameras.server import wait_for

pytestmark = pytest.mark.quiet

PASSWORD = secrets.token_urlsafe(12)
SAID = "_server_messages"


@pytest.fixture
def rows(fresh_db):
	"""Rows that the running instance sees; each test makes its own."""
	yield fresh_db
	frappe.db.rollback()
	frappe.db.commit()  # nothing is left open


def account(unit: str, position: str, number: int = 0, proposed: bool = True):
	doc = factories.insert(
		doctype="Monitoring Account",
		full_name=f"Người {number:02d} {position}",
		email=f"{factories.code('e2e').lower()}@giamsat.example",
		unit=unit,
		position=position,
		document_number="15/QĐ-UBND",
		document_date="2026-11-02",
	)
	if proposed:
		doc.workflow_state = state_for("Proposed")
		doc.save()
	return doc


def granted(unit: str, position: str = "OPERATOR"):
	doc = account(unit, position)
	doc.workflow_state = state_for("Granted")
	doc.save()
	user = frappe.get_doc("User", doc.user)
	user.new_password = PASSWORD
	user.flags.ignore_password_policy = True
	user.save()
	frappe.db.commit()
	return doc


def log_in(stack, user: str, address: str = "127.0.0.1", password: str = PASSWORD) -> requests.Session:
	"""A session as from `address`: the proxy in front of Frappe tells it where a request came from."""
	found = requests.Session()
	found.headers["X-Forwarded-For"] = address
	answer = found.post(stack.url + "/api/method/login", json={"usr": user, "pwd": password}, timeout=60)
	assert answer.status_code == 200, answer.text
	token = re.search(r'csrf_token = "([^"]*)"', found.get(stack.url + "/app", timeout=60).text)
	found.headers["X-Frappe-CSRF-Token"] = token[1] if token else ""
	return found


def grant(stack, admin: requests.Session, name: str) -> requests.Response:
	doc = {"doctype": "Monitoring Account", "name": name}
	return admin.post(
		stack.url + "/api/method/frappe.model.workflow.apply_workflow",
		json={"doc": doc, "action": "Grant"},
		timeout=280,
	)


def said(answer: requests.Response) -> str:
	"""The message that the person reads."""
	assert SAID in answer.json(), answer.text[:2000]
	return frappe.parse_json(frappe.parse_json(answer.json()[SAID])[0])["message"]


@pytest.mark.parametrize(
	("level", "positions"),
	[("COMMUNE", ("LEADER", "OPERATOR")), ("DISTRICT", ("LEADER", "COUNTER-HEAD", "OPERATOR"))],
)
def test_twenty_grants_at_once_fill_the_quota_and_no_more(stack, session, rows, level, positions):
	unit = factories.unit(level)
	proposals = [account(unit.name, positions[n % len(positions)], n) for n in range(20)]
	frappe.db.commit()
	admin = session("Monitoring Administrator")
	with ThreadPoolExecutor(20) as pool:
		answers = list(pool.map(lambda doc: grant(stack, admin, doc.name), proposals))
	codes = [answer.status_code for answer in answers]
	assert codes.count(200) == len(positions), [
		codes,
		*(a.text[-800:] for a in answers if a.status_code >= 500),
	]
	rows()
	held = frappe.get_all(
		"Monitoring Account", {"unit": unit.name, "status": "Granted"}, ["full_name", "position", "user"]
	)
	assert sorted(row.position for row in held) == sorted(positions)
	assert frappe.db.count("User", {"name": ("in", [doc.email for doc in proposals])}) == len(positions)
	for answer, doc in zip(answers, proposals, strict=True):
		if answer.status_code == 200:
			continue
		holder = next(row.full_name for row in held if row.position == doc.position)
		text = said(answer)
		assert "định mức" in text and holder in text and unit.unit_name in text, text


def test_an_open_session_of_a_suspended_account_is_refused_at_once(stack, session, rows):
	doc = granted("NB-HL-NM", factory_position(rows))
	person = log_in(stack, doc.user)
	cameras = stack.url + "/api/resource/Camera"
	assert person.get(cameras, timeout=30).json()["data"]
	# its session may be written back into the cache by a request that ends a moment later
	sid = person.cookies["sid"]
	cached = frappe.cache().hget("session", sid)
	admin = session("Monitoring Administrator")
	answer = admin.put(
		f"{stack.url}/api/resource/Monitoring Account/{doc.name}",
		json={"workflow_state": state_for("Suspended"), "decision_reason": "Cho mượn tài khoản"},
		timeout=60,
	)
	assert answer.status_code == 200, answer.text[:500]
	for _time in range(2):
		refused = person.get(cameras, timeout=30)
		assert refused.status_code in (401, 403) and "data" not in refused.json(), refused.text[:300]
		person.cookies.set("sid", sid)
		frappe.cache().hset("session", sid, cached)
	desk = person.get(stack.url + "/app", timeout=30)
	assert desk.status_code == 403 and doc.user not in desk.text
	again = requests.post(
		stack.url + "/api/method/login", json={"usr": doc.user, "pwd": PASSWORD}, timeout=30
	)
	assert again.status_code == 401
	rows()
	told = frappe.get_all("Account Login", {"account": doc.name}, pluck="outcome", order_by="creation")
	assert told[0] == "Logged In" and {"Sessions Ended", "Login Failed"} <= set(told), told


def factory_position(_rows) -> str:
	"""A position of its own, so that the demo's people keep their places."""
	code = factories.code("CD")
	factories.insert(
		doctype="Position",
		position_code=code,
		position_name=f"Chức danh {code}",
		role_profile=frappe.db.get_value("Position", "OPERATOR", "role_profile"),
		active=1,
	)
	level = frappe.get_doc("Unit Level", "COMMUNE")
	level.append("quotas", {"position": code, "quota": 5, "scope": "Own Unit"})
	level.save()
	return code


def test_an_api_key_ends_with_its_account(stack, session, rows):
	doc = granted("NB-HL-NM", factory_position(rows))
	user = frappe.get_doc("User", doc.user)
	user.api_key, user.api_secret = "e2e" + frappe.generate_hash(length=12), PASSWORD
	user.save()
	frappe.db.commit()
	headers = {"Authorization": f"token {user.api_key}:{PASSWORD}"}
	cameras = stack.url + "/api/resource/Camera"
	assert requests.get(cameras, headers=headers, timeout=30).status_code == 200
	answer = session("Monitoring Administrator").put(
		f"{stack.url}/api/resource/Monitoring Account/{doc.name}",
		json={"workflow_state": state_for("Revoked"), "decision_reason": "Chuyển công tác"},
		timeout=60,
	)
	assert answer.status_code == 200, answer.text[:500]
	assert requests.get(cameras, headers=headers, timeout=30).status_code in (401, 403)


def test_logins_from_two_addresses_at_once_are_reported(stack, session, rows):
	doc = granted("NB-HL-NM", factory_position(rows))
	first = log_in(stack, doc.user, "10.20.0.1")
	first.get(stack.url + "/api/resource/Camera", timeout=30)
	rows()
	assert not frappe.db.exists("Shared Login Report", {"account": doc.name})
	log_in(stack, doc.user, "10.20.0.2")
	rows()
	report = frappe.get_doc("Shared Login Report", {"account": doc.name})
	assert {"10.20.0.1", "10.20.0.2"} <= set(report.addresses.split("\n"))
	# one session whose cookie travels is reported too
	first.headers["X-Forwarded-For"] = "10.20.0.3"
	first.get(stack.url + "/api/resource/Camera", timeout=30)
	rows()
	report.reload()
	assert "10.20.0.3" in report.addresses
	leader = session("Unit Leader").get(
		f"{stack.url}/api/resource/Shared Login Report/{report.name}", timeout=30
	)
	assert leader.status_code == 200  # its superior sees it
	told = wait_for(
		lambda: rows()
		or frappe.get_all(
			"Notification Log",
			{"document_type": "Shared Login Report", "document_name": report.name},
			pluck="for_user",
		),
		60,
		"nobody was told",
	)
	assert stack.logins["Monitoring Administrator"]["user"] in told


@pytest.mark.parametrize(
	"role", ["Unit Leader", "Unit Operator", "Monitoring Operator", "Monitoring Auditor"]
)
def test_forged_states_are_refused_on_every_route(stack, session, rows, role):
	doc = account("NB-HL-NM", "LEADER")
	frappe.db.commit()
	person = session(role)
	path = f"{stack.url}/api/resource/Monitoring Account/{doc.name}"
	call = stack.url + "/api/method/"
	state, values = state_for("Granted"), {"doctype": "Monitoring Account", "name": doc.name}
	whole = person.get(path, timeout=30).json()["data"]
	tries = [
		person.put(path, json={"workflow_state": state}, timeout=60),
		person.post(
			call + "frappe.client.set_value",
			json={**values, "fieldname": "workflow_state", "value": state},
			timeout=60,
		),
		person.post(
			call + "frappe.client.save", json={"doc": {**whole, "workflow_state": state}}, timeout=60
		),
		person.post(
			call + "frappe.model.workflow.apply_workflow", json={"doc": whole, "action": "Grant"}, timeout=60
		),
		person.post(
			stack.url + "/api/resource/Monitoring Account",
			json={**whole, "name": None, "email": "moi@x.example", "workflow_state": state},
			timeout=60,
		),
	]
	for number, answer in enumerate(tries):
		assert answer.status_code in (403, 404, 417), (number, answer.status_code, answer.text[:300])
	person.post(
		call + "frappe.model.workflow.bulk_workflow_approval",
		data={"docnames": frappe.as_json([doc.name]), "doctype": "Monitoring Account", "action": "Grant"},
		timeout=60,
	)
	# a field that the system writes is dropped or refused, never kept
	person.put(path, json={"status": "Granted", "user": stack.logins["Unit Leader"]["user"]}, timeout=60)
	person.delete(path, timeout=60)
	rows()
	stored = frappe.db.get_value("Monitoring Account", doc.name, ["status", "user", "workflow_state"])
	assert stored == ("Proposed", None, state_for("Proposed"))


def hand_over(stack, session, doc) -> dict:
	answer = session("Monitoring Administrator").post(
		stack.url + "/api/method/giam_sat_mot_cua.api.accounts.hand_over",
		json={"account": doc.name, "received_by": doc.full_name},
		timeout=60,
	)
	assert answer.status_code == 200, answer.text[:300]
	return answer.json()["message"]


def set_password(stack, link: str) -> str:
	"""Follows a handover's link; returns the password. Whoever did is not logged in by it."""
	person, new = requests.Session(), "Mat-khau-rat-dai-" + secrets.token_hex(6)
	answer = person.post(
		stack.url + "/api/method/frappe.core.doctype.user.user.update_password",
		data={"new_password": new, "key": link.split("key=")[1]},
		timeout=60,
	)
	assert answer.status_code == 200 and answer.json()["message"] == "/login", answer.text[:300]
	assert person.get(stack.url + "/api/resource/Camera", timeout=30).status_code == 403
	return new


def test_a_password_link_leads_to_the_login_page(stack, session, rows):
	doc = granted("NB-HL-NM", factory_position(rows))
	new = set_password(stack, hand_over(stack, session, doc)["password_link"])
	log_in(stack, doc.user, password=new)


def test_a_forgotten_password_tells_nobody_which_logins_there_are(stack, rows):
	there = granted("NB-HL-NM", factory_position(rows)).user
	answers = set()
	for user in (there, "khong-co@giamsat.example", "Administrator"):
		answer = requests.post(
			stack.url + "/api/method/frappe.core.doctype.user.user.reset_password",
			data={"user": user},
			timeout=60,
		)
		assert answer.status_code == 200, answer.text
		answers.add((answer.text, said(answer)))
	((_all, text),) = answers
	assert "bàn giao lại" in text


def test_an_odd_browser_leaves_its_trace(stack, rows):
	doc = granted("NB-HL-NM", factory_position(rows))
	person = requests.Session()
	person.headers["User-Agent"] = "x <a"
	values = {"usr": doc.user, "pwd": "sai"}
	assert person.post(stack.url + "/api/method/login", json=values, timeout=30).status_code == 401
	values["pwd"] = PASSWORD
	assert person.post(stack.url + "/api/method/login", json=values, timeout=30).status_code == 200
	rows()
	told = frappe.get_all("Account Login", {"account": doc.name}, pluck="outcome", order_by="creation")
	assert told == ["Login Failed", "Logged In"]


def test_a_second_factor_is_asked_for_and_registered_at_the_handover(stack, session, rows):
	pyotp = pytest.importorskip("pyotp")
	doc = granted("NB-HL-NM", factory_position(rows))
	role = frappe.get_doc("User", doc.user).roles[0].role
	settings = ("System Settings", "enable_two_factor_auth")
	before = frappe.db.get_value("Role", "All", "two_factor_auth")
	frappe.db.set_value("Role", "All", "two_factor_auth", 0)
	frappe.db.set_value("Role", role, "two_factor_auth", 1)
	frappe.db.set_single_value(*settings, 1)
	frappe.db.commit()
	frappe.clear_cache()
	try:
		links = hand_over(stack, session, doc)
		password = set_password(stack, links["password_link"])  # not past the second factor
		page = requests.get(links["second_factor_link"], timeout=30)
		assert page.status_code == 200 and "svg" in page.text
		login = stack.url + "/api/method/login"
		first = requests.post(login, json={"usr": doc.user, "pwd": password}, timeout=30)
		assert first.json()["verification"]["method"] == "OTP App" and "sid" not in first.cookies
		rows()
		from frappe.twofactor import get_otpsecret_for_

		wait_for(lambda: time.time() % 30 < 20, 30, "no time")  # a code is good until its half minute ends
		code = pyotp.TOTP(get_otpsecret_for_(doc.user)).now()
		values = {"tmp_id": first.json()["tmp_id"], "otp": code}
		wrong = requests.post(login, json={**values, "otp": "000000"}, timeout=30)
		assert wrong.status_code == 401
		second = requests.post(login, json=values, timeout=30)
		assert second.status_code == 200 and second.json()["message"] == "Logged In", second.text
	finally:
		frappe.db.set_single_value(*settings, 0)
		frappe.db.set_value("Role", role, "two_factor_auth", 0)
		frappe.db.set_value("Role", "All", "two_factor_auth", before)
		frappe.db.commit()
		frappe.clear_cache()


@pytest.mark.parametrize(
	("field", "value"),
	[
		("document_date", "abc"),
		("document_date", "9999-01-01"),
		("position", ["LEADER"]),
		("full_name", {"a": 1}),
		("handover_note", "x" * 70_000),
		("assignments", "abc"),
	],
	ids=["no date", "a date far ahead", "a list", "an object", "a long text", "no rows"],
)
def test_values_that_no_field_holds_get_a_message(stack, session, rows, field, value):
	doc = account("NB-HL-NM", "OPERATOR", proposed=False)
	frappe.db.commit()
	admin = session("Monitoring Administrator")
	method, whole = stack.url + "/api/method/", {**doc.as_dict(), field: value}
	routes = (
		(admin.put, f"{stack.url}/api/resource/Monitoring Account/{doc.name}", {field: value}),
		(admin.post, stack.url + "/api/resource/Monitoring Account", {**whole, "name": None}),
		(admin.post, method + "frappe.client.save", {"doc": frappe.as_json(whole)}),
		(
			admin.post,
			method + "frappe.desk.form.save.savedocs",
			{"doc": frappe.as_json(whole), "action": "Save"},
		),
		(
			admin.post,
			method + "frappe.client.set_value",
			{"doctype": doc.doctype, "name": doc.name, "fieldname": frappe.as_json({field: value})},
		),
	)
	label = frappe._(doc.meta.get_label(field), lang="vi")
	for call, url, sent in routes:
		answer = call(
			url, data=frappe.as_json(sent), headers={"Content-Type": "application/json"}, timeout=60
		)
		assert answer.status_code == 417, (url, answer.status_code, answer.text[:500])
		assert label in said(answer), answer.text[:500]
		assert "Traceback" not in answer.text
	rows()
	stored = frappe.get_all("Monitoring Account", {"email": doc.email}, ["name", "modified"], order_by="name")
	assert [(row.name, str(row.modified)) for row in stored] == [(doc.name, str(doc.modified))]


def test_a_review_closes_with_each_decision_in_it_or_refused(stack, session, rows):
	"""Leaders decide at the moment when the managing unit closes: no decision is both accepted and lost."""
	leaders, entries = [], []
	for _number in range(8):
		unit = factories.unit()
		leader = factories.user("Unit Leader", unit.name).name
		update_password(leader, PASSWORD)
		entries.append(factories.account(factories.user("Unit Operator", unit.name).name))
		leaders.append(leader)
	review = factories.insert(
		doctype="Account Review", title="Rà soát", due_on=frappe.utils.add_days(frappe.utils.nowdate(), 9)
	)
	frappe.db.commit()
	sessions = [log_in(stack, leader) for leader in leaders]
	admin = session("Monitoring Administrator")
	names = [frappe.db.get_value("Account Review Entry", {"account": entry}) for entry in entries]

	def decide(number: int) -> requests.Response:
		return sessions[number].put(
			f"{stack.url}/api/resource/Account Review Entry/{names[number]}",
			json={"decision": "Revoke", "remark": "Đã nghỉ việc"},
			timeout=280,
		)

	def close() -> requests.Response:
		return admin.post(
			stack.url + "/api/method/run_doc_method",
			json={"dt": "Account Review", "dn": review.name, "method": "close"},
			timeout=280,
		)

	with ThreadPoolExecutor(9) as pool:
		decisions = [pool.submit(decide, number) for number in range(4)]
		closing = pool.submit(close)
		decisions += [pool.submit(decide, number) for number in range(4, 8)]
		answers = [decision.result() for decision in decisions]
	assert closing.result().status_code == 200, closing.result().text[:500]
	rows()
	assert frappe.db.get_value("Account Review", review.name, "status") == "Closed"
	for answer, name, entry in zip(answers, names, entries, strict=True):
		decided, status = frappe.db.get_value("Account Review Entry", name, ["decision", "status"])
		held = frappe.db.get_value("Monitoring Account", entry, "status")
		if answer.status_code == 200:
			assert (decided, status, held) == ("Revoke", "Closed", "Revoked"), name
		else:
			# refused by the rule, or as the one of two transactions that MariaDB ends: nothing is stored
			assert answer.status_code == 417, answer.text[:500]
			assert (decided or None, status, held) == (None, "Suspension Proposed", "Granted"), name
