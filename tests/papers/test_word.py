"""DOCX of papers: the same texts as the HTML, as Word shows them."""

import base64
import io
import re
import zipfile

import cv2
import docx
import numpy
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from lxml import html as lxml_html

from giam_sat_mot_cua.papers import page, qr, word
from tests.papers import minutes


def made(body: str, css: str = ""):
	return docx.Document(io.BytesIO(word.render(page.document(body, css, "Thử"), "Thử")))


def cell_texts(table) -> list[list[str]]:
	return [[cell.text for cell in row.cells] for row in table.rows]


def test_the_layout_that_ships_says_the_same():
	source = minutes.html(40)
	paper = docx.Document(io.BytesIO(word.render(source, "Biên bản")))
	body = lxml_html.document_fromstring(source).find("body")
	expected = re.sub(r"\s", "", "".join(body.itertext()))
	found = "".join(text.text for text in paper.element.body.iter(qn("w:t")))
	assert re.sub(r"\s", "", found) == expected
	files = next(table for table in paper.tables if len(table.rows) == 41)
	assert files.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
	assert files.rows[1]._tr.trPr.find(qn("w:tblHeader")) is None
	assert files.rows[40].cells[4].text == minutes.file(39)["sha256"]
	assert sum(cell.width.mm for cell in files.rows[0].cells) == pytest.approx(165, abs=0.5)
	assert files.cell(1, 1)._tc.tcPr.find(qn("w:tcBorders")) is not None
	heads = paper.tables[0]
	assert heads.cell(0, 0)._tc.tcPr.find(qn("w:tcBorders")) is None
	assert heads.cell(0, 0).paragraphs[1].runs[0].bold and not heads.cell(0, 0).paragraphs[0].runs[0].bold
	title = next(p for p in paper.paragraphs if p.text == "BIÊN BẢN BÀN GIAO DỮ LIỆU HÌNH ẢNH")
	assert title.alignment == WD_ALIGN_PARAGRAPH.CENTER
	assert (title.runs[0].font.size.pt, title.runs[0].font.name) == (14, "Times New Roman")


def test_the_code_is_in_both_and_a_phone_reads_it():
	content = word.render(minutes.html(), "Biên bản")
	with zipfile.ZipFile(io.BytesIO(content)) as opened:
		(picture,) = (name for name in opened.namelist() if name.startswith("word/media/"))
		image = opened.read(picture)
	assert image == qr.png(minutes.COMPARED)
	read, *_rest = cv2.QRCodeDetectorAruco().detectAndDecode(
		cv2.imdecode(numpy.frombuffer(image, numpy.uint8), cv2.IMREAD_GRAYSCALE)
	)
	assert read == minutes.COMPARED


def test_tables():
	body = (
		"<table><thead><tr><th>a</th><th>b</th><th>c</th></tr></thead>"
		'<tbody><tr><td colspan="2">d</td><td>e</td></tr><tr><td>f</td></tr></tbody></table>'
		'<table><tr><td style="width: 25%">g</td><td>h<br>i<p>j</p></td></tr></table>'
		"<table></table>"
	)
	first, second = made(body).tables
	assert cell_texts(first) == [["a", "b", "c"], ["d", "d", "e"], ["f", "", ""]]
	assert cell_texts(second) == [["g", "h\ni\nj"]]
	assert second.cell(0, 0).width.mm == pytest.approx(165 / 4, abs=0.5)
	assert first.cell(0, 0).paragraphs[0].runs[0].bold


def test_a_table_in_a_cell():
	(table,) = made("<table><tr><td>a<table><tr><td>b</td><td>c</td></tr></table></td></tr></table>").tables
	assert cell_texts(table.cell(0, 0).tables[0]) == [["b", "c"]]


def test_text_as_html_shows_it():
	paper = made(
		"  <p> một \n <b>hai</b>ba <i> bốn</i> <span class='x'>năm</span></p>sáu<div>bảy<p>tám</p></div>"
		"<ol><li>chín</li></ol><p hidden style='display: none'>không</p><p>a\x08b &lt;c&gt; \ufffe</p>",
		".x { text-transform: uppercase; text-decoration: underline }",
	)
	assert [p.text for p in paper.paragraphs] == [
		"một haiba bốn NĂM",
		"sáu",
		"bảy",
		"tám",
		"1. chín",
		"ab <c>",
	]
	runs = {run.text.strip(): run for run in paper.paragraphs[0].runs}
	assert runs["hai"].bold and runs["bốn"].italic and runs["NĂM"].underline


def test_pictures_come_from_nowhere_else(tmp_path):
	(tmp_path / "a.png").write_bytes(qr.png("x"))
	data = base64.b64encode(b"no picture").decode()
	paper = made(
		f'<p><img src="{(tmp_path / "a.png").as_uri()}" alt="tệp">'
		'<img src="http://127.0.0.1:1/a.png" alt="mạng">'
		f'<img src="data:image/png;base64,{data}" alt="hỏng"></p>',
		f'@import url("{tmp_path.as_uri()}/a.css");',
	)
	assert not paper.inline_shapes
	assert paper.paragraphs[0].text == "tệpmạnghỏng"


def test_pages_are_numbered_from_the_second_on():
	section = made("<p>a</p>").sections[0]
	assert section.different_first_page_header_footer
	assert "PAGE" in section.header.paragraphs[0]._p.xml
	assert (section.page_width.mm, section.left_margin.mm) == (
		pytest.approx(210, abs=0.1),
		pytest.approx(30, abs=0.1),
	)
