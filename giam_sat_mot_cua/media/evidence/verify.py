#!/usr/bin/env python3
"""Verifies an evidence package offline: `python3 verify.py PACKAGE.zip`, or the folder it was unpacked to.

Stands alone: Python 3.8 or newer and its standard library. A copy lies in every package; `gsmc-media verify`
runs the same code. The format, and what each finding means: docs/evidence-format.md of the product.

Exit codes: 0 intact, 1 changed, 2 wrong usage, 3 unreadable.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import stat
import struct
import sys
import unicodedata
import zlib
from datetime import datetime, timedelta, timezone

FORMAT = "gsmc-evidence/1"
MANIFEST, SIGNATURE, CERTIFICATE = "manifest.json", "manifest.sig", "certificate.pem"
SEAL = (MANIFEST, SIGNATURE, CERTIFICATE)  # not listed in the manifest
PAGE = "verify.html"
CHUNK_BYTES = 1 << 20
PIECE_BYTES = 8 << 20
LARGEST_WITHOUT_PIECES = 64 << 20
LARGEST_DIRECTORY = 64 << 20  # of a ZIP: some 500,000 entries
LARGEST_SEAL = {MANIFEST: 256 << 20, SIGNATURE: 1 << 14, CERTIFICATE: 1 << 20}
TOO_LARGE = {
	MANIFEST: "manifest_unreadable",
	SIGNATURE: "signature_wrong",
	CERTIFICATE: "certificate_unreadable",
}
LEAST_KEY_BITS, MOST_KEY_BITS, MOST_EXPONENT_BITS = 2048, 8192, 32
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# What can be found: code -> (Vietnamese, English). verify.html shows the same list.
TEXTS = {
	"not_a_package": (
		"Đây không phải là gói chứng cứ (không có manifest.json, manifest.sig, certificate.pem).",
		"This is not an evidence package (it has no manifest.json, manifest.sig, certificate.pem).",
	),
	"read_failed": ("Không đọc được.", "It cannot be read."),
	"unknown_format": (
		"Bản kê theo định dạng {found}; chương trình này chỉ biết {expected}.",
		"The manifest has the format {found}; this program knows only {expected}.",
	),
	"truncated": (
		"Tệp ZIP bị cắt cụt hoặc hỏng mục lục ở cuối tệp.",
		"The ZIP is truncated, or the directory at its end is damaged.",
	),
	"archive_records": (
		"Mục lục của tệp ZIP không nhất quán.",
		"The directory of the ZIP contradicts itself.",
	),
	"hidden_bytes": (
		"Có {count} byte từ vị trí {at} không thuộc tệp nào trong gói.",
		"{count} bytes at {at} belong to no file of the package.",
	),
	"duplicate_entry": (
		"Tên tệp này có nhiều hơn một lần trong gói.",
		"This name is in the package more than once.",
	),
	"compressed_entry": (
		"Tệp bị nén hoặc mã hóa; gói khi lập không nén. Hãy giải nén rồi kiểm tra thư mục.",
		"The file is compressed or encrypted, as no package is when made. Unpack it and verify the folder.",
	),
	"entry_header": (
		"Thông tin về tệp trong ZIP không khớp với mục lục hoặc không đúng như khi lập gói.",
		"What the ZIP says of the file does not agree with its directory, or is not as it was made.",
	),
	"entry_order": (
		"Thứ tự các tệp trong ZIP không đúng như khi lập gói.",
		"The files do not lie in the ZIP in the order in which it was made.",
	),
	"not_a_file": ("Đây không phải là tệp thông thường.", "This is not a regular file."),
	"missing_file": (
		"Tệp thuộc gói khi lập nhưng nay không còn.",
		"The file belongs to the package and is not there.",
	),
	"added_file": (
		"Tệp không có trong bản kê: đã được thêm vào sau khi lập gói.",
		"The file is not in the manifest: it was added later.",
	),
	"renamed_file": ("Tệp này vốn có tên {other}, đã bị đổi tên.", "This is {other}, renamed."),
	"swapped_file": (
		"Nội dung đã bị thay bằng nội dung của {other}.",
		"The content was replaced by that of {other}.",
	),
	"size_differs": (
		"Nội dung đã bị thay đổi: dung lượng {found} byte, bản kê ghi {expected} byte.",
		"The content was changed: {found} bytes, the manifest says {expected}.",
	),
	"changed_content": (
		"Nội dung đã bị thay đổi (SHA-256 không khớp).",
		"The content was changed (its SHA-256 differs).",
	),
	"changed_piece": (
		"Nội dung đã bị thay đổi, lần đầu trong khoảng byte {begin} đến {end} (SHA-256 không khớp).",
		"The content was changed, first between bytes {begin} and {end} (their SHA-256 differs).",
	),
	"pieces_differ": (
		"Bản kê tự mâu thuẫn về tệp này (dung lượng, CRC-32 hoặc giá trị băm từng phần).",
		"The manifest contradicts itself about this file (size, CRC-32 or hashes of pieces).",
	),
	"source_differs": (
		"Tệp gốc trong gói không giống tệp khi ghi hình (SHA-256 lúc ghi: {expected}).",
		"The source file is not the one that was recorded (SHA-256 at recording: {expected}).",
	),
	"manifest_unreadable": (
		"Bản kê manifest.json không đúng mẫu (tại {place}).",
		"manifest.json is not as it must be (at {place}).",
	),
	"signature_wrong": (
		"Chữ ký không khớp với bản kê: bản kê hoặc chữ ký đã bị sửa, hoặc được ký bằng khóa khác.",
		"The signature does not fit the manifest: either was changed, or another key signed it.",
	),
	"certificate_unreadable": (
		"Chứng thư không đọc được hoặc đã bị sửa.",
		"The certificate cannot be read, or was changed.",
	),
	"certificate_differs": (
		"Đây không phải là chứng thư nêu trong bản kê.",
		"This is not the certificate that the manifest names.",
	),
	"certificate_in_page": (
		"Trang kiểm tra mang dấu vân tay của chứng thư khác: gói có thể đã bị ký lại bằng khóa khác.",
		"The page names another certificate: the package may have been signed anew with another key.",
	),
	"certificate_not_valid": (
		"Chứng thư không có hiệu lực lúc lập gói ({made_ms}); hiệu lực từ {begin_ms} đến {end_ms}.",
		"The certificate was not valid when the package was made ({made_ms}), only {begin_ms} to {end_ms}.",
	),
	"weak_key": (
		"Khóa ký yếu hoặc không hợp lệ ({bits} bit; cần RSA từ 2048 bit).",
		"The key is weak or invalid ({bits} bits; RSA of at least 2048 is needed).",
	),
	"signer_differs": (
		"Chứng thư không có dấu vân tay đã cho: người ký gói này không phải là người ký nêu trong biên bản.",
		"The certificate has not the fingerprint that was given: somebody else signed this package.",
	),
}
# Alone, these say that nothing could be judged; beside any other, the package was changed.
UNREADABLE = ("not_a_package", "read_failed", "unknown_format")

# What a manifest holds, at least; unknown keys are allowed. A text describes a value, see VALUES; "a|b": one
# of these; "=a": this. {}: any object. [x]: a list of x.
SHAPE = {
	"format": "text",
	"package_id": "text",
	"made_utc_ms": "time",
	"made_by": "text",
	"site": "text",
	"software": "text",
	"time_zone": "text",
	"request": {},
	"approvals": [{}],
	"cameras": [{"camera": "text", "name": "text", "unit": "text", "clock_offset_ms": "int?"}],
	"ranges": [
		{
			"camera": "text",
			"from_utc_ms": "time",
			"to_utc_ms": "time",
			"pieces": [
				{
					"kind": "recorded|gap|removed|missing|unknown",
					"begin_utc_ms": "time",
					"end_utc_ms": "time",
					"note": "text",
				}
			],
		}
	],
	"custody": [{"at_utc_ms": "time", "who": "text", "what": "text"}],
	"archive": {"entry_time": "moment"},
	"certificate": {"fingerprint": "sha256", "chain": ["sha256"]},
	"signature": {"algorithm": "=RSA-PSS", "hash": "=SHA-256", "mask": "=MGF1-SHA-256", "salt_bytes": "=32"},
	"files": [
		{
			"path": "path",
			"kind": "source|playable|derivative|document|verifier",
			"size": "count",
			"sha256": "sha256",
			"crc32": "count",
			"details": {},
		}
	],
}
SOURCE_SHAPE = {
	"camera": "text",
	"start_utc_ms": "time",
	"duration_ms": "count",
	"sha256_at_recording": "sha256",
}
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
SHA256 = re.compile(r"[0-9a-f]{64}")
MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)", re.ASCII)
MOST_INT = 2**53 - 1  # what every JSON reader keeps exactly
MOST_TIME_MS = 253_402_300_800_000  # the year 10000
MOST_DEPTH = 16
NAME = re.compile(r'[^\x00-\x1f\x7f<>:"|?*\\/]{1,120}')  # one step of a path that every system can write
DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.ASCII | re.IGNORECASE)


# --- What is found -------------------------------------------------------------------------------------


class Report:
	"""What a verification found. `findings`: (code, file, facts for the text)."""

	def __init__(self, package: str):
		self.package = package
		self.findings: list[tuple[str, str, dict]] = []
		self.certificate: Certificate | None = None
		self.manifest: dict | None = None
		self.fingerprint_given = False
		self.signer_confirmed = False
		self.files = self.bytes = 0

	def add(self, code: str, file: str = "", **facts) -> None:
		self.findings.append((code, file or self.package, facts))

	def has(self, *codes: str) -> bool:
		return any(code in codes for code, _file, _facts in self.findings)

	@property
	def result(self) -> str:
		"""intact, changed or unreadable."""
		if not self.findings:
			return "intact"
		return "unreadable" if all(found[0] in UNREADABLE for found in self.findings) else "changed"


class Stop(Exception):
	"""Nothing further can be judged; what was found says why."""


# --- DER and X.509 (RFC 5280), as far as it is needed ---------------------------------------------------


class Certificate:
	"""What a DER certificate says. ValueError when it is none with an RSA key."""

	NAMES = {
		"2.5.4.3": "CN",
		"2.5.4.5": "serialNumber",
		"2.5.4.6": "C",
		"2.5.4.7": "L",
		"2.5.4.8": "ST",
		"2.5.4.10": "O",
		"2.5.4.11": "OU",
		"0.9.2342.19200300.100.1.1": "UID",
	}
	RSA = bytes.fromhex("06092a864886f70d010101")

	def __init__(self, der: bytes):
		self.der = der
		self.fingerprint = hashlib.sha256(der).hexdigest()
		(whole,) = children(der, (0, len(der)), 0x30)
		body, _algorithm, _signature = children(der, whole)
		fields = children(der, body)
		if fields[0][2] == 0xA0:  # version
			fields = fields[1:]
		serial, _algorithm, issuer, validity, subject, key = fields[:6]
		self.serial = f"{int.from_bytes(der[serial[0] : serial[1]], 'big'):x}"
		self.issuer, self.subject = distinguished_name(der, issuer), distinguished_name(der, subject)
		self.begin_ms, self.end_ms = (time_of(der, one) for one in children(der, validity))
		self.read_key(key)

	def read_key(self, key: tuple[int, int, int]) -> None:
		algorithm, bits = children(self.der, key)
		if not self.der[algorithm[0] : algorithm[1]].startswith(self.RSA):
			raise ValueError("not an RSA key")
		if self.der[bits[0]] != 0:
			raise ValueError("not whole bytes")
		(numbers,) = children(self.der, (bits[0] + 1, bits[1]), 0x30)
		modulus, exponent = children(self.der, numbers, 2)
		self.n = int.from_bytes(self.der[modulus[0] : modulus[1]], "big")
		self.e = int.from_bytes(self.der[exponent[0] : exponent[1]], "big")

	@property
	def key_bits(self) -> int:
		return self.n.bit_length()

	@property
	def key_is_strong(self) -> bool:
		odd = self.n % 2 and self.e % 2
		fits = LEAST_KEY_BITS <= self.key_bits <= MOST_KEY_BITS
		return bool(odd and fits and 3 <= self.e and self.e.bit_length() <= MOST_EXPONENT_BITS)


def children(data: bytes, place: tuple, tag: int = 0) -> list[tuple[int, int, int]]:
	"""(begin, end, tag) of the values in data[begin:end] of `place`, which they fill, and of which the first
	has `tag`. ValueError when they do not."""
	at, end = place[:2]
	found = []
	while at < end:
		kind, length, at = data[at], data[at + 1] if at + 1 < end else 0x80, at + 2
		if length & 0x80:
			count = length & 0x7F
			if not 1 <= count <= 4 or at + count > end:
				raise ValueError("a length that DER has not")
			length, at = int.from_bytes(data[at : at + count], "big"), at + count
		if at + length > end:
			raise ValueError("a value overruns")
		found.append((at, at + length, kind))
		at += length
	if not found or (tag and found[0][2] != tag):
		raise ValueError("not what was expected")
	return found


def distinguished_name(data: bytes, place: tuple[int, int, int]) -> str:
	parts = []
	for group in children(data, place, 0x31):
		for pair in children(data, group, 0x30):
			kind, value = children(data, pair, 6)
			name = dotted(data[kind[0] : kind[1]])
			parts.append(
				f"{Certificate.NAMES.get(name, name)}={text_of(data[value[0] : value[1]], value[2])}"
			)
	return ", ".join(parts)


def dotted(oid: bytes) -> str:
	numbers, value = [], 0
	for byte in oid:
		value = value << 7 | byte & 0x7F
		if not byte & 0x80:
			numbers.append(value)
			value = 0
	first = min(numbers[0] // 40, 2) if numbers else 0
	return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]])) if numbers else ""


def text_of(data: bytes, tag: int) -> str:
	return data.decode({30: "utf-16-be", 20: "latin-1"}.get(tag, "utf-8"), "replace")


def time_of(data: bytes, place: tuple[int, int, int]) -> int:
	"""UTC in ms of a UTCTime or GeneralizedTime."""
	digits = data[place[0] : place[1]].decode("ascii")
	if place[2] == 0x17:
		digits = ("19" if digits[:2] >= "50" else "20") + digits
	if not re.fullmatch(r"\d{14}Z", digits):
		raise ValueError("not a time")
	return to_ms(datetime.strptime(digits, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc))


def to_ms(moment: datetime) -> int:
	return (moment - EPOCH) // timedelta(milliseconds=1)


def pem_certificates(data: bytes) -> list[bytes]:
	"""DER of the certificates of a PEM file that holds nothing else, as a package has it. ValueError."""
	begin, end = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"
	found = []
	while data:
		body, mark, data = data.partition(end)
		if not mark or not body.startswith(begin):
			raise ValueError("not a certificate")
		der = base64.b64decode(body[len(begin) :], validate=False)
		if to_pem(der) != body + end:
			raise ValueError("not written as PEM is")
		found.append(der)
	if not found:
		raise ValueError("no certificate")
	return found


def to_pem(der: bytes) -> bytes:
	text = base64.b64encode(der)
	lines = [text[at : at + 64] for at in range(0, len(text), 64)]
	return b"\n".join([b"-----BEGIN CERTIFICATE-----", *lines, b"-----END CERTIFICATE-----", b""])


def grouped(fingerprint: str) -> str:
	"""As it is printed: in groups of four digits."""
	return " ".join(fingerprint[at : at + 4] for at in range(0, 64, 4)).upper()


# --- RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes (RFC 8017, 8.1.2 and 9.1.2) -------------


def signature_fits(certificate: Certificate, message: bytes, signature: bytes) -> bool:
	n, bits = certificate.n, certificate.key_bits - 1
	length = (bits + 7) // 8
	value = int.from_bytes(signature, "big")
	if len(signature) != (n.bit_length() + 7) // 8 or value >= n:
		return False
	value = pow(value, certificate.e, n)
	if value.bit_length() > bits:
		return False
	encoded = value.to_bytes(length, "big")
	masked, digest, tail = encoded[:-33], encoded[-33:-1], encoded[-1]
	if tail != 0xBC or len(masked) < 33:
		return False
	block = bytearray(a ^ b for a, b in zip(masked, mask(digest, len(masked))))
	block[0] &= 0xFF >> (8 * length - bits)
	padding, mark, salt = block[:-33], block[-33], bytes(block[-32:])
	if any(padding) or mark != 1:
		return False
	inner = hashlib.sha256(message).digest()
	return hashlib.sha256(bytes(8) + inner + salt).digest() == digest


def mask(seed: bytes, length: int) -> bytes:
	"""MGF1."""
	blocks = range((length + 31) // 32)
	return b"".join(hashlib.sha256(seed + struct.pack(">I", one)).digest() for one in blocks)[:length]


# --- The manifest --------------------------------------------------------------------------------------


class ManifestFault(ValueError):
	"""A manifest that is not as it must be. `place`: where, as $.files[3].sha256."""

	def __init__(self, place: str, why: str = "not what it must be"):
		super().__init__(f"{place}: {why}")
		self.place = place


class UnknownFormat(Exception):
	"""The manifest says that it has another format than this program knows."""


def canonical(manifest: dict) -> bytes:
	"""The one way to write a manifest: keys sorted, one space of indentation a level, UTF-8."""
	text = json.dumps(manifest, sort_keys=True, ensure_ascii=False, indent=1, separators=(",", ": "))
	return text.encode("utf-8")


def parse_manifest(data: bytes) -> dict:
	"""Raises ManifestFault, UnknownFormat."""
	try:
		manifest = json.loads(data.decode("utf-8"), parse_int=short_int, parse_constant=refuse)
	except (ValueError, RecursionError) as error:
		raise ManifestFault("$", "not JSON") from error
	if isinstance(manifest, dict) and isinstance(manifest.get("format"), str):
		if manifest["format"] != FORMAT:
			raise UnknownFormat(manifest["format"])
	check_manifest(manifest)
	if canonical(manifest) != data:
		raise ManifestFault("$", "not in its canonical form")
	return manifest


def short_int(digits: str) -> int:
	if len(digits) > 17:
		raise ValueError("a number too large")
	return int(digits)


def refuse(constant: str) -> None:
	raise ValueError(constant)


def check_manifest(manifest: dict) -> None:
	"""Raises ManifestFault."""
	check_plain(manifest, "$", 0)
	check_shape(manifest, SHAPE, "$")
	paths = Paths(SEAL)
	for number, file in enumerate(manifest["files"]):
		place = f"$.files[{number}]"
		if not paths.add(file["path"]):
			raise ManifestFault(f"{place}.path", "is there twice, or differs only in case")
		if file["kind"] == "source":
			check_shape(file["details"], SOURCE_SHAPE, f"{place}.details")
		if (file["size"] > LARGEST_WITHOUT_PIECES) != ("pieces" in file):
			raise ManifestFault(f"{place}.pieces", "must be there for large files only")
		check_shape(file.get("pieces", []), ["sha256"], f"{place}.pieces")


def check_plain(value: object, place: str, depth: int) -> None:
	"""Objects with simple keys, lists, texts, whole numbers that every reader keeps, true, false, null."""
	if depth > MOST_DEPTH:
		raise ManifestFault(place, "too deep")
	if isinstance(value, dict):
		for key, inner in value.items():
			if not isinstance(key, str) or not KEY.fullmatch(key):
				raise ManifestFault(place, "a key that is not simple")
			check_plain(inner, f"{place}.{key}", depth + 1)
	elif isinstance(value, list):
		for number, inner in enumerate(value):
			check_plain(inner, f"{place}[{number}]", depth + 1)
	elif isinstance(value, str):
		if any(0xD800 <= ord(char) < 0xE000 for char in value):
			raise ManifestFault(place, "half a character")
	elif isinstance(value, int):
		if abs(value) > MOST_INT:
			raise ManifestFault(place, "a number too large")
	elif value is not None:
		raise ManifestFault(place, f"no {type(value).__name__} here")


def check_shape(value: object, shape: object, place: str) -> None:
	if isinstance(shape, dict):
		if not isinstance(value, dict):
			raise ManifestFault(place, "not an object")
		for key, inner in shape.items():
			if key not in value:
				raise ManifestFault(f"{place}.{key}", "is missing")
			check_shape(value[key], inner, f"{place}.{key}")
	elif isinstance(shape, list):
		if not isinstance(value, list):
			raise ManifestFault(place, "not a list")
		for number, one in enumerate(value):
			check_shape(one, shape[0], f"{place}[{number}]")
	elif not fits(value, shape):
		raise ManifestFault(place, f"not {shape}")


def fits(value: object, kind: str) -> bool:
	if kind in VALUES:
		return VALUES[kind](value)
	if kind.startswith("="):
		return not isinstance(value, bool) and str(value) == kind[1:]
	return isinstance(value, str) and value in kind.split("|")


def is_int(value: object) -> bool:
	return isinstance(value, int) and not isinstance(value, bool)


def is_moment(value: object) -> bool:
	return isinstance(value, str) and bool(MOMENT.fullmatch(value)) and dos_time(value) is not None


def is_safe_path(value: object) -> bool:
	"""A relative path that every system can unpack, written in the one way (NFC)."""
	if (
		not isinstance(value, str)
		or not 0 < len(value) <= 200
		or unicodedata.normalize("NFC", value) != value
	):
		return False
	steps = value.split("/")
	return all(NAME.fullmatch(s) and s[-1] not in ". " and not DEVICE.fullmatch(s) for s in steps)


class Paths:
	"""The paths of a package: on any system all can be unpacked beside each other."""

	def __init__(self, first: tuple[str, ...]):
		self.files: set[str] = set()
		self.folders: dict[str, str] = {}  # as it is written, by its lower case
		for path in first:
			self.add(path)

	def add(self, path: str) -> bool:
		"""Whether it can lie beside the others."""
		steps = path.split("/")
		above = ["/".join(steps[:count]) for count in range(1, len(steps))]
		if path.lower() in self.files or path.lower() in self.folders:
			return False
		if any(folder.lower() in self.files for folder in above):
			return False
		if any(self.folders.setdefault(folder.lower(), folder) != folder for folder in above):
			return False
		self.files.add(path.lower())
		return True


VALUES = {
	"text": lambda value: isinstance(value, str),
	"int?": lambda value: value is None or is_int(value),
	"count": lambda value: is_int(value) and value >= 0,
	"time": lambda value: is_int(value) and 0 <= value < MOST_TIME_MS,
	"sha256": lambda value: isinstance(value, str) and bool(SHA256.fullmatch(value)),
	"moment": is_moment,
	"path": is_safe_path,
}


def dos_time(moment: str) -> tuple[int, int] | None:
	"""(time, date) in a ZIP of a MOMENT; None when a ZIP cannot say it."""
	try:
		at = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S")
	except ValueError:
		return None
	if not 1980 <= at.year <= 2107 or at.second % 2:
		return None
	return at.hour << 11 | at.minute << 5 | at.second >> 1, (at.year - 1980) << 9 | at.month << 5 | at.day


# --- The package as a folder ---------------------------------------------------------------------------


class Folder:
	"""A package that was unpacked."""

	def __init__(self, top: str, report: Report):
		self.top, self.report = top, report
		self.sizes: dict[str, int] = {}
		self.places: dict[str, str] = {}
		for folder, folders, files in os.walk(top, onerror=raise_it):
			for name in [*files, *(one for one in folders if os.path.islink(os.path.join(folder, one)))]:
				self.take(os.path.join(folder, name))

	def take(self, place: str) -> None:
		name = os.path.relpath(place, self.top).replace(os.sep, "/")
		name = unicodedata.normalize("NFC", name)  # some systems write names in another form
		found = os.lstat(place)
		if not stat.S_ISREG(found.st_mode):
			self.report.add("not_a_file", name)
		elif name in self.sizes:
			self.report.add("duplicate_entry", name)
		else:
			self.sizes[name], self.places[name] = found.st_size, place

	def names(self) -> list[str]:
		return sorted(self.sizes)

	def can_read(self, name: str) -> bool:
		return name in self.places

	def chunks(self, name: str):
		with open(self.places[name], "rb") as file:
			while True:
				chunk = file.read(CHUNK_BYTES)
				if not chunk:
					return
				yield chunk

	def check_against(self, manifest: dict) -> None:
		"""A folder has nothing but its files."""

	def close(self) -> None:
		pass


def raise_it(error: OSError) -> None:
	raise error


# --- The package as a ZIP (APPNOTE 6.3.9), of which every byte must be as the writer writes it -------------

END, END64, LOCATOR = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
CENTRAL, LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
MADE, NEEDED, ATTRIBUTES = 3 << 8 | 45, 45, 0o100644 << 16
MOST16, MOST32 = 0xFFFF, 0xFFFFFFFF


class Entry:
	"""A file in the directory of a ZIP."""

	def __init__(self, data: bytes, at: int, shift: int):
		"""Raises ValueError, struct.error when there is none at `at`."""
		fields = CENTRAL.unpack_from(data, at)
		if fields[0] != b"PK\1\2":
			raise ValueError("not an entry")
		made, needed, self.flags, self.method, self.time, self.date, self.crc = fields[1:8]
		self.packed, self.size, name, extra, comment, disk, internal, external, offset = fields[8:]
		at += CENTRAL.size
		self.end = at + name + extra + comment
		if self.end > len(data):
			raise ValueError("an entry overruns")
		self.raw = data[at : at + name]
		self.name, well_named = decode(self.raw, self.flags)
		sizes = [self.size, self.packed, offset]
		(self.size, self.packed, offset), well_sized = wide(sizes, data[at + name : at + name + extra])
		self.offset = offset + shift
		same = (made, needed, comment, disk, internal, external) == (MADE, NEEDED, 0, 0, 0, ATTRIBUTES)
		self.regular = same and well_named and well_sized
		self.begin: int | None = None  # of its content, when it can be read

	@property
	def stored(self) -> bool:
		return self.method == 0 and not self.flags & 0x2041 and self.packed == self.size

	def look_at_header(self, file, limit: int) -> bool:
		"""Whether the header before the content agrees; finds the content, which ends before `limit`."""
		head = read_at(file, self.offset, LOCAL.size)
		if len(head) < LOCAL.size or not head.startswith(b"PK\3\4"):
			return False
		_mark, needed, flags, method, time, date, crc, packed, size, name, extra = LOCAL.unpack(head)
		rest = read_at(file, self.offset + LOCAL.size, name + extra)
		begin = self.offset + LOCAL.size + name + extra
		if begin + self.packed > limit:
			return False
		self.begin = begin
		said = (flags, method, time, date, crc, rest[:name], needed)
		if said != (self.flags, self.method, self.time, self.date, self.crc, self.raw, NEEDED):
			return False
		return sizes_agree((size, packed), (self.size, self.packed), rest[name:])


def sizes_agree(said: tuple[int, int], real: tuple[int, int], extra: bytes) -> bool:
	"""Of a header: with the ZIP64 record that always follows it, its own fields may say "see there"."""
	if extra != struct.pack("<HHQQ", 1, 16, *real):
		return False
	return said in (real, (MOST32, MOST32))


def wide(fields: list[int], extra: bytes) -> tuple[list[int], bool]:
	"""The fields with those that the ZIP64 record brings, and whether `extra` holds that and nothing else."""
	places = [number for number, value in enumerate(fields) if value == MOST32]
	if not extra:
		return fields, True
	if extra[:4] != struct.pack("<HH", 1, 8 * len(places)) or len(extra) != 4 + 8 * len(places) or not places:
		return fields, False
	fields = list(fields)
	for place, value in zip(places, struct.unpack(f"<{len(places)}Q", extra[4:])):
		fields[place] = value
	return fields, True


def decode(raw: bytes, flags: int) -> tuple[str, bool]:
	"""The name, and whether it is written as it must be: UTF-8, the flag only where it is needed."""
	try:
		name = raw.decode("utf-8")
	except UnicodeDecodeError:
		return raw.decode("utf-8", "backslashreplace"), False
	plain = all(byte < 0x80 for byte in raw)
	return name, flags == (0 if plain else 0x800)


def read_at(file, at: int, count: int) -> bytes:
	"""What is there; nothing beyond the end, wherever a damaged directory points."""
	if at > MOST_INT:
		return b""
	file.seek(at)
	return file.read(count)


class Archive:
	"""A package as a ZIP. What is wrong with the ZIP goes into the report while it is read."""

	def __init__(self, file, report: Report):
		"""Raises Stop when its directory cannot be read."""
		self.file, self.report = file, report
		self.size = file.seek(0, 2)
		self.entries: dict[str, Entry] = {}
		self.order: list[Entry] = []
		self.find_end()
		self.read_directory()
		self.look_at_headers()
		self.look_between()

	def stop(self, code: str) -> None:
		self.report.add(code)
		raise Stop

	def find_end(self) -> None:
		"""The records at the end: where the directory lies."""
		begin = max(0, self.size - END.size - MOST16)
		tail = read_at(self.file, begin, self.size - begin)
		place = tail.rfind(b"PK\5\6", 0, len(tail) - END.size + 4) if len(tail) >= END.size else -1
		if place < 0:
			self.stop("truncated" if read_at(self.file, 0, 4) == b"PK\3\4" else "not_a_package")
		at = begin + place
		self.hidden(at + END.size, self.size)
		_mark, disk, first_disk, here, count, length, offset, comment = END.unpack_from(tail, place)
		real = self.find_wide_end(at, (count, length, offset))
		self.count, self.length, self.begin = real
		short = tuple(min(value, most) for value, most in zip(real, (MOST16, MOST32, MOST32)))
		if (disk, first_disk, here, comment) != (0, 0, count, 0) or (count, length, offset) != short:
			self.report.add("archive_records")
		self.find_directory()

	def find_wide_end(self, at: int, said: tuple[int, int, int]) -> tuple[int, int, int]:
		"""(entries, bytes of the directory, its place), with what the ZIP64 records say."""
		self.end = at
		locator = read_at(self.file, at - LOCATOR.size, LOCATOR.size) if at >= LOCATOR.size else b""
		if not locator.startswith(b"PK\6\7"):
			return said
		place = at - LOCATOR.size - END64.size
		record = read_at(self.file, place, END64.size) if place >= 0 else b""
		if not record.startswith(b"PK\6\6"):
			self.stop("archive_records")
		self.end = place
		_mark, size, made, needed, disk, first_disk, here, count, length, offset = END64.unpack(record)
		fixed = (size, made, needed, disk, first_disk, here) == (44, 45, 45, 0, 0, count)
		if not fixed or LOCATOR.unpack(locator)[1:] != (0, place, 1):
			self.report.add("archive_records")
		return count, length, offset

	def find_directory(self) -> None:
		"""It ends where the records begin. When bytes were put before all, places count from after them."""
		self.shift = 0
		if self.begin + self.length > self.end or self.length > LARGEST_DIRECTORY:
			self.stop("archive_records")
		gap = self.end - self.begin - self.length
		if gap and read_at(self.file, self.begin, 4) == b"PK\1\2":
			self.hidden(self.begin + self.length, self.end)
		elif gap:
			self.begin += gap
			if read_at(self.file, gap, 4) == b"PK\3\4":
				self.shift = gap
			else:
				self.report.add("archive_records")

	def read_directory(self) -> None:
		data = read_at(self.file, self.begin, self.length)
		at = 0
		try:
			while at < len(data):
				entry = Entry(data, at, self.shift)
				at = entry.end
				self.order.append(entry)
		except (ValueError, struct.error):
			self.stop("archive_records")
		if len(self.order) != self.count:
			self.report.add("archive_records")
		for entry in self.order:
			if entry.name in self.entries:
				self.report.add("duplicate_entry", entry.name)
			self.entries.setdefault(entry.name, entry)

	def look_at_headers(self) -> None:
		for entry in self.order:
			agrees = entry.look_at_header(self.file, self.begin)
			if not entry.stored:
				self.report.add("compressed_entry", entry.name)
			elif not agrees or not entry.regular:
				self.report.add("entry_header", entry.name)

	def look_between(self) -> None:
		"""Headers and contents lie end to end, from the first byte to the directory."""
		by_place = sorted(self.order, key=lambda entry: entry.offset)
		if by_place != self.order:
			self.report.add("entry_order")
		at: int | None = 0
		for entry in by_place:
			if at is not None and entry.offset < at:
				self.report.add("entry_header", entry.name)
			elif at is not None:
				self.hidden(at, entry.offset)
			at = None if entry.begin is None else max(entry.begin + entry.packed, at or 0)
		if at is not None:
			self.hidden(at, self.begin)

	def hidden(self, begin: int, end: int) -> None:
		if end > begin:
			self.report.add("hidden_bytes", count=end - begin, at=begin)

	def check_against(self, manifest: dict) -> None:
		"""Order, times and CRC-32 as the manifest has them."""
		expected = [*(file["path"] for file in manifest["files"]), *SEAL]
		found = [entry.name for entry in self.order]
		there, wanted = set(found), set(expected)
		if [name for name in found if name in wanted] != [name for name in expected if name in there]:
			if not self.report.has("duplicate_entry", "entry_order"):
				self.report.add("entry_order")
		moment = dos_time(manifest["archive"]["entry_time"])
		sums = {file["path"]: file["crc32"] for file in manifest["files"]}
		for entry in self.entries.values():
			crc = sums.get(entry.name, entry.crc)
			if (entry.time, entry.date) != moment or entry.crc != crc:
				if ("entry_header", entry.name, {}) not in self.report.findings:
					self.report.add("entry_header", entry.name)

	def names(self) -> list[str]:
		return list(self.entries)

	def can_read(self, name: str) -> bool:
		entry = self.entries.get(name)
		return bool(entry and entry.stored and entry.begin is not None)

	@property
	def sizes(self) -> dict[str, int]:
		return {name: entry.size for name, entry in self.entries.items()}

	def chunks(self, name: str):
		entry = self.entries[name]
		at, left = entry.begin, entry.packed
		while left:
			chunk = read_at(self.file, at, min(CHUNK_BYTES, left))
			if not chunk:
				raise OSError("the package became shorter")
			yield chunk
			at, left = at + len(chunk), left - len(chunk)

	def close(self) -> None:
		self.file.close()


# --- What must be true of a package ----------------------------------------------------------------------


def verify(path: str, fingerprint: str = "") -> Report:
	"""Verifies a ZIP or a folder. `fingerprint`: of the signer's certificate, 64 digits, from elsewhere."""
	report = Report(os.path.basename(os.path.normpath(path)))
	report.fingerprint_given = bool(fingerprint)
	try:
		source = open_package(path, report)
		try:
			check(source, report, fingerprint)
		finally:
			source.close()
	except Stop:
		pass
	except OSError:
		report.add("read_failed")
	return report


def open_package(path: str, report: Report) -> Folder | Archive:
	if os.path.isdir(path):
		return Folder(path, report)
	file = open(path, "rb")
	try:
		return Archive(file, report)
	except BaseException:
		file.close()
		raise


def check(source: Folder | Archive, report: Report, fingerprint: str) -> None:
	seal = read_seal(source, report)
	report.certificate, chain = read_certificate(seal.get(CERTIFICATE), report)
	check_signature(seal, report)
	report.manifest = read_manifest(seal.get(MANIFEST), report)
	if report.manifest:
		check_certificate(report.manifest, chain, report)
		source.check_against(report.manifest)
		check_files(source, report.manifest, report)
		check_page(source, report)
	check_seal_sums(source, seal, report)
	check_signer(fingerprint, report)


def read_seal(source: Folder | Archive, report: Report) -> dict[str, bytes]:
	"""Content of the three files that the manifest does not list."""
	names = source.names()
	if not set(SEAL).intersection(names):
		report.add("not_a_package")
		raise Stop
	found = {}
	for name in SEAL:
		if name not in names:
			report.add("missing_file", name)
		elif source.sizes[name] > LARGEST_SEAL[name]:
			report.add(TOO_LARGE[name], name, place="$")
		elif source.can_read(name):
			found[name] = b"".join(source.chunks(name))
	return found


def read_certificate(data: bytes | None, report: Report) -> tuple[Certificate | None, list[str]]:
	"""The signer's certificate, and the fingerprints of the chain."""
	if data is None:
		return None, []
	try:
		chain = pem_certificates(data)
		return Certificate(chain[0]), [hashlib.sha256(der).hexdigest() for der in chain]
	except (ValueError, IndexError, binascii.Error, OverflowError):
		report.add("certificate_unreadable", CERTIFICATE)
		return None, []


def check_signature(seal: dict[str, bytes], report: Report) -> None:
	certificate = report.certificate
	if not certificate or MANIFEST not in seal or SIGNATURE not in seal:
		return
	if not certificate.key_is_strong:
		report.add("weak_key", CERTIFICATE, bits=certificate.key_bits)
	elif not signature_fits(certificate, seal[MANIFEST], seal[SIGNATURE]):
		report.add("signature_wrong", SIGNATURE)


def read_manifest(data: bytes | None, report: Report) -> dict | None:
	if data is None:
		return None
	try:
		return parse_manifest(data)
	except ManifestFault as fault:
		report.add("manifest_unreadable", MANIFEST, place=fault.place)
	except UnknownFormat as found:
		report.add("unknown_format", MANIFEST, found=str(found)[:60], expected=FORMAT)
	return None


def check_certificate(manifest: dict, chain: list[str], report: Report) -> None:
	certificate = report.certificate
	if not certificate:
		return
	named = manifest["certificate"]
	if chain != named["chain"] or certificate.fingerprint != named["fingerprint"]:
		report.add("certificate_differs", CERTIFICATE)
	made = manifest["made_utc_ms"]
	if not certificate.begin_ms <= made <= certificate.end_ms:
		times = {"made_ms": made, "begin_ms": certificate.begin_ms, "end_ms": certificate.end_ms}
		report.add("certificate_not_valid", CERTIFICATE, **times)


def check_page(source: Folder | Archive, report: Report) -> None:
	"""The page inside the package names the certificate too."""
	if not report.certificate or not source.can_read(PAGE) or source.sizes[PAGE] > LARGEST_SEAL[CERTIFICATE]:
		return
	page = b"".join(source.chunks(PAGE))
	named = re.findall(rb'<meta name="gsmc-certificate" content="([0-9a-f]{64})"', page)
	if named != [report.certificate.fingerprint.encode()]:
		report.add("certificate_in_page", PAGE)


def check_files(source: Folder | Archive, manifest: dict, report: Report) -> None:
	listed = {file["path"]: file for file in manifest["files"]}
	report.files, report.bytes = len(listed), sum(file["size"] for file in listed.values())
	paths = {}
	for path, file in listed.items():
		paths.setdefault(file["sha256"], []).append(path)
	there = set(source.names())
	for path, file in listed.items():
		if path in there and source.can_read(path):
			check_file(source, file, paths, report)
		if file["kind"] == "source" and file["details"]["sha256_at_recording"] != file["sha256"]:
			report.add("source_differs", path, expected=file["details"]["sha256_at_recording"])
	missing = [path for path in listed if path not in there]
	for name in source.names():
		if name not in listed and name not in SEAL:
			check_added(source, name, paths, missing, report)
	for path in missing:
		report.add("missing_file", path)


def check_added(
	source: Folder | Archive, name: str, paths: dict[str, list[str]], missing: list[str], report: Report
) -> None:
	"""A file that the manifest does not have; takes from `missing` what it was before."""
	same = paths.get(sums_of(source, name, False).sha256, []) if source.can_read(name) else []
	for other in same:
		if other in missing:
			missing.remove(other)
			report.add("renamed_file", name, other=other)
			return
	report.add("added_file", name)


class Sums:
	def __init__(self) -> None:
		self.sha256, self.pieces, self.size, self.crc = "", [], 0, 0


def sums_of(source: Folder | Archive, name: str, in_pieces: bool) -> Sums:
	"""Reads a file once. A piece is a whole number of chunks; only a file's last chunk is shorter."""
	sums, whole, piece = Sums(), hashlib.sha256(), hashlib.sha256()
	for chunk in source.chunks(name):
		whole.update(chunk)
		sums.crc = zlib.crc32(chunk, sums.crc)
		sums.size += len(chunk)
		if in_pieces:
			piece.update(chunk)
			if sums.size % PIECE_BYTES == 0:
				sums.pieces.append(piece.hexdigest())
				piece = hashlib.sha256()
	if in_pieces and sums.size % PIECE_BYTES:
		sums.pieces.append(piece.hexdigest())
	sums.sha256 = whole.hexdigest()
	return sums


def check_file(source: Folder | Archive, file: dict, paths: dict[str, list[str]], report: Report) -> None:
	path, pieces = file["path"], file.get("pieces")
	sums = sums_of(source, path, pieces is not None)
	if sums.sha256 == file["sha256"]:
		said = (file["size"], file["crc32"], pieces or [])
		if said != (sums.size, sums.crc, sums.pieces):
			report.add("pieces_differ", path)
		return
	others = paths.get(sums.sha256)
	if others:
		report.add("swapped_file", path, other=others[0])
	elif sums.size != file["size"]:
		report.add("size_differs", path, found=sums.size, expected=file["size"])
	elif pieces is None:
		report.add("changed_content", path)
	elif len(pieces) != len(sums.pieces) or pieces == sums.pieces:
		report.add("pieces_differ", path)
	else:
		first = next(number for number, one in enumerate(pieces) if one != sums.pieces[number])
		begin = first * PIECE_BYTES
		report.add("changed_piece", path, begin=begin, end=min(begin + PIECE_BYTES, sums.size) - 1)


def check_seal_sums(source: Folder | Archive, seal: dict[str, bytes], report: Report) -> None:
	"""The CRC-32 of the files that the manifest does not list."""
	if isinstance(source, Archive):
		for name, data in seal.items():
			if zlib.crc32(data) != source.entries[name].crc:
				if ("entry_header", name, {}) not in report.findings:
					report.add("entry_header", name)


def check_signer(fingerprint: str, report: Report) -> None:
	if not fingerprint or not report.certificate:
		return
	if fingerprint != report.certificate.fingerprint:
		report.add("signer_differs", CERTIFICATE)
		return
	wrong = ("signature_wrong", "weak_key", "certificate_differs", "certificate_not_valid", "missing_file")
	sealed = not any(code in wrong and file in SEAL for code, file, _facts in report.findings)
	report.signer_confirmed = sealed and report.manifest is not None


# --- The command line ------------------------------------------------------------------------------------

WORDS = {
	"vi": {
		"intact": "KHÔNG BỊ THAY ĐỔI",
		"changed": "ĐÃ BỊ THAY ĐỔI",
		"unreadable": "KHÔNG KIỂM TRA ĐƯỢC",
		"package": "Gói",
		"verdict": "Kết quả",
		"checked": "Đã kiểm tra {files} tệp trong bản kê, {bytes} byte.",
		"signer": "Chứng thư của người ký: {subject}",
		"fingerprint": "Dấu vân tay SHA-256 của chứng thư: {fingerprint}",
		"confirmed": "Người ký: đã đối chiếu với dấu vân tay được cung cấp.",
		"not_asked": "Người ký: CHƯA đối chiếu với dấu vân tay trên biên bản (dùng --fingerprint).",
		"refuted": "Người ký: đã đối chiếu, KHÔNG xác nhận được.",
	},
	"en": {
		"intact": "INTACT",
		"changed": "CHANGED",
		"unreadable": "COULD NOT BE VERIFIED",
		"package": "Package",
		"verdict": "Result",
		"checked": "Checked: {files} files of the manifest, {bytes} bytes.",
		"signer": "Certificate of the signer: {subject}",
		"fingerprint": "SHA-256 fingerprint of the certificate: {fingerprint}",
		"confirmed": "Signer: confirmed by the fingerprint that was given.",
		"not_asked": "Signer: NOT compared with the fingerprint on the printed minutes (use --fingerprint).",
		"refuted": "Signer: compared, NOT confirmed.",
	},
}
EXIT_CODES = {"intact": 0, "changed": 1, "unreadable": 3}


def text(code: str, facts: dict, language: str) -> str:
	shown = {key: moment(value, language) if key.endswith("_ms") else value for key, value in facts.items()}
	return TEXTS[code][language == "en"].format(**shown)


def moment(utc_ms: int, language: str) -> str:
	at = EPOCH + timedelta(milliseconds=utc_ms)
	return at.strftime("%Y-%m-%d %H:%M:%S UTC" if language == "en" else "%d/%m/%Y %H:%M:%S UTC")


def printable(words: str) -> str:
	"""Names come from the package: nothing of them may steer a terminal."""
	return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in words)


def as_text(report: Report, language: str) -> str:
	words = WORDS[language]
	lines = [f"{words['package']}: {report.package}", f"{words['verdict']}: {words[report.result]}"]
	for code, file, facts in report.findings:
		lines.append(f"  ✗ {file}: {text(code, facts, language)} [{code}]")
	if report.manifest:
		lines.append(words["checked"].format(files=report.files, bytes=report.bytes))
	if report.certificate:
		lines.append(words["signer"].format(subject=report.certificate.subject))
		lines.append(words["fingerprint"].format(fingerprint=grouped(report.certificate.fingerprint)))
		lines.append(words[signer_state(report)])
	return "\n".join(printable(line) for line in lines)


def signer_state(report: Report) -> str:
	if not report.fingerprint_given:
		return "not_asked"
	return "confirmed" if report.signer_confirmed else "refuted"


def as_json(report: Report, language: str) -> str:
	findings = [
		{"code": code, "file": file, "text": text(code, facts, language)}
		for code, file, facts in report.findings
	]
	found = {
		"result": report.result,
		"findings": findings,
		"certificate": certificate_facts(report.certificate),
		"files": report.files,
		"bytes": report.bytes,
		"signer_confirmed": report.signer_confirmed,
		"package_id": report.manifest["package_id"] if report.manifest else None,
	}
	return json.dumps(found, ensure_ascii=False, indent=1)


def certificate_facts(certificate: Certificate | None) -> dict | None:
	if not certificate:
		return None
	return {
		"subject": certificate.subject,
		"issuer": certificate.issuer,
		"serial": certificate.serial,
		"not_before_utc_ms": certificate.begin_ms,
		"not_after_utc_ms": certificate.end_ms,
		"fingerprint": certificate.fingerprint,
		"key_bits": certificate.key_bits,
	}


def fingerprint_of_text(words: str) -> str:
	"""64 digits of what a person typed. ValueError."""
	digits = re.sub(r"[\s:.\-]", "", words).lower()
	if not SHA256.fullmatch(digits):
		raise ValueError("a fingerprint has 64 digits 0-9 a-f")
	return digits


def fingerprint_of_file(path: str) -> str:
	"""Of the first certificate in a PEM or DER file. OSError, ValueError."""
	with open(path, "rb") as file:
		data = file.read(LARGEST_SEAL[CERTIFICATE])
	found = re.search(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", data, re.DOTALL)
	try:
		return Certificate(base64.b64decode(found[1]) if found else data).fingerprint
	except (ValueError, IndexError, binascii.Error) as error:
		raise ValueError(f"no certificate with an RSA key: {path}") from error


def add_arguments(parser: argparse.ArgumentParser) -> None:
	parser.add_argument("package", help="the ZIP, or the folder it was unpacked to")
	parser.add_argument("--json", action="store_true", help="machine-readable output")
	parser.add_argument("--lang", choices=("vi", "en"), default="vi", help="language of the output")
	known = parser.add_mutually_exclusive_group()
	known.add_argument("--fingerprint", help="of the signer's certificate, from the printed minutes")
	known.add_argument("--certificate", help="the signer's certificate as a file, from the managing unit")


def run(options: argparse.Namespace) -> int:
	"""Verifies and prints; returns the exit code. ValueError, OSError when a fingerprint or certificate is
	none."""
	expected = fingerprint_of_text(options.fingerprint) if options.fingerprint is not None else ""
	if options.certificate:
		expected = fingerprint_of_file(options.certificate)
	report = verify(options.package, expected)
	for stream in (sys.stdout, sys.stderr):
		if hasattr(stream, "reconfigure"):
			stream.reconfigure(encoding="utf-8", errors="replace")  # whatever the system's own encoding is
	print((as_json if options.json else as_text)(report, options.lang))
	return EXIT_CODES[report.result]


def main(arguments: list[str] | None = None) -> int:
	parser = argparse.ArgumentParser(
		description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
	)
	add_arguments(parser)
	options = parser.parse_args(arguments)
	try:
		return run(options)
	except (ValueError, OSError) as error:
		print(f"verify.py: {error}", file=sys.stderr)
		return 2


if __name__ == "__main__":
	sys.exit(main())
