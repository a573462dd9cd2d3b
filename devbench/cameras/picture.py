"""What a demo camera sees: a counter hall, people who come, wait, are served and leave, and a burnt-in clock.

Everything follows from the time of day alone, so a restarted camera goes on where its clock says.
"""

import math
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import cairo

WALL, FLOOR, DESK, DESK_TOP, SIGN = (
	(0.82, 0.85, 0.86),
	(0.60, 0.56, 0.50),
	(0.45, 0.30, 0.20),
	(0.62, 0.44, 0.30),
	(0.70, 0.10, 0.12),
)
CLOTHES = ((0.20, 0.35, 0.60), (0.55, 0.20, 0.25), (0.20, 0.45, 0.30), (0.85, 0.80, 0.70), (0.30, 0.30, 0.35))
SKIN = (0.87, 0.70, 0.58)
VISIT_S = 40.0  # from the door to the counter and back


class Picture:
	"""Draws frames of one camera."""

	def __init__(self, title: str, people: int, zone: str):
		self.title, self.people, self.zone = title, people, ZoneInfo(zone)
		self.hall: tuple[tuple[int, int], cairo.ImageSurface] | None = None

	def draw(self, context: cairo.Context, width: int, height: int, now_s: float) -> None:
		context.set_source_surface(self.background(width, height), 0, 0)
		context.paint()
		for number in range(self.people):
			self.draw_person(context, width, height, number, now_s)
		self.draw_desk(context, width, height)
		self.draw_clock(context, width, height, now_s)

	def background(self, width: int, height: int) -> cairo.ImageSurface:
		"""Wall, floor, sign, title: drawn once for each size."""
		if self.hall and self.hall[0] == (width, height):
			return self.hall[1]
		surface = cairo.ImageSurface(cairo.FORMAT_RGB24, width, height)
		context = cairo.Context(surface)
		fill(context, WALL, 0, 0, width, height * 0.45)
		fill(context, FLOOR, 0, height * 0.45, width, height * 0.55)
		for line in range(1, 8):  # tiles
			context.set_source_rgba(0, 0, 0, 0.12)
			context.set_line_width(1)
			context.move_to(width * line / 8, height * 0.45)
			context.line_to(width * (line / 8 - 0.5) * 1.8 + width * 0.5, height)
			context.stroke()
		fill(context, SIGN, width * 0.28, height * 0.10, width * 0.44, height * 0.10)
		write(
			context,
			"BỘ PHẬN MỘT CỬA",
			width * 0.5,
			height * 0.17,
			height * 0.055,
			(1, 0.9, 0.3),
			centred=True,
		)
		fill(context, (0.1, 0.1, 0.1), 0, height * 0.93, width, height * 0.07)
		write(context, self.title, width * 0.015, height * 0.982, height * 0.045, (1, 1, 1))
		self.hall = ((width, height), surface)
		return surface

	def draw_person(self, context: cairo.Context, width: int, height: int, number: int, now_s: float) -> None:
		"""Walks in from the left, stands at the counter, walks out; each a little later than the one
		before."""
		phase = ((now_s + number * VISIT_S / max(self.people, 1)) % VISIT_S) / VISIT_S
		place = 0.25 + 0.55 * ((number * 0.37) % 1.0)
		if phase < 0.3:
			x, walking = -0.1 + (place + 0.1) * phase / 0.3, True
		elif phase < 0.7:
			x, walking = place + 0.004 * math.sin(now_s * 2 + number), False
		else:
			x, walking = place - (place + 0.1) * (phase - 0.7) / 0.3, True
		size = height * 0.34
		left = x * width
		foot = height * (0.80 + 0.02 * (number % 3)) + (
			math.sin(now_s * 7 + number) * size * 0.015 if walking else 0
		)
		step = math.sin(now_s * 7 + number) * size * 0.12 if walking else size * 0.05
		context.set_source_rgb(0.15, 0.15, 0.2)
		context.set_line_width(size * 0.10)
		for side in (-1, 1):
			context.move_to(left, foot - size * 0.42)
			context.line_to(left + side * step, foot)
			context.stroke()
		context.set_source_rgb(*CLOTHES[number % len(CLOTHES)])
		context.save()
		context.translate(left, foot - size * 0.60)
		context.scale(size * 0.15, size * 0.24)
		context.arc(0, 0, 1, 0, 2 * math.pi)
		context.restore()
		context.fill()
		context.set_source_rgb(*SKIN)
		context.arc(left, foot - size * 0.93, size * 0.09, 0, 2 * math.pi)
		context.fill()
		context.set_source_rgb(0.1, 0.08, 0.07)
		context.arc(left, foot - size * 0.96, size * 0.09, math.pi, 2 * math.pi)
		context.fill()

	def draw_desk(self, context: cairo.Context, width: int, height: int) -> None:
		fill(context, DESK_TOP, width * 0.18, height * 0.68, width * 0.78, height * 0.035)
		fill(context, DESK, width * 0.20, height * 0.715, width * 0.74, height * 0.16)

	def draw_clock(self, context: cairo.Context, width: int, height: int, now_s: float) -> None:
		"""Date and time with tenths of a second, as cameras burn them in."""
		now = datetime.fromtimestamp(now_s, timezone.utc).astimezone(self.zone)
		text = f"{now:%d/%m/%Y %H:%M:%S}.{now.microsecond // 100_000}"
		fill(context, (0, 0, 0), 0, 0, height * 0.88, height * 0.085)
		write(context, text, width * 0.015, height * 0.064, height * 0.065, (1, 1, 1))


def fill(context: cairo.Context, colour: tuple, x: float, y: float, width: float, height: float) -> None:
	context.set_source_rgb(*colour)
	context.rectangle(x, y, width, height)
	context.fill()


def write(
	context: cairo.Context, text: str, x: float, y: float, size: float, colour: tuple, centred: bool = False
) -> None:
	context.select_font_face("DejaVu Sans", cairo.FONT_SLANT_NORMAL, cairo.FONT_WEIGHT_BOLD)
	context.set_font_size(size)
	context.set_source_rgb(*colour)
	if centred:
		x -= context.text_extents(text).width / 2
	context.move_to(x, y)
	context.show_text(text)
