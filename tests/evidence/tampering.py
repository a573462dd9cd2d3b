"""What somebody could do to a package, and what must be found."""

import hashlib
import json
import shutil
import string
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from giam_sat_mot_cua.media.evidence import verify
from giam_sat_mot_cua.media.evidence.signing import Signer
from tests.evidence.packages import OF_EXTRACTION

MARK = '<meta name="gsmc-certificate" content="'


@dataclass(frozen=True)
class World:
	"""An untouched package, who signed it, and who did not."""

	package: Path
	signer: Signer
	other: Signer
	expired: Signer
	weak: tuple  # (key, certificate) of 1024 bits

	@property
	def video(self) -> str:
		return next(name for name in names(self.package) if name.startswith("goc/"))

	@property
	def videos(self) -> list[str]:
		return [name for name in names(self.package) if name.startswith("goc/")]


@dataclass(frozen=True)
class Case:
	"""`make(world, out)` writes a changed package. `code`, `file`: one of the findings; ZIP stands for the
	package's own name, VIDEO for the first source file."""

	name: str
	code: str
	file: str
	make: Callable[[World, Path], None]


# Tools of somebody who knows the format


def contents(package: Path) -> dict[str, bytes]:
	"""Content by name, in order."""
	with zipfile.ZipFile(package) as archive:
		return {info.filename: archive.read(info) for info in archive.infolist()}


def names(package: Path) -> list[str]:
	with zipfile.ZipFile(package) as archive:
		return archive.namelist()


def place(package: Path, name: str) -> int:
	"""Where an entry's content begins."""
	with zipfile.ZipFile(package) as archive:
		info = archive.getinfo(name)
	data = package.read_bytes()[info.header_offset : info.header_offset + 30]
	return (
		info.header_offset
		+ 30
		+ int.from_bytes(data[26:28], "little")
		+ int.from_bytes(data[28:30], "little")
	)


def write_zip(
	out: Path, files: list[tuple[str, bytes]], time: tuple, method: int = zipfile.ZIP_STORED
) -> None:
	"""As a package is written, byte for byte."""
	with zipfile.ZipFile(out, "w", method) as archive:
		for name, content in files:
			info = zipfile.ZipInfo(name, time)
			info.create_system, info.create_version, info.extract_version = 3, 45, 45
			info.external_attr, info.compress_type = 0o100644 << 16, method
			with archive.open(info, "w", force_zip64=True) as target:
				target.write(content)


def time_of(package: Path) -> tuple:
	with zipfile.ZipFile(package) as archive:
		return archive.infolist()[0].date_time


def rewrite(world: World, out: Path, change: Callable[[dict[str, bytes]], object]) -> None:
	"""A package anew, with other files; `change` works on the contents, or returns others."""
	files = contents(world.package)
	files = change(files) or files
	write_zip(out, list(files.items()), time_of(world.package))


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
	changed = bytearray(data)
	changed[at] ^= 1 << bit
	return bytes(changed)


def renamed(files: dict[str, bytes], old: str, new: str) -> dict[str, bytes]:
	return {new if name == old else name: content for name, content in files.items()}


def swapped(files: dict[str, bytes], one: str, other: str) -> dict[str, bytes]:
	return {**files, one: files[other], other: files[one]}


def reseal(
	files: dict[str, bytes],
	key,
	chain: list[bytes],
	edit: Callable[[dict], object] = lambda manifest: None,
	page_too: bool = True,
) -> dict[str, bytes]:
	"""Signed anew: the manifest tells of these certificates, and of whatever `edit` does to it."""
	files = dict(files)
	manifest = json.loads(files[verify.MANIFEST])
	fingerprints = [hashlib.sha256(der).hexdigest() for der in chain]
	manifest["certificate"] = {"fingerprint": fingerprints[0], "chain": fingerprints}
	if page_too:
		begin, _mark, rest = files[verify.PAGE].decode().partition(MARK)
		files[verify.PAGE] = (begin + MARK + fingerprints[0] + rest[64:]).encode()
		list_anew(manifest, verify.PAGE, files[verify.PAGE])
	edit(manifest)
	files[verify.MANIFEST] = verify.canonical(manifest)
	scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
	files[verify.SIGNATURE] = key.sign(files[verify.MANIFEST], scheme, hashes.SHA256())
	files[verify.CERTIFICATE] = b"".join(verify.to_pem(der) for der in chain)
	return files


def list_anew(manifest: dict, path: str, content: bytes) -> None:
	file = next(file for file in manifest["files"] if file["path"] == path)
	file.update(size=len(content), sha256=hashlib.sha256(content).hexdigest(), crc32=zlib.crc32(content))


def by_insider(world: World, out: Path, edit: Callable[[dict], object]) -> None:
	"""Signed anew with the true key."""
	chain = world.signer.chain_der
	rewrite(world, out, lambda files: reseal(files, world.signer.key, chain, edit))


def patched(world: World, out: Path, at: int, data: bytes) -> None:
	whole = world.package.read_bytes()
	out.write_bytes(whole[:at] + data + whole[at + len(data) :])


# Cases


def flip(name: str) -> Callable[[World, Path], None]:
	def make(world: World, out: Path) -> None:
		target = world.video if name == "VIDEO" else name
		at = place(world.package, target) + len(contents(world.package)[target]) // 2
		out.write_bytes(flipped(world.package.read_bytes(), at))

	return make


def flip_certificate(world: World, out: Path) -> None:
	"""In its middle, which is the key, and so that it stays a PEM that can be read."""
	data = contents(world.package)["certificate.pem"]
	letters = (string.ascii_letters + string.digits).encode()
	at = next(at for at in range(len(data) // 2, len(data)) if {data[at], data[at] ^ 1} <= {*letters})
	out.write_bytes(flipped(world.package.read_bytes(), place(world.package, "certificate.pem") + at))


def other_video(world: World, out: Path) -> None:
	one, other, *_rest = world.videos
	rewrite(world, out, lambda files: swapped(files, one, other))


def changed_size(world: World, out: Path) -> None:
	rewrite(world, out, lambda files: files.update({world.video: files[world.video] + b"\0"}))


def added(world: World, out: Path) -> None:
	rewrite(world, out, lambda files: {"them.txt": b"x", **files})


def removed(world: World, out: Path) -> None:
	rewrite(world, out, lambda files: {name: files[name] for name in files if name != world.video})


def renamed_video(world: World, out: Path) -> None:
	rewrite(world, out, lambda files: renamed(files, world.video, "goc/khac.mp4"))


def unsealed(name: str) -> Callable[[World, Path], None]:
	return lambda world, out: rewrite(
		world, out, lambda files: {key: value for key, value in files.items() if key != name}
	)


def another_order(world: World, out: Path) -> None:
	rewrite(world, out, lambda files: dict(sorted(files.items(), reverse=True)))


def doubled(world: World, out: Path) -> None:
	"""A second entry of the same name, before the true one: some programs unpack the first, some the last."""
	files = list(contents(world.package).items())
	write_zip(out, [(world.video, b"other"), *files], time_of(world.package))


def compressed(world: World, out: Path) -> None:
	files = list(contents(world.package).items())
	write_zip(out, files, time_of(world.package), zipfile.ZIP_DEFLATED)


def later_times(world: World, out: Path) -> None:
	write_zip(out, list(contents(world.package).items()), (2027, 1, 1, 0, 0, 0))


def local_header(world: World, out: Path) -> None:
	"""The header before the content and the directory say different sizes."""
	with zipfile.ZipFile(world.package) as archive:
		offset = archive.getinfo(world.video).header_offset
	patched(world, out, offset + 22, b"\x10\0\0\0")


def directory_name(world: World, out: Path) -> None:
	whole = world.package.read_bytes()
	at = whole.rindex(world.video.encode())
	patched(world, out, at, b"GOC")


def appended(world: World, out: Path) -> None:
	out.write_bytes(world.package.read_bytes() + b"hidden")


def prepended(world: World, out: Path) -> None:
	out.write_bytes(b"#!/bin/sh\n" + world.package.read_bytes())


def commented(world: World, out: Path) -> None:
	shutil.copy(world.package, out)
	with zipfile.ZipFile(out, "a") as archive:
		archive.comment = b"hidden"


def between(world: World, out: Path) -> None:
	"""Bytes between two entries; the directory knows where each begins."""
	whole = world.package.read_bytes()
	with zipfile.ZipFile(world.package) as archive:
		offset = archive.getinfo(world.videos[1]).header_offset
	out.write_bytes(whole[:offset] + b"hidden" + whole[offset:])
	shift_directory(out, offset, 6)


def shift_directory(path: Path, first: int, by: int) -> None:
	"""Offsets from `first` on, made to fit `by` more bytes."""
	data = bytearray(path.read_bytes())
	end = data.rindex(b"PK\5\6")
	at = int.from_bytes(data[end + 16 : end + 20], "little") + by
	data[end + 16 : end + 20] = at.to_bytes(4, "little")
	while data[at : at + 4] == b"PK\1\2":
		offset = int.from_bytes(data[at + 42 : at + 46], "little")
		if offset >= first:
			data[at + 42 : at + 46] = (offset + by).to_bytes(4, "little")
		lengths = (int.from_bytes(data[at + n : at + n + 2], "little") for n in (28, 30, 32))
		at += 46 + sum(lengths)
	path.write_bytes(data)


def truncated(world: World, out: Path) -> None:
	whole = world.package.read_bytes()
	out.write_bytes(whole[: len(whole) // 2])


def count_of_entries(world: World, out: Path) -> None:
	whole = world.package.read_bytes()
	patched(world, out, whole.rindex(b"PK\5\6") + 10, b"\x63")


def not_zip(world: World, out: Path) -> None:
	out.write_bytes(b"just a text" * 50)


def other_zip(world: World, out: Path) -> None:
	write_zip(out, [("a.txt", b"a")], (2026, 1, 1, 0, 0, 0))


def signed_by_other(world: World, out: Path) -> None:
	"""The page is left as it was."""
	rewrite(world, out, lambda files: reseal(files, world.other.key, world.other.chain_der, page_too=False))


def all_by_other(world: World, out: Path) -> None:
	"""Everything consistent: a package of somebody else."""
	rewrite(world, out, lambda files: reseal(files, world.other.key, world.other.chain_der))


def other_certificate(world: World, out: Path) -> None:
	rewrite(world, out, lambda files: files.update({verify.CERTIFICATE: world.other.chain_pem}))


def by_expired(world: World, out: Path) -> None:
	rewrite(world, out, lambda files: reseal(files, world.expired.key, world.expired.chain_der))


def by_weak(world: World, out: Path) -> None:
	key, certificate = world.weak
	rewrite(world, out, lambda files: reseal(files, key, [certificate]))


def two_certificates(world: World, out: Path) -> None:
	"""A text before a certificate is no part of it."""
	rewrite(
		world, out, lambda files: files.update({verify.CERTIFICATE: b"text\n" + files[verify.CERTIFICATE]})
	)


def other_at_recording(world: World, out: Path) -> None:
	def edit(manifest: dict) -> None:
		file = next(file for file in manifest["files"] if file["path"] == world.video)
		file["details"]["sha256_at_recording"] = "0" * 64

	by_insider(world, out, edit)


def wrong_size_listed(world: World, out: Path) -> None:
	"""The manifest says another size of content whose hash is right."""
	by_insider(
		world, out, lambda manifest: manifest["files"][0].update(size=manifest["files"][0]["size"] + 1)
	)


def no_request(world: World, out: Path) -> None:
	by_insider(world, out, lambda manifest: manifest.pop("request"))


def broken_number(world: World, out: Path) -> None:
	by_insider(world, out, lambda manifest: manifest.update(extra=[1, {"ratio": 0.5}]))


def unsafe_path(world: World, out: Path) -> None:
	by_insider(world, out, lambda manifest: manifest["files"][0].update(path="../x.mp4"))


def next_format(world: World, out: Path) -> None:
	by_insider(world, out, lambda manifest: manifest.update(format="gsmc-evidence/2"))


def key_of_ec(world: World, out: Path) -> None:
	"""A certificate of another kind of key."""
	from cryptography.hazmat.primitives.asymmetric import ec
	from cryptography.hazmat.primitives.serialization import Encoding

	key = ec.generate_private_key(ec.SECP256R1())
	old = world.signer.certificate
	builder = x509.CertificateBuilder(old.issuer, old.subject, key.public_key(), 1)
	builder = builder.not_valid_before(old.not_valid_before_utc).not_valid_after(old.not_valid_after_utc)
	der = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
	rewrite(world, out, lambda files: files.update({verify.CERTIFICATE: verify.to_pem(der)}))


ZIP, VIDEO, MINUTES = "ZIP", "VIDEO", "bien-ban/Biên bản bàn giao.pdf"
CASES = [
	Case("a bit of a video", "changed_content", VIDEO, flip(VIDEO)),
	Case(
		"a bit of the minutes",
		"changed_content",
		"bien-ban/Biên bản bàn giao.pdf",
		flip("bien-ban/Biên bản bàn giao.pdf"),
	),
	Case("a bit of the minutes of extraction", "changed_content", OF_EXTRACTION, flip(OF_EXTRACTION)),
	Case("a bit of the page", "changed_content", "verify.html", flip("verify.html")),
	Case("a bit of the program", "changed_content", "verify.py", flip("verify.py")),
	Case("a bit of the manifest", "signature_wrong", "manifest.sig", flip("manifest.json")),
	Case("a bit of the signature", "signature_wrong", "manifest.sig", flip("manifest.sig")),
	Case("a bit of the certificate", "certificate_differs", "certificate.pem", flip_certificate),
	Case("videos swapped", "swapped_file", VIDEO, other_video),
	Case("a byte more", "size_differs", VIDEO, changed_size),
	Case("a file added", "added_file", "them.txt", added),
	Case("a video removed", "missing_file", VIDEO, removed),
	Case("a video renamed", "renamed_file", "goc/khac.mp4", renamed_video),
	Case("no manifest", "missing_file", "manifest.json", unsealed("manifest.json")),
	Case("no signature", "missing_file", "manifest.sig", unsealed("manifest.sig")),
	Case("no certificate", "missing_file", "certificate.pem", unsealed("certificate.pem")),
	Case("another order", "entry_order", ZIP, another_order),
	Case("a name twice", "duplicate_entry", VIDEO, doubled),
	Case("compressed", "compressed_entry", VIDEO, compressed),
	Case("other times", "entry_header", VIDEO, later_times),
	Case("a header that differs", "entry_header", VIDEO, local_header),
	Case("a name in the directory", "entry_header", "GOC/", directory_name),
	Case("bytes after", "hidden_bytes", ZIP, appended),
	Case("bytes before", "hidden_bytes", ZIP, prepended),
	Case("a comment", "hidden_bytes", ZIP, commented),
	Case("bytes between", "hidden_bytes", ZIP, between),
	Case("half of it", "truncated", ZIP, truncated),
	Case("a count", "archive_records", ZIP, count_of_entries),
	Case("no ZIP", "not_a_package", ZIP, not_zip),
	Case("another ZIP", "not_a_package", ZIP, other_zip),
	Case("signed by another, the page left", "certificate_in_page", "verify.html", signed_by_other),
	Case("another certificate", "certificate_differs", "certificate.pem", other_certificate),
	Case("text in the certificate", "certificate_unreadable", "certificate.pem", two_certificates),
	Case("a certificate without RSA", "certificate_unreadable", "certificate.pem", key_of_ec),
	Case("an old certificate", "certificate_not_valid", "certificate.pem", by_expired),
	Case("a weak key", "weak_key", "certificate.pem", by_weak),
	Case("not what was recorded", "source_differs", VIDEO, other_at_recording),
	Case("a size that is not", "pieces_differ", VIDEO, wrong_size_listed),
	Case("a fact missing", "manifest_unreadable", "manifest.json", no_request),
	Case("a number with a fraction", "manifest_unreadable", "manifest.json", broken_number),
	Case("an unsafe path", "manifest_unreadable", "manifest.json", unsafe_path),
	Case("a later format", "unknown_format", "manifest.json", next_format),
]
