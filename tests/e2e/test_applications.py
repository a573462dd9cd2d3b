"""The public form over HTTP: as nobody, as each role, by every route; many at once, bad files, too many."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest
import requests

from giam_sat_mot_cua.api import applications as api
from giam_sat_mot_cua.setup import factories
from tests.cameras.server import wait_for
from tests.e2e import application_papers as papers

pytestmark = pytest.mark.quiet
DOCTYPE = "Footage Application"
API = "/api/method/giam_sat_mot_cua.api.applications."
REASON = "Đơn không có chữ ký của người đề nghị"
READERS = ("Monitoring Operator", "Monitoring Administrator", "Managing Unit Leader", "Monitoring Auditor")
OTHERS = ("Intake Desk Officer", "Unit Leader", "Counter Head", "Unit Operator")


@pytest.fixture(scope="module")
def unit(stack) -> str:
	return frappe.db.get_value("Monitored Unit", "NB-HL", "unit_name")


@pytest.fixture(scope="module")
def visitor():
	"""From an address of its own, so that limits of one test are not met by another."""

	def make() -> requests.Session:
		made = requests.Session()
		made.headers["X-Forwarded-For"] = (
			f"2001:db8::{secrets.randbelow(65_536):x}:{secrets.randbelow(65_536):x}"
		)
		return made

	return make


@pytest.fixture(scope="module")
def send(stack, unit, visitor):
	usual = factories.application_fields(unit)

	def post(who=None, scan: bytes | None = None, **values) -> requests.Response:
		files = {"scan": ("../../don.html", papers.pdf() if scan is None else scan, "text/html")}
		sent = {**usual, **values}
		return (who or visitor()).post(f"{stack.url}{API}apply", data=sent, files=files, timeout=60)

	return post


@pytest.fixture(scope="module")
def arrived(send) -> dict:
	"""An application that tests only look at: {"number", "code", "received_on"}."""
	answer = send()
	assert answer.status_code == 200, answer.text[:500]
	return answer.json()["message"]


@pytest.fixture
def look(stack, visitor):
	def post(number: str, code: str, who=None) -> requests.Response:
		sent = {"number": number, "receipt_code": code}
		return (who or visitor()).post(f"{stack.url}{API}follow", data=sent, timeout=30)

	return post


def test_an_application_arrives_as_it_was_written(stack, arrived, fresh_db):
	fresh_db()
	doc = frappe.get_doc(DOCTYPE, arrived["number"])
	assert (doc.status, doc.unit, doc.organisation) == ("Received", "NB-HL", "Công ty A & B")
	assert doc.wanted.endswith("chờ < 5 phút")
	assert doc.from_address.startswith("2001:db8:")
	operator = {"for_user": stack.logins["Monitoring Operator"]["user"]}

	def is_told() -> bool:
		fresh_db()
		return bool(frappe.db.exists("Notification Log", {"document_name": doc.name, **operator}))

	wait_for(is_told, 30, "the operator is not told")
	assert doc.scan.startswith(f"/private/files/{doc.name}") and doc.scan.endswith(".pdf")


def test_the_pages_ask_for_nothing_from_elsewhere(stack):
	for path in ("/xin-trich-xuat", "/tra-cuu-don"):
		page = requests.get(stack.url + path, timeout=60)
		assert page.status_code == 200 and "đề nghị trích xuất" in page.text
		assert 'src="http' not in page.text.replace(f'src="{stack.url}', "")
		assert "NB-HL" not in page.text  # names of units, no codes


def test_only_number_and_code_together_tell(arrived, look):
	told = look(arrived["number"].lower(), arrived["code"].lower().replace("-", "")).json()["message"]
	assert (told["number"], told["steps"][0]["state"]) == (arrived["number"], "Đã tiếp nhận")
	wrong = [
		look(arrived["number"], "AAAA-AAAA-AAAA-AAAA"),
		look("DON-2020-99999", arrived["code"]),
		look(arrived["number"], ""),
		look("", arrived["code"]),
		look("%", "%"),
	]
	assert {answer.status_code for answer in wrong} == {404}
	assert len({answer.text for answer in wrong}) == 1


@pytest.mark.parametrize(
	"kind", ["empty", "text", "half", "password", "bomb", "endless", "too large", "named pdf"]
)
def test_bad_files_are_refused(send, kind):
	content = {
		"empty": lambda: b"",
		"text": lambda: b"%PDF-1.4 is what it says it is",
		"half": lambda: papers.picture("JPEG")[:200],
		"password": lambda: papers.pdf("mật khẩu"),
		"bomb": lambda: papers.picture("PNG", (20_000, 20_000)),
		"endless": papers.endless_pdf,
		"too large": lambda: papers.pdf() + b"\0" * 10_000_000,
		"named pdf": lambda: b"<html><script>alert(1)</script></html>",
	}[kind]()
	answer = send(scan=content)
	assert answer.status_code == 417, answer.text[:500]
	assert list(answer.json()["message"]["faults"]) == ["scan"]


def test_what_is_larger_than_a_request_may_be_is_not_read(send):
	assert send(scan=papers.pdf() + bytes(30_000_000)).status_code in (413, 417)


@pytest.mark.parametrize(("kind", "ending"), [("JPEG", "jpg"), ("PNG", "png")])
def test_pictures_are_taken(send, fresh_db, kind, ending):
	number = send(scan=papers.picture(kind, (300 + secrets.randbelow(300), 200))).json()["message"]["number"]
	fresh_db()
	assert frappe.db.get_value(DOCTYPE, number, "scan").endswith(f".{ending}")


def test_faults_of_fields_and_scan_are_told_together(stack, visitor):
	sent = factories.application_fields("Nơi khác", requester_name="", wanted="<b>đậm</b>", status="Refused")
	answer = visitor().post(f"{stack.url}{API}apply", data=sent, timeout=30)
	assert answer.status_code == 417
	assert set(answer.json()["message"]["faults"]) == {"requester_name", "wanted", "unit", "scan"}


def test_fields_of_the_system_are_not_sent(send, fresh_db):
	number = send(
		status="Taken Over", receipt_hash="x", received_on="2020-01-01", name="DON-1", owner="Administrator"
	).json()["message"]["number"]
	fresh_db()
	doc = frappe.get_doc(DOCTYPE, number)
	assert (doc.status, doc.owner) == ("Received", "Guest")
	assert doc.receipt_hash != "x" and str(doc.received_on) > "2026"


def test_only_the_managing_units_people_read_it(stack, session, arrived):
	number = arrived["number"]
	file = frappe.db.get_value(DOCTYPE, number, "scan")
	people = {role: session(role) for role in (*READERS, *OTHERS)} | {"Guest": requests.Session()}
	for role, person in people.items():
		reads = role in READERS
		answers = [
			person.get(f"{stack.url}/api/resource/{DOCTYPE}/{number}", timeout=30),
			person.get(stack.url + file, timeout=30),
			person.get(f"{stack.url}/api/resource/{DOCTYPE}", timeout=30),
			person.post(
				f"{stack.url}/api/method/frappe.desk.search.search_link",
				data={"doctype": DOCTYPE, "txt": ""},
				timeout=30,
			),
			person.get(f"{stack.url}/printview?doctype={DOCTYPE}&name={number}", timeout=60),
		]
		for answer in answers:
			if reads:
				assert answer.status_code == 200, (role, answer.url, answer.text[:300])
			else:
				assert answer.status_code in (401, 403) or number not in answer.text, (role, answer.url)
				assert "Nguyễn Thị Hạnh" not in answer.text and "%PDF" not in answer.text
		assert "receipt_hash" not in answers[0].text


def test_no_route_changes_it(stack, session, arrived):
	number = arrived["number"]
	before = frappe.db.get_value(DOCTYPE, number, "*", as_dict=True)
	record, call = f"{stack.url}/api/resource/{DOCTYPE}", f"{stack.url}/api/method/"
	for role in ("Monitoring Administrator", "Administrator"):
		person = session(role)
		doc = person.get(f"{record}/{number}", timeout=30).json()["data"]
		tried = [
			person.put(f"{record}/{number}", json={"status": "Refused", "wanted": "x"}, timeout=30),
			person.delete(f"{record}/{number}", timeout=30),
			person.post(record, json={**doc, "name": None}, timeout=30),
			person.post(
				f"{call}frappe.client.set_value",
				json={"doctype": DOCTYPE, "name": number, "fieldname": "receipt_hash", "value": "0"},
				timeout=30,
			),
			person.post(
				f"{call}frappe.desk.form.save.savedocs",
				json={"doc": frappe.as_json({**doc, "status": "Refused"}), "action": "Save"},
				timeout=30,
			),
			person.post(
				f"{call}frappe.client.rename_doc",
				json={"doctype": DOCTYPE, "old_name": number, "new_name": "DON-0"},
				timeout=30,
			),
		]
		assert [answer.status_code for answer in tried if answer.status_code == 200] == []
		person.post(
			f"{call}frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs",
			json={
				"doctype": DOCTYPE,
				"docnames": [number],
				"action": "update",
				"data": {"status": "Refused"},
			},
			timeout=30,
		)
	frappe.db.rollback()
	assert frappe.db.get_value(DOCTYPE, number, "*", as_dict=True) == before


def test_two_operators_at_once_make_one_request(stack, session, send, look, fresh_db):
	told = send().json()["message"]
	people = [session("Monitoring Operator"), session("Monitoring Administrator")] * 2

	def take(person: requests.Session) -> requests.Response:
		return person.post(f"{stack.url}{API}take_over", json={"application": told["number"]}, timeout=60)

	with ThreadPoolExecutor(4) as pool:
		answers = list(pool.map(take, people))
	fresh_db()
	(request,) = frappe.get_all("Extraction Request", {"application": told["number"]}, pluck="name")
	made = [answer.json()["message"]["request"] for answer in answers if answer.status_code == 200]
	assert made and set(made) == {request}
	assert {answer.status_code for answer in answers} <= {200, 417}
	winner = people[[answer.status_code for answer in answers].index(200)]
	paper = frappe.db.get_value("Extraction Request", request, "application_document")
	assert winner.get(stack.url + paper, timeout=30).content.startswith(b"%PDF")
	steps = look(told["number"], told["code"]).json()["message"]["steps"]
	assert [step["state"] for step in steps] == ["Đã nhận xử lý"]


def test_a_refusal_is_read_by_the_applicant_alone(stack, session, send, look):
	told = send().json()["message"]
	for role in ("Monitoring Auditor", "Unit Leader"):
		answer = session(role).post(
			f"{stack.url}{API}refuse", json={"application": told["number"], "reason": REASON}, timeout=30
		)
		assert answer.status_code == 403, answer.text[:300]
	guest = requests.post(f"{stack.url}{API}refuse", json={"application": told["number"]}, timeout=30)
	assert guest.status_code == 403
	operator = session("Monitoring Operator")
	short = operator.post(
		f"{stack.url}{API}refuse", json={"application": told["number"], "reason": "ngắn"}, timeout=30
	)
	assert short.status_code == 417
	done = operator.post(
		f"{stack.url}{API}refuse", json={"application": told["number"], "reason": REASON}, timeout=30
	)
	assert done.status_code == 200, done.text[:300]
	(step,) = look(told["number"], told["code"]).json()["message"]["steps"]
	assert step["reason"] == REASON


def test_one_address_is_stopped_and_others_are_not(stack, visitor, look, arrived):
	flood = visitor()
	look(arrived["number"], "A", flood)  # alone: of several that come first at once, Frappe counts one
	with ThreadPoolExecutor(4) as pool:
		answers = list(
			pool.map(lambda _time: look(arrived["number"], "A", flood), range(api.LOOKS_IN_TEN_MINUTES + 3))
		)
	assert [answer.status_code for answer in answers].count(429) == 4
	stopped = look(arrived["number"], arrived["code"], flood)
	assert stopped.status_code == 429 and "mười phút" in stopped.json()["message"]["problem"]
	assert look(arrived["number"], arrived["code"]).status_code == 200
	forms = [
		flood.post(f"{stack.url}{API}apply", data={}, timeout=30).status_code
		for _time in range(api.FORMS_AN_HOUR + 1)
	]
	assert forms.count(417) == api.FORMS_AN_HOUR and forms[-1] == 429


def test_a_flood_ends_at_the_days_limit(send, fresh_db):
	fresh_db()
	settings = frappe.get_doc("Monitoring Settings")
	usual = settings.applications_per_day
	today = frappe.db.count(DOCTYPE, {"received_on": (">=", frappe.utils.today())})
	settings.applications_per_day = today + 2
	settings.save()
	frappe.db.commit()  # the web server is to see it
	try:
		with ThreadPoolExecutor(4) as pool:
			answers = list(pool.map(lambda _time: send(), range(6)))
		assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429, 429, 429]
		full = next(answer for answer in answers if answer.status_code == 429)
		managing = frappe.db.get_value("Monitored Unit", factories.managing_unit(), "unit_name")
		assert managing in full.json()["message"]["problem"]
	finally:
		fresh_db()
		settings = frappe.get_doc("Monitoring Settings")
		settings.applications_per_day = usual
		settings.save()
		frappe.db.commit()


def test_a_field_of_an_administrator_is_asked_for_and_checked(stack, send, fresh_db):
	"""Customize Form puts it into the applicant's part; nothing else is needed."""
	field = frappe.get_doc(
		{
			"doctype": "Custom Field",
			"dt": DOCTYPE,
			"label": "Đối tượng nộp đơn",
			"fieldtype": "Select",
			"options": "\nCá nhân\nTổ chức",
			"reqd": 1,
			"insert_after": "organisation",
		}
	).insert()
	frappe.db.commit()  # the web server is to see it
	name = field.fieldname  # of its label, accents and all
	try:
		page = requests.get(f"{stack.url}/xin-trich-xuat", timeout=60).text
		assert "Đối tượng nộp đơn" in page and '<option value="Tổ chức">' in page
		assert page.index("field-organisation") < page.index(f"field-{name}") < page.index("field-unit")
		for value in ("", "Nhóm khác"):
			answer = send(**{name: value})
			assert list(answer.json()["message"]["faults"]) == [name]
		number = send(**{name: "Tổ chức"}).json()["message"]["number"]
		fresh_db()
		assert frappe.db.get_value(DOCTYPE, number, name) == "Tổ chức"
	finally:
		fresh_db()
		frappe.delete_doc("Custom Field", field.name)
		frappe.db.commit()
