"""Backups are whole or not there, a stolen one tells no login, and the restore drill finds what is wrong."""

import gzip
import hashlib
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import frappe
import pymysql
import pytest
import requests
from click.testing import CliRunner
from cryptography.fernet import Fernet
from frappe.utils import add_to_date, now_datetime
from frappe.utils.password import get_decrypted_password

from devbench.tools import environment
from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.cameras.doctype.camera.camera import SECRETS
from giam_sat_mot_cua.commands import gsmc as commands
from giam_sat_mot_cua.recording.backups import database, folder, overdue, runs, scratch, sealed, site_files
from giam_sat_mot_cua.recording.backups.drill import DrillFailed
from giam_sat_mot_cua.workers import backups, single
from tests.cameras.server import wait_for
from tests.e2e import rows
from tests.namespaces import separated

pytestmark = pytest.mark.quiet

ROOT_PASSWORD = "GSMC_DB_ROOT_PASSWORD"
KEEP_UP = "giam_sat_mot_cua.workers.backups.keep_up"
SMALL = ("__Auth", "tabCamera", "tabUnit Level")  # tables of a backup that loads in a moment


@pytest.fixture(scope="module", autouse=True)
def night():
	"""The backup of the night is not due while these tests run, until one of them wants it."""
	kept = frappe.db.get_single_value("Monitoring Settings", "backup_hour")
	set_hour((now_datetime().hour - 2) % 24)
	yield
	set_hour(kept)


def set_hour(hour: int) -> None:
	rows.refresh()
	frappe.db.set_single_value("Monitoring Settings", "backup_hour", hour)
	frappe.db.commit()  # the scheduler must see it


@pytest.fixture(scope="module")
def run(stack, night):
	"""A backup made by the command, as its Backup Run."""
	wait_for(nothing_runs, 120, "a backup runs")
	done = gsmc(stack, "backup")
	assert done.returncode == 0, done.stdout + done.stderr
	return newest()


def nothing_runs() -> bool:
	rows.refresh()
	return not backups.is_queued() and not frappe.db.exists("Backup Run", {"outcome": "Running"})


def back_up():
	"""A backup made in this process, as its Backup Run."""
	try:
		name = backups.back_up(runs.BY_HAND, "Administrator").name
	finally:
		backups.connect_again()
	return frappe.get_doc("Backup Run", name)


def gsmc(stack, *words: str, before=(), preexec=None, **env: str) -> subprocess.CompletedProcess:
	return start(stack, *words, before=before, preexec=preexec, **env).finish()


class Command:
	"""A running `bench --site SITE gsmc ...`."""

	def __init__(self, command: list, **options):
		pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
		self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **pipes, **options)

	def finish(self) -> subprocess.CompletedProcess:
		out, err = self.process.communicate(timeout=300)
		return subprocess.CompletedProcess(self.process.args, self.process.returncode, out, err)


def start(stack, *words: str, before=(), preexec=None, **env: str) -> Command:
	program = [stack.instance.state.python, "-m", "frappe.utils.bench_helper", "frappe", "--site", stack.site]
	return Command(
		[*before, *program, "gsmc", *words],
		cwd=stack.instance.sites,
		env={**environment(stack.instance.state, stack.instance), **env},
		preexec_fn=preexec,
	)


def newest():
	rows.refresh()
	name = frappe.get_all("Backup Run", pluck="name", order_by="creation desc, name desc", limit=1)[0]
	return frappe.get_doc("Backup Run", name)


def drill(stack, name: str | None = None, key: str | None = None, password: str = "", keep: bool = False):
	"""A drill in this process: what it found."""
	login = scratch.Login("root", password or stack.instance.passwords["mariadb"])
	try:
		return backups.drill(name, login, key or sealed.own_key(), keep)
	finally:
		backups.connect_again()


def path(run, kind: str) -> Path:
	return Path(run.folder) / next(file.file_name for file in run.files if file.kind == kind)


def root_connection(stack) -> pymysql.Connection:
	conf = frappe.conf
	return pymysql.connect(
		host=conf.db_host,
		port=int(conf.db_port),
		user="root",
		password=stack.instance.passwords["mariadb"],
		autocommit=True,
	)


def databases_and_users(stack) -> tuple[set, set]:
	with root_connection(stack) as connection, connection.cursor() as cursor:
		cursor.execute("show databases")
		databases = {name for (name,) in cursor.fetchall()}
		cursor.execute("select user, host from mysql.user")
		return databases, set(cursor.fetchall())


# What a backup holds


def test_a_backup_is_whole_and_described(stack, run):
	assert (run.outcome, run.message, run.started_for) == ("Succeeded", "", "By Hand")
	assert run.duration_s > 0 and run.size_mb > 0 and run.with_files
	kinds = [file.kind for file in run.files]
	assert kinds == ["Database", "Public Files", "Private Files", "Configuration and Keys"]
	for file in run.files:
		full = Path(run.folder) / file.file_name
		assert hashlib.sha256(full.read_bytes()).hexdigest() == file.sha256
		assert file.size_mb == pytest.approx(full.stat().st_size / 1e6, abs=1e-6)
	assert sorted(p.name for p in Path(run.folder).iterdir()) == sorted(
		[*(file.file_name for file in run.files), folder.MANIFEST]
	)
	manifest = json.loads((Path(run.folder) / folder.MANIFEST).read_text())
	assert manifest["tables"] == json.loads(run.tables)
	assert {file["sha256"] for file in manifest["files"]} == {file.sha256 for file in run.files}


def test_every_table_and_row_is_in_the_dump(run):
	tables = json.loads(run.tables)
	rows.refresh()
	assert set(database.table_names()) == set(tables) and len(tables) == run.table_count > 200
	for doctype in ("Unit Level", "Monitored Unit", "DocField", "Role", "Storage Volume"):
		assert tables[f"tab{doctype}"] == frappe.db.count(doctype), doctype
	assert run.row_count == sum(tables.values())


def test_only_its_owner_reads_it_and_footage_is_not_in_it(run):
	assert stat.S_IMODE(Path(run.folder).stat().st_mode) == 0o700
	for file in Path(run.folder).iterdir():
		assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
	names = []
	for kind in ("Public Files", "Private Files"):
		site_files.read_archive(path(run, kind))
		with tarfile.open(path(run, kind)) as archive:
			names += archive.getnames()
	assert names and not [name for name in names if name.endswith(".mp4") or "footage" in name]


def test_a_stolen_folder_tells_no_login_and_no_key(run):
	secrets = [
		get_decrypted_password("Camera", camera, field, raise_exception=False)
		for camera in frappe.get_all("Camera", pluck="name")
		for field in SECRETS
	]
	keys = ("encryption_key", "db_password", "gsmc_link_secret", sealed.KEY)
	secrets += [frappe.conf[key] for key in keys]
	secrets = [secret.encode() for secret in secrets if secret and len(secret) >= 8]
	assert len(secrets) > 8
	for file in Path(run.folder).iterdir():
		content = file.read_bytes()
		content += gzip.decompress(content) if file.suffix == ".gz" else b""
		assert [secret for secret in secrets if secret in content] == [], file


def test_the_key_from_the_safe_opens_the_configuration(stack, run, tmp_path):
	key = gsmc(stack, "backup-key").stdout.strip()
	assert key == frappe.conf[sealed.KEY]
	safe = tmp_path / "key"
	safe.write_text(key + "\n")
	words = ["open-config", str(path(run, "Configuration and Keys")), "--backup-key-file", str(safe)]
	config = json.loads(CliRunner().invoke(commands, words).stdout)
	assert config["encryption_key"] == frappe.conf.encryption_key
	assert config["db_name"] == frappe.conf.db_name and config["gsmc_link_secret"]
	safe.write_text(Fernet.generate_key().decode())
	done = CliRunner().invoke(commands, words)
	assert done.exit_code == 1 and done.output == "The key does not open this file.\n"


# The drill


@pytest.fixture(scope="module")
def watched_drill(stack, run):
	"""A drill that passed, the command lines seen meanwhile, and databases and users before and after."""
	before = databases_and_users(stack)
	command = start(stack, "restore-drill", **{ROOT_PASSWORD: stack.instance.passwords["mariadb"]})
	lines = set()
	while command.process.poll() is None:
		lines |= command_lines()
		time.sleep(0.1)
	return command.finish(), lines, before, databases_and_users(stack)


def command_lines() -> set[str]:
	found = set()
	for each in Path("/proc").glob("[0-9]*/cmdline"):
		try:
			found.add(each.read_text(errors="replace").replace("\0", " "))
		except OSError:
			continue
	return found


def test_a_drill_proves_the_backup_and_leaves_nothing(run, watched_drill):
	done, _lines, before, after = watched_drill
	assert done.returncode == 0, done.stdout + done.stderr
	assert f"{run.table_count} bảng với {run.row_count} dòng" in done.stdout
	drilled = frappe.get_doc("Backup Run", newest().name)
	assert drilled.name == run.name and drilled.drill_result == "Passed"
	assert drilled.drill_message == done.stdout.strip() and drilled.drill_duration_s > 0
	assert drilled.drilled_on
	assert before == after


def test_passwords_are_on_no_command_line_and_in_no_log(stack, watched_drill):
	_done, lines, _before, _after = watched_drill
	assert any(scratch.prefix() in line and "--defaults-file=" in line for line in lines), "not watched"
	password = stack.instance.passwords["mariadb"]
	assert [line for line in lines if password in line] == []
	logs = [*stack.logs.glob("*.log"), *(stack.instance.bench / "logs").glob("*.log")]
	assert [log.name for log in logs if password in log.read_text(errors="replace")] == []


def failed(stack, run, key: str | None = None) -> str:
	"""What a drill says that must fail; the same is on its run."""
	before = databases_and_users(stack)
	with pytest.raises(DrillFailed) as caught:
		drill(stack, run.name, key)
	assert databases_and_users(stack) == before
	stored = frappe.get_doc("Backup Run", run.name)
	assert (stored.drill_result, stored.drill_message) == ("Failed", str(caught.value))
	return stored.drill_message


@pytest.fixture
def damaged(run) -> Iterator:
	"""The backup, to be spoiled; as it was afterwards."""
	kept = Path(run.folder + "-kept")
	shutil.copytree(run.folder, kept)
	yield run
	shutil.rmtree(run.folder)
	kept.rename(run.folder)
	rows.refresh()
	for file in run.files:
		frappe.db.set_value("Backup Run File", file.name, "sha256", file.sha256)
	frappe.db.set_value("Backup Run", run.name, "tables", run.tables)
	frappe.db.commit()


@pytest.fixture
def small(damaged) -> tuple:
	"""The backup with a few of its tables, and their dump."""
	mark = b"\n-- Table structure for table `"
	head, *parts = gzip.decompress(path(damaged, "Database").read_bytes()).split(mark)
	foot = parts[-1][parts[-1].rindex(b"\n/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */") :]
	chosen = [part for part in parts if part.split(b"`")[0].decode() in SMALL]
	dump = head + b"".join(mark + part for part in chosen) + foot
	tables = {table: count for table, count in json.loads(damaged.tables).items() if table in SMALL}
	frappe.db.set_value("Backup Run", damaged.name, "tables", json.dumps(tables))
	rewrite(damaged, "Database", gzip.compress(dump))
	return damaged, dump


def rewrite(run, kind: str, content: bytes) -> None:
	"""Another content from the beginning: the run knows its hash."""
	path(run, kind).write_bytes(content)
	name = next(file.name for file in run.files if file.kind == kind)
	frappe.db.set_value("Backup Run File", name, "sha256", hashlib.sha256(content).hexdigest())
	frappe.db.commit()  # the drill must see it


def test_a_changed_byte_is_found_and_told_until_a_drill_passes(stack, small):
	run, content = small[0], bytearray(path(small[0], "Database").read_bytes())
	content[len(content) // 2] ^= 1
	whole = path(run, "Database").read_bytes()
	path(run, "Database").write_bytes(content)
	done = gsmc(stack, "restore-drill", **{ROOT_PASSWORD: stack.instance.passwords["mariadb"]})
	said = "Tệp database.sql.gz không còn đúng như khi sao lưu: mã băm SHA-256 khác."
	assert done.returncode == 1 and done.stderr.strip().splitlines()[-1] == said
	rows.refresh()
	stored = frappe.get_doc("Backup Run", run.name)
	assert (stored.drill_result, stored.drill_message) == ("Failed", said)
	assert (
		frappe.db.get_value("Health Event", {"kind": overdue.KIND, "status": "Open"}, "severity")
		== "Critical"
	)
	path(run, "Database").write_bytes(whole)
	assert drill(stack).tables == len(SMALL)
	assert not frappe.db.exists("Health Event", {"kind": overdue.KIND, "status": "Open"})


def test_a_missing_file_is_named(stack, damaged):
	for kind in ("Database", "Private Files", "Configuration and Keys"):
		missing = path(damaged, kind)
		content = missing.read_bytes()
		missing.unlink()
		assert failed(stack, damaged) == f"Thiếu tệp {missing.name} của bản sao lưu."
		missing.write_bytes(content)


def test_a_wrong_key_of_the_seal_is_named(stack, run):
	said = failed(stack, run, Fernet.generate_key().decode())
	assert said == "Khóa sao lưu (gsmc_backup_key) không mở được cấu hình của bản sao lưu này."


def test_a_key_that_does_not_fit_the_logins_is_named(stack, small):
	run, _dump = small
	config = sealed.unseal(path(run, "Configuration and Keys").read_bytes(), sealed.own_key())
	config["encryption_key"] = Fernet.generate_key().decode()
	rewrite(run, "Configuration and Keys", sealed.seal(config, sealed.own_key()))
	said = failed(stack, run)
	assert said.startswith("Khóa trong bản sao lưu không mở được") and "Camera " in said
	del config["encryption_key"]
	rewrite(run, "Configuration and Keys", sealed.seal(config, sealed.own_key()))
	assert failed(stack, run) == "Cấu hình trong bản sao lưu thiếu encryption_key."


def test_rows_and_tables_that_do_not_come_back_are_named(stack, small):
	run, dump = small
	lines = dump.split(b"\n")
	start = next(n for n, line in enumerate(lines) if line.startswith(b"INSERT INTO `tabUnit Level`"))
	assert lines[start + 1].startswith(b"(")
	rewrite(run, "Database", gzip.compress(b"\n".join(lines[: start + 1] + lines[start + 2 :])))
	assert "tabUnit Level: " in failed(stack, run)
	without = dump.replace(b"CREATE TABLE `tabUnit Level` (", b"CREATE TABLE `tabUnit Levels` (")
	without = without.replace(b"`tabUnit Level` ", b"`tabUnit Levels` ")
	rewrite(run, "Database", gzip.compress(without))
	assert "Thiếu: tabUnit Level. Lạ: tabUnit Levels." in failed(stack, run)


def test_a_dump_that_breaks_off_or_reaches_out_is_refused(stack, small):
	run, dump = small
	rewrite(run, "Database", gzip.compress(dump[: len(dump) // 2]))
	said = failed(stack, run)
	assert said.startswith(("Không nạp được", "Phục hồi được", "Thiếu hoặc thừa dòng"))
	reaching = b"drop table `%s`.`tabUnit Level`;\n" % frappe.conf.db_name.encode()
	rewrite(run, "Database", gzip.compress(reaching + dump))
	assert failed(stack, run).startswith("Không nạp được bản kết xuất vào cơ sở dữ liệu: MariaDB 1142")
	assert frappe.db.count("Unit Level") > 0


def test_without_rights_on_mariadb_nothing_is_said_of_the_backup(stack, run):
	rows.refresh()
	before = frappe.get_doc("Backup Run", run.name).drill_result
	with pytest.raises(scratch.NoAccess) as caught:
		drill(stack, password="sai-mat-khau-2q9")
	assert "sai-mat-khau-2q9" not in repr(caught.value)
	assert frappe.get_doc("Backup Run", run.name).drill_result == before


def test_an_account_that_may_make_no_users_leaves_no_database(stack):
	limited = scratch.Login("gsmcdrilltest", "thu-nghiem-7k2")
	before = databases_and_users(stack)
	with root_connection(stack) as connection, connection.cursor() as cursor:
		cursor.execute(f"create user '{limited.user}'@'%' identified by '{limited.password}'")
		try:
			cursor.execute(f"grant create, drop on *.* to '{limited.user}'@'%'")
			with pytest.raises(scratch.NoAccess), scratch.scratch_database(limited, keep=False):
				pass
		finally:
			cursor.execute(f"drop user '{limited.user}'@'%'")
	assert databases_and_users(stack) == before


def test_a_kept_database_can_be_looked_at(stack, small):
	name = drill(stack, keep=True).database
	databases, users = databases_and_users(stack)
	assert name in databases and name not in {user for user, _host in users}
	with root_connection(stack) as connection, connection.cursor() as cursor:
		cursor.execute(f"select count(*) from `{name}`.`tabUnit Level`")
		assert cursor.fetchone()[0] == frappe.db.count("Unit Level")
	drill(stack)  # which removes what earlier ones left
	assert name not in databases_and_users(stack)[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_drill_that_is_ended_leaves_nothing_for_long(stack, run, number):
	before = databases_and_users(stack)
	command = start(stack, "restore-drill", **{ROOT_PASSWORD: stack.instance.passwords["mariadb"]})
	wait_for(lambda: databases_and_users(stack) != before, 60, "the drill made no database", pause_s=0.02)
	command.process.send_signal(number)
	assert command.finish().returncode != 0
	if number == signal.SIGKILL:  # the next drill removes it
		assert databases_and_users(stack) != before
		with scratch.scratch_database(scratch.Login("root", stack.instance.passwords["mariadb"]), keep=False):
			pass
	assert databases_and_users(stack) == before


# When something goes wrong


def leftovers(parent: Path) -> list[str]:
	return [each.name for each in parent.glob(".*") if each.name != folder.MARKER]


@contextmanager
def stopped_dump() -> Iterator[int]:
	"""Stops the next mysqldump in its first moment: its process id."""
	found, name = [], frappe.conf.db_name  # the thread has no site
	ended = threading.Event()

	def look() -> None:
		while not found and not ended.is_set():
			for comm in Path("/proc").glob("[0-9]*/comm"):
				try:
					if comm.read_text().strip() in ("mysqldump", "mariadb-dump"):
						pid = int(comm.parent.name)
						if name in (comm.parent / "cmdline").read_text():
							os.kill(pid, signal.SIGSTOP)
							found.append(pid)
							return
				except OSError:
					continue
			time.sleep(0.02)

	thread = threading.Thread(target=look, daemon=True)
	thread.start()
	try:
		yield lambda: wait_for(lambda: found, 60, "no mysqldump was seen")[0]
	finally:
		ended.set()
		thread.join()


def is_alive(pid: int) -> bool:
	"""Whether the process does anything yet; one that nobody has waited for does not."""
	try:
		return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
	except OSError:
		return False


def test_no_command_line_shows_the_password_of_the_database(stack, run):
	password, shown, dumps = frappe.conf.db_password.encode(), set(), set()
	command = start(stack, "backup")
	while command.process.poll() is None:
		for file in Path("/proc").glob("[0-9]*/cmdline"):
			try:
				words = file.read_bytes()
			except OSError:
				continue  # it has ended
			if password in words:
				shown.add(words.partition(b"\0")[0])
			if b"--single-transaction" in words:
				dumps.add(file.parent.name)
	done = command.finish()
	assert done.returncode == 0, done.stdout + done.stderr
	assert dumps, "no dump was seen"
	assert shown == set()
	content = path(newest(), "Database").read_bytes()
	assert gzip.decompress(content).startswith(b"-- Backup generated by Frappe ")


def test_a_dump_that_is_killed_leaves_no_backup_and_two_at_once_are_one(stack, run):
	parent = Path(run.folder).parent
	there = sorted(parent.iterdir())
	with stopped_dump() as pid:
		command = start(stack, "backup")
		dump = pid()
		with pytest.raises(single.AlreadyRunning):
			back_up()
		os.kill(dump, signal.SIGKILL)
		done = command.finish()
	last = newest()
	assert done.returncode == 1 and last.name != run.name
	assert (last.outcome, last.folder) == ("Failed", None)
	assert last.message.startswith("Không đưa được cơ sở dữ liệu") and last.message in done.stderr
	assert frappe.conf.db_password not in (stack.instance.bench / "logs/gsmc_backup.log").read_text()
	assert sorted(parent.iterdir()) == there


def test_a_backup_that_is_killed_is_told_and_its_rest_removed(stack, run):
	parent, whole = Path(run.folder).parent, runs.newest_whole().name
	with stopped_dump() as pid:
		command = start(stack, "backup")
		dump = pid()
		command.process.send_signal(signal.SIGKILL)
		command.finish()
	wait_for(lambda: not is_alive(dump), 10, "the dump outlived its backup")
	killed = newest()
	assert killed.outcome == "Running" and leftovers(parent)
	backups.keep_up()
	frappe.db.commit()
	killed.reload()
	assert killed.outcome == "Failed" and "kết thúc giữa chừng" in killed.message
	assert runs.newest_whole().name == whole
	assert back_up().outcome == "Succeeded"
	assert leftovers(parent) == []


def test_without_the_key_of_the_seal_there_is_no_backup(run, monkeypatch):
	monkeypatch.delitem(frappe.conf, sealed.KEY)
	there = sorted(Path(run.folder).parent.iterdir())
	made = back_up()
	assert made.outcome == "Failed" and "bench migrate" in made.message
	assert sorted(Path(run.folder).parent.iterdir()) == there


def test_a_file_that_cannot_grow_leaves_no_backup(stack, run):
	parent = Path(run.folder).parent
	there = sorted(parent.iterdir())
	limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # noqa: E731
	done = gsmc(stack, "backup", preexec=limit)
	last = newest()
	assert (done.returncode, last.outcome) == (1, "Failed")
	# mysqldump may say first that the program behind it has ended
	assert last.message.startswith(
		("Ổ đĩa của thư mục sao lưu bị đầy giữa chừng", "Không đưa được cơ sở dữ liệu")
	)
	assert sorted(parent.iterdir()) == there


@pytest.fixture
def own_disk(tmp_path) -> Iterator[Path]:
	"""A folder chosen in the settings, for a disk to be mounted on."""
	disk = tmp_path / "o-dia"
	disk.mkdir()
	choose(str(disk))
	yield disk
	choose("")


def choose(chosen: str) -> None:
	rows.refresh()
	settings = frappe.get_doc("Monitoring Settings")
	settings.backup_folder = chosen
	settings.save()
	frappe.db.commit()  # the command must see it


def on_a_disk(disk: Path, size: str, meanwhile: str = ":") -> list[str]:
	"""Runs the command with a disk of its own on `disk`, which nobody else sees."""
	script = (
		f'mount -t tmpfs -o size={size} tmpfs {disk}; {meanwhile} & "$@"; code=$?; ls -A {disk}; exit $code'
	)
	return [*separated("mount"), "sh", "-c", script, "sh"]


def test_a_disk_that_runs_full_in_the_middle(stack, run, own_disk):
	fill = (
		f"until ls {own_disk}/.*.part/database.sql.gz; do sleep 0.01; done; cat /dev/zero > {own_disk}/filler"
	)
	done = gsmc(stack, "backup", before=on_a_disk(own_disk, "64m", f"({fill}) >/dev/null 2>&1"))
	assert done.returncode == 1, done.stdout
	assert newest().message.startswith("Ổ đĩa của thư mục sao lưu bị đầy giữa chừng")
	assert sorted(done.stdout.split()) == [folder.MARKER, "filler"]


def test_a_disk_without_room_is_not_begun_on(stack, run, own_disk):
	half = f"{round(run.size_mb * 500)}k"
	done = gsmc(stack, "backup", before=on_a_disk(own_disk, half))
	assert done.returncode == 1
	assert newest().message.startswith("Ổ đĩa của thư mục sao lưu còn trống 0.0 GB")
	assert done.stdout.split() == [folder.MARKER]


def test_an_unmounted_disk_is_noticed(run, own_disk):
	made = back_up()
	assert made.outcome == "Succeeded" and Path(made.folder).parent == own_disk
	(own_disk / folder.MARKER).unlink()
	assert "ổ đĩa chưa được gắn" in back_up().message
	shutil.rmtree(own_disk)
	assert back_up().message.startswith("Thư mục sao lưu không có hoặc không ghi được")
	frappe.db.set_value("Backup Run", made.name, "removed_on", now_datetime())
	frappe.db.commit()


@pytest.mark.parametrize(
	"chosen",
	["/etc/backup", "relative", "/srv/a b", "/srv/x;touch y", "/srv/$(id)", "/srv/" + "a" * 70_000, -1, True],
)
def test_folders_that_cannot_hold_backups_are_refused(session, stack, chosen):
	assert "Thư mục sao lưu là một đường dẫn" in refusal_of_folder(session, stack, chosen)


@pytest.mark.parametrize("place", ["public/files", "private/files/x", "private/backups", "VOLUME", "LINK"])
def test_backups_do_not_lie_in_what_is_shown_backed_up_or_recorded_to(session, stack, tmp_path, place):
	chosen = os.path.abspath(frappe.get_site_path(place))
	if place == "VOLUME":
		chosen = frappe.get_all("Storage Volume", {"path": ("is", "set")}, pluck="path")[0] + "/NB-HL-NM-01"
	elif place == "LINK":
		chosen = str(tmp_path / "lien-ket")
		os.symlink(os.path.abspath(frappe.get_site_path("public")), chosen)
	assert "Bản sao lưu không được nằm" in refusal_of_folder(session, stack, chosen)


def refusal_of_folder(session, stack, chosen) -> str:
	"""What is told of a backup folder that is refused."""
	address = f"{stack.url}/api/resource/Monitoring Settings/Monitoring Settings"
	answer = session("Administrator").put(address, json={"backup_folder": chosen}, timeout=30)
	assert answer.status_code == 417, answer.text
	return json.loads(json.loads(answer.json()["_server_messages"])[0])["message"]


# When, who, and for how long


def test_old_backups_go_only_after_a_newer_one_is_whole(stack, run, own_disk):
	choose("")
	old = back_up()
	kept = frappe.db.get_single_value("Monitoring Settings", "backup_keep_days")
	frappe.db.set_value("Backup Run", old.name, "began_on", add_to_date(now_datetime(), days=-kept - 1))
	frappe.db.commit()  # each backup has a connection of its own
	choose(str(own_disk))
	own_disk.rmdir()
	assert back_up().outcome == "Failed"
	assert Path(old.folder).is_dir()
	choose("")
	new = back_up()
	assert not Path(old.folder).exists() and Path(new.folder).is_dir()
	old.reload()
	assert old.removed_on and old.outcome == "Succeeded"
	with pytest.raises(frappe.ValidationError, match="không có bản sao lưu"):
		drill(stack, old.name)


def test_the_backup_of_the_night_is_made_by_the_scheduler(stack, run):
	rows.refresh()
	for name in frappe.get_all("Backup Run", pluck="name"):
		frappe.db.set_value("Backup Run", name, "began_on", add_to_date(now_datetime(), days=-2))
	frappe.db.commit()
	frappe.get_doc("Scheduled Job Type", {"method": KEEP_UP}).execute()

	def made() -> bool:
		last = newest()
		return last.started_for == "Nightly" and last.outcome == "Succeeded"

	wait_for(made, 120, "the worker made no backup")
	assert not runs.is_due(frappe.db.get_single_value("Monitoring Settings", "backup_hour"))
	backups.keep_up()
	assert not backups.is_queued()


def test_only_administrators_start_one_from_the_desk(stack, session):
	method = stack.url + "/api/method/giam_sat_mot_cua.api.backups.start"
	role = roles.MONITORING_ADMINISTRATOR
	assert session(role).post(method, json={}, timeout=60).json()["message"] == {"started": True}
	asked = {"outcome": "Succeeded", "started_by": stack.logins[role]["user"]}
	made = lambda: rows.refresh() or frappe.db.exists("Backup Run", asked)  # noqa: E731
	wait_for(made, 120, "the worker made no backup")


def test_of_several_who_ask_at_once_one_starts_a_backup(stack, session):
	wait_for(nothing_runs, 120, "a backup runs")
	time.sleep(backups.SEEN_AFTER_S)  # whoever asked before is forgotten
	person = session(roles.MONITORING_ADMINISTRATOR)
	method = stack.url + "/api/method/giam_sat_mot_cua.api.backups.start"
	cookies, headers = person.cookies.get_dict(), dict(person.headers)

	def ask(_number: int) -> bool:
		answer = requests.post(method, json={}, cookies=cookies, headers=headers, timeout=60)
		return answer.json()["message"]["started"]

	with ThreadPoolExecutor(6) as together:
		assert sorted(together.map(ask, range(6))) == [False] * 5 + [True]
	wait_for(nothing_runs, 120, "the backup did not end")


def test_who_sees_backups_and_that_nobody_changes_them(stack, session, run):
	address = f"{stack.url}/api/resource/Backup Run/{run.name}"
	method = stack.url + "/api/method/giam_sat_mot_cua.api.backups.start"
	for role in roles.ALL_ROLES:
		person = session(role)
		answer = person.get(address, timeout=30)
		managing = role in set(roles.PROVINCE_ROLES) - {roles.INTAKE_DESK_OFFICER}
		assert (answer.status_code == 200) == managing, role
		if managing and role != roles.MONITORING_ADMINISTRATOR:
			assert run.folder not in answer.text
		if role != roles.MONITORING_ADMINISTRATOR:
			assert person.post(method, json={}, timeout=30).status_code == 403
		assert person.put(address, json={"outcome": "Failed"}, timeout=30).status_code == 403
		assert person.delete(address, timeout=30).status_code == 403
		assert person.post(f"{stack.url}/api/resource/Backup Run", json={}, timeout=30).status_code == 403
	administrator = session("Administrator")
	assert administrator.delete(address, timeout=30).status_code in (403, 417)
	assert administrator.put(address, json={"outcome": "Failed"}, timeout=30).status_code == 403
	rows.refresh()
	assert frappe.db.get_value("Backup Run", run.name, "outcome") == "Succeeded"
	assert runs.newest_whole()
