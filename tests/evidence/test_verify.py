"""verify.py as a court runs it: alone, by the standard library."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from giam_sat_mot_cua.media import cli
from giam_sat_mot_cua.media.evidence import page, verify
from tests.evidence import tampering
from tests.evidence.tampering import CASES, Case, World

SCRIPT = Path(verify.__file__)
ONLY_HERE = {"read_failed"}  # codes that no change of a package brings
NOT_ZIP = {"not_a_file"}
IN_FOLDERS = ("signature_wrong", "swapped_file", "changed_content", "renamed_file", "source_differs")
ONLY_LARGE = {"changed_piece"}


def run(*arguments: object, script: Path = SCRIPT) -> subprocess.CompletedProcess:
	"""Without site-packages, and without anything of this project on the path."""
	command = [sys.executable, "-I", "-S", script, *arguments]
	return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, cwd="/")


def found(package: Path, *arguments: object) -> dict:
	done = run(package, "--json", "--lang", "en", *arguments)
	assert not done.stderr, done.stderr
	report = json.loads(done.stdout)
	assert done.returncode == {"intact": 0, "changed": 1, "unreadable": 3}[report["result"]]
	return report


def codes(report: dict) -> set[tuple[str, str]]:
	return {(finding["code"], finding["file"]) for finding in report["findings"]}


def real_name(world: World, case: Case, package: Path) -> str:
	first = tampering.names(world.package)[0]
	return {"ZIP": package.name, "VIDEO": world.video, "GOC/": "GOC" + first[3:]}.get(case.file, case.file)


@pytest.fixture(scope="module")
def unpacked(world, tmp_path_factory) -> Path:
	folder = tmp_path_factory.mktemp("unpacked")
	zipfile.ZipFile(world.package).extractall(folder)
	return folder


def test_an_untouched_package_is_intact(world, unpacked):
	for package in (world.package, unpacked):
		report = found(package)
		assert report["result"] == "intact" and report["findings"] == []
		assert report["files"] == len(tampering.names(world.package)) - 3
		assert report["certificate"]["fingerprint"] == world.signer.fingerprint
		assert not report["signer_confirmed"]


def test_the_copy_in_the_package_is_the_same_program(world, unpacked):
	assert (unpacked / "verify.py").read_bytes() == SCRIPT.read_bytes()
	assert run(world.package, script=unpacked / "verify.py").returncode == 0


def test_it_needs_no_more_than_python_3_8():
	ast.parse(SCRIPT.read_text(), feature_version=(3, 8))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_changed_package(case, world, tmp_path):
	package = tmp_path / "package.zip"
	case.make(world, package)
	report = found(package)
	assert report["result"] == ("unreadable" if case.code in verify.UNREADABLE else "changed")
	assert (case.code, real_name(world, case, package)) in codes(report), report["findings"]


def test_every_code_has_a_case_here():
	tried = {case.code for case in CASES} | ONLY_HERE | NOT_ZIP | ONLY_LARGE | {"signer_differs"}
	assert tried == set(verify.TEXTS)


def test_every_member_of_a_package(world, tmp_path):
	"""A bit at the beginning, in the middle, at the end; gone; renamed; another's content."""
	members = tampering.contents(world.package)
	whole, package = world.package.read_bytes(), tmp_path / "package.zip"
	ways = 0
	for name, content in members.items():
		begin = tampering.place(world.package, name)
		for at in (0, len(content) // 2, len(content) - 1):
			package.write_bytes(tampering.flipped(whole, begin + at, at % 8))
			ways += changed(package, name)
		neighbour = next(other for other in members if other != name and members[other] != content)
		for change in (
			{key: value for key, value in members.items() if key != name},
			tampering.renamed(members, name, "doi-ten.bin"),
			tampering.swapped(members, name, neighbour),
		):
			tampering.write_zip(package, list(change.items()), tampering.time_of(world.package))
			ways += changed(package, name)
	assert ways == 6 * len(members)


def changed(package: Path, name: str) -> int:
	"""Asserts that the change is found and the file named, be it by what it was renamed to."""
	report = found(package)
	assert report["result"] == "changed", name
	named = {finding["file"] for finding in report["findings"]}
	words = " ".join(finding["text"] for finding in report["findings"])
	assert name in named or name in words, (name, report["findings"])
	return 1


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.99, 0.9999])
def test_a_package_cut_off(share, world, tmp_path):
	whole, package = world.package.read_bytes(), tmp_path / "package.zip"
	package.write_bytes(whole[: int(len(whole) * share)])
	report = found(package)
	assert codes(report) == {("truncated", "package.zip")} and report["result"] == "changed"


@pytest.mark.parametrize("case", [one for one in CASES if one.code in IN_FOLDERS], ids=lambda case: case.name)
def test_a_changed_folder(case, world, tmp_path):
	package, folder = tmp_path / "package.zip", tmp_path / "folder"
	case.make(world, package)
	extract(package, folder)
	report = found(folder)
	assert (case.code, real_name(world, case, package)) in codes(report)


def extract(package: Path, folder: Path) -> None:
	"""Unpacks whatever the checksums are."""
	with zipfile.ZipFile(package) as archive:
		whole = package.read_bytes()
		for info in archive.infolist():
			begin = tampering.place(package, info.filename)
			target = folder / info.filename
			target.parent.mkdir(parents=True, exist_ok=True)
			target.write_bytes(whole[begin : begin + info.file_size])


def test_a_folder_with_a_link(world, tmp_path):
	folder = tmp_path / "folder"
	zipfile.ZipFile(world.package).extractall(folder)
	(folder / world.video).rename(tmp_path / "elsewhere.mp4")
	(folder / world.video).symlink_to(tmp_path / "elsewhere.mp4")
	assert ("not_a_file", world.video) in codes(found(folder))


def test_somebody_else_signs_everything(world, tmp_path):
	"""Nothing inside tells; the fingerprint on the minutes does."""
	package = tmp_path / "package.zip"
	tampering.all_by_other(world, package)
	report = found(package)
	assert report["result"] == "intact" and not report["signer_confirmed"]
	report = found(package, "--fingerprint", verify.grouped(world.signer.fingerprint))
	assert codes(report) == {("signer_differs", "certificate.pem")} and not report["signer_confirmed"]


def test_the_signer_is_confirmed(world, tmp_path):
	certificate = tmp_path / "unit.pem"
	certificate.write_bytes(world.signer.chain_pem)
	printed = verify.grouped(world.signer.fingerprint)
	for given in (["--fingerprint", printed], ["--fingerprint", printed.replace(" ", ":").lower()]):
		assert found(world.package, *given)["signer_confirmed"]
	assert found(world.package, "--certificate", certificate)["signer_confirmed"]
	certificate.write_bytes(world.other.chain_pem)
	assert found(world.package, "--certificate", certificate)["result"] == "changed"


def test_a_signer_is_not_confirmed_by_a_signature_that_does_not_fit(world, tmp_path):
	package = tmp_path / "package.zip"
	tampering.flip("manifest.sig")(world, package)
	assert not found(package, "--fingerprint", world.signer.fingerprint)["signer_confirmed"]


def test_words_for_people(world, tmp_path):
	told = run(world.package).stdout
	assert "KHÔNG BỊ THAY ĐỔI" in told and "CHƯA đối chiếu với dấu vân tay trên biên bản" in told
	told = run(world.package, "--fingerprint", world.signer.fingerprint).stdout
	assert "đã đối chiếu với dấu vân tay" in told
	package = tmp_path / "package.zip"
	tampering.added(world, package)
	told = run(package).stdout
	assert "ĐÃ BỊ THAY ĐỔI" in told and "them.txt: Tệp không có trong bản kê" in told


def test_names_do_not_steer_a_terminal(world, tmp_path):
	package = tmp_path / "package.zip"
	tampering.rewrite(world, package, lambda files: {"\x1b[2Jx": b"x", **files})
	assert "\x1b" not in run(package).stdout


def test_wrong_usage(world, tmp_path):
	broken = tmp_path / "broken.pem"
	broken.write_bytes(b"no certificate")
	for wrong in (
		[],
		["--fingerprint", "12"],
		["--certificate", broken],
		["--certificate", tmp_path / "none"],
	):
		done = run(*([world.package, *wrong] if wrong else []))
		assert done.returncode == 2 and "Traceback" not in done.stderr


def test_what_is_not_there_is_unreadable(tmp_path):
	report = found(tmp_path / "none.zip")
	assert report["result"] == "unreadable" and codes(report) == {("read_failed", "none.zip")}


def test_the_command_line_of_the_product(world, tmp_path, capsys):
	assert cli.main(["verify", str(world.package), "--json"]) == 0
	assert json.loads(capsys.readouterr().out)["result"] == "intact"
	package = tmp_path / "package.zip"
	tampering.removed(world, package)
	assert cli.main(["verify", str(package), "--lang", "en"]) == 1
	assert cli.main(["verify", str(world.package), "--fingerprint", "x"]) == 2
	certificate = tmp_path / "unit.pem"
	certificate.write_bytes(world.signer.chain_pem)
	capsys.readouterr()
	assert cli.main(["fingerprint", str(certificate)]) == 0
	assert capsys.readouterr().out.strip() == verify.grouped(world.signer.fingerprint)


def test_both_verifiers_know_the_same_codes():
	quoted = re.compile(r'"([a-z_]+)"')
	python = SCRIPT.read_text().partition("# --- What is found")[2]
	script = "\n".join(page.read(f"{name}.js") for name in page.SCRIPTS)
	everything = set(verify.TEXTS)
	assert everything - set(quoted.findall(python)) == set()
	assert everything - set(quoted.findall(script)) == NOT_ZIP  # browsers give only files of a folder
	rules = re.search(r'id="rules">(.*?)</script>', page.render().decode())[1]
	assert json.loads(rules)["texts"] == {code: words[0] for code, words in verify.TEXTS.items()}
