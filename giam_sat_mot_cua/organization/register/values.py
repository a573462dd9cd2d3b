"""One cell of a sheet -> the value of its field. Raises Unfit with a sentence that says what to write."""

import math
import re
from datetime import date, datetime

from frappe import _
from frappe.utils import validate_email_address

from giam_sat_mot_cua.organization.register.columns import DATES, LINKS, NUMBERS, Column, normalised
from giam_sat_mot_cua.organization.register.faults import quoted

DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
YEARS = range(1900, 2200)
LARGEST_INT = 2_147_483_647


class Unfit(Exception):
	pass


def convert(column: Column, value: object) -> object:
	"""Links stay texts here: they may name rows further down in the file."""
	kind = column.df.fieldtype
	if kind in ("Select", "Check"):
		return chosen(column, value)
	if kind in NUMBERS:
		return number(column, value)
	if kind in DATES:
		return day(value, with_time=kind == "Datetime")
	if kind in LINKS:
		return text(column, value)
	return checked_text(column, value)


def chosen(column: Column, value: object) -> object:
	if isinstance(value, bool):
		value = int(value)
	found = column.options.get(normalised(as_text(value)))
	if found is None:
		raise Unfit(
			_("{0} is not one of the options. Choose one of these: {1}.").format(
				quoted(value), "; ".join(column.drop_down)
			)
		)
	return found


def number(column: Column, value: object) -> int | float:
	if isinstance(value, str) and NUMBER.fullmatch(value.replace(" ", "")):
		value = float(value.replace(" ", "").replace(",", "."))
	if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
		raise Unfit(_("{0} is not a number. Write digits only.").format(quoted(value)))
	if column.df.non_negative and value < 0:
		raise Unfit(_("{0} is less than zero. Write 0 or more.").format(quoted(value)))
	if column.df.fieldtype != "Int":
		return float(value)
	if value != int(value) or abs(value) > LARGEST_INT:
		raise Unfit(_("{0} is not a whole number. Write digits only.").format(quoted(value)))
	return int(value)


def day(value: object, with_time: bool) -> date | datetime:
	if isinstance(value, str):
		value = written_day(value) or value
	if not isinstance(value, date) or value.year not in YEARS:
		raise Unfit(
			_("{0} is not a date. Write day/month/year, for example 31/12/2026.").format(quoted(value))
		)
	if with_time:
		return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
	return value.date() if isinstance(value, datetime) else value


def written_day(text: str) -> date | None:
	text = text.removesuffix(" 00:00:00")
	if found := DAY_FIRST.fullmatch(text):
		parts = [int(part) for part in reversed(found.groups())]
	elif found := YEAR_FIRST.fullmatch(text):
		parts = [int(part) for part in found.groups()]
	else:
		return None
	try:
		return date(*parts)
	except ValueError:
		return None


def checked_text(column: Column, value: object) -> str:
	found = text(column, value)
	if column.df.options == "Email" and not validate_email_address(found):
		raise Unfit(
			_("{0} is not an e-mail address. Write one such as ten@ninhbinh.gov.vn.").format(quoted(found))
		)
	return found


def text(column: Column, value: object) -> str:
	if isinstance(value, date):  # a datetime is one too
		raise Unfit(_("Excel made a date of this text. Set the cell's format to Text and write it again."))
	found = as_text(value)
	longest = column.longest
	if column.df.fieldtype != "Table MultiSelect" and longest and len(found) > longest:
		raise Unfit(
			_("The text has {0} characters, but at most {1} fit. Shorten it.").format(len(found), longest)
		)
	return found


def as_text(value: object) -> str:
	"""A number without a fraction is written as a code, not as 12.0."""
	if isinstance(value, bool):
		return _("Yes") if value else _("No")
	if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
		value = int(value)
	return str(value).strip()
