"""Which fields of units and cameras are columns of the file, and what people call them and their options."""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property

import frappe
from frappe import _
from frappe.utils import cstr

TEXTS = ("Data", "Small Text", "Text", "Long Text", "Password")
NUMBERS = ("Int", "Float", "Currency", "Percent")
DATES = ("Date", "Datetime")
LINKS = ("Link", "Table MultiSelect")
FIELD_TYPES = (*TEXTS, *NUMBERS, *DATES, *LINKS, "Select", "Check")
MOST_OPTIONS = 1000  # of a drop-down in the template
YES = ("yes", "y", "true", "x", "1", "đúng")
NO = ("no", "n", "false", "0", "sai")


@dataclass(frozen=True)
class Sheet:
	doctype: str
	label: str  # English

	@property
	def title(self) -> str:
		return _(self.label)


UNITS = Sheet("Monitored Unit", "Units")
CAMERAS = Sheet("Camera", "Cameras")
SHEETS = (UNITS, CAMERAS)  # units first: cameras need them


@dataclass
class Column:
	sheet: Sheet
	df: object  # the field's definition
	heading: str = ""
	names: set[str] = field(default_factory=set)  # normalised texts that a heading may be

	@property
	def fieldname(self) -> str:
		return self.df.fieldname

	@property
	def is_mandatory(self) -> bool:
		"""Whether somebody must fill it in: a blank cell takes the field's default."""
		return bool(self.df.reqd and not self.df.default)

	@property
	def title(self) -> str:
		return f"{self.heading} *" if self.is_mandatory else self.heading

	@cached_property
	def linked_doctype(self) -> str | None:
		"""DocType of the records that the cells name."""
		if self.df.fieldtype == "Link":
			return self.df.options
		return self.child_link.options if self.df.fieldtype == "Table MultiSelect" else None

	@cached_property
	def child_link(self):
		"""The link field in the rows of a Table MultiSelect."""
		return next(df for df in frappe.get_meta(self.df.options).fields if df.fieldtype == "Link")

	@cached_property
	def options(self) -> dict[str, object]:
		"""{normalised text: value} of a Select or Check."""
		if self.df.fieldtype == "Check":
			return {
				**dict.fromkeys([normalised(_("Yes")), *YES], 1),
				**dict.fromkeys([normalised(_("No")), *NO], 0),
			}
		values = [line.strip() for line in cstr(self.df.options).split("\n") if line.strip()]
		return {normalised(text): value for value in values for text in (_(value), value)}

	@cached_property
	def drop_down(self) -> list[str]:
		"""Texts to choose from in Excel."""
		if self.df.fieldtype == "Check":
			return [_("Yes"), _("No")]
		if self.df.fieldtype == "Select":
			return [_(value) for value in dict.fromkeys(self.options.values())]
		return linked_texts(self.linked_doctype) if self.df.fieldtype == "Link" else []

	@property
	def longest(self) -> int | None:
		"""Characters that fit; None when there is no limit worth saying."""
		if self.df.fieldtype in ("Data", "Link", "Select"):
			return int(self.df.length or 140)
		return int(self.df.length or 0) or None


def columns_of(sheet: Sheet) -> list[Column]:
	"""The columns that the session's user may fill in, in the order of the form."""
	meta = frappe.get_meta(sheet.doctype)
	levels = meta.get_permlevel_access("write")
	found = [Column(sheet, df) for df in meta.fields if is_column(df) and (df.permlevel or 0) in levels]
	labels = [normalised(_(column.df.label)) for column in found]
	for column in found:
		label = _(column.df.label)
		if labels.count(normalised(label)) > 1:
			column.heading = f"{label} ({column.fieldname})"
			column.names = {normalised(column.heading), column.fieldname}
		else:
			column.heading = label
			column.names = {normalised(label), normalised(column.df.label), column.fieldname}
	return found


def is_column(df) -> bool:
	return bool(
		df.fieldtype in FIELD_TYPES
		and df.label
		and not (df.hidden or df.read_only or df.get("is_virtual") or df.fetch_from)
	)


def code_field(doctype: str) -> str:
	"""The field after which records of `doctype` are named."""
	return frappe.get_meta(doctype).autoname.partition(":")[2]


def linked_texts(doctype: str) -> list[str]:
	"""What a drop-down for links to `doctype` offers: titles when they are plain and all different, else
	codes."""
	title = frappe.get_meta(doctype).title_field
	if not frappe.has_permission(doctype, "read"):
		return []
	fields = ["name", title] if title else ["name"]
	rows = frappe.get_list(doctype, fields=fields, order_by="name", limit_page_length=MOST_OPTIONS + 1)
	if len(rows) > MOST_OPTIONS:
		return []
	names = [cstr(row.name) for row in rows]
	titles = [cstr(row.get(title)) for row in rows] if title else names
	of_the_file = doctype in [sheet.doctype for sheet in SHEETS]  # those are known by their codes
	return names if of_the_file or len(set(titles)) < len(titles) or "" in titles else titles


def normalised(text: object) -> str:
	"""What counts when two texts are compared: not their case, spaces, Unicode form, or a star at the end."""
	plain = unicodedata.normalize("NFC", cstr(text)).strip().rstrip("*")
	return re.sub(r"\s+", " ", plain).strip().casefold()
