"""Files of every kind that a citizen sends in tests."""

import io
import secrets

from PIL import Image
from pypdf import PdfWriter


def pdf(password: str | None = None) -> bytes:
	"""Each is another one: Frappe keeps files of one content once."""
	writer, content = PdfWriter(), io.BytesIO()
	writer.add_blank_page(595, 842)
	writer.add_metadata({"/Title": secrets.token_hex(8)})
	if password:
		writer.encrypt(password)
	writer.write(content)
	return content.getvalue()


def picture(kind: str, size: tuple[int, int] = (300, 200)) -> bytes:
	content = io.BytesIO()
	picture = Image.new("1" if kind == "PNG" else "L", size)
	picture.save(content, kind)
	return content.getvalue()


def endless_pdf() -> bytes:
	"""Its table of objects says that an older one lies where it lies itself."""
	body = (
		b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
	)
	at = len(body)
	rows = b"".join(b"%010d 00000 n \n" % body.index(b"%d 0 obj" % number) for number in (1, 2))
	table = b"xref\n0 3\n0000000000 65535 f \n" + rows
	trailer = b"trailer<</Size 3/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF" % (at, at)
	return body + table + trailer
