"""Writes an evidence package: one ZIP, sealed by a signature over its manifest (docs/evidence-format.md).

Entries are stored as they are, so that a slice of the ZIP plays. Memory does not grow with what is packed.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from giam_sat_mot_cua.media.evidence import attachments, manifest, verify
from giam_sat_mot_cua.media.evidence.signing import Signer

SOURCE, PLAYABLE, DERIVATIVE, DOCUMENT, VERIFIER = "source", "playable", "derivative", "document", "verifier"
CHUNK_BYTES = 1 << 20
ZIP_VERSION = 45  # with ZIP64; the same for every entry


class SourceChanged(Exception):
	"""A file is not what it was when it was recorded. `expected`, `found`: SHA-256 (hex) or bytes."""

	def __init__(self, path: str, expected: str | int, found: str | int):
		super().__init__(f"{path}: expected {expected}, found {found}")
		self.path, self.expected, self.found = path, expected, found


class PackageError(Exception):
	"""The package cannot hold that, or is not to be finished any more."""


class PackageWriter:
	"""Writes a package to `out`, an empty seekable file.

	`facts`: what is known of the request, as in manifest.FACTS. Raises manifest.ManifestFault when they are
	not complete, signing.SigningError when the certificate is not valid at `made_utc_ms`. After any error
	the package is given up: `close` then refuses. As a context manager it closes after a block without error.
	`out` stays open, and to sync it to the disk is its owner's business.
	"""

	def __init__(self, out: BinaryIO, facts: dict, signer: Signer):
		manifest.check_facts(facts)
		signer.check_valid(facts["made_utc_ms"])
		if not out.seekable() or out.tell():
			raise PackageError("a package begins at the start of a seekable file")
		self.facts, self.signer = facts, signer
		self.time = manifest.zip_time(manifest.entry_time(facts))
		self.zip = zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True)
		self.files: list[dict] = []
		self.paths = verify.Paths((*verify.SEAL, *attachments.NAMES))
		self.state = "open"

	def __enter__(self) -> "PackageWriter":
		return self

	def __exit__(self, error: type[BaseException] | None, *_rest) -> None:
		if error:
			self.give_up()
		elif self.state == "open":
			self.close()

	def add_file(
		self,
		path: str,
		source: BinaryIO,
		kind: str,
		details: dict,
		expected_sha256: str | None = None,
		expected_size: int | None = None,
	) -> dict:
		"""Copies `source` to `path` and returns its entry in the manifest. SourceChanged when it is not what
		was expected."""
		with self.entry(path, kind, details, expected_size) as entry:
			while chunk := source.read(CHUNK_BYTES):
				entry.write(chunk)
				if expected_size is not None and entry.size > expected_size:
					raise SourceChanged(path, expected_size, entry.size)
			if expected_size is not None and entry.size != expected_size:
				raise SourceChanged(path, expected_size, entry.size)
			found = entry.sha256.hexdigest()
			if expected_sha256 is not None and found != expected_sha256:
				raise SourceChanged(path, expected_sha256, found)
		return self.files[-1]

	@contextmanager
	def open_entry(self, path: str, kind: str, details: dict) -> Iterator["EntryWriter"]:
		"""A binary file for content that is made on the fly; it is written forward only."""
		with self.entry(path, kind, details, None) as entry:
			yield entry

	@contextmanager
	def entry(self, path: str, kind: str, details: dict, size: int | None) -> Iterator["EntryWriter"]:
		"""`size`: when it is known before, hashes of pieces are computed only if they are needed."""
		self.check_path(path)
		with self.write_entry(path, kind, details, size) as entry:
			yield entry

	@contextmanager
	def write_entry(self, path: str, kind: str, details: dict, size: int | None) -> Iterator["EntryWriter"]:
		self.check_open()
		manifest.check_details(kind, details)
		in_pieces = size is None or size > verify.LARGEST_WITHOUT_PIECES
		try:
			with self.zip.open(info := self.entry_info(path), "w", force_zip64=True) as target:
				entry = EntryWriter(target, in_pieces)
				yield entry
			self.files.append(entry.listed(path, kind, details, info.CRC))
		except BaseException:
			self.give_up()
			raise

	def check_open(self) -> None:
		if self.state != "open":
			raise PackageError(f"the package is {self.state}")

	def check_path(self, path: str) -> None:
		"""PackageError unless every system can unpack it beside the others."""
		if not verify.is_safe_path(path):
			raise PackageError(f"not a path for a package: {path!r}")
		if not self.paths.add(path):
			raise PackageError(f"the package has that path already, or one that differs in case: {path!r}")

	def entry_info(self, path: str) -> zipfile.ZipInfo:
		"""Nothing in it depends on the machine: verifiers know each byte."""
		info = zipfile.ZipInfo(path, self.time)
		info.create_system, info.create_version, info.extract_version = 3, ZIP_VERSION, ZIP_VERSION
		info.external_attr = verify.ATTRIBUTES
		return info

	def close(self) -> dict:
		"""Adds the verifiers, the manifest, its signature and the certificates; returns the manifest."""
		self.check_open()
		for name, content in attachments.contents(self.facts, self.signer.fingerprint).items():
			with self.write_entry(name, attachments.KINDS[name], {}, len(content)) as entry:
				entry.write(content)
		try:
			chain = [hashlib.sha256(der).hexdigest() for der in self.signer.chain_der]
			listing = manifest.build(self.facts, self.files, chain)
			self.add_seal(verify.MANIFEST, listing)
			self.add_seal(verify.SIGNATURE, self.signer.sign(listing, self.facts["made_utc_ms"]))
			self.add_seal(verify.CERTIFICATE, self.signer.chain_pem)
			self.zip.close()
		except BaseException:
			self.give_up()
			raise
		self.state = "closed"
		return manifest.parse(listing)

	def add_seal(self, name: str, content: bytes) -> None:
		with self.zip.open(self.entry_info(name), "w", force_zip64=True) as target:
			target.write(content)

	def give_up(self) -> None:
		"""Lets go of `out`, which holds no package then: nothing in it is signed."""
		if self.state == "open":
			self.state = "given up"
			self.zip.fp = None  # nothing more is written, not by its destructor either


class EntryWriter:
	"""Writable; what goes through is counted and hashed."""

	def __init__(self, target: BinaryIO, in_pieces: bool):
		self.target = target
		self.size = 0
		self.sha256 = hashlib.sha256()
		self.pieces = Pieces() if in_pieces else None

	def write(self, data: bytes) -> int:
		self.target.write(data)
		self.sha256.update(data)
		if self.pieces:
			self.pieces.update(data)
		self.size += len(data)
		return len(data)

	def writable(self) -> bool:
		return True

	def readable(self) -> bool:
		return False

	def seekable(self) -> bool:
		return False

	def tell(self) -> int:
		return self.size

	def flush(self) -> None:
		"""What is written goes to the file at once."""

	def close(self) -> None:
		"""The end of the content is the end of the block that opened it."""

	def listed(self, path: str, kind: str, details: dict, crc32: int) -> dict:
		"""The entry in the manifest."""
		found = {"path": path, "kind": kind, "size": self.size, "sha256": self.sha256.hexdigest()}
		found |= {"crc32": crc32, "details": details}
		if self.size > verify.LARGEST_WITHOUT_PIECES:
			found["pieces"] = self.pieces.finish()
		return found


class Pieces:
	"""SHA-256 of each piece of a stream: browsers can hash only what they hold in memory."""

	def __init__(self) -> None:
		self.found: list[str] = []
		self.now, self.room = hashlib.sha256(), verify.PIECE_BYTES

	def update(self, data: bytes) -> None:
		view = memoryview(data)
		while view:
			step = view[: self.room]
			self.now.update(step)
			self.room -= len(step)
			view = view[len(step) :]
			if not self.room:
				self.found.append(self.now.hexdigest())
				self.now, self.room = hashlib.sha256(), verify.PIECE_BYTES

	def finish(self) -> list[str]:
		last = [self.now.hexdigest()] if self.room < verify.PIECE_BYTES else []
		return [*self.found, *last]
