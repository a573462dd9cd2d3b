"""Footage on request, from the application to a package that anybody can verify: over HTTP, on real
footage, with the faults that can come between."""

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile

import docx
import frappe
import pytest
import requests
from pypdf import PdfReader

from giam_sat_mot_cua.evidence import holds, packages
from giam_sat_mot_cua.evidence.minutes import FORMAT
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import clock, hour_index, timeline
from tests.cameras.server import wait_for
from tests.e2e.test_browser import browser, log_in  # noqa: F401
from tests.e2e.test_recording import short_files  # noqa: F401

pytestmark = pytest.mark.watches
REQUEST, PACKAGE = "Extraction Request", "Evidence Package"
CAMERA = "NB-HL-01"  # of the district whose leader is the demo's
ASKS, CHECKS, DECIDES = "Counter Head", "Monitoring Operator", "Unit Leader"
API = "/api/method/giam_sat_mot_cua.api.evidence."
MINUTES = "/api/method/giam_sat_mot_cua.api.minutes.download"
SECONDS = 12


def ask(stack, person: requests.Session, seconds: int = SECONDS, **values) -> str:
	"""A request for the newest whole footage of CAMERA, with its application, submitted."""
	end = wait_for(lambda: end_of_whole(seconds), 90, "no whole footage", pause_s=0.5)
	row = {
		"camera": CAMERA,
		"from_time": f"{clock.site_time(end - seconds * 1000):%Y-%m-%d %H:%M:%S}",
		"to_time": f"{clock.site_time(end):%Y-%m-%d %H:%M:%S}",
	}
	sent = {
		"purpose": "Giải quyết phản ánh của công dân",
		"legal_basis": "Luật Khiếu nại, Điều 23",
		"requester_name": "x",
		"ranges": [row],
		**values,
	}
	answer = person.post(f"{stack.url}/api/resource/{REQUEST}", json=sent, timeout=60)
	assert answer.status_code == 200, answer.text[:800]
	name = answer.json()["data"]["name"]
	paper = {"doctype": REQUEST, "docname": name, "is_private": "1", "fieldname": "application_document"}
	file = {"file": ("don.pdf", io.BytesIO(b"%PDF-1.4 " + os.urandom(64)), "application/pdf")}
	answer = person.post(f"{stack.url}/api/method/upload_file", data=paper, files=file, timeout=60)
	url = answer.json()["message"]["file_url"]
	answer = person.put(
		f"{stack.url}/api/resource/{REQUEST}/{name}", json={"application_document": url}, timeout=60
	)
	assert answer.status_code == 200, answer.text[:800]
	assert act(stack, person, name, "Submit the Request").status_code == 200
	return name


def end_of_whole(seconds: int) -> int | None:
	"""The end (UTC, ms) of so many seconds without a gap, in closed files; None when they are not there."""
	frappe.db.rollback()
	end = clock.now_ms() // 1000 * 1000 - 15_000
	found = timeline.pieces(CAMERA, end - seconds * 1000, end)
	return end if {piece.kind for piece in found} == {"recorded"} else None


def stored(request: str):
	frappe.db.rollback()
	return frappe.get_doc(REQUEST, request)


def act(stack, person: requests.Session, name: str, action: str) -> requests.Response:
	doc = json.dumps({"doctype": REQUEST, "name": name})
	call = f"{stack.url}/api/method/frappe.model.workflow.apply_workflow"
	return person.post(call, json={"doc": doc, "action": action}, timeout=60)


def approved(stack, session, **values) -> str:
	name = ask(stack, session(ASKS), **values)
	answer = act(stack, session(CHECKS), name, "Confirm the Check")
	assert answer.status_code == 200, answer.text[:800]
	answer = act(stack, session(DECIDES), name, "Approve")
	assert answer.status_code == 200, answer.text[:800]
	return name


def package_of(request: str) -> frappe._dict:
	frappe.db.rollback()
	fields = ["name", "status", "message", "sha256", "downloads", "attempts", "size_mb"]
	return frappe.get_all(PACKAGE, {"request": request}, fields, order_by="creation desc", limit=1)[0]


def wait_for_status(request: str, *wanted: str, patience_s: float = 150) -> frappe._dict:
	wait_for(lambda: package_of(request).status in wanted, patience_s, f"not {wanted}", pause_s=0.3)
	return package_of(request)


def download(stack, person: requests.Session, package: str) -> requests.Response:
	answer = person.post(f"{stack.url}{API}make_link", json={"package": package}, timeout=30)
	assert answer.status_code == 200, answer.text[:500]
	return person.get(stack.url + answer.json()["message"]["url"], timeout=60)


def verified(path) -> dict:
	"""What the verifier that lies in the package says of it, in a Python without anything else."""
	with zipfile.ZipFile(path) as package:
		script = path.with_name("verify.py")
		script.write_bytes(package.read("verify.py"))
	done = subprocess.run(
		[sys.executable, "-I", "-S", script, path, "--json"], capture_output=True, timeout=120, text=True
	)
	return json.loads(done.stdout)


def test_from_the_application_to_a_package_that_verifies(stack, session, tmp_path):
	request = approved(stack, session, exact_cut=1, watermark=1)
	package = wait_for_status(request, "Ready", "Failed")
	assert package.status == "Ready", package.message
	assert stored(request).status == "Ready"

	operator = session(CHECKS)
	answer = download(stack, operator, package.name)
	assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/zip"
	assert hashlib.sha256(answer.content).hexdigest() == package.sha256
	path = tmp_path / f"{package.name}.zip"
	path.write_bytes(answer.content)
	found = verified(path)
	assert (found["result"], found["findings"]) == ("intact", [])

	with zipfile.ZipFile(path) as opened:
		manifest = json.loads(opened.read("manifest.json"))
		extraction = opened.read("bien-ban-trich-xuat.pdf")
	row = stored(request).ranges[0]
	begin, end = (clock.utc_ms(moment) for moment in (row.from_utc, row.to_utc))
	sources = {f["details"]["start_utc_ms"]: f["sha256"] for f in manifest["files"] if f["kind"] == "source"}
	recorded = hour_index.files_between(CAMERA, begin, end)
	assert sources == {file.start_utc_ms: file.sha256 for file in recorded}
	said = pdf_text(extraction)
	others = [f for f in manifest["files"] if f["kind"] in ("playable", "derivative")]
	for digits in (*sources.values(), *(file["sha256"] for file in others)):
		assert digits in said
	assert without_spaces("Trần Thị Hoa") in said and request in said
	assert manifest["certificate"]["fingerprint"].upper() in said
	changed = tmp_path / "changed.zip"
	at = answer.content.index(extraction) + len(extraction) // 2
	changed.write_bytes(answer.content[:at] + bytes([answer.content[at] ^ 1]) + answer.content[at + 1 :])
	assert {f["file"] for f in verified(changed)["findings"]} == {"bien-ban-trich-xuat.pdf"}
	kinds = [file["kind"] for file in manifest["files"]]
	assert kinds.count("playable") == 1 and kinds.count("derivative") == 2
	assert manifest["request"]["number"] == request
	(decision,) = manifest["approvals"]
	assert decision["who"] == "Trần Thị Hoa"
	(asked,) = manifest["ranges"]
	assert (asked["from_utc_ms"], asked["to_utc_ms"]) == (begin, end)
	assert {piece["kind"] for piece in asked["pieces"]} == {"recorded"}
	actions = frappe.get_all(
		"Footage Access Log",
		{"about_name": ("in", (request, package.name))},
		pluck="action",
		order_by="sequence",
	)
	assert actions == ["Exported", "Downloaded"]
	assert stack.bench("gsmc", "verify-log").returncode == 0


def test_minutes_of_the_handover(stack, session, browser):  # noqa: F811
	request = ask(stack, session(ASKS))
	early = minutes(stack, session(ASKS), request)
	said = json.loads(json.loads(early.json()["_server_messages"])[0])["message"]
	assert early.status_code == 417 and "Có biên bản khi gói đã sẵn sàng" in said
	assert act(stack, session(CHECKS), request, "Confirm the Check").status_code == 200
	assert act(stack, session(DECIDES), request, "Approve").status_code == 200
	package = wait_for_status(request, "Ready")
	for role in (ASKS, CHECKS, DECIDES):
		assert minutes(stack, session(role), request).status_code == 200, role
	for role in ("Unit Operator", "Monitoring Auditor", "Intake Desk Officer", "Managing Unit Leader"):
		assert minutes(stack, session(role), request).status_code == 403, role
		assert printed(stack, session(role), request).status_code == 403, role
	assert minutes(stack, requests.Session(), request).status_code == 403
	operator = session(CHECKS)
	for wrong in ({"form": "xlsx"}, {"request": "YC-0000-00000"}, {"request": ""}):
		asked = {"request": request, "form": "pdf", **wrong}
		answer = operator.get(f"{stack.url}{MINUTES}", params=asked, timeout=30)
		assert answer.status_code == 417, (wrong, answer.text[:300])

	received = {"received_by": "Phạm Thị Nhận", "received_paper": "CCCD 037090001234"}
	answer = operator.put(f"{stack.url}/api/resource/{REQUEST}/{request}", json=received, timeout=30)
	assert answer.status_code == 200, answer.text[:500]
	assert act(stack, operator, request, "Hand Over").status_code == 200
	answer = minutes(stack, operator, request)
	assert answer.headers["Content-Type"] == "application/pdf"
	assert answer.headers["Cache-Control"] == "no-store"
	name = f"bien-ban-ban-giao-{package.name}.pdf"
	assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
	text = pdf_text(answer.content)
	assert package.sha256 in text and without_spaces("Phạm Thị Nhận") in text
	paper = docx.Document(io.BytesIO(minutes(stack, operator, request, "docx").content))
	assert package.sha256 in {cell.text for t in paper.tables for row in t.rows for cell in row.cells}
	shown = printed(stack, operator, request).json()["message"]
	assert package.sha256 in shown["html"] and "Phạm Thị Nhận" in shown["html"]
	assert ".gsmc-minutes" in shown["style"]

	frappe.db.rollback()
	log = {"about_name": request}
	actions = frappe.get_all("Footage Access Log", log, pluck="action", order_by="sequence")
	assert actions == ["Exported", *["Printed Minutes"] * 3, "Handed Over", *["Printed Minutes"] * 3]
	assert stack.bench("gsmc", "verify-log").returncode == 0

	log_in(browser, stack, DECIDES)  # an operator does not see the log
	browser.get(f"{stack.url}/app/extraction-request/{request}")
	wait_for(
		lambda: browser.find_elements("css selector", ".gsmc-custody tbody tr"), 60, "no log in the form"
	)
	table = browser.find_element("css selector", ".gsmc-custody").text
	assert table.count("Lập biên bản") == 6 and "Đã bàn giao" in table and "Phạm Thị Nhận" in table
	buttons = (
		"return [...document.querySelectorAll('.inner-group-button a')].map((a) => a.textContent.trim())"
	)
	assert browser.execute_script(buttons) == ["Biên bản (PDF)", "Biên bản (DOCX)", "In"]


def minutes(stack, person: requests.Session, request: str, form: str = "pdf") -> requests.Response:
	asked = {"request": request, "form": form}
	return person.get(f"{stack.url}{MINUTES}", params=asked, timeout=60)


def printed(stack, person: requests.Session, request: str) -> requests.Response:
	"""As the Desk's own page for printing asks."""
	asked = {"doc": REQUEST, "name": request, "print_format": FORMAT, "no_letterhead": 1}
	call = f"{stack.url}/api/method/frappe.www.printview.get_html_and_style"
	return person.get(call, params=asked, timeout=60)


def pdf_text(content: bytes) -> str:
	return without_spaces("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def without_spaces(text: str) -> str:
	return re.sub(r"\s", "", text)


def test_only_who_may_receives_it_and_by_his_own_link(stack, session):
	request = approved(stack, session)
	package = wait_for_status(request, "Ready")
	requester, operator = session(ASKS), session(CHECKS)
	for role in (
		DECIDES,
		"Unit Operator",
		"Monitoring Auditor",
		"Intake Desk Officer",
		"Managing Unit Leader",
	):
		answer = session(role).post(f"{stack.url}{API}make_link", json={"package": package.name}, timeout=30)
		assert answer.status_code == 403, (role, answer.text[:300])
	answer = operator.post(f"{stack.url}{API}make_link", json={"package": package.name}, timeout=30)
	url = answer.json()["message"]["url"]
	assert requester.get(stack.url + url, timeout=30).status_code == 403  # another's link
	assert requests.get(stack.url + url, timeout=30).status_code == 403
	assert operator.get(stack.url + url.replace("&e=", "&e=9"), timeout=30).status_code == 403
	for _again in range(2):
		assert operator.get(stack.url + url, headers={"Range": "bytes=10-"}, timeout=30).status_code == 206
	assert package_of(request).downloads == 1
	assert download(stack, requester, package.name).status_code == 200
	assert package_of(request).downloads == 2
	for answer in (
		operator.put(f"{stack.url}/api/resource/{PACKAGE}/{package.name}", json={"downloads": 0}, timeout=30),
		operator.delete(f"{stack.url}/api/resource/{PACKAGE}/{package.name}", timeout=30),
		operator.post(f"{stack.url}/api/resource/{PACKAGE}", json={"request": request}, timeout=30),
	):
		assert answer.status_code == 403, answer.text[:300]


def test_only_the_leader_of_the_counters_unit_approves_by_any_route(stack, session):
	name = ask(stack, session(ASKS))
	assert act(stack, session(CHECKS), name, "Confirm the Check").status_code == 200
	others = (
		ASKS,
		CHECKS,
		"Unit Operator",
		"Monitoring Administrator",
		"Managing Unit Leader",
		"Intake Desk Officer",
		"Monitoring Auditor",
		"Administrator",
	)
	call, record = f"{stack.url}/api/method/", f"{stack.url}/api/resource/{REQUEST}/{name}"
	changed = {"doctype": REQUEST, "name": name, "workflow_state": "Approved", "status": "Approved"}
	field = {"doctype": REQUEST, "name": name, "fieldname": "workflow_state", "value": "Approved"}
	bulk = {"docnames": json.dumps([name]), "doctype": REQUEST, "action": "Approve"}
	for role in others:
		person = session(role)
		act(stack, person, name, "Approve")
		person.put(record, json={"workflow_state": "Approved"}, timeout=30)
		person.put(record, json={"status": "Approved"}, timeout=30)
		person.post(f"{call}frappe.client.set_value", json=field, timeout=30)
		person.post(f"{call}frappe.client.save", json={"doc": changed}, timeout=30)
		person.post(f"{call}frappe.model.workflow.bulk_workflow_approval", json=bulk, timeout=30)
		saved = {"doc": json.dumps(changed), "action": "Save"}
		person.post(f"{call}frappe.desk.form.save.savedocs", data=saved, timeout=30)
		assert stored(name).status == "Checked", role
	assert not frappe.db.exists(PACKAGE, {"request": name})
	assert act(stack, session(DECIDES), name, "Approve").status_code == 200
	assert stored(name).decided_by == stack.logins[DECIDES]["user"]


def test_requests_and_retention_wait_for_each_other(stack, session):
	"""Retention looks at what is asked for, while people change requests."""
	name, person, answers = ask(stack, session(ASKS)), session(CHECKS), []

	def change() -> None:
		for number in range(15):
			sent = {"decision_reason": f"Đang kiểm tra lần {number}"}
			answer = person.put(f"{stack.url}/api/resource/{REQUEST}/{name}", json=sent, timeout=60)
			answers.append(answer.status_code)

	changing = threading.Thread(target=change)
	changing.start()
	while changing.is_alive():
		frappe.db.rollback()
		holds.take_turn()
		time.sleep(0.05)  # meanwhile a request has locked its own row, or waits for its turn
		assert holds.active(latest=True).spans[CAMERA]
	frappe.db.rollback()
	changing.join()
	assert answers == [200] * 15


def test_a_file_that_was_changed_after_recording_is_refused_and_told(stack, session):
	name = ask(stack, session(ASKS))
	row = stored(name).ranges[0]
	begin, end = (clock.utc_ms(moment) for moment in (row.from_utc, row.to_utc))
	file = hour_index.files_between(CAMERA, begin, end)[1]
	path = stack.footage / layout.file_path(CAMERA, file.start_utc_ms)
	whole = path.read_bytes()
	changed = bytearray(whole)
	changed[len(changed) // 2] ^= 1
	path.write_bytes(changed)
	try:
		act(stack, session(CHECKS), name, "Confirm the Check")
		act(stack, session(DECIDES), name, "Approve")
		package = wait_for_status(name, "Failed", "Ready")
		assert package.status == "Failed" and "SHA-256" in package.message
		assert stored(name).status == "Approved"
		assert not packages.path_of(package.name).exists()
		events = {"kind": "Footage Changed", "camera": CAMERA, "status": "Open"}
		assert frappe.db.exists("Health Event", events)
	finally:
		path.write_bytes(whole)
	answer = session(CHECKS).post(f"{stack.url}{API}make_again", json={"request": name}, timeout=30)
	assert answer.status_code == 200, answer.text[:500]
	assert wait_for_status(name, "Ready", "Failed").status == "Ready"
	assert not frappe.db.exists("Health Event", events)


def test_an_export_that_is_stopped_or_killed_offers_no_half(stack, session):
	request = approved(stack, session, seconds=20, blur_faces=1, watermark=1)
	stopped = being_written(request)
	answer = session(ASKS).post(f"{stack.url}{API}stop", json={"package": stopped}, timeout=30)
	assert answer.status_code == 403
	answer = session(CHECKS).post(f"{stack.url}{API}stop", json={"package": stopped}, timeout=30)
	assert answer.json()["message"] == {"stopped": True}
	wait_for(lambda: not packages.unfinished_path(stopped).exists(), 30, "it is still being written")
	assert (package_of(request).status, stored(request).status) == ("Stopped", "Approved")

	answer = session(CHECKS).post(f"{stack.url}{API}make_again", json={"request": request}, timeout=30)
	assert answer.status_code == 200, answer.text[:500]
	name = being_written(request)
	for pid in stack.children("worker-long"):
		os.kill(pid, signal.SIGKILL)
	time.sleep(1)
	assert package_of(request).status == "Being Made"
	assert not packages.path_of(name).exists()
	package = wait_for_status(request, "Ready", "Failed", patience_s=240)
	assert (package.name, package.status, package.attempts) == (name, "Ready", 2)
	assert not packages.unfinished_path(name).exists()
	assert hashlib.sha256(packages.path_of(name).read_bytes()).hexdigest() == package.sha256
	assert not packages.path_of(stopped).exists()
	with zipfile.ZipFile(packages.path_of(name)) as opened:
		manifest = json.loads(opened.read("manifest.json"))
	assert [approval["who"] for approval in manifest["approvals"]] == ["Trần Thị Hoa"]
	assert "Đã dừng lập gói" in [step["what"] for step in manifest["custody"]]


def being_written(request: str) -> str:
	"""The package of a request, as soon as something of it is on the disk."""
	name = wait_for_status(request, "Being Made").name
	wait_for(packages.unfinished_path(name).exists, 30, "nothing is written", pause_s=0.02)
	return name
