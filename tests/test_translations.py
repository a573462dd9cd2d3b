"""Every label, option and message of the app has its Vietnamese: an untranslated one fails here by name."""

import ast
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "giam_sat_mot_cua"
SAID = ("_", "SigningError")  # whose first argument people read
CALL = re.compile(r"""__\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`([^`]*)`)""")
IN_PAGES = re.compile(r"""\b_\("((?:[^"\\]|\\.)*)"\)""")


def translations() -> dict[str, str]:
	with (APP / "translations/vi.csv").open(newline="") as file:
		return {row[0]: row[1] for row in csv.reader(file)}


def doctype_strings(doc: dict) -> Iterator[str]:
	yield doc["name"]
	yield doc.get("description") or ""
	for field in doc["fields"]:
		yield field.get("label") or ""
		yield field.get("description") or ""
		if field["fieldtype"] == "Select":
			yield from (field.get("options") or "").split("\n")


def workspace_strings(doc: dict) -> Iterator[str]:
	yield doc["title"]
	for row in [*doc["links"], *doc["shortcuts"]]:
		yield row["label"]


def report_strings(doc: dict) -> Iterator[str]:
	yield doc["name"]


def json_strings(path: Path) -> Iterator[str]:
	doc = json.loads(path.read_text())
	kinds = {"DocType": doctype_strings, "Workspace": workspace_strings, "Report": report_strings}
	if isinstance(doc, dict) and doc.get("doctype") in kinds:
		yield from kinds[doc["doctype"]](doc)


def python_strings(path: Path) -> Iterator[str]:
	for node in ast.walk(ast.parse(path.read_text())):
		if isinstance(node, ast.Call) and node.args:
			name = getattr(node.func, "id", getattr(node.func, "attr", ""))
			value = getattr(node.args[0], "value", None)
			if name in SAID and isinstance(value, str):
				yield value


def javascript_strings(path: Path) -> Iterator[str]:
	for double, single, back in CALL.findall(path.read_text()):
		assert "${" not in back, f"{path.name}: a translated text cannot be put together: {back}"
		yield double or single or back


def page_strings(path: Path) -> Iterator[str]:
	yield from IN_PAGES.findall(path.read_text())


def workflow_strings() -> Iterator[str]:
	"""States and actions of the workflow that a new site gets: (from, action, to, role, condition)."""
	for node in ast.parse((APP / "setup/seeds.py").read_text()).body:
		if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "ACCOUNT_TRANSITIONS":
			for row in node.value.elts:
				yield from (cell.value for cell in row.elts[:3])


def app_files(pattern: str) -> list[Path]:
	return sorted(
		path for path in APP.rglob(pattern) if not {"dist", "node_modules"}.intersection(path.parts)
	)


def app_strings() -> dict[str, Path]:
	readers = {
		"*.json": json_strings,
		"*.py": python_strings,
		"*.js": javascript_strings,
		"www/*.html": page_strings,
	}
	found = {}
	for pattern, read in readers.items():
		for path in app_files(pattern):
			found.update((text, path) for text in read(path) if re.search("[A-Za-z]", text))
	for line in (APP / "modules.txt").read_text().split("\n"):
		found[line] = APP / "modules.txt"
	roles = ast.parse((APP / "access/roles.py").read_text())
	constants = [
		node.value.value
		for node in roles.body
		if isinstance(node, ast.Assign)
		if hasattr(node.value, "value")
	]
	found.update((role, APP / "access/roles.py") for role in constants)
	found.update((text, APP / "setup/seeds.py") for text in workflow_strings())
	found.pop("", None)
	return found


def test_everything_is_translated():
	known = translations()
	missing = [
		f"{path.relative_to(ROOT)}: {text}" for text, path in app_strings().items() if not known.get(text)
	]
	assert missing == []


def test_the_reader_finds_what_there_is():
	"""The check above can fail: it reads labels, options, messages of each kind of file."""
	found = app_strings()
	for text in (
		"Camera Code",
		"Wrong Login",
		"Watch Live",
		"Unit Operator",
		"Units and Cameras",
		"Recording",
		"Reinstate",
		"Suspended",
		"Send the Application",
	):
		assert text in found
	assert len(found) > 250


@pytest.mark.parametrize("row", sorted(translations().items()), ids=lambda row: row[0][:40])
def test_placeholders_are_kept(row):
	source, target = row
	assert sorted(re.findall(r"\{\d\}", source)) == sorted(re.findall(r"\{\d\}", target))
	assert target.strip() == target and target


def test_no_line_twice():
	with (APP / "translations/vi.csv").open(newline="") as file:
		sources = [row[0] for row in csv.reader(file)]
	assert len(sources) == len(set(sources))
