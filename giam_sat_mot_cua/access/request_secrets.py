"""Secrets in a request, out of the log.

When a request ends in a fault, Frappe logs what was sent, with stars only for what lies at its top under a
name like `password`. A record lies deeper: as a dict, or as JSON in a text. So texts that may hold a secret
become `MaskedText`, which shows stars wherever a value is shown as Python writes it, and is the same text for
everything else.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote, urlsplit

import frappe
from frappe import _

from giam_sat_mot_cua.access.secrets import MASK
from giam_sat_mot_cua.cameras.doctype.camera.camera import SECRETS as OF_CAMERAS
from giam_sat_mot_cua.recording.doctype.storage_volume.storage_volume import SECRETS as OF_VOLUMES

FIELDS = (*OF_CAMERAS, *OF_VOLUMES)
WORDS = (
	"passwd",
	"password",
	"pwd",
	"secret",
	"token",
	"_key",
	"receipt_code",
)  # in names of such fields of other apps
NAME = re.compile("|".join((*FIELDS, *WORDS)), re.I)
COLUMN = re.compile(r"[\w .`'\"-]{1,140}")  # `tabCamera`.`stream_url`: a name, not a text with one in it
JSON_BEGINS = ("{", "[", '"')
ESCAPE = "\\u"  # JSON may write any letter of a name in this way
ADDRESS = re.compile("rtsps?:", re.I)  # it may hold a login, wherever it is written
CROPPED = "..."  # how a value that is long is told
SHORTEST = 4  # letters of a secret; a shorter one is found in other words


class MaskedText(str):
	"""A text that is shown as stars by `repr`, and so in a dict or list that is printed."""

	__slots__ = ()

	def __repr__(self) -> str:
		return repr(MASK)

	def __deepcopy__(self, _memo: dict) -> "MaskedText":
		return self  # the log prints a copy of the request

	def __reduce__(self) -> tuple:
		return str, (str(self),)  # in a queue or cache it is a plain text


@lru_cache
def is_understood() -> bool:
	"""Whether this Frappe reads JSON from a MaskedText. A parser that takes no kind of `str` but itself would
	refuse every record that is saved: then requests stay as they are."""
	try:
		return frappe.parse_json(MaskedText('{"a": 1}')) == {"a": 1}
	except Exception:  # whatever the parser raises
		return False


def hide() -> None:
	"""Runs before each request, first of all."""
	if not is_understood():
		return
	request = frappe.local.form_dict
	sent = dict(request)
	request.clear()  # whatever happens here
	try:
		request.update(masked_dict(sent, all_texts=False))
	except RecursionError:
		frappe.throw(_("The request is nested too deeply."))


def masked(value, all_texts: bool = False):
	"""`value` with its secrets as MaskedText. `all_texts`: what lies in it is a secret or belongs to one."""
	if isinstance(value, dict):
		return masked_dict(value, all_texts)
	if isinstance(value, list):
		all_texts = all_texts or any(names_a_secret(item) for item in value)
		return [masked(item, all_texts) for item in value]
	if isinstance(value, str) and (all_texts or may_hold_a_secret(value)):
		return MaskedText(value)
	return value


def masked_dict(values: dict, all_texts: bool) -> dict:
	# {"fieldname": "secret_key", "value": ...}
	all_texts = all_texts or any(names_a_secret(value) for value in values.values())
	return {
		# a body of JSON that was sent as a form is a name
		(MaskedText(name) if may_hold_a_secret(name) and not names_a_secret(name) else name): masked_field(
			name, value, all_texts
		)
		for name, value in values.items()
	}


def masked_field(name: str, value, all_texts: bool):
	of_a_secret = bool(NAME.search(name))
	if name in FIELDS and isinstance(value, int | float) and not isinstance(value, bool):
		value = str(value)  # a login of digits; such a field holds text
	return masked(value, all_texts or of_a_secret)


def names_a_secret(value) -> bool:
	"""Whether `value` is the name of a secret's field, so that its neighbours may be the secret."""
	return isinstance(value, str) and bool(COLUMN.fullmatch(value) and NAME.search(value))


def may_hold_a_secret(text: str) -> bool:
	if NAME.search(text) or ADDRESS.search(text):
		return True
	return text.lstrip()[:1] in JSON_BEGINS and ESCAPE in text


def without_secrets(text: str) -> str:
	"""`text`, which tells of a request, with stars for the secrets that were sent in it."""
	try:
		found = set(secrets_in(frappe.local.form_dict))
	except RecursionError:
		return MASK  # JSON that is nested too deeply to be looked through
	for secret in sorted(found, key=len, reverse=True):
		for written in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]):
			text = text.replace(written, MASK)
			if CROPPED in text:
				text = without_beginning(text, written)
	return text


def without_beginning(text: str, secret: str) -> str:
	"""`text` without the secret's beginning where a long value was cut off in the middle of it."""
	for size in range(len(secret) - 1, SHORTEST - 1, -1):
		text = text.replace(secret[:size] + CROPPED, MASK + CROPPED)
	return text


def secrets_in(value, of_a_secret: bool = False) -> Iterator[str]:
	"""Secrets in a request, or in a part of it: values of secret fields, addresses, and the parts of these.
	JSON in texts is looked through as well."""
	if isinstance(value, dict):
		named = any(names_a_secret(item) for item in value.values())
		for name, item in value.items():
			yield from secrets_in(name)
			beside_a_name = named and name == "value"
			yield from secrets_in(item, of_a_secret or beside_a_name or bool(NAME.search(name)))
	elif isinstance(value, list):
		named = any(names_a_secret(item) for item in value)
		for item in value:
			yield from secrets_in(item, of_a_secret or (named and item is value[-1]))  # [name, "=", value]
	elif isinstance(value, str):
		inner = inside_json(value)
		if inner is not None:
			yield from secrets_in(inner, of_a_secret)
		elif (of_a_secret or ADDRESS.match(value)) and value not in FIELDS:
			yield from (part for part in parts(value) if len(part) >= SHORTEST and part != MASK)


def inside_json(text: str):
	"""What a text that is a dict, list or text in JSON holds; None when it is none."""
	if not may_hold_a_secret(text) or text.lstrip()[:1] not in JSON_BEGINS:
		return None
	try:
		return json.loads(text)
	except (ValueError, RecursionError):
		return None


def parts(secret: str) -> Iterator[str]:
	"""A secret, and what an address among them holds: its login and its path."""
	yield secret
	yield secret.strip()
	if ADDRESS.match(secret.strip()):
		try:
			address = urlsplit(secret.strip())
		except ValueError:
			return
		for part in (address.username, address.password, address.path.strip("/"), address.query):
			if part:
				yield part
				yield unquote(part)
