"""The sheet of an administrative paper: A4 with the margins and letters of Decree 30/2020/NĐ-CP, annex I."""

from base64 import b64encode
from functools import cache
from html import escape

from giam_sat_mot_cua.media.evidence.overlay import FONT

WIDTH_MM, HEIGHT_MM = 210, 297
TOP_MM, RIGHT_MM, BOTTOM_MM, LEFT_MM = 20, 15, 20, 30
SIZE_PT = 13
FAMILY = "Times New Roman"
# Tinos has the measures of Times New Roman and all Vietnamese letters. Liberation Serif 1 (Debian 12's
# fonts-liberation) has not, and letters of two fonts in a word are ugly: better another font throughout.
FAMILIES = '"Times New Roman", Tinos, "DejaVu Serif", "GSMC Sans"'
PACKAGE = "fonts-croscore"  # Debian's and Ubuntu's package with Tinos


class PaperError(Exception):
	"""The paper cannot be made; the text says why and what to do."""


class MissingLibrary(PaperError):
	"""The machine has not what makes papers; the text is the command that installs it."""


def document(body: str, css: str, title: str) -> str:
	"""A whole HTML text. `body`, `css`: of the paper; `title`: plain text."""
	sheet = f"size: {WIDTH_MM}mm {HEIGHT_MM}mm; margin: {TOP_MM}mm {RIGHT_MM}mm {BOTTOM_MM}mm {LEFT_MM}mm;"
	number = f"@top-center {{ content: counter(page); font: {SIZE_PT}pt {FAMILIES}; }}"
	first = "@page :first { @top-center { content: none; } }"
	body_css = f"body {{ font: {SIZE_PT}pt {FAMILIES}; margin: 0; }}"
	style = f"<style>@page {{ {sheet} {number} }} {first} {body_css} {css}</style>"
	head = f'<head><meta charset="utf-8"><title>{escape(title)}</title>{style}</head>'
	return f'<!DOCTYPE html><html lang="vi">{head}<body>{body}</body></html>'


@cache
def last_resort() -> str:
	"""CSS with the letters that the app brings itself: a machine without any font still prints readable
	Vietnamese."""
	data = b64encode(FONT.read_bytes()).decode()
	return f'@font-face {{ font-family: "GSMC Sans"; src: url("data:font/ttf;base64,{data}"); }}'
