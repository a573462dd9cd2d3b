"""What is wrong with a file, and where: plain text for people."""

import html
import re
from dataclasses import asdict, dataclass

from frappe.utils import strip_html_tags

HIDDEN = "***"


@dataclass(frozen=True)
class Fault:
	"""`row` is the number that Excel shows; 0 when the whole sheet is meant."""

	sheet: str
	row: int
	column: str
	message: str

	def as_dict(self) -> dict:
		return asdict(self)


class Unreadable(Exception):
	"""The file as a whole cannot be read; the text says what to do."""


def plain(message: str, row_values=()) -> str:
	"""A message of the framework as one line of text. Addresses that stand in the row are not repeated: they
	may hold a password."""
	text = html.unescape(strip_html_tags(re.sub(r"<br\s*/?>|</(p|li|div)>", " ", str(message))))
	for value in row_values:
		if isinstance(value, str) and "://" in value:
			text = text.replace(value, HIDDEN)
	return re.sub(r"\s+", " ", text).strip()


def quoted(value: object) -> str:
	"""A cell's value inside a message: short, and no address."""
	text = re.sub(r"\s+", " ", str(value)).strip()
	if "://" in text:
		return HIDDEN
	return text if len(text) <= 60 else text[:57] + "…"
