"""An account's way in a real browser: proposed by a unit's leader, granted, suspended for a reason; and the
Desk of a substitute."""

from datetime import timedelta

import frappe
import pytest
from frappe.utils import getdate, now_datetime

from giam_sat_mot_cua.setup import factories
from tests.cameras.server import wait_for
from tests.e2e.test_browser import browser, log_in, log_out, shown  # noqa: F401 (a fixture)

pytestmark = pytest.mark.quiet

INDICATOR = "return document.querySelector('.page-head .indicator-pill')?.innerText.trim()"


@pytest.fixture
def position(fresh_db):
	"""A position of its own, so that the demo's people keep their places."""
	made = factories.insert(
		doctype="Position",
		position_code=factories.code("CD"),
		position_name="Chức danh thử trên trình duyệt",
		role_profile=frappe.db.get_value("Position", "OPERATOR", "role_profile"),
		active=1,
	)
	level = frappe.get_doc("Unit Level", "DISTRICT")
	level.append("quotas", {"position": made.name, "quota": 1, "scope": "Own Unit"})
	level.save()
	frappe.db.commit()
	yield made.name
	fresh_db()


def act(driver, text: str) -> None:
	"""Presses the workflow's button `text`."""
	button = (
		"[...document.querySelectorAll('.actions-btn-group .dropdown-item')]"
		f".find((item) => item.innerText.trim() === '{text}')"
	)
	# the menu is drawn after the form, and its items are hidden until it is opened
	button = button.replace("innerText", "textContent")
	wait_for(lambda: driver.execute_script(f"return Boolean({button})"), 40, f"no button {text}")
	driver.execute_script(f"{button}.click()")


def becomes(driver, state: str) -> None:
	wait_for(lambda: driver.execute_script(INDICATOR) == state, 60, f"not {state}")


def open_form(driver, url: str) -> None:
	driver.get(url)
	ready = "return Boolean(window.cur_frm && cur_frm.doctype === 'Monitoring Account' && cur_frm.doc)"
	wait_for(lambda: driver.execute_script(ready), 60, "no form")


def test_an_account_from_proposal_to_suspension(browser, stack, position):  # noqa: F811
	log_in(browser, stack, "Unit Leader")
	open_form(browser, f"{stack.url}/app/monitoring-account/new")
	values = {
		"full_name": "Người Trên Trình Duyệt",
		"email": f"{factories.code('tr').lower()}@giamsat.example",
		"unit": "NB-HL",
		"position": position,
		"document_number": "33/UBND-VP",
		"document_date": str(getdate()),
	}
	browser.execute_script("return cur_frm.set_value(arguments[0]).then(() => cur_frm.save())", values)
	becomes(browser, "Bản nháp")
	name = browser.execute_script("return cur_frm.doc.name")
	act(browser, "Đề nghị cấp")
	becomes(browser, "Đã đề nghị")
	log_out(browser, stack)
	log_in(browser, stack, "Monitoring Administrator")
	open_form(browser, f"{stack.url}/app/monitoring-account/{name}")
	act(browser, "Cấp tài khoản")
	becomes(browser, "Đã cấp")
	act(browser, "Tạm khóa")
	wait_for(lambda: "Lý do quyết định" in shown(browser, ".modal.show"), 30, "nobody asks why")
	wait_for(lambda: browser.execute_script("return Boolean(cur_dialog)"), 30, "the question did not open")
	answer = "cur_dialog.set_value('reason', 'Nghỉ phép dài ngày')"
	browser.execute_script(f"return {answer}.then(() => cur_dialog.get_primary_btn().click())")
	becomes(browser, "Tạm khóa")
	assert not browser.execute_script("return cur_frm.is_dirty()")


def test_a_substitute_is_told_so_on_every_page(browser, stack, fresh_db):  # noqa: F811
	leader, head = (stack.logins[role]["user"] for role in ("Unit Leader", "Counter Head"))
	delegation = frappe.get_doc(
		{
			"doctype": "Approval Delegation",
			"leader": factories.account(leader),
			"substitute": factories.account(head),
			"valid_from": now_datetime(),
			"valid_until": now_datetime() + timedelta(hours=2),
			"document_number": "8/GUQ-UBND",
			"document_date": getdate(),
		}
	).insert()
	frappe.db.commit()
	try:
		log_in(browser, stack, "Counter Head")
		wait_for(lambda: "ủy quyền thay Trần Thị Hoa" in shown(browser, ".gsmc-substitute"), 60, "not told")
		browser.get(f"{stack.url}/app/monitored-unit/NB-HL")
		wait_for(lambda: delegation.name in shown(browser, ".form-message"), 60, "the unit does not say so")
	finally:
		fresh_db()
		frappe.get_doc("Approval Delegation", delegation.name).withdraw("Kết thúc kiểm thử")
		frappe.db.commit()
