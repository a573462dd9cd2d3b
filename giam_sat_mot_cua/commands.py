"""`bench --site SITE gsmc ...`"""

import getpass
import json
import os
import signal
import sys
from pathlib import Path

import click
import frappe
from frappe.commands import get_site, pass_context


@click.group("gsmc")
def gsmc():
	"""Giám sát Một cửa: index and retention of footage, backups and their proof, the demo province."""


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
	from giam_sat_mot_cua.workers.database import use_site_language

	with connected(get_site(context)):
		use_site_language()
		print_reconciled("files added to the index")
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
		require("Storage Volume", volume)
		for run in retention.run_now(volume, dry_run):
			print("\n".join(retention.in_words(run)))


@gsmc.command("rebuild-index")
@click.option("--camera", help="only this camera")
@pass_context
def rebuild_index(context, camera: str | None):
	"""Writes the Recording Hour rows anew from the files alone. Rows whose files are gone stay as they
	are."""
	with connected(get_site(context)):
		require("Camera", camera)
		print_reconciled("files in the index", camera, again=True)


def require(doctype: str, name: str | None) -> None:
	"""Ends the command when somebody names a record that is not there."""
	if name and not frappe.db.exists(doctype, name):
		sys.exit(f"There is no {doctype} {name}.")


def print_reconciled(what: str, camera: str | None = None, again: bool = False) -> None:
	from giam_sat_mot_cua.workers.reconcile import reconcile_site
	from giam_sat_mot_cua.workers.turns import VolumeBusy

	try:
		found = reconcile_site(camera, again)
	except VolumeBusy as busy:
		sys.exit(f"volume {busy}: retention is at work on it; try again later")
	for name, files in found.indexed.items():
		print(f"{name}: {files} {what}")
	for volume in found.away:
		print(f"volume {volume}: not mounted, left alone")


@gsmc.command("verify-log")
@pass_context
def verify_log(context):
	"""Follows the chain of the Footage Access Log; ends with 1 and names the first row that somebody changed,
	removed or slipped in."""
	from giam_sat_mot_cua.evidence import access_log

	with connected(get_site(context)):
		found = access_log.verify()
	print(f"{found.rows} rows follow each other; hash of the last one: {found.head}")
	if found.broken:
		print(f"row {found.broken.sequence} does not fit: {found.broken.why}")
		sys.exit(1)


@gsmc.command("backup")
@pass_context
def backup(context):
	"""Makes a backup now: database, attached files, configuration and keys. Never footage."""
	from giam_sat_mot_cua.recording.backups import runs
	from giam_sat_mot_cua.workers import backups, single

	with connected(get_site(context)):
		try:
			run = backups.back_up(runs.BY_HAND, "Administrator")
		except single.AlreadyRunning:
			sys.exit("Another backup is running.")
	if run.outcome != runs.SUCCEEDED:
		sys.exit(f"{run.name}: {run.message}")
	print(f"{run.name}: {run.folder}")


@gsmc.command("restore-drill")
@click.option("--run", "run_name", help="the Backup Run to prove; the newest whole one by default")
@click.option("--keep", is_flag=True, help="keep the scratch database")
@click.option("--db-root-username", default="root", show_default=True)
@click.option(
	"--db-root-password",
	envvar="GSMC_DB_ROOT_PASSWORD",
	help="better in GSMC_DB_ROOT_PASSWORD or at the prompt: other users see a command line",
)
@click.option(
	"--backup-key-file",
	type=click.Path(exists=True, path_type=Path),
	help="file with the key from the safe; the site's own by default",
)
@pass_context
def restore_drill(context, run_name, keep, db_root_username, db_root_password, backup_key_file):
	"""Loads a backup into a scratch database, counts it, tries its keys, and drops it again."""
	from giam_sat_mot_cua.recording.backups import drill, scratch, sealed
	from giam_sat_mot_cua.workers import backups, single

	os.environ.pop("GSMC_DB_ROOT_PASSWORD", None)  # programs that are started need not have it
	signal.signal(signal.SIGTERM, lambda *_told: sys.exit("Ended."))  # the scratch database is dropped
	with connected(get_site(context)):
		password = db_root_password or frappe.conf.get("root_password")
		password = password or getpass.getpass(f"Password of {db_root_username} on MariaDB: ")
		key = backup_key_file.read_text().strip() if backup_key_file else sealed.own_key()
		try:
			found = backups.drill(run_name, scratch.Login(db_root_username, password), key, keep)
		except (drill.DrillFailed, frappe.ValidationError) as error:
			sys.exit(str(error))
		except scratch.NoAccess as error:
			sys.exit(f"MariaDB does not let {db_root_username} make a database and a user (error {error}).")
		except single.AlreadyRunning:
			sys.exit("Another restore drill is running.")
		print(found.message)
		if found.database:
			print(f"Kept: {found.database}")


@gsmc.command("backup-key")
@pass_context
def backup_key(context):
	"""Prints the key that opens the configuration in a backup: write it down and keep it in a safe."""
	from giam_sat_mot_cua.recording.backups import sealed

	with connected(get_site(context)):
		print(sealed.own_key())


@gsmc.command("open-config")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--backup-key-file", type=click.Path(exists=True, path_type=Path), required=True)
def open_config(file: Path, backup_key_file: Path):
	"""Prints the configuration in a backup, for a site that is built again. Needs no site."""
	from giam_sat_mot_cua.recording.backups import sealed

	try:
		config = sealed.unseal(file.read_bytes(), backup_key_file.read_text().strip())
	except sealed.WrongKey:
		sys.exit("The key does not open this file.")
	print(json.dumps(config, indent=1, sort_keys=True))


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
