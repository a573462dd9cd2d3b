"""The HTML of a paper as a DOCX (ISO/IEC 29500), for those who go on writing in it.

Of HTML: headings, paragraphs, `div`, lists, tables (`thead`, `colspan`, widths in per cent), `br`, `b`, `i`,
`u`, `span`, pictures in `data:` addresses. Of CSS: what `look.py` reads, borders of cells or none. The rest
is left out; the text never is.
"""

import logging
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from datetime import datetime, timezone
from io import BytesIO

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.image.exceptions import UnrecognizedImageError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from lxml import html as lxml_html
from premailer import Premailer

from giam_sat_mot_cua.papers import look, page
from giam_sat_mot_cua.papers.look import Look

BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "section", "hr"}
UNSHOWN = {"style", "script", "head", "title", "link", "meta"}
ALIGNED = {
	"left": WD_ALIGN_PARAGRAPH.LEFT,
	"center": WD_ALIGN_PARAGRAPH.CENTER,
	"right": WD_ALIGN_PARAGRAPH.RIGHT,
	"justify": WD_ALIGN_PARAGRAPH.JUSTIFY,
}
SPACE = re.compile(r"[ \t\r\n\f]+")
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0 has no way to write them
PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,(.*)", re.S)
TEXT_WIDTH_MM = page.WIDTH_MM - page.LEFT_MM - page.RIGHT_MM
DEFAULT_PICTURE_MM = 40
BORDER = {"val": "single", "sz": "6", "space": "0", "color": "000000"}


def render(html: str, title: str) -> bytes:
	"""The DOCX of a whole HTML text."""
	root = lxml_html.document_fromstring(with_styles_inline(html))
	paper = new_paper(title)
	body = root.find("body")
	Writer(paper).write_blocks(body, paper, Look())
	out = BytesIO()
	paper.save(out)
	return out.getvalue()


def with_styles_inline(html: str) -> str:
	"""Each rule of the style sheet on the elements that it means. Fetches nothing."""
	inliner = Premailer(
		html,
		allow_network=False,
		allow_loading_external_files=False,
		disable_link_rewrites=True,
		disable_basic_attributes=["width", "height", "align", "bgcolor", "valign"],
		disable_validation=True,
		disable_leftover_css=True,
		align_floating_images=False,
		remove_unset_properties=False,
		cssutils_logging_level=logging.CRITICAL,
	)
	return inliner.transform()


def new_paper(title: str) -> Document:
	paper = docx.Document()
	paper.core_properties.title, paper.core_properties.author = title, ""
	paper.core_properties.comments = ""
	paper.core_properties.language = "vi-VN"
	now = datetime.now(timezone.utc).replace(tzinfo=None)
	paper.core_properties.created = paper.core_properties.modified = now
	section = paper.sections[0]
	section.page_width, section.page_height = Mm(page.WIDTH_MM), Mm(page.HEIGHT_MM)
	section.top_margin, section.bottom_margin = Mm(page.TOP_MM), Mm(page.BOTTOM_MM)
	section.left_margin, section.right_margin = Mm(page.LEFT_MM), Mm(page.RIGHT_MM)
	section.header_distance = section.footer_distance = Mm(10)
	section.different_first_page_header_footer = True
	number_pages(section.header.paragraphs[0])
	normal = paper.styles["Normal"]
	normal.font.name, normal.font.size = page.FAMILY, Pt(page.SIZE_PT)
	normal.element.rPr.rFonts.set(qn("w:eastAsia"), page.FAMILY)
	language = OxmlElement("w:lang")  # of Word's spell checker
	language.set(qn("w:val"), "vi-VN")
	normal.element.rPr.append(language)
	normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
	return paper


def number_pages(paragraph: Paragraph) -> None:
	"""From the second page on, in the middle above the text (Decree 30/2020/NĐ-CP)."""
	paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
	field = OxmlElement("w:fldSimple")
	field.set(qn("w:instr"), "PAGE")
	run, text = OxmlElement("w:r"), OxmlElement("w:t")
	text.text = "2"
	run.append(text)
	field.append(run)
	paragraph._p.append(field)


class Writer:
	"""Writes boxes into a paper or a cell of it."""

	def __init__(self, paper: Document):
		self.paper = paper

	def write_blocks(self, element, place: Document | _Cell, seen: Look, mark: str = "") -> None:
		"""What is inside `element`: paragraphs and tables; text between them is a paragraph of its own.
		`mark`: what the first one begins with."""
		line = Line(self, place, seen, mark)
		line.add_text(element.text, seen)
		for child in element:
			if isinstance(child.tag, str) and child.tag not in UNSHOWN:
				style = look.declared(child.get("style"))
				if style.get("display") == "none":
					pass
				elif child.tag in BLOCKS:
					line.end()
					self.write_block(child, place, seen.of(child.tag, style), style)
				else:
					line.add_inline(child, seen)
			line.add_text(child.tail, seen)
		line.end()

	def write_block(self, element, place: Document | _Cell, seen: Look, style: dict) -> None:
		if element.tag == "table":
			self.write_table(element, place, seen)
		elif element.tag in ("ul", "ol"):
			for number, item in enumerate(element.iterchildren("li"), 1):
				mark = f"{number}. " if element.tag == "ol" else "- "
				self.write_blocks(item, place, seen.of("li", look.declared(item.get("style"))), mark)
		elif element.tag == "hr" or not has_content(element):
			new_paragraph(place, seen)
		else:
			self.write_blocks(element, place, seen)

	def write_table(self, element, place: Document | _Cell, seen: Look) -> None:
		rows = list(rows_of(element))
		width = place_width(place)
		shares = widths(rows)
		if not shares:
			return
		table = place.add_table(0, len(shares))
		table.autofit = False
		for column, part in zip(table.columns, shares, strict=True):
			column.width = Emu(round(width * part))
		for row, is_head in rows:
			self.write_row(table, row, shares, width, seen, is_head)
		if is_cell(place):
			return
		after = self.paper.add_paragraph()  # Word joins tables that follow each other
		after.paragraph_format.line_spacing = Pt(max(seen.space_after_pt, 2))

	def write_row(
		self, table: Table, row, shares: list[float], width: int, seen: Look, is_head: bool
	) -> None:
		made = table.add_row()._tr
		properties = made.get_or_add_trPr()
		properties.append(OxmlElement("w:cantSplit"))
		if is_head:
			properties.append(OxmlElement("w:tblHeader"))  # again on each page
		boxes, at = made.tc_lst, 0
		for cell in cells_of(row):
			span = min(span_of(cell), len(shares) - at)
			if span < 1:
				break
			box = boxes[at]
			box.width = Emu(round(width * sum(shares[at : at + span])))
			if span > 1:
				box.get_or_add_tcPr().grid_span = span
				for surplus in boxes[at + 1 : at + span]:
					made.remove(surplus)
			at += span
			style = look.declared(cell.get("style"))
			if has_border(style):
				draw_border(box)
			self.write_cell(cell, _Cell(box, table), seen.of(cell.tag, style), style)

	def write_cell(self, element, cell: _Cell, seen: Look, style: dict) -> None:
		if style.get("vertical-align") == "middle":
			align = OxmlElement("w:vAlign")
			align.set(qn("w:val"), "center")
			cell._tc.get_or_add_tcPr().append(align)
		first = cell.paragraphs[0]
		self.write_blocks(element, cell, seen)
		if len(cell._tc.xpath("w:p")) > 1:
			cell._tc.remove(first._p)  # Word wants a paragraph in each cell, and begins it with one


class Line:
	"""A paragraph on its way: begun by the first thing that shows."""

	def __init__(self, writer: Writer, place: Document | _Cell, seen: Look, mark: str):
		self.writer, self.place, self.seen, self.mark = writer, place, seen, mark
		self.paragraph: Paragraph | None = None
		self.open_space = False  # whether a space before the next word is to be shown

	def begin(self) -> Paragraph:
		if self.paragraph is None:
			self.paragraph = new_paragraph(self.place, self.seen)
			if self.mark:
				add_run(self.paragraph, self.mark, self.seen)
				self.mark = ""
		return self.paragraph

	def end(self) -> None:
		self.paragraph, self.open_space = None, False

	def add_text(self, text: str | None, seen: Look) -> None:
		"""White space as HTML shows it: one space between words, none at the ends of a line."""
		text = UNWRITABLE.sub("", SPACE.sub(" ", text or ""))
		if not text.strip(" "):
			self.open_space = self.open_space or (bool(text) and self.paragraph is not None)
			return
		space = " " if self.paragraph is not None and (self.open_space or text[0] == " ") else ""
		shown = text.strip(" ")
		add_run(self.begin(), space + (shown.upper() if seen.upper else shown), seen)
		self.open_space = text[-1] == " "

	def add_inline(self, element, seen: Look) -> None:
		if element.tag == "br":
			self.begin().add_run().add_break()
			self.open_space = False
			return
		if element.tag == "img":
			self.add_picture(element)
			return
		inner = seen.of(element.tag, look.declared(element.get("style")))
		self.add_text(element.text, inner)
		for child in element:
			if isinstance(child.tag, str) and child.tag not in UNSHOWN:
				self.add_inline(child, inner)
			self.add_text(child.tail, inner)

	def add_picture(self, element) -> None:
		found = PICTURE.fullmatch(element.get("src") or "")
		width = look.points(look.declared(element.get("style")).get("width", ""))
		shown = Mm(DEFAULT_PICTURE_MM) if width is None else Pt(width)
		try:
			content = b64decode(found[1], validate=True) if found else b""
			self.begin().add_run().add_picture(BytesIO(content), width=shown)
		except (UnrecognizedImageError, NotBase64):
			self.add_text(element.get("alt"), self.seen)


def new_paragraph(place: Document | _Cell, seen: Look) -> Paragraph:
	paragraph = place.add_paragraph()
	shape = paragraph.paragraph_format
	paragraph.alignment = ALIGNED.get(seen.align, WD_ALIGN_PARAGRAPH.LEFT)
	shape.space_before, shape.space_after = Pt(seen.space_before_pt), Pt(seen.space_after_pt)
	shape.keep_with_next = seen.keep_with_next or None
	return paragraph


def add_run(paragraph: Paragraph, text: str, seen: Look) -> None:
	run = paragraph.add_run(text)
	run.bold, run.italic, run.underline = seen.bold, seen.italic, seen.underlined
	run.font.size, run.font.name = Pt(seen.size_pt), seen.family


def rows_of(table) -> Iterator[tuple]:
	"""(row, whether it belongs to the head), in order."""
	for child in table:
		if child.tag == "tr":
			yield child, False
		elif child.tag in ("thead", "tbody", "tfoot"):
			for row in child.iterchildren("tr"):
				yield row, child.tag == "thead"


def cells_of(row) -> list:
	return [child for child in row if child.tag in ("td", "th")]


def span_of(cell) -> int:
	value = cell.get("colspan") or "1"
	return max(int(value), 1) if value.isdecimal() else 1


def widths(rows: list[tuple]) -> list[float]:
	"""The share of each column, by the first row without joined cells; columns without a width share the
	rest. Empty for a table without cells."""
	count = max((sum(map(span_of, cells_of(row))) for row, _is_head in rows), default=0)
	if not count:
		return []
	plain = next((cells_of(row) for row, _is_head in rows if len(cells_of(row)) == count), [])
	told = [look.share(look.declared(cell.get("style")).get("width", "")) for cell in plain]
	told += [None] * (count - len(told))
	rest = max(1 - sum(part or 0 for part in told), 0)
	free = told.count(None)
	filled = [rest / free if part is None else part for part in told]
	total = sum(filled)
	return [part / total for part in filled] if total else [1 / count] * count


def has_border(style: dict[str, str]) -> bool:
	value = style.get("border", "none")
	return bool(value) and value.split()[0] not in ("none", "0", "0px", "0pt")


def draw_border(box) -> None:
	borders = OxmlElement("w:tcBorders")
	for side in ("top", "left", "bottom", "right"):
		line = OxmlElement(f"w:{side}")
		for name, value in BORDER.items():
			line.set(qn(f"w:{name}"), value)
		borders.append(line)
	box.get_or_add_tcPr().append(borders)


def has_content(element) -> bool:
	return bool("".join(element.itertext()).strip()) or element.find(".//img") is not None


def is_cell(place: Document | _Cell) -> bool:
	return isinstance(place, _Cell)


def place_width(place: Document | _Cell) -> int:
	"""In EMU."""
	return place.width if is_cell(place) and place.width else Mm(TEXT_WIDTH_MM)
