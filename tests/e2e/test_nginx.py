"""The nginx block of docs/operations.md, as it stands there, in front of a running instance: folders are
served by nginx, archives by the app behind it, and nothing without its signature. Runs where nginx is
installed."""

import re
import shutil
import subprocess
import time
from pathlib import Path

import frappe
import pytest

from giam_sat_mot_cua.api import links
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.recording import clock
from giam_sat_mot_cua.workers import retention, volumes
from tests import footage_files
from tests.archive import store_server
from tests.cameras.server import wait_for
from tests.footage_files import MINUTE_MS, archive_row, lay

DOCS = Path(__file__).resolve().parents[2] / "docs/operations.md"
SERVER = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
	access_log {folder}/access.log;
	client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
	uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
	server {{
		listen 127.0.0.1:{port};
		{block}
		location @webserver {{
			add_header X-Test-App 1 always;
			proxy_set_header Host $host;
			proxy_pass {upstream};
		}}
	}}
}}
"""


@pytest.fixture(scope="module")
def nginx(stack, tmp_path_factory):
	"""The address of nginx."""
	program = shutil.which("nginx")
	if not program:
		pytest.skip("nginx is not installed")
	folder, port = tmp_path_factory.mktemp("nginx"), store_server.free_port()
	(folder / "main").symlink_to(stack.footage)
	block = re.search(r"```nginx\n(.+?)```", DOCS.read_text(), re.DOTALL)[1]
	assert "SECRET" in block and "/srv/" in block
	block = block.replace("SECRET", frappe.conf.gsmc_link_secret).replace("/srv/", f"{folder}/")
	text = SERVER.format(folder=folder, port=port, block=block, upstream=stack.url)
	(folder / "nginx.conf").write_text(text)
	process = subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"])
	try:
		store_server.wait_until_open(port, process)
		yield f"http://127.0.0.1:{port}"
	finally:
		process.terminate()
		process.wait(timeout=20)


@pytest.fixture(scope="module")
def footage(stack):
	"""(archive, camera, start): of two files one lies in the folder, the one before it in an archive."""
	frappe.db.rollback()
	camera, main = "NB-HL-NM-01", frappe.get_doc("Storage Volume", "main")
	start = clock.now_ms() - 3 * footage_files.DAY_MS
	with store_server.store_server() as server:
		server.bucket("kho")
		archive = footage_files.make_archive(server.url, "kho")
		lay(main, camera, [start], size_bytes=3000)
		frappe.db.set_single_value("Monitoring Settings", "archive_after_hours", 20)
		frappe.db.commit()  # the web server must see it
		assert retention.move_to(archive_row(archive), volumes.rows({"name": "main"})[0])
		lay(main, camera, [start + MINUTE_MS], size_bytes=3000)
		frappe.db.commit()  # the web server must see it
		yield archive, camera, start
	frappe.db.rollback()
	frappe.db.set_single_value("Monitoring Settings", "archive_after_hours", 0)
	frappe.db.commit()  # the running instance is to be as before
	(stack.footage / layout.file_path(camera, start + MINUTE_MS)).unlink(missing_ok=True)
	footage_files.forget_files(camera, [start, start + MINUTE_MS])
	footage_files.forget([archive.name], [])


def test_the_block_of_the_docs_serves_folders_and_leaves_archives_to_the_app(stack, session, nginx, footage):
	archive, camera, start = footage
	person = session("Unit Operator")
	sid = person.cookies["sid"]

	def ask(volume: str, at: int, **headers):
		uri, expires = f"{links.PREFIX}{volume}/{layout.file_path(camera, at)}", int(time.time()) + 600
		address = f"{nginx}{uri}?e={expires}&s={links.signature(uri, expires, sid)}"
		return address, person.get(address, headers=headers, cookies={"sid": sid}, timeout=30)

	address, local = ask("main", start + MINUTE_MS, Range="bytes=10-19")
	assert (local.status_code, local.content) == (206, b"\1" * 10)
	assert "X-Test-App" not in local.headers and local.headers["Content-Type"] == "video/mp4"
	for volume in (archive.name, "main"):  # by its own link, and by one that was made before the move
		archived, answer = ask(volume, start, Range="bytes=10-19")
		assert (answer.status_code, answer.content) == (206, b"\1" * 10), volume
		assert answer.headers["X-Test-App"] == "1"
		assert answer.headers["Content-Range"] == "bytes 10-19/3000"
		whole = person.get(archived, cookies={"sid": sid}, timeout=30)
		assert (whole.status_code, whole.content) == (200, b"\1" * 3000)
	assert ask("main", start + 2 * MINUTE_MS)[1].status_code == 404
	for given in (address, archived):
		for changed in (given[:-2], given.partition("?")[0], given.replace(f"{camera}/", "NB-GV-01/")):
			refused = person.get(changed, cookies={"sid": sid}, timeout=30)
			assert refused.status_code == 403 and "X-Test-App" not in refused.headers
		assert session("Unit Leader").get(given, timeout=30).status_code == 403


def test_a_store_that_is_away_is_told_through_nginx(session, nginx, footage):
	archive, camera, start = footage
	person = session("Unit Operator")
	sid = person.cookies["sid"]
	frappe.db.set_value("Storage Volume", archive.name, "endpoint", "http://127.0.0.1:9")
	frappe.db.commit()  # the web server must see it
	uri, expires = f"{links.PREFIX}{archive.name}/{layout.file_path(camera, start)}", int(time.time()) + 600
	address = f"{nginx}{uri}?e={expires}&s={links.signature(uri, expires, sid)}"
	wait_for(
		lambda: person.get(address, cookies={"sid": sid}, timeout=30).status_code == 424, 20, "another answer"
	)
