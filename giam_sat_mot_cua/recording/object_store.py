"""A folder in a bucket of an S3 store: the only file that speaks to one. Knows no Frappe.

Errors are of a few kinds and carry the store's own code alone. They are raised outside of what boto3 raised:
its frames hold signed requests and keys, and a traceback with variables would show them.
"""

import base64
import errno
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

CHUNK_BYTES = 256 * 1024
REMOVED_AT_ONCE = 1000  # what one request may name
CONNECTIONS = 16
MOST_PAGES = 1000  # of a listing: a day of a camera has fewer than a hundred
LARGEST_BYTES = 5 << 30  # of an object that is stored in one piece
DEFAULT_REGION = "us-east-1"
CONTENT_TYPE = "video/mp4"
CODE_LETTERS = 64
NO_CODE = re.compile(r"[^A-Za-z0-9.-]+")
CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
SHA256_BYTES = 32
LARGEST_SIZE = 10**15  # that is believed; stores end far below


class StoreError(OSError):
	"""The store did not do what was asked; `strerror` is its code."""

	def __init__(self, said: str = ""):
		super().__init__(errno.EIO, said)

	def __str__(self) -> str:
		return self.strerror or ""


class StoreAway(StoreError):
	"""The store does not answer, or only with faults of its own."""


class AccessRefused(StoreError):
	"""The keys are wrong, or may not do this."""


class NoSuchBucket(StoreError):
	pass


class NoSuchObject(StoreError):
	pass


class StoreFull(StoreError):
	"""The store, or the bucket's quota, has no room."""


class RangeRefused(StoreError):
	"""The object does not reach so far."""


class WrongBytes(StoreError):
	"""Other bytes arrived than were announced."""


class WrongAnswer(StoreError):
	"""What came is not the answer of an S3 store."""


FULL = {
	"InsufficientStorage",
	"QuotaExceeded",
	"XMinioAdminBucketQuotaExceeded",
	"XMinioStorageFull",
}
KINDS: dict[str, type[StoreError]] = {
	**dict.fromkeys(FULL, StoreFull),
	"507": StoreFull,
	"NoSuchBucket": NoSuchBucket,
	"NoSuchKey": NoSuchObject,
	"404": NoSuchObject,
	"InvalidRange": RangeRefused,
	"416": RangeRefused,
	"BadDigest": WrongBytes,
	"InvalidDigest": WrongBytes,
	"XAmzContentChecksumMismatch": WrongBytes,
	"XAmzContentSHA256Mismatch": WrongBytes,
	"InvalidAccessKeyId": AccessRefused,
	"SignatureDoesNotMatch": AccessRefused,
	"AccessDenied": AccessRefused,
	"401": AccessRefused,
	"403": AccessRefused,
	"SlowDown": StoreAway,
	"429": StoreAway,
}


@dataclass(frozen=True)
class StoreLogin:
	"""Where the store is and who asks. `prefix`: folder in the bucket, may be empty. `verify`: whether the
	certificate is checked, or the path of the authority's certificates to check it with."""

	endpoint: str
	bucket: str
	access_key: str = field(repr=False)
	secret_key: str = field(repr=False)
	region: str = DEFAULT_REGION
	prefix: str = ""
	verify: bool | str = True


@dataclass(frozen=True)
class Patience:
	"""How long the store may take to answer, and how often it is asked. `within_s`: time for a whole answer,
	or a chunk of a long one, however steadily it drips."""

	connect_s: float
	read_s: float
	tries: int

	@property
	def within_s(self) -> float:
		return self.connect_s + self.read_s


WATCHING = Patience(2, 4, 1)  # somebody waits, and holds a web worker
CHECKING = Patience(3, 10, 2)
MOVING = Patience(3, 30, 3)


@dataclass(frozen=True)
class StoredObject:
	"""What the store says of an object. `sha256` (hex): of the store's own, None where it has none. `facts`:
	what was stored beside the bytes."""

	size_bytes: int
	sha256: str | None
	facts: dict[str, str]


class ObjectStore:
	"""Objects below the folder of one login, by names relative to it. All methods raise StoreError."""

	def __init__(self, login: StoreLogin, patience: Patience):
		import boto3  # takes 30 MB and a third of a second, which a recorder, who asks no store, is spared
		from botocore.config import Config
		from botocore.utils import get_environ_proxies

		from giam_sat_mot_cua.recording.store_answer import Sending

		self.bucket = login.bucket
		self.prefix = f"{login.prefix}/" if login.prefix else ""
		config = Config(
			connect_timeout=patience.connect_s,
			read_timeout=patience.read_s,
			retries={"total_max_attempts": patience.tries, "mode": "standard"},
			signature_version="s3v4",
			s3={"addressing_style": "path"},  # a store of one's own has no name for each bucket
			max_pool_connections=CONNECTIONS,
		)
		self.client = asked(
			boto3.session.Session().client,
			service_name="s3",
			endpoint_url=login.endpoint,
			region_name=login.region,
			aws_access_key_id=login.access_key,
			aws_secret_access_key=login.secret_key,
			verify=login.verify,
			config=config,
		)
		sending = Sending(
			patience.within_s,
			verify=login.verify,
			proxies=get_environ_proxies(login.endpoint),
			timeout=(patience.connect_s, patience.read_s),
			max_pool_connections=CONNECTIONS,
		)
		sending.register(self.client)

	def put(
		self,
		name: str,
		source: BinaryIO | bytes,
		sha256: bytes,
		md5: bytes,
		facts: dict[str, str] | None = None,
	) -> None:
		"""Stores `source` from its beginning; one that is there already is replaced. The digests travel with
		it, and the store refuses other bytes: WrongBytes. Every store knows MD5, newer ones SHA-256."""
		self.ask(
			self.client.put_object,
			name,
			Body=source,
			ContentMD5=base64.b64encode(md5).decode(),
			ChecksumAlgorithm="SHA256",
			ChecksumSHA256=base64.b64encode(sha256).decode(),
			ContentType=CONTENT_TYPE,
			Metadata=facts or {},
		)

	def head(self, name: str) -> StoredObject:
		"""Raises NoSuchObject; a store says the same of a bucket that is not there."""
		found = self.ask(self.client.head_object, name, ChecksumMode="ENABLED")
		facts = {key.lower(): value for key, value in found.get("Metadata", {}).items()}
		return StoredObject(size_of(found), sha256_of(found), facts)

	def open(self, name: str, begin: int = 0, end: int | None = None) -> tuple[int, Iterator[bytes]]:
		"""(size of the whole object, its bytes [begin, end) in chunks). Nothing more than a chunk is kept in
		memory; whoever stops early closes the iterator. Raises NoSuchObject, RangeRefused."""
		limit = "" if end is None else end - 1
		whole = begin == 0 and end is None
		found = self.ask(
			self.client.get_object, name, **({} if whole else {"Range": f"bytes={begin}-{limit}"})
		)
		try:
			if whole and found.get("ContentRange"):
				raise WrongAnswer("a part instead of all")
			size = size_of(found) if whole else size_of_range(found, begin)
		except WrongAnswer:
			found["Body"].close()
			raise
		return size, chunks(found["Body"], (size if end is None else min(end, size)) - begin)

	def read(self, name: str, begin: int, count: int) -> bytes:
		"""`count` bytes from `begin`, as far as there are."""
		_size, body = self.open(name, begin, begin + count)
		with closing(body):
			return b"".join(body)

	def names(self, prefix: str) -> Iterator[tuple[str, int]]:
		"""(name, bytes) of the objects whose names begin so, in order."""
		for page in self.pages(prefix):
			for entry in page.get("Contents", ()):
				key, size = entry.get("Key", ""), entry.get("Size", -1)
				if not key.startswith(self.prefix + prefix) or not 0 <= size < LARGEST_SIZE:
					raise WrongAnswer("Contents")
				yield key[len(self.prefix) :], size

	def folders(self, prefix: str = "") -> list[str]:
		"""Names of the folders in the folder `prefix`, which ends with a slash when it is not empty."""
		begin = len(self.prefix + prefix)
		return [
			entry.get("Prefix", "")[begin:-1]
			for page in self.pages(prefix, Delimiter="/")
			for entry in page.get("CommonPrefixes", ())
		]

	def pages(self, prefix: str, **options) -> Iterator[dict]:
		token: dict[str, str] = {}
		for _page in range(MOST_PAGES):
			page = asked(
				self.client.list_objects_v2,
				Bucket=self.bucket,
				Prefix=self.prefix + prefix,
				**token,
				**options,
			)
			yield page
			following = page.get("NextContinuationToken")
			if not following:
				return
			token = {"ContinuationToken": following}
		raise WrongAnswer("NextContinuationToken")  # it would go on for ever

	def remove(self, names: Iterable[str]) -> dict[str, str]:
		"""Removes objects; {name: the store's code} of those that it kept. One that is not there counts as
		removed."""
		listed, kept = list(names), {}
		for begin in range(0, len(listed), REMOVED_AT_ONCE):
			named = set(listed[begin : begin + REMOVED_AT_ONCE])
			wanted = [{"Key": self.prefix + name} for name in sorted(named)]
			found = asked(
				self.client.delete_objects, Bucket=self.bucket, Delete={"Objects": wanted, "Quiet": True}
			)
			for error in found.get("Errors", ()):
				name = error.get("Key", "")[len(self.prefix) :]
				if name not in named:
					raise WrongAnswer("Errors")
				kept[name] = clean(error.get("Code"))
		return kept

	def ask(self, method: Callable[..., dict], name: str, **arguments) -> dict:
		return asked(method, Bucket=self.bucket, Key=self.prefix + name, **arguments)


def asked(method: Callable, **arguments):
	"""What the store answers. StoreError; OSError of a file that is being sent."""
	try:
		return method(**arguments)
	except (ClientError, BotoCoreError, HTTPClientError) as error:
		told = of_kind(error)
	except StoreError as error:
		told = type(error)(str(error))
	except OSError:
		raise
	except Exception as error:  # of many kinds: boto3 fell over what came
		told = WrongAnswer(type(error).__name__)
	raise told  # out here: see the top


def chunks(body, count: int) -> Iterator[bytes]:
	"""The next `count` bytes of a body whose connection goes back, or is dropped, at the end."""
	try:
		while count > 0:
			chunk = asked(body.read, amt=min(CHUNK_BYTES, count))
			if not chunk:
				raise WrongBytes("too few")
			count -= len(chunk)
			yield chunk
	finally:
		with suppress(Exception):  # the connection is gone already
			body.close()


def size_of(found: dict) -> int:
	size = found.get("ContentLength", -1)
	if not 0 <= size < LARGEST_SIZE:
		raise WrongAnswer("Content-Length")
	return size


def size_of_range(found: dict, begin: int) -> int:
	"""Of the whole object, when a range from `begin` on came."""
	told = CONTENT_RANGE.fullmatch(found.get("ContentRange", ""))
	if not told or int(told[1]) != begin or not begin <= int(told[2]) < int(told[3]):
		raise WrongAnswer("Content-Range")
	return int(told[3])


def sha256_of(found: dict) -> str | None:
	"""What the store has of its own; of an object that came in parts it has another digest."""
	try:
		digest = base64.b64decode(found.get("ChecksumSHA256", ""), validate=True)
	except ValueError:
		return None
	return digest.hex() if len(digest) == SHA256_BYTES else None


def clean(code) -> str:
	"""A code as people are shown it: a store may send anything."""
	return NO_CODE.sub("", str(code or "")[: 16 * CODE_LETTERS])[:CODE_LETTERS]


def of_kind(error: Exception) -> StoreError:
	"""What boto3 raised, as one of ours."""
	if not isinstance(error, ClientError):
		return StoreAway(type(error).__name__)
	code = clean(error.response.get("Error", {}).get("Code"))
	status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0
	kind = KINDS.get(code) or KINDS.get(str(status)) or (StoreAway if status >= 500 else StoreError)
	return kind(code if code == str(status) else f"{code} ({status})")
