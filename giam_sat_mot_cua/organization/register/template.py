"""The empty .xlsx file that people fill in: headings, drop-downs, and a sheet of guidance with examples."""

from io import BytesIO

from frappe import _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from giam_sat_mot_cua.organization.register.columns import (
	DATES,
	LINKS,
	NUMBERS,
	SHEETS,
	TEXTS,
	Column,
	columns_of,
	normalised,
)
from giam_sat_mot_cua.organization.register.workbook import MOST_ROWS

HEAD = {"fill": PatternFill("solid", fgColor="1F4E79"), "font": Font(bold=True, color="FFFFFF")}
MANDATORY = PatternFill("solid", fgColor="9C2B2B")
WRAPPED = Alignment(wrap_text=True, vertical="top")
LAST_ROW = MOST_ROWS + 1
# Shown on the guidance sheet only, so that an example cannot be imported by mistake.
EXAMPLES = {
	"unit_code": "NB-HL-NM",
	"unit_name": "UBND phường Ninh Mỹ",
	"parent_monitored_unit": "NB-HL",
	"responsible_head": "Phạm Thị Mỹ",
	"head_title": "Chủ tịch",
	"phone": "0229 3871 000",
	"camera_code": "NB-HL-NM-01",
	"camera_name": "Ninh Mỹ – Quầy số 1",
	"unit": "NB-HL-NM",
	"asset_number": "TS-00123",
	"asset_owner": "NB-HL-NM",
	"providing_unit": "NB-HL-NM",
	"updating_unit": "NB-HL-NM",
	"using_units": "NB-HL-NM; NB-HL",
	"retention_days": "30",
	"stream_url": "rtsp://10.1.2.3:554/stream1",
}


def build() -> bytes:
	book = Workbook()
	book.remove(book.active)
	lists = Lists(book)
	described = []
	for sheet in SHEETS:
		columns = columns_of(sheet)
		add_data_sheet(book.create_sheet(sheet.title), columns, lists)
		described += columns
	add_guidance(book.create_sheet(_("Guidance")), described)
	lists.finish()
	content = BytesIO()
	book.save(content)
	return content.getvalue()


class Lists:
	"""The options of drop-downs, on a hidden sheet: Excel takes at most 255 characters in the cell itself."""

	def __init__(self, book: Workbook):
		self.book, self.columns = book, []

	def formula(self, options: list[str]) -> str:
		if options not in self.columns:
			self.columns.append(options)
		letter = get_column_letter(self.columns.index(options) + 1)
		return f"{quote_sheetname(_('Lists'))}!${letter}$1:${letter}${len(options)}"

	def finish(self) -> None:
		sheet = self.book.create_sheet(_("Lists"))
		sheet.sheet_state = "hidden"
		for index, options in enumerate(self.columns, start=1):
			for row, option in enumerate(options, start=1):
				write(sheet, row, index, option)


def write(sheet: Worksheet, row: int, column: int, text: str):
	"""As text, whatever it begins with: a name such as =A1 is no formula."""
	cell = sheet.cell(row, column)
	cell.value = text
	cell.data_type = "s"
	return cell


def add_data_sheet(sheet: Worksheet, columns: list[Column], lists: Lists) -> None:
	sheet.freeze_panes = "B2"
	sheet.row_dimensions[1].height = 34
	for index, column in enumerate(columns, start=1):
		letter = get_column_letter(index)
		cell = write(sheet, 1, index, column.title)
		cell.font, cell.fill = HEAD["font"], MANDATORY if column.is_mandatory else HEAD["fill"]
		cell.alignment = Alignment(wrap_text=True, vertical="center")
		sheet.column_dimensions[letter].width = max(14, min(30, len(column.title) + 3))
		sheet.column_dimensions[letter].number_format = number_format(column)
		if options := column.drop_down:
			choice = DataValidation("list", formula1=lists.formula(options), allow_blank=True)
			# units of this very file are not in the list yet, codes and English are right as well
			choice.showErrorMessage = False
			choice.add(f"{letter}2:{letter}{LAST_ROW}")
			sheet.add_data_validation(choice)


def number_format(column: Column) -> str:
	"""Text keeps the leading zeros of a code."""
	if column.df.fieldtype in (*TEXTS, *LINKS):
		return "@"
	return "dd/mm/yyyy" if column.df.fieldtype in DATES else "General"


def add_guidance(sheet: Worksheet, columns: list[Column]) -> None:
	lines = (
		_("Fill in the sheets {0} and {1}; one of them may stay empty. This sheet is not imported.").format(
			SHEETS[0].title, SHEETS[1].title
		),
		_(
			"Keep the headings. Columns with * must be filled in; "
			"the order of rows and columns does not matter."
		),
		_("The import only adds. A code that is already in the system is an error."),
		_("If any row has an error, nothing at all is imported."),
		_("A superior unit may stand further down in the same file. Cameras find units of the same file."),
		_("A blank cell takes the default value of its column."),
		_("Stream addresses and logins are secret: delete this file from your computer after the import."),
	)
	for row, line in enumerate(lines, start=1):
		write(sheet, row, 1, f"{row}. {line}")
	top = len(lines) + 2
	headings = (_("Sheet"), _("Column"), _("Must Be Filled In"), _("What to Write"), _("Example"))
	for index, heading in enumerate(headings, start=1):
		cell = write(sheet, top, index, heading)
		cell.font, cell.fill = HEAD["font"], HEAD["fill"]
		sheet.column_dimensions[get_column_letter(index)].width = (14, 34, 16, 80, 30)[index - 1]
	for row, column in enumerate(columns, start=top + 1):
		for index, text in enumerate(described(column), start=1):
			write(sheet, row, index, text).alignment = WRAPPED


def described(column: Column) -> tuple[str, ...]:
	mandatory = _("Yes") if column.is_mandatory else _("No")
	parts = [kind(column)]
	if column.df.fieldtype in ("Select", "Check"):
		default = column.options.get(normalised(column.df.default or 0))
		parts += [
			_("Blank means: {0}").format(text)
			for text in column.drop_down
			if meaning(column, text) == default
		]
	if column.df.description:
		parts.append(_(column.df.description))
	example = EXAMPLES.get(column.fieldname) or (column.drop_down[0] if column.drop_down else "")
	if column.df.fieldtype in DATES:
		example = "31/12/2026"
	return column.sheet.title, column.heading, mandatory, ". ".join(parts), example


def meaning(column: Column, text: str) -> object:
	return column.options[normalised(text)]


def kind(column: Column) -> str:
	if column.df.fieldtype in ("Select", "Check"):
		return _("One of: {0}").format("; ".join(column.drop_down))
	if column.df.fieldtype == "Table MultiSelect":
		return _("{0}: codes, with a semicolon between them").format(_(column.linked_doctype))
	if column.df.fieldtype == "Link":
		return _("{0}: code or name").format(_(column.linked_doctype))
	if column.df.fieldtype in DATES:
		return _("A date: day/month/year")
	if column.df.fieldtype in NUMBERS:
		return _("A number")
	return _("Text, at most {0} characters").format(column.longest) if column.longest else _("Text")
