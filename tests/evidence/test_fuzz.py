"""Whatever is done to a package: a verdict, never an error; never "intact" when a byte changed."""

import io
import json
import random
import time
import zipfile
from pathlib import Path

import pytest

from giam_sat_mot_cua.media.evidence import page, verify
from giam_sat_mot_cua.media.evidence.package import DOCUMENT, PackageWriter
from tests.evidence import tampering
from tests.evidence.packages import facts

SECONDS = 10
MAGIC = [b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"\0\0\0\0", b"\xff" * 8, b"\x30\x82"]


@pytest.fixture(scope="module")
def small(signer, tmp_path_factory) -> Path:
	path = tmp_path_factory.mktemp("small") / "package.zip"
	with path.open("w+b") as out, PackageWriter(out, facts(), signer) as writer:
		writer.add_file("a.txt", io.BytesIO(b"one"), DOCUMENT, {})
		writer.add_file("b/ă.txt", io.BytesIO(b""), DOCUMENT, {})
	return path


@pytest.fixture(scope="module")
def wide(signer, tmp_path_factory) -> Path:
	"""A small package with the records of one above 4 GiB: Python's own limit is lower meanwhile."""
	path = tmp_path_factory.mktemp("wide") / "package.zip"
	with pytest.MonkeyPatch.context() as patch, path.open("w+b") as out:
		patch.setattr(zipfile, "ZIP64_LIMIT", 2)
		with PackageWriter(out, facts(), signer) as writer:
			writer.add_file("a.txt", io.BytesIO(b"one"), DOCUMENT, {})
			writer.add_file("b.txt", io.BytesIO(b""), DOCUMENT, {})
	assert path.read_bytes().count(b"PK\6\6") == 1
	return path


def judged(path: Path) -> verify.Report:
	"""Every text is made too: none of them may fail."""
	report = verify.verify(str(path), "0" * 64)
	for language in ("vi", "en"):
		verify.as_text(report, language)
		json.loads(verify.as_json(report, language))
	return report


def findings(report: verify.Report) -> set[str]:
	"""But for the signer, who is always another here."""
	return {code for code, _file, _facts in report.findings} - {"signer_differs"}


def test_the_untouched_ones_are_intact(small, wide):
	for package in (small, wide):
		assert findings(judged(package)) == set()


def structure(package: Path) -> list[int]:
	"""Places of all bytes that are no content."""
	whole, content = package.read_bytes(), set()
	for name, data in tampering.contents(package).items():
		begin = tampering.place(package, name)
		content.update(range(begin, begin + len(data)))
	return [at for at in range(len(whole)) if at not in content]


def test_every_byte_of_the_archive_itself(small, wide, tmp_path):
	"""Headers, directory, records at the end: one bit of each byte."""
	package = tmp_path / "package.zip"
	for original, step in ((small, 3), (wide, 1)):
		whole = original.read_bytes()
		for at in structure(original)[::step]:
			package.write_bytes(tampering.flipped(whole, at, at % 8))
			assert findings(judged(package)), at


def test_bytes_all_over_the_seal(small, tmp_path):
	package, whole = tmp_path / "package.zip", small.read_bytes()
	for name in verify.SEAL:
		begin = tampering.place(small, name)
		for at in range(begin, begin + len(tampering.contents(small)[name]), 7):
			package.write_bytes(tampering.flipped(whole, at, at % 8))
			assert findings(judged(package)), (name, at - begin)


def test_random_changes(small, wide, tmp_path):
	random.seed(20261126)
	package, until = tmp_path / "package.zip", time.monotonic() + SECONDS
	originals = [small.read_bytes(), wide.read_bytes()]
	tried = 0
	while time.monotonic() < until:
		original = random.choice(originals)
		changed = bytearray(original)
		for _time in range(random.choice((1, 1, 2, 5))):
			mutate(changed)
		if changed != original:
			package.write_bytes(changed)
			assert findings(judged(package)), tried
			tried += 1
	assert tried > 200


def mutate(data: bytearray) -> None:
	"""Often near the end, where the directory is."""
	places = (random.randrange(len(data)), max(0, len(data) - random.randrange(1, 3000)))
	at = random.choice(places)
	count = random.choice((1, 1, 2, 4, 30, 500, 20000))
	way = random.randrange(7)
	if way == 0:
		data[at] ^= 1 << random.randrange(8)
	elif way == 1:
		data[at : at + count] = random.randbytes(count)
	elif way == 2:
		del data[at : at + count]
	elif way == 3:
		data[at:at] = random.randbytes(count)
	elif way == 4:
		data[at:at] = data[at : at + count]
	elif way == 5:
		mark = random.choice(MAGIC)
		data[at : at + len(mark)] = mark
	else:
		place = data.find(random.choice(MAGIC[:5]), at)
		place += random.randrange(4, 46)
		if 4 <= place < len(data):
			data[place] = random.choice((0, 1, 0x7F, 0xFF))
	if not data:
		data.append(0)


def test_random_manifests_signed_by_the_true_key(small, signer, tmp_path):
	"""Whoever has the key cannot crash a verifier either."""
	random.seed(7)
	package, time_of_all = tmp_path / "package.zip", tampering.time_of(small)
	files = tampering.contents(small)
	for _time in range(300):
		changed = tampering.reseal(files, signer.key, signer.chain_der, spoil)
		tampering.write_zip(package, list(changed.items()), time_of_all)
		assert judged(package).result in ("intact", "changed", "unreadable")


def spoil(manifest: dict) -> None:
	"""Another value somewhere."""
	values = [None, True, -1, 2**60, 0, 1.5, "", "x", "\u0000", "a" * 5000, [], {}, [[]], {"a": {"b": 1}}]
	values += ["gsmc-evidence/1", "0" * 64, 2**53 - 1, 253_402_300_799_999, "2026-02-30T00:00:00", nested(40)]
	node: object = manifest
	while True:
		keys = list(node) if isinstance(node, dict) else list(range(len(node)))
		if not keys:
			return
		key = random.choice(keys)
		if isinstance(node[key], dict | list) and node[key] and random.random() < 0.8:
			node = node[key]
			continue
		if random.random() < 0.2:
			del node[key]
		else:
			node[key] = random.choice(values)
		return


def nested(depth: int) -> list:
	return [nested(depth - 1)] if depth else []


def test_texts_that_are_no_manifest(small, tmp_path):
	package, files = tmp_path / "package.zip", tampering.contents(small)
	deep, long = ("[" * 100_000, '{"a":' * 100_000), "9" * 100_000
	for text in (*deep, long, "nul", '"\\ud800"', "{}", "[]", "\ufeff{}"):
		changed = {**files, verify.MANIFEST: text.encode()}
		tampering.write_zip(package, list(changed.items()), tampering.time_of(small))
		assert "manifest_unreadable" in findings(judged(package)), text[:20]


@pytest.mark.browser
def test_records_of_large_packages_in_the_browser(wide, browser, tmp_path):
	"""The same verdict as by the command line, for the whole one and for one byte of each kind of record."""
	from tests.evidence.test_page import judge

	general, package = tmp_path / "verify.html", tmp_path / "package.zip"
	general.write_bytes(page.render())
	browser.get(general.as_uri())
	assert judge(browser, wide) == "intact"
	whole = wide.read_bytes()
	directory, record, locator = whole.index(b"PK\1\2"), whole.index(b"PK\6\6"), whole.index(b"PK\6\7")
	for at in (
		directory + 4,
		directory + 46 + 5 + 5,
		record + 4,
		record + 24,
		record + 40,
		locator + 8,
		len(whole) - 10,
	):
		package.write_bytes(tampering.flipped(whole, at))
		browser.refresh()
		assert judge(browser, package) == judged(package).result == "changed", at
