"""`python3 -m devbench COMMAND`: what the Makefile calls.

up        set up what is missing, start everything, wait until it is healthy, print address and logins
down      stop everything; data stays
status    what runs, and the address
logs      the newest lines of every log
test      lint, import contract and all tests on an instance of their own (ARGS="-k name" KEEP=1)
bench     the benchmarks, on such an instance (ARGS="import camera-list")
packages  only the system packages (needs root or sudo)
sync      as root: bring the copy that the bench runs up to the clone
clean     stop everything and remove what devbench made
"""

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from devbench import bench_setup, host, instance_up, programs, testing, tools
from devbench.console import Failure, Progress
from devbench.places import CLONE, DEMO, LINK_NAME, RECORDS, ROOT_STATES, TEST, State
from devbench.steps import Steps, only_one

COMMANDS = ("up", "down", "status", "logs", "test", "bench", "packages", "sync", "clean")
FOR_TESTS = ("ARGS", "KEEP", "HOURS", "MINUTES")  # what a person may say to tests and benchmarks
STATE_VARIABLE = "GSMC_DEVBENCH_STATE"  # set for the second half of a command that root began


def main(words: list[str]) -> int:
	command = words[0] if words else ""
	if command not in COMMANDS:
		print(__doc__)
		return 2 if command else 0
	progress = Progress()
	try:
		if os.geteuid() == 0:
			return as_root(command, progress)
		return as_user(command, user_state(), progress)
	except Failure as failure:
		progress.failed(failure)
		return 1
	except KeyboardInterrupt:
		print(
			"\nInterrupted. The same command goes on where this one stopped; `make down` ends what runs.",
			file=sys.stderr,
		)
		return 130
	except OSError as error:
		if error.errno != 28:  # ENOSPC
			raise
		progress.failed(Failure("The disk is full.", "Free some space and run the same command again."))
		return 1


def user_state() -> State:
	given = os.environ.get(STATE_VARIABLE)
	if given:
		return State(Path(given), Path(given) / "source")
	link = CLONE / LINK_NAME
	if link.is_symlink():
		raise Failure(
			"This folder's bench was made by root.", "Run the command as root, or `make clean` as root first."
		)
	return State(link, CLONE)


def as_root(command: str, progress: Progress) -> int:
	"""The part that needs root, then the rest as an ordinary user: bench refuses to run as root."""
	state, user = host.root_state(), host.bench_user()
	log = ROOT_STATES / "packages.log"
	if command in ("up", "test", "bench", "packages"):
		host.check_debian()
		host.check_disk(state.root)
		host.install_packages(packages_for(command), progress, log)
		if command == "packages":
			return 0
		host.make_user(user, log)
		host.make_root_state(state, user)
		host.copy_registry_settings(user)
	if command in ("up", "test", "bench", "sync"):
		with progress.step("Copy of the sources"):
			host.copy_source(state, user)
	if command == "sync" or not state.root.exists():
		return 0 if command in ("sync", "down", "clean") else nothing_here()
	code = as_ordinary_user(command, state, user)
	if command == "clean" and code == 0:
		clean_as_root(state, log)
	return code


def nothing_here() -> int:
	print("Nothing is set up here yet. Run `make up`.")
	return 1


def as_ordinary_user(command: str, state: State, user: str) -> int:
	entry = pwd.getpwnam(user)
	kept = {
		k: v for k, v in os.environ.items() if k.startswith((*tools.PASSED_ON, "GSMC_", "FRAPPE_", "BENCH_"))
	}
	kept |= {k: os.environ[k] for k in (*tools.PROXIES, *FOR_TESTS, "TERM") if k in os.environ}
	env = {**kept, "HOME": entry.pw_dir, "USER": user, "LANG": "C.UTF-8", STATE_VARIABLE: str(state.root)}
	env["PATH"] = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
	python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else host.bench_python()
	child = subprocess.Popen(
		[python, "-m", "devbench", command],
		cwd=state.source,
		env=env,
		user=entry.pw_uid,
		group=entry.pw_gid,
		extra_groups=[],
	)
	while True:
		try:
			return child.wait()
		except KeyboardInterrupt:  # the child got it too, and ends by itself
			continue


def clean_as_root(state: State, log: Path) -> None:
	shutil.rmtree(state.root, ignore_errors=True)
	link = CLONE / LINK_NAME
	if link.is_symlink():
		link.unlink()
	host.remove_user_if_ours(log)


def packages_for(command: str) -> tuple[str, ...]:
	return host.RUN_PACKAGES if command == "up" else host.RUN_PACKAGES + host.TEST_PACKAGES


def as_user(command: str, state: State, progress: Progress) -> int:
	if command in ("up", "test", "bench", "packages"):
		host.check_debian()
		host.check_disk(state.root)
		if not os.environ.get(STATE_VARIABLE):
			host.install_packages(packages_for(command), progress, state.logs / "packages.log")
		if command == "packages":
			return 0
	if command == "sync":
		return 0  # the bench runs the clone itself
	actions = {"up": up, "down": down, "status": status, "logs": logs, "test": test, "bench": bench}
	actions["clean"] = clean
	return actions[command](state, progress)


def set_up(state: State, steps: Steps) -> None:
	"""All that the demo and the test instance share."""
	log = state.logs / "setup.log"
	state.root.mkdir(parents=True, exist_ok=True)
	python = host.bench_python()
	tools.install_tools(state, steps, python, log)
	source = bench_setup.make_source(state, steps, log)
	bench_setup.make_bench(state, steps, source, python, log)
	bench_setup.install_app(state, steps, log)


def up(state: State, progress: Progress) -> int:
	instance, steps = state.instance(DEMO), Steps(state, progress)
	with only_one(state.root / "lock", "make up", progress):
		set_up(state, steps)
		info = instance_up.bring_up(instance, steps, state.logs / "setup.log")
	progress.say("Ready")
	show(info, instance.info_file)
	return 0


def show(info: dict, file: Path) -> None:
	print(f"\n  {info['url']}\n")
	width = max(len(role) for role in info["logins"])
	users = max(len(login["user"]) for login in info["logins"].values())
	for role, login in info["logins"].items():
		print(f"  {role:<{width}}  {login['user']:<{users}}  {login['password']}")
	print(f"\n  The same in {file}\n", flush=True)


def down(state: State, progress: Progress) -> int:
	if state.root.exists():
		stop_all(state, progress)
	progress.say("Stopped; all data is kept")
	return 0


def stop_all(state: State, progress: Progress) -> None:
	with only_one(state.root / "lock", "make down", progress), progress.step("Stopping"):
		for name in (TEST, RECORDS, DEMO):
			programs.stop(state.instance(name))


def status(state: State, progress: Progress) -> int:
	instance = state.instance(DEMO)
	if not programs.is_running(instance):
		print("Not running. Run `make up`.")
		return 1
	now = programs.states(instance)
	for name, value in now.items():
		print(f"  {name:<16} {value}")
	if instance.info_file.exists():
		address = json.loads(instance.info_file.read_text())["url"]
		print(f"\n  {address}\n  Logins: {instance.info_file}")
	return 0 if set(now.values()) == {"RUNNING"} else 1


def logs(state: State, progress: Progress) -> int:
	files = sorted(state.instance(DEMO).logs.glob("*.log")) + sorted(state.logs.glob("*.log"))
	for file in files:
		print(f"==> {file}\n{programs.tail(file, 15)}\n")
	return 0


def test(state: State, progress: Progress) -> int:
	return beside_demo(state, progress, "make test", testing.run_all)


def bench(state: State, progress: Progress) -> int:
	return beside_demo(state, progress, "make bench", testing.run_benchmarks)


def beside_demo(state: State, progress: Progress, name: str, run: Callable) -> int:
	steps = Steps(state, progress)
	with only_one(state.root / "lock", f"{name}, setting up", progress):
		set_up(state, steps)
		log = state.logs / "setup.log"
		bench_setup.build_assets(state, steps, log)
	with only_one(state.root / "lock.test", name, progress):
		return run(state, steps, log)


def clean(state: State, progress: Progress) -> int:
	if not state.root.exists():
		progress.say("Nothing to remove")
		return 0
	stop_all(state, progress)
	with progress.step("Removing"):
		for path in built_in_source(state):
			path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)
		if os.environ.get(STATE_VARIABLE):  # the folder itself lies in one of root's, and root removes it
			for path in state.root.iterdir():
				shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
		else:
			shutil.rmtree(state.root)
	progress.say("Removed; system packages stay installed")
	return 0


def built_in_source(state: State) -> list[Path]:
	app = state.source / bench_setup.APP
	found = [state.source / "node_modules", app / "public/dist", app / "public/node_modules"]
	found += state.source.glob("*.egg-info")
	for name in (bench_setup.APP, "devbench", "tests", "patches"):
		found += (state.source / name).rglob("__pycache__")
	return [path for path in found if path.exists() or path.is_symlink()]


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
