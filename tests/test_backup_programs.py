"""Programs of a backup: both ends of a pipe must end well, none outlives the backup, no login is shown."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import frappe
import pytest

from giam_sat_mot_cua.recording.backups import login, pipeline
from giam_sat_mot_cua.recording.backups.pipeline import pipe
from giam_sat_mot_cua.recording.backups.programs import CommandFailed

# what a process that makes a backup does, with a first program that never ends
ENDLESS = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from giam_sat_mot_cua.recording.backups.pipeline import pipe
pipe(["sh", "-c", "echo $$; exec sleep 600"], ["cat"], sys.stdout, os.environ)
"""


def run(first: str, second: str, path: Path) -> None:
	with path.open("ab") as output:
		pipe(["sh", "-c", first], ["sh", "-c", second], output, os.environ)


def test_what_goes_through_is_appended(tmp_path):
	path = tmp_path / "out"
	path.write_text("0\n")
	run("seq 100000", "cat", path)
	assert path.read_text() == "".join(f"{n}\n" for n in range(100_001))


@pytest.mark.parametrize(
	("first", "second", "said"),
	[
		("echo no rights >&2; exit 3", "cat", "no rights\nsh: exit code 3"),
		("echo 1; exit 3", "cat", "sh: exit code 3"),
		("echo 1", "cat >/dev/null; exit 4", "sh: exit code 4"),
		("kill -9 $$", "cat", "sh: Killed"),
	],
)
def test_either_one_that_fails_is_told(tmp_path, first, second, said):
	with pytest.raises(CommandFailed) as caught:
		run(first, second, tmp_path / "out")
	assert str(caught.value) == said


def test_a_first_one_whose_reader_ends_ends_too(tmp_path):
	with pytest.raises(CommandFailed):
		run("exec yes", "echo disk quota exceeded >&2; exit 1", tmp_path / "out")


def test_a_full_disk_is_known(tmp_path):
	limit = "ulimit -f 1; exec cat"  # blocks of 512 or 1024 bytes
	with pytest.raises(CommandFailed) as caught:
		run("head -c 1000000 /dev/zero", limit, tmp_path / "out")
	assert caught.value.disk_is_full


def test_a_missing_program_leaves_none_running(tmp_path):
	mark = f"{os.getpid()}.25"
	with (tmp_path / "out").open("ab") as output, pytest.raises(FileNotFoundError):
		pipe(["sleep", mark], ["/no/such/program"], output, os.environ)
	assert not [file for file in Path("/proc").glob("[0-9]*/cmdline") if mark in command_line(file)]


def command_line(file: Path) -> str:
	try:
		return file.read_text()
	except OSError:
		return ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_programs_end_with_the_process_that_runs_them(number):
	root = Path(pipeline.__file__).parents[3]
	command = [sys.executable, "-c", ENDLESS]
	with subprocess.Popen(
		command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
	) as process:
		pid = int(process.stdout.readline())
		assert "sleep" in command_line(Path(f"/proc/{pid}/cmdline"))
		process.send_signal(number)
		assert process.wait(10)
	ends = time.monotonic() + 5
	while command_line(Path(f"/proc/{pid}/cmdline")):  # empty for one that has ended
		assert time.monotonic() < ends, "it outlived the process"
		time.sleep(0.02)


def test_a_login_is_read_back_as_it_is(tmp_path, monkeypatch):
	reader = shutil.which("my_print_defaults")
	if not reader:
		pytest.skip("MariaDB's programs are not installed")
	place = {"db_name": "_site", "db_password": "a\\b\"c# d'e", "db_host": "127.0.0.1", "db_port": 3307}
	monkeypatch.setattr(login.frappe, "conf", frappe._dict(place))
	with login.option_file(login.of_site()) as options:
		assert stat.S_IMODE(options.stat().st_mode) == 0o600
		assert stat.S_IMODE(options.parent.stat().st_mode) == 0o700
		done = subprocess.run(
			[reader, f"--defaults-file={options}", "client"], capture_output=True, text=True, check=True
		)
	assert not options.parent.exists()
	assert done.stdout.splitlines() == [
		"--user=_site",
		"--password=a\\b\"c# d'e",
		"--protocol=tcp",
		"--host=127.0.0.1",
		"--port=3307",
	]
