"""`bench --site SITE gsmc ...`"""

import json
from pathlib import Path

import click
import frappe
from frappe.commands import get_site, pass_context


@click.group("gsmc")
def gsmc():
	"""Giám sát Một cửa: index and retention of footage, the demo province."""


@gsmc.command("seed-demo")
@click.option("--rtsp-port", type=int, required=True, help="port of the demo cameras on 127.0.0.1")
@click.option("--camera-login-file", type=click.Path(path_type=Path), help="JSON with username and password")
@click.option("--json", "as_json", is_flag=True, help="logins and cameras as the last line of output")
@pass_context
def seed_demo(context, rtsp_port: int, camera_login_file: Path | None, as_json: bool):
	"""Adds what is missing of the demo province: units, accounts, six cameras. Never on a production site."""
	from giam_sat_mot_cua.setup import demo
	from giam_sat_mot_cua.workers import fleet

	with connected(get_site(context)):
		seeded = demo.seed(rtsp_port, camera_login_file)
		frappe.db.commit()  # a command is its own unit of work
		fleet.keep_one_queued()  # recording begins now and not at the next tick
	print(json.dumps(seeded, ensure_ascii=False) if as_json else demo.in_words(seeded))


@gsmc.command("reconcile")
@pass_context
def reconcile(context):
	"""Indexes footage files that have no row, mending those that a crash left open, and marks rows whose file
	is gone."""
	from giam_sat_mot_cua.workers import retention, volumes
	from giam_sat_mot_cua.workers.reconcile import reconcile_site

	with connected(get_site(context)):
		for camera, added in reconcile_site().items():
			print(f"{camera}: {added} files added to the index")
		for row in volumes.rows():
			found = retention.audit_volume(row)
			print(f"volume {row.name}: {found.missing} files missing, {found.back} found again")


@gsmc.command("retention")
@click.option("--volume", help="only this volume")
@click.option("--dry-run", is_flag=True, help="only say what would go")
@pass_context
def retention_command(context, volume: str | None, dry_run: bool):
	"""Removes footage that is past its retention, and makes room on full volumes."""
	from giam_sat_mot_cua.workers import retention

	with connected(get_site(context)):
		for run in retention.run_now(volume, dry_run):
			print("\n".join(retention.in_words(run)))


@gsmc.command("rebuild-index")
@click.option("--camera", help="only this camera")
@pass_context
def rebuild_index(context, camera: str | None):
	"""Writes the Recording Hour rows anew from the files alone. Rows whose files are gone stay as they
	are."""
	from giam_sat_mot_cua.workers.reconcile import reconcile_site

	with connected(get_site(context)):
		for name, files in reconcile_site(camera, again=True).items():
			print(f"{name}: {files} files in the index")


class connected:
	"""A connection to the site for the body of a command."""

	def __init__(self, site: str):
		self.site = site

	def __enter__(self):
		frappe.init(site=self.site)
		frappe.connect()

	def __exit__(self, *_error):
		frappe.destroy()


commands = [gsmc]
