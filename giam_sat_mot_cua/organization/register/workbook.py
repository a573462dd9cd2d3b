"""Reads an .xlsx file that nobody can trust: bounded, values only, without following anything it names."""

import re
import unicodedata
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO

from frappe import _
from openpyxl import load_workbook
from openpyxl.packaging.relationship import get_dependents
from openpyxl.packaging.workbook import WorkbookPackage
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.xml.functions import fromstring

from giam_sat_mot_cua.organization.register.columns import normalised
from giam_sat_mot_cua.organization.register.faults import Fault, Unreadable

MOST_BYTES = 5_000_000
MOST_UNPACKED_BYTES = 30_000_000
MOST_PARTS = 500
MOST_ROWS = 5000  # of one sheet, blank ones not counted
MOST_COLUMNS = 150
LAST_ROW = 20_000  # blank rows counted; what lies below is looked for, not read
MOST_MERGED = 100  # of one sheet that are named
OLD_OR_PROTECTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Microsoft's compound file: .xls, or encrypted
ROW = re.compile(rb'<(?:\w+:)?row(?:\s[^>]*?\br="(\d{1,9})"|[\s/>])')
WORKBOOK, LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


@dataclass
class Table:
	"""One sheet. `rows` are (number as Excel shows it, {column index: value}); blank rows are left out."""

	title: str
	heading_row: int = 0
	headings: dict[int, str] = field(default_factory=dict)
	rows: list[tuple[int, dict[int, object]]] = field(default_factory=list)
	faults: list[Fault] = field(default_factory=list)

	def column_name(self, index: int) -> str:
		return self.headings.get(index) or get_column_letter(index + 1)

	def blame(self, row: int, index: int, message: str) -> None:
		self.faults.append(Fault(self.title, row, self.column_name(index), message))


def require_xlsx(content: bytes) -> None:
	"""Raises Unreadable for what is no .xlsx file, or one that is too large or dangerous to open."""
	if len(content) > MOST_BYTES:
		raise Unreadable(
			_("The file is larger than {0} MB. Remove pictures and unused sheets, or split it.").format(
				MOST_BYTES // 1_000_000
			)
		)
	if content.startswith(OLD_OR_PROTECTED):
		raise Unreadable(
			_(
				"The file is protected by a password or of the old type .xls. Remove the password, save it "
				"as 'Excel Workbook (.xlsx)', and choose it again."
			)
		)
	with readable(), zipfile.ZipFile(BytesIO(content)) as archive:
		parts = archive.infolist()
		if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
			raise Unreadable(
				_(
					"The file unpacks to far more than a list of units and cameras. "
					"Copy the rows into a new template."
				)
			)
		archive.getinfo(WORKBOOK)
		for part in parts:
			refuse_document_types(part.filename, archive.read(part))


def refuse_document_types(name: str, part: bytes) -> None:
	"""Excel writes none; entities in one could be made to fill the memory."""
	hidden = name.endswith((".xml", ".rels")) and b"\0" in part[:200]  # UTF-16
	if hidden or b"<!DOCTYPE" in part or b"<!ENTITY" in part:
		raise ValueError("document type")


@contextmanager
def readable():
	"""Whatever a library raises about a broken file becomes one sentence."""
	try:
		yield
	except Unreadable:
		raise
	except Exception as error:
		raise Unreadable(
			_(
				"This is not an Excel file (.xlsx), or it is damaged. Download the template, fill it in with "
				"Excel, save it as .xlsx, and choose it again."
			)
		) from error


def read(content: bytes, titles: dict[str, set[str]]) -> dict[str, Table]:
	"""{key: table} of the sheets that are there, `titles` being {key: normalised titles a sheet may have}.

	Raises Unreadable when the file cannot be read or holds none of them.
	"""
	require_xlsx(content)
	with readable(), zipfile.ZipFile(BytesIO(content)) as archive:
		parts = sheet_parts(archive)
		values = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
		formulas = load_workbook(BytesIO(content), read_only=True, keep_links=False)
		found = {}
		for sheet in values.worksheets:
			key = next((key for key, known in titles.items() if normalised(sheet.title) in known), None)
			if key and key not in found:
				xml = archive.read(parts[sheet.title])
				refuse_content_far_below(sheet.title, xml)
				table = found[key] = Table(sheet.title)
				fill(table, sheet)
				if re.search(rb"<f[ />]", xml):
					blame_formulas(table, sheet, formulas[sheet.title])
				blame_merged(table, xml)
	if not found:
		raise Unreadable(
			_(
				"The file has neither a sheet {0} nor a sheet {1}. "
				"Use the template and keep its sheets' names."
			).format(_("Units"), _("Cameras"))
		)
	return found


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
	"""{title of a sheet: name of its part in the archive}"""
	links = get_dependents(archive, LINKS)
	package = WorkbookPackage.from_tree(fromstring(archive.read(WORKBOOK)))
	return {sheet.name: links.get(sheet.id).target for sheet in package.sheets}


def fill(table: Table, sheet) -> None:
	for number, cells in numbered_rows(sheet):
		found = {index: value for index, cell in enumerate(cells) if (value := cell_value(cell)) is not None}
		if not found:
			continue
		if not table.heading_row:
			table.heading_row = number
			table.headings = {index: " ".join(str(value).split()) for index, value in found.items()}
			continue
		for index, cell in enumerate(cells):
			if cell.data_type == "e" and index in found:
				table.blame(
					number, index, _("The formula in this cell gives an error. Write the value itself.")
				)
				del found[index]
		table.rows.append((number, found))
		if len(table.rows) > MOST_ROWS:
			raise Unreadable(
				_("The sheet {0} has more than {1} rows. Split the file.").format(table.title, MOST_ROWS)
			)


def numbered_rows(sheet):
	sheet.reset_dimensions()  # a file may claim any size
	return enumerate(sheet.iter_rows(max_row=LAST_ROW, max_col=MOST_COLUMNS), start=1)


def refuse_content_far_below(title: str, xml: bytes) -> None:
	for count, row in enumerate(ROW.finditer(xml), start=1):
		if int(row[1] or count) > LAST_ROW:
			if re.search(rb"<(?:\w+:)?(?:v|is)[ />]", xml[row.start() :]):
				raise Unreadable(
					_("The sheet {0} holds something below row {1}. Delete it, or move the rows up.").format(
						title, LAST_ROW
					)
				)
			return


def cell_value(cell):
	"""None for a blank cell. Numbers that are shown with leading zeros become the text that is shown."""
	value = cell.value
	if isinstance(value, str):
		return unicodedata.normalize("NFC", value).replace("\u00a0", " ").strip() or None
	if type(value) is int and re.fullmatch(r"0{2,}", cell.number_format or ""):
		return str(value).zfill(len(cell.number_format))
	return value


def blame_formulas(table: Table, values, formulas) -> None:
	"""Formulas that Excel has not computed would look like blank cells."""
	for (number, shown), (_number, written) in zip(
		numbered_rows(values), numbered_rows(formulas), strict=False
	):
		for index, cell in enumerate(written):
			blank = index >= len(shown) or shown[index].value is None
			if cell.data_type == "f" and blank and number > table.heading_row:
				table.blame(
					number,
					index,
					_("The formula in this cell has no computed value. Write the value itself."),
				)


def blame_merged(table: Table, xml: bytes) -> None:
	found = dict.fromkeys(re.findall(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:$]+)"', xml))
	for area in [name.decode() for name in found][:MOST_MERGED]:
		left, top, _right, bottom = range_boundaries(area)
		if bottom >= table.heading_row:
			row = max(top, table.heading_row)
			table.blame(
				row, left - 1, _("The cells {0} are merged. Unmerge them and fill in each one.").format(area)
			)
