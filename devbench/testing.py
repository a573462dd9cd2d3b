"""`make test` and `make bench`: lint, import contract and every test, or the benchmarks, on an instance that
is made anew each time."""

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from devbench import bench_setup, instance_up, programs
from devbench.console import Failure
from devbench.places import Instance
from devbench.steps import Steps
from devbench.tools import environment

CLIENT_FILES = "giam_sat_mot_cua/**/*.{js,css}"
WITHOUT_INSTANCE = (
	"tests/archive",
	"tests/cameras",
	"tests/devbench",
	"tests/media",
	"tests/test_exposition.py",
	"tests/test_packaging.py",
	"tests/test_recorder_log.py",
	"tests/test_translations.py",
)


def run_all(instance: Instance, steps: Steps, log: Path) -> int:
	"""Exit code 0 only when everything passed. KEEP=1 leaves the instance running, ARGS goes to pytest."""
	progress, state = steps.progress, instance.state
	arguments = shlex.split(os.environ.get("ARGS", ""))
	env = environment(state, instance)
	bins = state.bench / "env/bin"
	env["PATH"] = f"{bins}:{env['PATH']}"
	with progress.step("Lint and import contract"):
		check([bins / "ruff", "check", "--no-cache", "."], state.source, env)
		check([bins / "ruff", "format", "--no-cache", "--check", "."], state.source, env)
		check([bins / "lint-imports", "--no-cache"], state.source, env)
		check([state.source / "node_modules/.bin/prettier", "--check", CLIENT_FILES], state.source, env)
	pytest = [bins / "python", "-m", "pytest", "-p", "no:cacheprovider"]
	if arguments:
		return on_new_instance(instance, steps, log, "Tests", [*pytest, *arguments], env)
	return beside_each_other(pytest, instance, steps, log, env)


def beside_each_other(pytest: list, instance: Instance, steps: Steps, log: Path, env: dict[str, str]) -> int:
	"""The tests that need no instance run while it is made and tested: both wait for cameras and answers most
	of the time. What they print is shown at the end."""
	own = environment(instance.state)  # without the instance's mark, by which its processes are ended
	own["PATH"] = env["PATH"]
	ignored = [f"--ignore={instance.state.source / path}" for path in WITHOUT_INSTANCE]
	with tempfile.TemporaryFile("w+") as printed:
		others = subprocess.Popen(
			[*pytest, *WITHOUT_INSTANCE],
			cwd=instance.state.source,
			env=own,
			stdout=printed,
			stderr=subprocess.STDOUT,
		)
		try:
			code = on_new_instance(instance, steps, log, "Tests", [*pytest, *ignored], env)
			with steps.progress.step("Tests that need no instance"):
				others.wait()
		finally:
			others.terminate()
			others.wait()
		printed.seek(0)
		print(printed.read(), flush=True)
	return code or others.returncode


def run_benchmarks(instance: Instance, steps: Steps, log: Path) -> int:
	"""Every benchmark, or those that ARGS names, on an instance like that of the tests."""
	bins = instance.state.bench / "env/bin"
	command = [bins / "python", "-m", "tests.benchmarks", *shlex.split(os.environ.get("ARGS", ""))]
	env = environment(instance.state, instance)
	return on_new_instance(instance, steps, log, "Benchmarks", command, env)


def on_new_instance(
	instance: Instance, steps: Steps, log: Path, title: str, command: list, env: dict[str, str]
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
		info = instance_up.bring_up(instance, steps, log)
		env |= variables(instance, info)
		with progress.step(title):
			code = subprocess.run(command, cwd=instance.state.source, env=env).returncode
	finally:
		if os.environ.get("KEEP") != "1":
			programs.stop(instance)
	progress.say(f"{title} passed" if code == 0 else f"{title} failed")
	if code == 0 and os.environ.get("KEEP") != "1":
		remove(instance)
	return code


def variables(instance: Instance, info: dict) -> dict[str, str]:
	"""What tests/conftest.py and devbench/stack.py read."""
	return {
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


def check(command: list, folder: Path, env: dict[str, str]) -> None:
	done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
	if done.returncode:
		raise Failure(
			f"{Path(command[0]).name} found faults.", "Mend them.", details=done.stdout + done.stderr
		)
