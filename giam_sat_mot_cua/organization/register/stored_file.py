"""The uploaded file on disk. It may hold passwords of cameras, so it is no File of Frappe: no address serves
it, no backup of files takes it, and its content is never shared with another attachment."""

import hashlib
import os
import time
from pathlib import Path

import frappe

FOLDER = "register_imports"
YOUNG_S = 600  # an upload whose record is not committed yet


def folder() -> Path:
	path = Path(frappe.get_site_path("private", FOLDER))
	path.mkdir(mode=0o700, exist_ok=True)
	return path


def path_of(name: str) -> Path:
	return folder() / (hashlib.sha256(name.encode()).hexdigest()[:40] + ".xlsx")


def keep(name: str, content: bytes) -> str:
	"""Stores the file of the Register Import `name`; returns its SHA-256 in hexadecimal."""
	path = path_of(name)
	fresh = path.with_suffix(".new")
	with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
		file.write(content)
	fresh.replace(path)
	return hashlib.sha256(content).hexdigest()


def content(name: str) -> bytes | None:
	try:
		return path_of(name).read_bytes()
	except FileNotFoundError:
		return None


def remove(name: str) -> None:
	path_of(name).unlink(missing_ok=True)


def sweep(kept: list[str]) -> None:
	"""Removes files of records that are not among `kept`: a process may die between its commit and the
	removal."""
	wanted = {path_of(name) for name in kept}
	for path in folder().iterdir():
		if path not in wanted and time.time() - path.stat().st_mtime > YOUNG_S:
			path.unlink(missing_ok=True)
