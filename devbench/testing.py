"""`make test` and `make bench`: lint, import contract and every test, or the benchmarks, on an instance that
is made anew each time."""

import os
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from devbench import bench_setup, instance_up, programs
from devbench.console import Failure, Progress
from devbench.places import RECORDS, TEST, Instance, State
from devbench.steps import Steps
from devbench.tools import environment

CLIENT_FILES = "giam_sat_mot_cua/**/*.{js,css}"
WITHOUT_INSTANCE = (
	"tests/archive",
	"tests/cameras",
	"tests/devbench",
	"tests/evidence",
	"tests/media",
	"tests/papers",
	"tests/test_*.py",
)


def run_all(state: State, steps: Steps, log: Path) -> int:
	"""Exit code 0 only when everything passed. KEEP=1 leaves instances running. ARGS goes to pytest, which
	then runs once, on one instance."""
	arguments = shlex.split(os.environ.get("ARGS", ""))
	with steps.progress.step("Lint and import contract"):
		check_source(state)
	pytest = [state.python, "-m", "pytest", "-p", "no:cacheprovider"]
	if arguments:
		return on_new_instance(state.instance(TEST), steps, log, "Tests", [*pytest, *arguments])
	return side_by_side(pytest, state, steps, log)


def side_by_side(pytest: list, state: State, steps: Steps, log: Path) -> int:
	"""Tests that watch cameras wait for them most of the time: meanwhile the other tests run, those of
	records on an instance whose programs nobody kills. What they print is shown at the end."""
	alone = [path for pattern in WITHOUT_INSTANCE for path in sorted(state.source.glob(pattern))]
	pytest_with_site = [*pytest, *(f"--ignore={path}" for path in alone)]
	env = with_tools(state, environment(state))
	plain = Beside(state, lambda row: row.wait_for([*pytest, *alone], env))
	records = Beside(
		state, lambda row: row.on_own_instance([*pytest_with_site, "--part", "records"], plain.start)
	)

	def begin_records_and_wait(command: list, env: dict[str, str]) -> int:
		records.start()  # one instance is set up at a time
		return wait_here(command, env)

	try:
		command = [*pytest_with_site, "--part", "cameras"]
		instance = state.instance(TEST)
		code = on_new_instance(instance, steps, log, "Tests with cameras", command, begin_records_and_wait)
		with steps.progress.step("Tests without cameras"):
			records.join()
			if plain.ident:  # begun
				plain.join()
	finally:
		records.stop()  # first: it may be about to start the other
		plain.stop()
	return code or plain.code or records.code


class Beside(threading.Thread):
	"""Tests that run beside others, and what they print. `code` is 0 when all passed."""

	def __init__(self, state: State, work: Callable[["Beside"], int]):
		super().__init__()
		self.state, self.work = state, work
		self.printed = tempfile.TemporaryFile("w+")
		self.code = 1
		self.stopping = False
		self.child: subprocess.Popen | None = None

	def run(self) -> None:
		try:
			self.code = self.work(self)
		except Failure as failure:
			Progress(self.printed).failed(failure)

	def on_own_instance(self, command: list, ready: Callable[[], None]) -> int:
		"""`ready` is called when the instance is set up: it has the machine to itself until then."""

		def begin(command: list, env: dict[str, str]) -> int:
			ready()
			return self.wait_for(command, env)

		steps = Steps(self.state, Progress(self.printed))
		log = self.state.logs / "setup-records.log"
		instance = self.state.instance(RECORDS)
		return on_new_instance(instance, steps, log, "Tests of records", command, begin)

	def wait_for(self, command: list, env: dict[str, str]) -> int:
		if self.stopping:
			return 1
		self.printed.flush()
		source, out = self.state.source, self.printed
		self.child = subprocess.Popen(command, cwd=source, env=env, stdout=out, stderr=subprocess.STDOUT)
		return self.child.wait()

	def stop(self) -> None:
		"""Ends what still runs, waits until its instance is down, and shows what was printed."""
		self.stopping = True
		if self.child:
			self.child.terminate()
		if self.is_alive():
			self.join()
		with self.printed:
			self.printed.seek(0)
			print(self.printed.read(), flush=True)


def run_benchmarks(state: State, steps: Steps, log: Path) -> int:
	"""Every benchmark, or those that ARGS names, on an instance like that of the tests."""
	command = [state.python, "-m", "tests.benchmarks", *shlex.split(os.environ.get("ARGS", ""))]
	return on_new_instance(state.instance(TEST), steps, log, "Benchmarks", command)


def wait_here(command: list, env: dict[str, str]) -> int:
	return subprocess.run(command, cwd=env["GSMC_SOURCE"], env=env).returncode


def with_tools(state: State, env: dict[str, str]) -> dict[str, str]:
	return env | {"PATH": f"{state.bench / 'env/bin'}:{env['PATH']}"}


def on_new_instance(
	instance: Instance,
	steps: Steps,
	log: Path,
	title: str,
	command: list,
	run: Callable[[list, dict[str, str]], int] = wait_here,
) -> int:
	"""Runs `command` beside an instance that was made anew; its exit code. The instance is removed when all
	went well and KEEP is not 1."""
	progress = steps.progress
	with progress.step("A new test instance"):
		programs.stop(instance)
		remove(instance)
		instance.root.mkdir(parents=True)
		bench_setup.make_test_bench(instance)
	try:
		instance_up.bring_up(instance, steps, log)
		with progress.step(title):
			env = environment(instance.state, instance) | variables(instance)
			code = run(command, with_tools(instance.state, env))
	finally:
		if os.environ.get("KEEP") != "1":
			programs.stop(instance)
	progress.say(f"{title} passed" if code == 0 else f"{title} failed")
	if code == 0 and os.environ.get("KEEP") != "1":
		remove(instance)
	return code


def variables(instance: Instance) -> dict[str, str]:
	"""What tests/site_plugin.py and devbench/stack.py read, and how long benchmarks take."""
	return {
		**{name: os.environ[name] for name in ("HOURS", "MINUTES") if name in os.environ},
		"GSMC_TEST_SITE": instance.site,
		"GSMC_SITES_PATH": str(instance.sites),
		"GSMC_STATE": str(instance.state.root),
		"GSMC_SOURCE": str(instance.state.source),
		"GSMC_INSTANCE": instance.name,
	}


def remove(instance: Instance) -> None:
	bench = instance.bench
	for name in ("apps", "env", "sites/assets"):  # links: their targets are shared
		if (bench / name).is_symlink():
			(bench / name).unlink()
	shutil.rmtree(instance.root, ignore_errors=True)
	instance.info_file.unlink(missing_ok=True)


def check_source(state: State) -> None:
	bins = state.bench / "env/bin"
	check([bins / "ruff", "check", "--no-cache", "."], state)
	check([bins / "ruff", "format", "--no-cache", "--check", "."], state)
	check([bins / "lint-imports", "--no-cache"], state)
	check([state.source / "node_modules/.bin/prettier", "--check", CLIENT_FILES], state)


def check(command: list, state: State) -> None:
	env = with_tools(state, environment(state))
	done = subprocess.run(command, cwd=state.source, env=env, capture_output=True, text=True)
	if done.returncode:
		raise Failure(
			f"{Path(command[0]).name} found faults.", "Mend them.", details=done.stdout + done.stderr
		)
