"""A copy's own text over its pictures: whose copy it is, and when each picture was taken.

Faint and slanted all over, so that it cannot be cropped away, and clear in a box at the bottom, with the time
of the picture to the second in the zone of those who read it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from giam_sat_mot_cua.media.evidence.overlay import Overlay, composed, font, text_box, wrapped
from giam_sat_mot_cua.media.evidence.picture import Picture
from giam_sat_mot_cua.media.fmp4 import TIMESCALE

FAINT, CLEAR = 46, 190  # opacity of the slanted text, of the box behind the clear one; of 255
SLANT_DEGREES = 30
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Watermark:
	"""`lines`: such as the request's number and the receiver, in Vietnamese. `zone`: IANA name."""

	def __init__(self, lines: Sequence[str], zone: str):
		self.text, self.zone = " · ".join(composed(line) for line in lines), ZoneInfo(zone)
		self.faint: Overlay | None = None
		self.clear: tuple[int, Overlay] | None = None  # the second that it shows

	def take(self, picture: Picture) -> Iterable[Picture]:
		self.faint = self.faint or self.draw_faint(picture.width, picture.height)
		second = picture.utc_ticks // TIMESCALE
		if not self.clear or self.clear[0] != second:
			self.clear = second, self.draw_clear(second, picture.width, picture.height)
		self.faint.blend(picture)
		self.clear[1].blend(picture)
		yield picture

	def rest(self) -> Iterable[Picture]:
		self.faint = self.clear = None
		return ()

	def draw_clear(self, second: int, width: int, height: int) -> Overlay:
		size = max(height // 32, 10)
		lines = [*wrapped(self.text, size, width - size), self.time_text(second)]
		image = text_box(lines, size, CLEAR)
		return Overlay(image, 0, max(height - image.height, 0), width, height)

	def time_text(self, second: int) -> str:
		time = (EPOCH + timedelta(seconds=second)).astimezone(self.zone)
		offset = f"{time:%z}"
		return f"{time:%d/%m/%Y %H:%M:%S} (UTC{offset[:3]}:{offset[3:]})"

	def draw_faint(self, width: int, height: int) -> Overlay:
		"""The text in rows, turned as a whole, in white with a dark edge: seen on light and dark ground."""
		size = max(height // 18, 12)
		face, reach = font(size), round((width**2 + height**2) ** 0.5) + 2 * size
		step_x, step_y = round(face.getlength(self.text)) + 4 * size, 5 * size
		image = Image.new("LA", (reach, reach), (0, 0))
		draw = ImageDraw.Draw(image)
		for row, top in enumerate(range(0, reach, step_y)):
			for left in range(-(row % 2) * step_x // 2, reach, max(step_x, 1)):
				draw.text((left + 1, top + 1), self.text, font=face, fill=(0, FAINT))
				draw.text((left, top), self.text, font=face, fill=(255, FAINT))
		turned = image.rotate(SLANT_DEGREES, Image.Resampling.BILINEAR)
		left, top = (reach - width) // 2, (reach - height) // 2
		return Overlay(turned.crop((left, top, left + width, top + height)), 0, 0, width, height)
