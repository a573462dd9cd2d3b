"""What an applicant without a login fills in, read from the DocType: the fields of Footage Application
between the sections `applicant_section` and `handling_section`, with what an administrator put between them
(Customize Form). The page shows them and the server checks them by the same definition."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, format_datetime, get_datetime, getdate, validate_email_address
from frappe.utils import validate_phone_number as is_phone_number

from giam_sat_mot_cua.access import content, values
from giam_sat_mot_cua.evidence import ranges, row_times
from giam_sat_mot_cua.recording import clock

DOCTYPE = "Footage Application"
BEGINS, ENDS = "applicant_section", "handling_section"
UNIT, SCAN = "unit", "scan"
CHOICES, NUMBERS = ("Select",), ("Int", "Float")
LINES, TEXTS = ("Data",), ("Small Text", "Text", "Long Text")
TIMES = ("Date", "Datetime")
KINDS = (*LINES, *TEXTS, *CHOICES, *TIMES, *NUMBERS, "Check")
LONGEST_LINE, LONGEST_TEXT = 140, 2000
FEWEST_DIGITS = 8  # of a phone number


class Refused(Exception):
	"""`faults`: {field: what is to be corrected, for the applicant}."""

	def __init__(self, faults: dict[str, str]):
		super().__init__(", ".join(faults))
		self.faults = faults


def part() -> list:
	"""The meta's fields of the applicant's part, section breaks among them, in their order."""
	names = [df.fieldname for df in frappe.get_meta(DOCTYPE).fields]
	first, last = names.index(BEGINS), names.index(ENDS)
	return frappe.get_meta(DOCTYPE).fields[first:last]


def fields() -> list:
	"""Those that an applicant fills in. Fields of other kinds, hidden ones and ones with a permission level
	of their own are none of them."""
	return [df for df in part() if is_asked_for(df)]


def is_asked_for(df) -> bool:
	if df.hidden or df.permlevel or df.read_only:
		return False
	return df.fieldtype in KINDS or df.fieldname in (UNIT, SCAN)


def sections() -> Iterator[tuple[Any, list]]:
	"""(section break, its fields), for those that have any."""
	section, held = None, []
	for df in part():
		if df.fieldtype == "Section Break":
			if held:
				yield section, held
			section, held = df, []
		elif is_asked_for(df):
			held.append(df)
	if held:
		yield section, held


def longest(df) -> int:
	"""Letters that a field may hold."""
	if df.fieldtype in TEXTS:
		return LONGEST_TEXT
	return (cint(df.length) if df.fieldtype in LINES else 0) or LONGEST_LINE


def units() -> dict[str, str]:
	"""{what a unit is called on the page: its name} of active units with a counter. Two units of one name are
	told apart by their superior's."""
	fields = ["name", "unit_name", "parent_monitored_unit", "has_counter", "active"]
	rows = frappe.get_all("Monitored Unit", fields=fields, order_by="unit_name")
	called = {row.name: row.unit_name for row in rows}
	offered = [row for row in rows if row.has_counter and row.active]
	times = Counter(row.unit_name for row in offered)
	found: dict[str, str] = {}
	for row in offered:
		superior = called.get(row.parent_monitored_unit)
		alone = times[row.unit_name] == 1 or not superior
		found.setdefault(row.unit_name if alone else f"{row.unit_name} ({superior})", row.name)
	return found


def read(sent: dict) -> dict:
	"""The values of `sent` as the DocType holds them, without the scan. Raises Refused."""
	faults: dict[str, str] = {}
	found = {}
	for df in fields():
		if df.fieldname == SCAN:
			continue
		try:
			found[df.fieldname] = value_of(df, sent.get(df.fieldname))
		except ValueError as fault:
			faults[df.fieldname] = str(fault)
	check_period(found, faults)
	if not faults.keys() & {"phone", "email"} and not (found.get("phone") or found.get("email")):
		faults["phone"] = _("Write a phone number or an e-mail address, so that you can be reached.")
	if faults:
		raise Refused(faults)
	return found


def value_of(df, sent):
	"""Raises ValueError with what is to be corrected."""
	if sent is not None and not isinstance(sent, str):
		raise ValueError(_("Write a text."))
	text = unicodedata.normalize("NFC", sent or "").replace("\r\n", "\n").strip()
	if df.fieldtype == "Check":
		return cint(text == "1")
	if not text:
		if df.reqd:
			raise ValueError(_("This is needed."))
		return None
	if len(text) > longest(df):
		raise ValueError(_("At most {0} letters.").format(longest(df)))
	refuse_odd_letters(df, text)
	if df.fieldname == UNIT:
		return unit_called(text)
	if df.fieldtype in CHOICES:
		return one_of(df, text)
	if df.fieldtype in TIMES:
		return moment(df, text)
	if df.fieldtype in NUMBERS:
		return number(df, text)
	refuse_wrong_kind(df, text)
	return text


def refuse_odd_letters(df, text: str) -> None:
	allowed = "\n\t" if df.fieldtype in TEXTS else ""
	if any(content.is_odd(letter) and letter not in allowed for letter in text):
		raise ValueError(_("It holds characters that cannot be seen. Write it again by hand."))
	if content.MARKUP.search(text):
		raise ValueError(_("Leave a space after the sign <."))
	if df.fieldtype in LINES and content.FORMULA.match(text):
		raise ValueError(_("It cannot begin with =, @, + or -."))


def refuse_wrong_kind(df, text: str) -> None:
	if df.fieldtype not in LINES:
		return
	if (df.options == "Email" or df.fieldname == "email") and not is_one_address(text):
		raise ValueError(_("This is no e-mail address. It looks like ten@vidu.vn."))
	if (df.options == "Phone" or df.fieldname == "phone") and not is_reachable(text):
		raise ValueError(_("This is no phone number. Write digits, such as 0912 345 678."))


def is_one_address(text: str) -> bool:
	return validate_email_address(text) == text and "," not in text


def is_reachable(text: str) -> bool:
	return is_phone_number(text) and sum(map(str.isdigit, text)) >= FEWEST_DIGITS


def unit_called(text: str) -> str:
	found = units().get(text)
	if not found:
		raise ValueError(_("Choose a unit of the list."))
	return found


def options_of(df) -> list[str]:
	return [option for option in (df.options or "").split("\n") if option]


def one_of(df, text: str) -> str:
	if text not in options_of(df):
		raise ValueError(_("Choose one of the list."))
	return text


def moment(df, text: str):
	found = row_times.moment(text.replace("T", " "))
	if not found or found.year not in values.YEARS:
		raise ValueError(_("Write the day and the time."))
	return getdate(found) if df.fieldtype == "Date" else found


def number(df, text: str) -> int | float:
	try:
		found = int(text) if df.fieldtype == "Int" else float(text)
	except ValueError:
		raise ValueError(_("Write a number.")) from None
	if not values.is_number(text) or abs(found) >= 2**31:
		raise ValueError(_("Write a number."))
	return found


def check_period(found: dict, faults: dict[str, str]) -> None:
	"""A period that is over, and not longer than a request may name."""
	begin, end = found.get("from_time"), found.get("to_time")
	if not begin or not end:
		return
	begin_ms, end_ms = clock.site_time_to_utc_ms(begin), clock.site_time_to_utc_ms(end)
	now = clock.now_ms()
	if begin_ms > now:
		faults["from_time"] = _("This is still to come.")
	elif end_ms <= begin_ms:
		faults["to_time"] = _("The end must be later than the beginning.")
	elif end_ms > now:
		faults["to_time"] = _("This is still to come.")
	elif end_ms - begin_ms > ranges.LONGEST_MS:
		faults["to_time"] = _("At most {0} days. Send another application for the rest.").format(
			ranges.LONGEST_MS // 86_400_000
		)


def in_words(application) -> str:
	"""What footage an application is about, for the request that is made of it."""
	unit = frappe.db.get_value("Monitored Unit", application.unit, "unit_name") or application.unit
	begin, end = (
		format_datetime(get_datetime(time)) for time in (application.from_time, application.to_time)
	)
	period = _("{0}, from {1} to {2}.").format(unit, begin, end)
	return f"{period}\n{application.wanted}"
