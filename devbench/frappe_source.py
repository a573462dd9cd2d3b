"""Frappe's source tree as a local git repository, from the package index alone.

PyPI's `frappe` is a placeholder. The wheel named below is Frappe 15.0.0-dev of August 2023 under another
name; undoing the renames gives the tree back (docs/development.md). What lies outside Frappe's Python
package, and
is therefore not in the wheel, is ours: pyproject.toml, package.json and the asset builder in
`frappe_project/`.
`FRAPPE_SOURCE=/path` uses a Frappe checkout of your own instead.
"""

import hashlib
import os
import shutil
import zipfile
from pathlib import Path

from devbench.console import Failure, run
from devbench.steps import fingerprint

WHEEL = "criscostack==1.0.0"
WHEEL_SHA256 = "dc58aaf29c59b7666edc953596e5b31f77d7286b2ed6b14c6a205b217c210349"
BRANCH = "version-15"
RENAMES = (
	("criscoerp", "erpnext"),
	("Criscoerp", "ERPNext"),
	("criscostack", "frappe"),
	("Criscostack", "Frappe"),
	("CRISCOSTACK", "FRAPPE"),
	("crisco", "frappe"),
	("Crisco", "Frappe"),
)
# What this pre-release gets wrong without a socket.io server (`disable_async`): list views stay empty.
# (file, text, what it becomes); each text must be there.
MENDED = (
	(
		"frappe/public/js/frappe/socketio_client.js",
		"this.socket.emit(event, ...args);",
		"this.socket?.emit(event, ...args);",
	),
)
PROJECT = Path(__file__).parent / "frappe_project"


def chosen_source() -> Path | None:
	"""The Frappe checkout that the caller named, if any."""
	named = os.environ.get("FRAPPE_SOURCE", "")
	if not named:
		return None
	path = Path(named).resolve()
	if not (path / "frappe" / "__init__.py").is_file() or not (path / ".git").exists():
		raise Failure(
			"FRAPPE_SOURCE does not name a git checkout of Frappe.",
			"Give the folder that holds frappe/__init__.py and .git, or leave FRAPPE_SOURCE unset.",
		)
	return path


def source_fingerprint() -> str:
	chosen = chosen_source()
	if chosen:
		head = (chosen / ".git" / "HEAD").read_text() if (chosen / ".git").is_dir() else ""
		return fingerprint("checkout", str(chosen), head)
	return fingerprint(WHEEL_SHA256, str(RENAMES), str(MENDED), PROJECT)


def make_repository(target: Path, python: Path, log: Path) -> None:
	"""Downloads the wheel, checks it and writes the repository to `target`."""
	fresh = target.with_name(target.name + ".new")
	shutil.rmtree(fresh, ignore_errors=True)
	wheels = fresh / "wheel"
	wheels.mkdir(parents=True)
	run([python, "-m", "pip", "download", "-q", "--no-deps", "-d", wheels, WHEEL], log, registry=True)
	wheel = next(wheels.glob("*.whl"))
	if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
		raise Failure(
			"The wheel with Frappe's source is not the one that was tested: its SHA-256 differs.",
			"Do not use it. Check the package index that pip uses.",
			log,
		)
	unpack(wheel, fresh)
	shutil.rmtree(wheels)
	mend(fresh)
	for name in ("pyproject.toml", "package.json", "build.mjs"):
		shutil.copyfile(PROJECT / name, fresh / name)
	(fresh / ".gitignore").write_text(
		"__pycache__/\n*.pyc\nnode_modules/\nfrappe/public/dist/\n*.egg-info/\n"
	)
	git = ["git", "-c", "user.name=devbench", "-c", "user.email=devbench@example.invalid"]
	run([*git, "init", "-q", "-b", BRANCH, fresh], log)
	run([*git, "-C", fresh, "add", "-A"], log)
	run([*git, "-C", fresh, "commit", "-q", "-m", "Frappe 15.0.0-dev"], log)
	shutil.rmtree(target, ignore_errors=True)
	fresh.rename(target)


def mend(tree: Path) -> None:
	for name, text, better in MENDED:
		found = (tree / name).read_text()
		if text not in found:
			raise Failure(f"{name} is not what it was when this bench was tested.", "Check the wheel.")
		(tree / name).write_text(found.replace(text, better))


def unpack(wheel: Path, target: Path) -> None:
	with zipfile.ZipFile(wheel) as archive:
		for info in archive.infolist():
			if info.is_dir() or ".dist-info" in info.filename or info.filename.endswith(".DS_Store"):
				continue
			path = target / original(info.filename).replace("brik_helper", "bench_helper")
			if not path.resolve().is_relative_to(target.resolve()):
				raise Failure("The wheel holds a file that would lie outside its folder.", "Do not use it.")
			path.parent.mkdir(parents=True, exist_ok=True)
			path.write_bytes(original_bytes(archive.read(info)))


def original_bytes(data: bytes) -> bytes:
	try:
		return original(data.decode()).encode()
	except UnicodeDecodeError:
		return data  # a picture or a font


def original(text: str) -> str:
	for new, old in RENAMES:
		text = text.replace(new, old)
	return text
