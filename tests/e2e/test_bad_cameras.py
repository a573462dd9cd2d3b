"""What can be wrong with a camera: a clear state, the others untouched, no secret anywhere."""

import subprocess

import frappe
import pytest

from giam_sat_mot_cua.recording import clock
from giam_sat_mot_cua.setup import factories
from tests.cameras.server import PASSWORD, USERNAME, CameraServer, camera, wait_for
from tests.e2e import rows
from tests.e2e.test_recording import EXPECTED

WRONG_PASSWORD = "sai-mat-khau-9382"


@pytest.fixture(scope="module")
def server():
	with CameraServer(
		[camera("/locked", auth="digest"), camera("/sound", audio="pcmu", video=False)]
	) as running:
		yield running


CASES = {
	"Unknown Host Name": ("rtsp://no-such-host.invalid/stream", "", ""),
	"Unreachable": ("rtsp://127.0.0.1:1/stream", "", ""),
	"Wrong Login": ("{server}/locked", USERNAME, WRONG_PASSWORD),
	"Stream Not Found": ("{server}/nothing", USERNAME, PASSWORD),
	"No Video": ("{server}/sound", "", ""),
}


@pytest.mark.parametrize("fault", list(CASES))
def test_fault_is_shown_with_what_to_do(stack, server, fault):
	url, username, password = CASES[fault]
	made = factories.camera(
		"NB-HL",
		stream_url=url.replace("{server}", server.url("")),
		stream_username=username,
		stream_password=password,
		enabled=1,
	)
	frappe.db.commit()  # recorders must see it
	try:
		wait_for(lambda: rows.state(made.name)[1] == fault, 40, f"not {fault}: {rows.state(made.name)}")
		state, _fault, message = rows.state(made.name)
		assert state == "Waiting"
		assert message and message != "" and any(letter in message for letter in "ạảãàáăâđêôơư")
		gap = wait_for(lambda: rows.gaps(made.name), 20, "no gap")[0]
		assert not gap.end_utc
	finally:
		made.reload()
		made.enabled = 0
		made.save()
		frappe.db.commit()  # recorders must see it
	wait_for(lambda: rows.state(made.name)[0] == "Not Recording", 30, "the camera is still tried")


def test_a_corrected_login_is_used_at_once(stack, server):
	made = factories.camera(
		"NB-HL",
		stream_url=server.url("/locked"),
		stream_username=USERNAME,
		stream_password=WRONG_PASSWORD,
		enabled=1,
	)
	frappe.db.commit()  # recorders must see it
	wait_for(lambda: rows.state(made.name)[1] == "Wrong Login", 40, "the wrong login is not told")
	made.reload()
	made.stream_password = PASSWORD
	made.save()
	frappe.db.commit()  # recorders must see it
	wait_for(lambda: rows.state(made.name)[0] == "Recording", 40, "the corrected login is not used")
	assert rows.state(made.name)[1:] == ("", "")
	gap = wait_for(lambda: [g for g in rows.gaps(made.name) if g.end_utc], 20, "the gap is still open")[0]
	assert gap.cause == "Authentication"
	made.reload()
	made.enabled = 0
	made.save()
	frappe.db.commit()  # recorders must see it


def test_the_others_were_not_touched(stack):
	now = clock.now_ms()
	for name in EXPECTED:
		assert rows.state(name)[0] == "Recording"
		late = [gap for gap in rows.gaps(name, now) if clock.utc_ms(gap.start_utc) > now - 60_000]
		assert late == []


def test_no_secret_in_any_log_or_row(stack):
	"""Every log of the instance, the bench and the site, journals, and all tables but that of the secrets."""
	folders = [
		stack.logs,
		stack.instance.bench / "logs",
		stack.instance.sites / stack.site / "logs",
		stack.footage,
	]
	for secret in (PASSWORD, WRONG_PASSWORD):
		for folder in folders:
			found = subprocess.run(["grep", "-rlF", secret, str(folder)], capture_output=True, text=True)
			assert found.stdout == ""
		rows.refresh()
		for (table,) in frappe.db.sql("show tables"):
			if table in ("__Auth",):
				continue
			for row in frappe.db.sql(f"select * from `{table}`"):
				assert secret not in str(row), table


def test_no_secret_on_a_command_line(stack):
	listed = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True).stdout
	assert PASSWORD not in listed and WRONG_PASSWORD not in listed
