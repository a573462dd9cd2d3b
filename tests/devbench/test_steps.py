"""Steps are remembered, broken runs go on, failures speak plainly, ports are chosen once."""

import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from devbench import frappe_source, ports, processes
from devbench.console import Failure, Progress, explained, run
from devbench.places import State
from devbench.steps import Steps, fingerprint, only_one
from tests.cameras.server import wait_for


@pytest.fixture
def state(tmp_path) -> State:
	(tmp_path / "state").mkdir()
	return State(tmp_path / "state", tmp_path / "source")


def test_a_step_runs_once_for_each_fingerprint(state):
	done, steps = [], Steps(state, Progress())
	for made in ("a", "a", "b"):
		steps.once("x", "X", made, lambda made=made: done.append(made))
	assert done == ["a", "b"]
	steps.once("x", "X", "b", lambda: done.append("gone"), there=lambda: False)
	assert done == ["a", "b", "gone"]


def test_a_broken_step_is_done_again(state):
	steps = Steps(state, Progress())

	def breaks() -> None:
		raise Failure("broken")

	with pytest.raises(Failure):
		steps.once("x", "X", "a", breaks)
	assert Steps(state, Progress()).needs("x", "a")


def test_fingerprints_follow_contents(tmp_path):
	(tmp_path / "a").write_text("1")
	before = fingerprint(tmp_path)
	assert fingerprint(tmp_path) == before
	(tmp_path / "a").write_text("2")
	assert fingerprint(tmp_path) != before


@pytest.mark.parametrize(
	("output", "registry", "word"),
	[
		("E: Could not get lock /var/lib/dpkg/lock-frontend", True, "lock"),
		("OSError: [Errno 28] No space left on device", False, "disk"),
		("ERROR: Could not find a version that satisfies the requirement x", True, "registry"),
		("connect ECONNREFUSED 127.0.0.1:1", True, "registry"),
		("connect ECONNREFUSED 127.0.0.1:1", False, "ended with an error"),
	],
)
def test_failures_are_told_in_plain_words(output, registry, word):
	failure = explained("pip", output, None, registry)
	assert word in failure.what and failure.advice


def test_secrets_stay_out_of_logs(tmp_path):
	log = tmp_path / "log"
	run([sys.executable, "-c", "print('geheim')", "geheim"], log, hide=["geheim"])
	assert "geheim" not in log.read_text()


def test_no_index_at_all_is_told(tmp_path):
	command = [
		sys.executable,
		"-m",
		"pip",
		"download",
		"--no-deps",
		"-d",
		tmp_path,
		"-i",
		"http://127.0.0.1:1/",
	]
	with pytest.raises(Failure) as told:
		run(
			[*command, "--retries", "0", "--no-cache-dir", "no-such-package==9"],
			tmp_path / "log",
			registry=True,
		)
	assert "registry" in told.value.what


def test_a_wheel_that_was_changed_is_refused(tmp_path, monkeypatch):
	def download(command, log, **_options):
		folder = Path(command[command.index("-d") + 1])
		with zipfile.ZipFile(folder / "criscostack-1.0.0-py3-none-any.whl", "w") as wheel:
			wheel.writestr("criscostack/__init__.py", "evil")
		return ""

	monkeypatch.setattr(frappe_source, "run", download)
	with pytest.raises(Failure, match="SHA-256"):
		frappe_source.make_repository(tmp_path / "frappe", Path(sys.executable), tmp_path / "log")
	assert not (tmp_path / "frappe").exists()


def test_taken_ports_are_left_alone(state):
	"""The usual ports are taken beforehand, and one of ours later on."""
	instance = state.instance("demo")
	instance.root.mkdir()
	listeners = [listening(port) for port in (3306, 6379, 8000, 8554)]
	try:
		first, moved = ports.choose(instance)
		assert not {3306, 6379, 8000, 8554}.intersection(first.values()) and moved == []
		assert ports.choose(instance)[0] == first
		listeners.append(listening(first["mariadb"]))
		second, moved = ports.choose(instance)
		assert moved == ["mariadb"]
		first.pop("mariadb"), second.pop("mariadb")
		assert second == first
	finally:
		for listener in listeners:
			if listener:
				listener.close()


def listening(port: int) -> socket.socket | None:
	"""A listener, unless somebody else already holds the port: then it is taken all the same."""
	taken = socket.socket()
	taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	try:
		taken.bind(("127.0.0.1", port))
	except OSError:
		taken.close()
		return None
	taken.listen(1)
	return taken


def test_two_instances_share_no_port(state):
	for name in ("demo", "test"):
		state.instance(name).root.mkdir()
	demo, test = (ports.choose(state.instance(name))[0] for name in ("demo", "test"))
	assert not set(demo.values()).intersection(test.values())


def test_processes_are_found_by_their_mark_and_ended():
	env = {processes.MARK: "a-test-mark"}
	child = subprocess.Popen(["/bin/sleep", "60"], env=env)
	try:
		# the kernel shows a new program's environment a moment after it has begun
		wait_for(lambda: processes.marked("a-test-mark") == [child.pid], 10, "the process is not found")
		processes.end([child.pid], 5)
		child.wait(5)
		assert processes.marked("a-test-mark") == []
	finally:
		child.kill()


def test_one_command_at_a_time(state):
	with only_one(state.root / "lock", "first", Progress()):
		code = (
			"from pathlib import Path; from devbench.console import Progress\n"
			"from devbench.steps import only_one\n"
			f"with only_one(Path({str(state.root / 'lock')!r}), 'second', Progress()):\n"
			"	print('in', flush=True)"
		)
		second = subprocess.Popen(
			[sys.executable, "-c", code],
			cwd=Path(__file__).resolve().parents[2],
			stdout=subprocess.PIPE,
			text=True,
		)
		line = second.stdout.readline()
		assert "Waiting for another command: first" in line
	assert second.communicate(timeout=20)[0].strip() == "in"
