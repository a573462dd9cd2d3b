"""Text drawn once as an image with transparency and laid over pictures.

Pillow draws: OpenCV's putText has no Vietnamese letters. The font ships with the app, so that the text looks
the same on every server.
"""

import unicodedata
from functools import lru_cache
from pathlib import Path

import numpy
from PIL import Image, ImageDraw, ImageFont

from giam_sat_mot_cua.media.evidence.picture import Picture

FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
BLACK, WHITE = 16, 235  # of Y
GREY = 128  # of U and V: no colour
WHOLE = 255  # opacity


@lru_cache(maxsize=16)
def font(size: int) -> ImageFont.FreeTypeFont:
	return ImageFont.truetype(str(FONT), size)


def composed(text: str) -> str:
	"""Each letter with its marks as one character, as the font has them; nothing that is not printed."""
	return "".join(c for c in unicodedata.normalize("NFC", text) if c.isprintable())


def wrapped(text: str, size: int, width: int) -> list[str]:
	"""Lines of at most `width` pixels; a word that is longer has a line of its own."""
	lines: list[str] = []
	for word in composed(text).split():
		longer = f"{lines[-1]} {word}" if lines else word
		if lines and font(size).getlength(longer) <= width:
			lines[-1] = longer
		else:
			lines.append(word)
	return lines


def text_box(lines: list[str], size: int, opacity: int) -> Image.Image:
	"""White text on black as an "LA" image; `opacity` of the black, 0 to 255."""
	pad, step = size // 3, round(size * 1.3)
	width = max((round(font(size).getlength(line)) for line in lines), default=0) + 2 * pad
	image = Image.new("LA", (width, step * len(lines) + 2 * pad), (0, opacity))
	draw = ImageDraw.Draw(image)
	for number, line in enumerate(lines):
		draw.text((pad, pad + number * step), line, font=font(size), fill=(255, WHOLE))
	return image


class Overlay:
	"""An "LA" image at a place of pictures of one size (pixels; left and top are made even)."""

	def __init__(self, image: Image.Image, left: int, top: int, width: int, height: int):
		left, top = left // 2 * 2, top // 2 * 2
		canvas = Image.new("LA", (width, height), (0, 0))
		canvas.paste(image, (left, top))
		light, opacity = (numpy.asarray(band) for band in canvas.split())
		self.luma_at, self.luma_kept, self.luma_added = blending(
			opacity, BLACK + light * ((WHITE - BLACK) / 255)
		)
		coarse = opacity.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)).astype(numpy.uint8)
		self.chroma_at, self.chroma_kept, self.chroma_added = blending(coarse, numpy.full(coarse.shape, GREY))

	def blend(self, picture: Picture) -> None:
		mix(picture.luma, self.luma_at, self.luma_kept, self.luma_added)
		for plane in picture.chroma:
			mix(plane, self.chroma_at, self.chroma_kept, self.chroma_added)


def blending(opacity: numpy.ndarray, value: numpy.ndarray) -> tuple[numpy.ndarray, ...]:
	"""(places, what is kept of the picture there in 255ths, what is added), of the pixels that change."""
	at = numpy.flatnonzero(opacity)
	shares = opacity.reshape(-1)[at].astype(numpy.uint16)
	added = numpy.round(value.reshape(-1)[at]).astype(numpy.uint16) * shares
	return at, WHOLE - shares, added


def mix(plane: numpy.ndarray, at: numpy.ndarray, kept: numpy.ndarray, added: numpy.ndarray) -> None:
	flat = plane.reshape(-1)
	flat[at] = (flat[at] * kept + added) // WHOLE
