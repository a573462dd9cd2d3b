"""Rows of the file -> records to insert, in an order in which each finds what it names. Says everything about
the file that can be said without inserting."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

import frappe
from frappe import _
from frappe.utils import cstr

from giam_sat_mot_cua.organization.register import values, workbook
from giam_sat_mot_cua.organization.register.columns import (
	LINKS,
	SHEETS,
	Column,
	Sheet,
	code_field,
	columns_of,
	normalised,
)
from giam_sat_mot_cua.organization.register.faults import Fault, Unreadable, quoted

Key = tuple[str, str]  # (DocType, normalised code)


@dataclass
class Row:
	sheet: Sheet
	table: workbook.Table
	number: int
	raw: dict[int, object]
	values: dict[str, object] = field(default_factory=dict)
	needs: set[Key] = field(default_factory=set)  # rows of the file that must be inserted before
	is_bad: bool = False

	@property
	def code(self) -> str:
		return cstr(self.values.get(code_field(self.sheet.doctype)))

	@property
	def key(self) -> Key:
		return self.sheet.doctype, normalised(self.code)


class Register:
	"""A whole file. `rows` are in the order in which to insert them; `faults` grow while it is checked."""

	def __init__(self, content: bytes):
		titles = {sheet.doctype: {normalised(sheet.title), normalised(sheet.label)} for sheet in SHEETS}
		self.tables = workbook.read(content, titles)
		self.faults: list[Fault] = []
		self.columns: dict[str, dict[int, Column]] = {}  # DocType -> column index -> column
		self.rows: list[Row] = []
		self.incomplete: set[str] = set()  # DocTypes whose sheet lacks a mandatory column
		for sheet in SHEETS:
			if table := self.tables.get(sheet.doctype):
				self.take_table(sheet, table)
		if not self.rows and not self.faults:
			raise Unreadable(_("The file holds no rows. Fill in the template and choose it again."))
		self.find_repeated_values()
		self.find_existing_values()
		self.resolve_links()
		self.put_in_order()

	def count(self, sheet: Sheet) -> int:
		return sum(row.sheet is sheet for row in self.rows)

	def faults_in_order(self) -> list[Fault]:
		"""As the file has them: sheet by sheet, row by row."""
		titles = [self.tables[sheet.doctype].title for sheet in SHEETS if sheet.doctype in self.tables]
		return sorted(
			dict.fromkeys(self.faults), key=lambda fault: (titles.index(fault.sheet), fault.row, fault.column)
		)

	def blame(self, row: Row, column: Column | None, message: str) -> None:
		row.is_bad = True
		self.faults.append(Fault(row.table.title, row.number, column.heading if column else "", message))

	def columns_with_values(self, row: Row) -> Iterator[Column]:
		for column in self.columns[row.sheet.doctype].values():
			if column.fieldname in row.values:
				yield column

	# Headings and cells

	def take_table(self, sheet: Sheet, table: workbook.Table) -> None:
		if not table.rows and not table.faults:
			return  # nothing but headings: this sheet is not used
		self.columns[sheet.doctype] = self.match_headings(sheet, table)
		broken: dict[int, set[str]] = defaultdict(set)  # row -> headings of cells that could not be read
		for fault in table.faults:
			broken[fault.row].add(fault.column)
		self.faults += table.faults
		for number, raw in table.rows:
			row = Row(sheet, table, number, raw)
			row.is_bad = sheet.doctype in self.incomplete or number in broken
			self.take_cells(row, broken.get(number, set()))
			self.rows.append(row)

	def match_headings(self, sheet: Sheet, table: workbook.Table) -> dict[int, Column]:
		known = columns_of(sheet)
		found: dict[int, Column] = {}
		for index, heading in table.headings.items():
			column = next((column for column in known if normalised(heading) in column.names), None)
			if column is None:
				table.blame(
					table.heading_row,
					index,
					_("There is no such column. Take the headings from the template, or delete this column."),
				)
			elif column in found.values():
				table.blame(table.heading_row, index, _("This column is there twice. Delete one of the two."))
			else:
				found[index] = column
		for index in sorted({index for _number, raw in table.rows for index in raw} - set(table.headings)):
			table.blame(
				table.heading_row,
				index,
				_("The column has no heading. Take it from the template, or empty it."),
			)
		for column in known:
			if column.is_mandatory and column not in found.values():
				message = _("This column is missing. Take its heading from the template and fill it in.")
				self.incomplete.add(sheet.doctype)
				table.faults.append(Fault(table.title, table.heading_row, column.heading, message))
		return found

	def take_cells(self, row: Row, broken: set[str]) -> None:
		for index, column in self.columns[row.sheet.doctype].items():
			if row.table.column_name(index) in broken:
				continue
			value = row.raw.get(index)
			if value is None:
				if column.is_mandatory:
					self.blame(row, column, _("This cell is empty. Fill it in."))
				continue
			try:
				row.values[column.fieldname] = values.convert(column, value)
			except values.Unfit as unfit:
				self.blame(row, column, str(unfit))

	# Values that may be there once only

	def unique_columns(self) -> Iterator[tuple[str, Column]]:
		for doctype, columns in self.columns.items():
			for column in columns.values():
				if column.df.unique or column.fieldname == code_field(doctype):
					yield doctype, column

	def rows_by_value(self, doctype: str, column: Column) -> dict[str, list[Row]]:
		found: dict[str, list[Row]] = defaultdict(list)
		for row in self.rows:
			if row.sheet.doctype == doctype and column.fieldname in row.values:
				found[normalised(row.values[column.fieldname])].append(row)
		return found

	def find_repeated_values(self) -> None:
		for doctype, column in self.unique_columns():
			for first, *others in self.rows_by_value(doctype, column).values():
				for row in others:
					self.blame(
						row,
						column,
						_("{0} already stands in row {1} of this sheet. Each row needs its own.").format(
							quoted(row.values[column.fieldname]), first.number
						),
					)

	def find_existing_values(self) -> None:
		for doctype, column in self.unique_columns():
			by_value = self.rows_by_value(doctype, column)
			written = list({row.values[column.fieldname] for rows in by_value.values() for row in rows})
			# without the user's permissions: the database refuses the same value whoever may see its record
			stored = frappe.get_all(
				doctype,
				{column.fieldname: ("in", written or [""])},
				["name", column.fieldname],
				order_by="name",
			)
			for record in stored:
				for row in by_value.get(normalised(record.get(column.fieldname)), []):
					self.blame(row, column, self.existing(column, row, record.name))

	def existing(self, column: Column, row: Row, name: str) -> str:
		value = quoted(row.values[column.fieldname])
		if column.fieldname == code_field(row.sheet.doctype):
			return _(
				"{0} is already in the system. The import only adds: "
				"delete this row, or change the record by hand."
			).format(value)
		return _("{0} is already used by {1}. Write another one.").format(value, name)

	# Links: to records, and to rows of the file

	def resolve_links(self) -> None:
		codes = {row.key: row for row in reversed(self.rows) if row.code}  # the first of repeated ones
		for doctype, texts in self.linked_texts().items():
			known = Names(doctype, texts, [row for row in codes.values() if row.sheet.doctype == doctype])
			for row in self.rows:
				for column in self.columns_with_values(row):
					if column.df.fieldtype in LINKS and column.linked_doctype == doctype:
						self.resolve(row, column, known)

	def linked_texts(self) -> dict[str, set[str]]:
		found: dict[str, set[str]] = defaultdict(set)
		for row in self.rows:
			for column in self.columns_with_values(row):
				if column.df.fieldtype in LINKS:
					found[column.linked_doctype].update(link_texts(column, row.values[column.fieldname]))
		return found

	def resolve(self, row: Row, column: Column, known: "Names") -> None:
		names = []
		for text in link_texts(column, row.values.pop(column.fieldname)):
			name, in_file, reason = known.find(text)
			if not name:
				self.blame(row, column, reason)
				return
			names.append(name)
			if in_file:
				row.needs.add((known.doctype, normalised(name)))
		if column.df.fieldtype == "Link":
			row.values[column.fieldname] = names[0]
		else:
			row.values[column.fieldname] = [
				{column.child_link.fieldname: name} for name in dict.fromkeys(names)
			]

	# Order

	def put_in_order(self) -> None:
		"""Each row after those that it needs; rows that need each other in a circle are refused."""
		by_key = {row.key: row for row in reversed(self.rows) if row.code}
		waiting = dict(by_key)
		while True:
			sorter = TopologicalSorter({key: row.needs & waiting.keys() for key, row in waiting.items()})
			try:
				order = list(sorter.static_order())
				break
			except CycleError as error:
				for key in dict.fromkeys(error.args[1]):
					self.blame_circle(waiting.pop(key))
		place = {key: number for number, key in enumerate(order)}
		self.rows.sort(key=lambda row: place.get(row.key, len(place)))

	def blame_circle(self, row: Row) -> None:
		links = [
			column
			for column in self.columns_with_values(row)
			if column.df.fieldtype == "Link" and column.linked_doctype == row.sheet.doctype
		]
		self.blame(
			row,
			links[0] if links else None,
			_("The rows name each other as superiors in a circle. Correct the superior of one of them."),
		)


class Names:
	"""Records of `doctype` as cells may name them: by code or title, in the system or in the file."""

	def __init__(self, doctype: str, texts: set[str], rows: list[Row]):
		self.doctype = doctype
		self.title_field = frappe.get_meta(doctype).title_field
		stored = self.stored(texts)
		self.codes = {normalised(name): name for name, _title in stored}
		self.file_codes = {normalised(row.code): row.code for row in rows}
		titles = [*stored, *((row.code, row.values.get(self.title_field)) for row in rows)]
		distinct = {(name, normalised(title)) for name, title in titles if title}
		self.titles = {title: name for name, title in distinct}
		self.title_counts = Counter(title for _name, title in distinct)

	def stored(self, texts: set[str]) -> list[tuple[str, str]]:
		"""(name, title) of the records that the user sees and that `texts` may mean."""
		if not texts or not frappe.has_permission(self.doctype, "read"):
			return []
		fields = ["name", self.title_field] if self.title_field else ["name"]
		found = {}
		for column in fields:
			rows = frappe.get_list(
				self.doctype, {column: ("in", list(texts))}, fields, order_by="name", limit_page_length=0
			)
			found.update({cstr(row.name): cstr(row.get(self.title_field)) for row in rows})
		return list(found.items())

	def find(self, text: str) -> tuple[str | None, bool, str]:
		"""(name, whether it is a row of the file, what to say when there is none)"""
		wanted = normalised(text)
		if wanted in self.codes:
			return self.codes[wanted], False, ""
		if wanted in self.file_codes:
			return self.file_codes[wanted], True, ""
		if self.title_counts[wanted] > 1:
			return None, False, _("More than one is called {0}. Write the code instead.").format(quoted(text))
		if wanted in self.titles:
			name = self.titles[wanted]
			return name, normalised(name) in self.file_codes and normalised(name) not in self.codes, ""
		if self.file_codes or self.doctype in [sheet.doctype for sheet in SHEETS]:
			return (
				None,
				False,
				_("{0} is neither in the system nor in this file. Correct the code, or add it.").format(
					quoted(text)
				),
			)
		return None, False, _("{0} is not known. Choose from the list in the template.").format(quoted(text))


def link_texts(column: Column, text: object) -> list[str]:
	"""What a cell names: one record, or several with commas or semicolons between them."""
	if column.df.fieldtype == "Link":
		return [cstr(text)]
	return [part.strip() for part in cstr(text).replace(";", ",").split(",") if part.strip()]
