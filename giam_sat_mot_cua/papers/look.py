"""How a piece of a paper looks: of CSS, what Word can show of it, read from `style` attributes."""

import re
from dataclasses import dataclass, replace

from giam_sat_mot_cua.papers import page

UNITS_PT = {"pt": 1.0, "px": 0.75, "mm": 72 / 25.4, "cm": 72 / 2.54, "in": 72.0}
LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(pt|px|mm|cm|in)\s*")
PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
BOLD, ITALIC, UNDERLINED = ("b", "strong", "th"), ("i", "em"), ("u",)


@dataclass(frozen=True)
class Look:
	"""Inherited from box to box, but for the spaces and `keep_with_next`, which are of a paragraph.
	`align`: left, right, center, justify."""

	family: str = page.FAMILY
	size_pt: float = page.SIZE_PT
	bold: bool = False
	italic: bool = False
	underlined: bool = False
	upper: bool = False
	align: str = "left"
	space_before_pt: float = 0
	space_after_pt: float = 0
	keep_with_next: bool = False

	def of(self, tag: str, style: dict[str, str]) -> "Look":
		"""Of a box of this kind, with this style, inside."""
		size = points(style.get("font-size", ""))
		changed = {
			"family": family(style["font-family"]) if "font-family" in style else self.family,
			"size_pt": self.size_pt if size is None else size,
			"bold": weight(style["font-weight"]) if "font-weight" in style else self.bold or tag in BOLD,
			"italic": style["font-style"] in ("italic", "oblique")
			if "font-style" in style
			else self.italic or tag in ITALIC,
			"underlined": self.underlined
			or tag in UNDERLINED
			or "underline" in style.get("text-decoration", ""),
			"upper": style["text-transform"] == "uppercase" if "text-transform" in style else self.upper,
			"align": style.get("text-align", self.align),
			"keep_with_next": style.get("page-break-after", style.get("break-after")) == "avoid",
		}
		before, after = margins(style)
		return replace(self, **changed, space_before_pt=before, space_after_pt=after)


def declared(style: str | None) -> dict[str, str]:
	"""The properties of a `style` attribute."""
	found = (part.split(":", 1) for part in (style or "").split(";") if ":" in part)
	return {name.strip().lower(): value.replace("!important", "").strip() for name, value in found}


def points(length: str) -> float | None:
	"""A CSS length in points; None for what is none."""
	found = LENGTH.fullmatch(length.lower())
	return float(found[1]) * UNITS_PT[found[2]] if found else None


def share(length: str) -> float | None:
	"""0 to 1 of a percentage; None for what is none."""
	found = PERCENT.fullmatch(length)
	return float(found[1]) / 100 if found else None


def margins(style: dict[str, str]) -> tuple[float, float]:
	"""(above, below) in points."""
	sides = style.get("margin", "").split()
	above = sides[0] if sides else ""
	below = sides[2] if len(sides) > 2 else above
	return (
		points(style.get("margin-top", above)) or 0,
		points(style.get("margin-bottom", below)) or 0,
	)


def weight(value: str) -> bool:
	return value in ("bold", "bolder") or (value.isdigit() and int(value) >= 600)


def family(value: str) -> str:
	"""Word takes one name, and finds another by itself when it has not that."""
	return value.split(",")[0].strip().strip("\"'") or page.FAMILY
