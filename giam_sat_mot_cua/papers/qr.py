"""A text as a QR code (ISO/IEC 18004), for whoever holds a phone over the paper."""

from base64 import b64encode
from io import BytesIO

import pyqrcode
from PIL import Image

QUIET_MODULES = 4  # ISO/IEC 18004: the white edge
MODULE_PIXELS = 6
CORRECTION = "M"  # 15 % may be unreadable: stamps and folds


def png(text: str) -> bytes:
	"""A PNG with one module of MODULE_PIXELS pixels. `text`: ASCII."""
	rows = pyqrcode.create(text, error=CORRECTION, mode="binary", encoding="ascii").code
	image = Image.new("1", (len(rows) + 2 * QUIET_MODULES,) * 2, 1)
	for y, row in enumerate(rows):
		for x, dark in enumerate(row):
			if dark:
				image.putpixel((x + QUIET_MODULES, y + QUIET_MODULES), 0)
	image = image.resize((image.width * MODULE_PIXELS,) * 2, Image.Resampling.NEAREST)
	out = BytesIO()
	image.save(out, "PNG", optimize=True)
	return out.getvalue()


def data_uri(text: str) -> str:
	return f"data:image/png;base64,{b64encode(png(text)).decode()}"
