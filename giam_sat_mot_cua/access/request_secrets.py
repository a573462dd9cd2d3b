"""Secrets in a request, out of the log.

When a request ends in a fault, Frappe logs what was sent, with stars only for what lies at its top under a
name like `password`. A record lies deeper: as a dict, or as JSON in a text. So texts that may hold a secret
become `MaskedText`, which shows stars wherever a value is shown as Python writes it, and is the same text for
everything else.
"""

import re

import frappe
from frappe import _

from giam_sat_mot_cua.access.secrets import MASK
from giam_sat_mot_cua.cameras.doctype.camera.camera import SECRETS as OF_CAMERAS
from giam_sat_mot_cua.recording.doctype.storage_volume.storage_volume import SECRETS as OF_VOLUMES

FIELDS = (*OF_CAMERAS, *OF_VOLUMES)
WORDS = ("passwd", "password", "pwd", "secret", "token", "_key")  # in names of such fields of other apps
NAME = re.compile("|".join((*FIELDS, *WORDS)), re.I)
COLUMN = re.compile(r"[\w .`'\"-]{1,140}")  # `tabCamera`.`stream_url`: a name, not a text with one in it
JSON_BEGINS = ("{", "[", '"')
ESCAPE = "\\u"  # JSON may write any letter of a name in this way
ADDRESS = re.compile("rtsps?:", re.I)  # it may hold a login, wherever it is written


class MaskedText(str):
	"""A text that is shown as stars by `repr`, and so in a dict or list that is printed."""

	__slots__ = ()

	def __repr__(self) -> str:
		return repr(MASK)

	def __deepcopy__(self, _memo: dict) -> "MaskedText":
		return self  # the log prints a copy of the request

	def __reduce__(self) -> tuple:
		return str, (str(self),)  # in a queue or cache it is a plain text


def hide() -> None:
	"""Runs before each request, first of all."""
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
