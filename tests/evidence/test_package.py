"""What the writer writes, and what it refuses."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from giam_sat_mot_cua.media.evidence import manifest, verify
from giam_sat_mot_cua.media.evidence.package import (
	DERIVATIVE,
	DOCUMENT,
	PLAYABLE,
	PackageError,
	PackageWriter,
	SourceChanged,
)
from giam_sat_mot_cua.media.evidence.signing import SigningError
from tests.evidence import tampering
from tests.evidence.packages import MADE_MS, add_source, facts, write_package

LARGE = 70 << 20


@pytest.fixture
def writer(signer):
	return PackageWriter(io.BytesIO(), facts(), signer)


def listed(package: Path) -> dict:
	return json.loads(tampering.contents(package)[verify.MANIFEST])


def test_a_package_holds_the_recorded_bytes(world, volume, recorded):
	files = tampering.contents(world.package)
	for file in recorded:
		assert files[f"goc/{file.path}"] == (volume / file.path).read_bytes()
		assert hashlib.sha256(files[f"goc/{file.path}"]).hexdigest() == file.sha256
	names = list(files)
	assert names[-6:] == [
		"verify.html",
		"verify.py",
		"DOC-TRUOC.txt",
		"manifest.json",
		"manifest.sig",
		"certificate.pem",
	]
	assert [file["path"] for file in listed(world.package)["files"]] == names[:-3]


def test_entries_are_stored_and_of_one_time(world):
	"""In the zone of the people: 15:00:41 in Vietnam, in steps of two seconds."""
	with zipfile.ZipFile(world.package) as archive:
		assert archive.testzip() is None
		for info in archive.infolist():
			assert info.compress_type == zipfile.ZIP_STORED and info.compress_size == info.file_size
			assert info.date_time == (2026, 11, 26, 15, 0, 40)


def test_the_same_input_gives_the_same_bytes(world, volume, recorded, signer, tmp_path):
	"""But for the signature, whose salt is random."""
	again = write_package(tmp_path / "again.zip", volume, recorded, signer)
	one, other = tampering.contents(world.package), tampering.contents(again)
	assert one.pop(verify.SIGNATURE) != other.pop(verify.SIGNATURE)
	assert one == other and list(one) == list(other)


def test_facts_are_kept_with_what_is_not_known_here(signer):
	out = io.BytesIO()
	with PackageWriter(out, facts(ward="Ninh Mỹ", nested={"list": [1, None, True]}), signer):
		pass
	written = json.loads(zipfile.ZipFile(out).read(verify.MANIFEST))
	assert written["ward"] == "Ninh Mỹ" and written["nested"] == {"list": [1, None, True]}
	for key, value in facts().items():
		assert written[key] == value


@pytest.mark.parametrize(
	("change", "place"),
	[
		({"made_utc_ms": 1.5}, "$.made_utc_ms"),
		({"made_utc_ms": -1}, "$.made_utc_ms"),
		({"request": "none"}, "$.request"),
		({"approvals": [1]}, "$.approvals[0]"),
		({"cameras": [{"camera": "a", "name": "b", "unit": "c"}]}, "$.cameras[0].clock_offset_ms"),
		({"ranges": [{"camera": "a", "from_utc_ms": 0, "to_utc_ms": 1, "pieces": [{"kind": "x"}]}]}, "kind"),
		({"time_zone": "Nowhere/City"}, "$.time_zone"),
		({"time_zone": "../etc"}, "$.time_zone"),
		({"files": []}, "$.files"),
		({"extra": 0.1}, "$.extra"),
		({"extra": {"khoảng trống": 1}}, "$.extra"),
		({"extra": "\ud800"}, "$.extra"),
		({"extra": 2**53}, "$.extra"),
		({"made_utc_ms": 0}, "$.made_utc_ms"),
	],
)
def test_facts_that_are_not_what_they_must_be(change, place, signer):
	with pytest.raises(manifest.ManifestFault) as fault:
		PackageWriter(io.BytesIO(), facts(**change), signer)
	assert place in fault.value.place


def test_a_missing_fact_is_named(signer):
	without = facts()
	del without["custody"]
	with pytest.raises(manifest.ManifestFault, match=r"\$\.custody: is missing"):
		PackageWriter(io.BytesIO(), without, signer)


@pytest.mark.parametrize(
	"path",
	[
		"../x",
		"/x",
		"a//b",
		"a\\b",
		"",
		"a/.",
		"c:x",
		"x\0",
		"con",
		"a/NUL.txt",
		"x.",
		"e\u0301",
		"x" * 201,
	],
)
def test_paths_that_not_every_system_unpacks(path, writer):
	with pytest.raises(PackageError, match="not a path"):
		writer.add_file(path, io.BytesIO(b"x"), DOCUMENT, {})


@pytest.mark.parametrize(
	"path", ["A/b.txt", "a/B.txt", "a/b.txt", "a", "a/b.txt/c", "manifest.json", "VERIFY.py"]
)
def test_paths_that_cannot_lie_beside_the_others(path, writer):
	writer.add_file("a/b.txt", io.BytesIO(b"x"), DOCUMENT, {})
	with pytest.raises(PackageError, match="already"):
		writer.add_file(path, io.BytesIO(b"x"), DOCUMENT, {})


def test_a_source_that_changed_ends_the_package(volume, recorded, signer):
	content = (volume / recorded[0].path).read_bytes()
	changed = tampering.flipped(content, len(content) // 2)
	for source, expected, found in (
		(changed, recorded[0].sha256, hashlib.sha256(changed).hexdigest()),
		(content[:-1], len(content), len(content) - 1),
		(content + b"x", len(content), len(content) + 1),
	):
		writer = PackageWriter(io.BytesIO(), facts(), signer)
		details = {
			"camera": "a",
			"start_utc_ms": 0,
			"duration_ms": 1,
			"sha256_at_recording": recorded[0].sha256,
		}
		with pytest.raises(SourceChanged) as error:
			given = (recorded[0].sha256, len(content))
			writer.add_file("goc/a.mp4", io.BytesIO(source), "source", details, *given)
		assert (error.value.path, error.value.expected, error.value.found) == ("goc/a.mp4", expected, found)
		with pytest.raises(PackageError, match="given up"):
			writer.close()
		assert writer.zip.fp is None


def test_a_failing_source_ends_the_package(signer, tmp_path):
	class Failing(io.RawIOBase):
		def read(self, _count=-1):
			raise OSError("the store is away")

	path = tmp_path / "package.zip"
	with pytest.raises(OSError, match="away"), path.open("w+b") as out:
		with PackageWriter(out, facts(), signer) as writer:
			writer.add_file("a.txt", io.BytesIO(b"x"), DOCUMENT, {})
			writer.add_file("b.txt", Failing(), DOCUMENT, {})
	assert verify.verify(str(path)).result == "changed"


def test_details_that_no_manifest_holds(writer):
	with pytest.raises(manifest.ManifestFault):
		writer.add_file("a.txt", io.BytesIO(b"x"), DOCUMENT, {"ratio": 0.5})


def test_a_source_needs_its_details(signer):
	writer = PackageWriter(io.BytesIO(), facts(), signer)
	with pytest.raises(manifest.ManifestFault, match="camera"):
		writer.add_file("goc/a.mp4", io.BytesIO(b"x"), "source", {})


def test_an_expired_certificate_is_refused_at_once(world):
	with pytest.raises(SigningError, match="expired"):
		PackageWriter(io.BytesIO(), facts(), world.expired)


def test_a_package_begins_at_the_start_of_a_file(signer):
	out = io.BytesIO(b"12345")
	out.seek(5)
	with pytest.raises(PackageError, match="start"):
		PackageWriter(out, facts(), signer)


def test_a_closed_package_takes_nothing_more(writer):
	made = writer.close()
	assert made["package_id"] == "GCC-2026-00017"
	for late in (writer.close, lambda: writer.add_file("a", io.BytesIO(), DOCUMENT, {})):
		with pytest.raises(PackageError, match="closed"):
			late()


def test_content_made_on_the_fly(signer, tmp_path):
	"""Small and uneven writes, of what is known only at the end to be large."""
	path, content = tmp_path / "package.zip", bytes(range(256)) * (LARGE // 256)
	with path.open("w+b") as out, PackageWriter(out, facts(), signer) as writer:
		with writer.open_entry("xem/a.mp4", PLAYABLE, {"camera": "a"}) as entry:
			at = 0
			while at < len(content):
				step = 3_000_017
				assert entry.write(content[at : at + step]) <= step and entry.tell() <= len(content)
				at += step
		with writer.open_entry("xem/b.mp4", DERIVATIVE, {"done": "làm mờ"}) as entry:
			entry.write(b"small")
	file, small = listed(path)["files"][:2]
	pieces = [hashlib.sha256(content[at : at + (8 << 20)]).hexdigest() for at in range(0, LARGE, 8 << 20)]
	assert file["pieces"] == pieces and file["size"] == LARGE
	assert "pieces" not in small and small["kind"] == "derivative"
	assert verify.verify(str(path)).result == "intact"


@pytest.fixture(scope="module")
def large(signer, tmp_path_factory) -> Path:
	path = tmp_path_factory.mktemp("large") / "package.zip"
	with path.open("w+b") as out, PackageWriter(out, facts(), signer) as writer:
		writer.add_file("goc.bin", io.BytesIO(bytes(range(256)) * (LARGE // 256)), DOCUMENT, {}, None, LARGE)
	return path


def changed_piece(large: Path, out: Path) -> Path:
	whole = large.read_bytes()
	out.write_bytes(tampering.flipped(whole, tampering.place(large, "goc.bin") + (20 << 20)))
	return out


def test_a_large_file_is_hashed_in_pieces(large, tmp_path):
	assert len(listed(large)["files"][0]["pieces"]) == 9
	assert verify.verify(str(large)).result == "intact"
	report = verify.verify(str(changed_piece(large, tmp_path / "changed.zip")))
	begin = 16 << 20
	assert report.findings == [("changed_piece", "goc.bin", {"begin": begin, "end": begin + (8 << 20) - 1})]


@pytest.mark.browser
def test_a_large_file_in_the_browser(large, browser, tmp_path):
	from giam_sat_mot_cua.media.evidence import page
	from tests.evidence.test_page import findings, judge

	general = tmp_path / "verify.html"
	general.write_bytes(page.render())
	browser.get(general.as_uri())
	assert judge(browser, large) == "intact"
	browser.refresh()
	assert judge(browser, changed_piece(large, tmp_path / "changed.zip")) == "changed"
	assert findings(browser) == {("changed_piece", "goc.bin")}


def test_memory_does_not_grow_with_what_is_packed(signer, tmp_path):
	"""600 MB from a source that makes them; the peak of a process of its own."""
	import subprocess
	import sys

	script = f"""
import resource
from tests.evidence.test_package import Endless, facts
from giam_sat_mot_cua.media.evidence import package, signing
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open({str(tmp_path / "large.zip")!r}, "w+b") as out:
	with package.PackageWriter(out, facts(), signing.make_signer("x", {MADE_MS})) as writer:
		writer.add_file("a", Endless(100 << 20), "document", {{}})
		before = peak()
		writer.add_file("b", Endless(500 << 20), "document", {{}})
		print(peak() - before)
"""
	command = [sys.executable, "-c", script]
	root = Path(__file__).parents[2]
	done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True, timeout=120)
	assert int(done.stdout) < 8192  # kB
	(tmp_path / "large.zip").unlink()


class Endless(io.RawIOBase):
	"""As many bytes as asked for."""

	def __init__(self, size: int):
		self.left = size

	def read(self, count: int = -1) -> bytes:
		count = min(count, self.left)
		self.left -= count
		return bytes(count)


def test_sources_are_read_as_a_recorder_wrote_them(volume, recorded, signer):
	with PackageWriter(io.BytesIO(), facts(), signer) as writer:
		entry = add_source(writer, volume, recorded[0])
	assert entry["sha256"] == recorded[0].sha256 and "pieces" not in entry
