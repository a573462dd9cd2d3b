"""What needs the machine itself: system packages, and as root a user and a state folder of its own.

Nothing that already runs on the machine is touched. Packages are chosen so that installing them starts no
service: mariadb-server-core and redis-tools hold the programs without the units.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from devbench.cameras.packages import APT_PACKAGES as CAMERA_PACKAGES
from devbench.console import Failure, Progress, run
from devbench.places import CLONE, LINK_NAME, ROOT_STATES, State

BENCH_USER = "gsmc-bench"
OWN_NAMES = ("home", "user-made", "packages.log")  # beside the state folders of clones
FREE_GB_NEEDED = 3
PYTHON_VERSIONS = ("3.10", "3.11", "3.12")  # what Frappe 15's pinned dependencies install on

RUN_PACKAGES = (
	"ca-certificates",
	"git",
	"mariadb-server-core",  # the server without a system service
	"mariadb-client-core",
	"mariadb-client",  # mysqldump, for backups
	"redis-tools",  # redis-check-rdb is the server's program under another name
	"python3-venv",
	"python3-dev",
	"gcc",
	"libpango-1.0-0",  # PDF
	"libpangoft2-1.0-0",
	"libcairo2",
	"fonts-croscore",  # Tinos: as wide as Times New Roman, with all Vietnamese letters
	"fonts-dejavu-core",
	*CAMERA_PACKAGES,
)
TEST_PACKAGES = ("chromium", "chromium-driver", "ffmpeg")


def install_packages(names: Sequence[str], progress: Progress, log: Path) -> None:
	"""Installs what is missing among `names`. Needs root or sudo only then."""
	names = [*names, *node_packages()]
	missing = [name for name in dict.fromkeys(names) if not is_installed(name)]
	if not missing:
		return
	with progress.step(f"System packages: {len(missing)} to install"):
		prefix = become_root()
		env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
		apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=60"]
		run([*apt, "update", "-q"], log, env=env, registry=True)
		run([*apt, "install", "-q", "-y", "--no-install-recommends", *missing], log, env=env, registry=True)


def is_installed(package: str) -> bool:
	asked = subprocess.run(
		["dpkg-query", "-W", "-f", "${db:Status-Status}", package], capture_output=True, text=True
	)
	return asked.returncode == 0 and asked.stdout == "installed"


def node_packages() -> list[str]:
	"""Debian's Node.js, unless the machine has one that every user can run."""
	found = shutil.which("node", path="/usr/local/bin:/usr/bin:/bin")
	npm = shutil.which("npm", path="/usr/local/bin:/usr/bin:/bin")
	return [] if found and npm else ["nodejs", "npm"]


def become_root() -> list[str]:
	if os.geteuid() == 0:
		return []
	if not shutil.which("sudo"):
		raise Failure(
			"System packages are missing, and this user is not root and has no sudo.",
			"Let an administrator run `make packages` in this folder once, then run the same command again.",
		)
	if subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode and not sys.stdin.isatty():
		raise Failure(
			"System packages are missing, and sudo asks for a password but there is no terminal to ask on.",
			"Run `sudo -v` in this terminal first, or let an administrator run `make packages` once.",
		)
	return ["sudo"]


def check_debian() -> None:
	if not shutil.which("apt-get"):
		raise Failure(
			"This is not a Debian or Ubuntu machine: apt-get is missing.",
			"Use Debian 12 or Ubuntu 22.04 or 24.04, or install the app on your own bench (README).",
		)


def check_disk(folder: Path) -> None:
	while not folder.exists():
		folder = folder.parent
	free = shutil.disk_usage(folder).free / 1e9
	if free < FREE_GB_NEEDED:
		raise Failure(
			f"Only {free:.1f} GB are free on the disk of {folder}.",
			f"Free at least {FREE_GB_NEEDED} GB and run the same command again.",
		)


def bench_python() -> str:
	"""A Python for the bench: of a version that Frappe's dependencies install on, readable by every user."""
	names = [os.environ.get("BENCH_PYTHON", ""), "/usr/bin/python3"]
	names += [
		f"{folder}/python{v}" for v in reversed(PYTHON_VERSIONS) for folder in ("/usr/bin", "/usr/local/bin")
	]
	seen = []
	for name in filter(None, names):
		version = python_version(name)
		if version:
			seen.append(f"{name} is {version}")
		if version in PYTHON_VERSIONS:
			return name
	raise Failure(
		f"No Python of version {', '.join(PYTHON_VERSIONS)} found ({'; '.join(seen) or 'none at all'}).",
		"Install one with its venv module and name it: `BENCH_PYTHON=/path/to/python3.11 make up`.",
	)


def python_version(program: str) -> str:
	ask = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
	try:
		asked = subprocess.run([program, "-c", ask], capture_output=True, text=True)
	except OSError:
		return ""
	return asked.stdout.strip() if asked.returncode == 0 else ""


# As root: bench refuses to run as root, so an ordinary user does all the rest.


def root_state() -> State:
	"""The state folder that root uses for this clone: outside it, since a clone may lie where only root can
	look."""
	key = hashlib.sha256(str(CLONE).encode()).hexdigest()[:8]
	root = ROOT_STATES / f"{CLONE.name}-{key}"
	return State(root, root / "source")


def bench_user() -> str:
	"""The user that runs the bench when root calls: whoever called sudo on a clone of their own, else our
	own."""
	caller = os.environ.get("SUDO_UID", "")
	if caller.isdigit() and int(caller) and CLONE.stat().st_uid == int(caller):
		return pwd.getpwuid(int(caller)).pw_name
	return BENCH_USER


def make_user(name: str, log: Path) -> None:
	try:
		pwd.getpwnam(name)
	except KeyError:
		home = ROOT_STATES / "home"
		run(["useradd", "--system", "--home-dir", str(home), "--shell", "/bin/bash", name], log)
		home.mkdir(parents=True, exist_ok=True)
		(ROOT_STATES / "user-made").write_text(name)
		chown(home, name)


def chown(path: Path, user: str) -> None:
	entry = pwd.getpwnam(user)
	os.chown(path, entry.pw_uid, entry.pw_gid)


def make_root_state(state: State, user: str) -> None:
	"""Creates the state folder for `user` and the link to it in the clone."""
	state.root.mkdir(parents=True, exist_ok=True)
	ROOT_STATES.chmod(0o755)
	state.root.chmod(0o755)
	chown(state.root, user)
	link = CLONE / LINK_NAME
	if link.is_symlink():
		if Path(os.readlink(link)) == state.root:
			return
		link.unlink()
	elif link.exists():
		raise Failure(
			f"{LINK_NAME} in this folder was made by a user who is not root.",
			"Run the command as that user, or run `make clean` as that user first.",
		)
	link.symlink_to(state.root)


def copy_registry_settings(user: str) -> None:
	"""Gives the bench user the package registries that root uses: pip's, npm's and yarn's settings files."""
	home, theirs = Path.home(), Path(pwd.getpwnam(user).pw_dir)
	for name in (".config/pip/pip.conf", ".pip/pip.conf", ".npmrc", ".yarnrc"):
		if not (home / name).is_file():
			continue
		target = theirs / name
		for folder in reversed(target.relative_to(theirs).parents):
			(theirs / folder).mkdir(exist_ok=True)
			chown(theirs / folder, user)
		target.write_bytes((home / name).read_bytes())
		target.chmod(0o600)
		chown(target, user)


def copy_source(state: State, user: str) -> None:
	"""Makes the copy of the clone that the bench runs equal to the clone: tracked files and new ones, no
	ignored."""
	listed = subprocess.run(
		["git", "-c", f"safe.directory={CLONE}", "ls-files", "-z", "-c", "-o", "--exclude-standard"],
		cwd=CLONE,
		capture_output=True,
	)
	if listed.returncode:
		raise Failure(
			"git cannot list the files of this folder.",
			"Clone the repository with git instead of unpacking an archive.",
			details=listed.stderr.decode(errors="replace").strip(),
		)
	wanted = {
		name for name in os.fsdecode(listed.stdout).split("\0") if name and os.path.lexists(CLONE / name)
	}
	mirror(CLONE, state.source, wanted, user)


def mirror(origin: Path, target: Path, wanted: set[str], user: str) -> None:
	target.mkdir(parents=True, exist_ok=True)
	chown(target, user)
	folders = set()
	for name in sorted(wanted):
		for parent in Path(name).parents:
			folders.add(str(parent))
		copy_one(origin / name, target / name, target, user)
	built = {"node_modules", "__pycache__", "dist"}
	for folder, names, files in os.walk(target, topdown=True):
		place = Path(folder).relative_to(target)
		names[:] = [
			n for n in names if n not in built and not n.endswith(".egg-info") and not n.startswith(".")
		]
		for name in [*files, *[n for n in names if (Path(folder) / n).is_symlink()]]:
			if str(place / name) not in wanted and not name.endswith(".pyc") and name != "yarn.lock":
				(Path(folder) / name).unlink()


def copy_one(origin: Path, copy: Path, top: Path, user: str) -> None:
	for parent in reversed(copy.relative_to(top).parents):
		folder = top / parent
		if not folder.exists():
			folder.mkdir()
			chown(folder, user)
	if origin.is_symlink():
		if not copy.is_symlink() or os.readlink(copy) != os.readlink(origin):
			copy.unlink(missing_ok=True)
			copy.symlink_to(os.readlink(origin))
		return
	data, mode = (
		origin.read_bytes(),
		(0o755 if os.access(origin, os.X_OK) and origin.stat().st_mode & 0o100 else 0o644),
	)
	if not copy.is_symlink() and copy.is_file() and copy.read_bytes() == data:
		return
	copy.unlink(missing_ok=True)
	copy.write_bytes(data)
	copy.chmod(mode)
	chown(copy, user)


def remove_user_if_ours(log: Path) -> None:
	"""Removes the bench user when devbench made it and no other clone's state is left."""
	made = ROOT_STATES / "user-made"
	others = [path for path in ROOT_STATES.iterdir() if path.name not in OWN_NAMES]
	if others or not made.exists():
		return
	run(["userdel", made.read_text()], log)
	shutil.rmtree(ROOT_STATES)
