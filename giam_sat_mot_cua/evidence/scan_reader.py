"""Opens a file that somebody sent, to see whether it is a PDF or a picture that can be read.

A program of its own (application_scans.py runs it): a file may be made so that a library never comes to its
end or asks for all the memory, and then this ends, not the web server. The file comes on standard input; the
answer on standard output is one word: `pdf`, `jpeg`, `png`, `encrypted` or `unreadable`.
"""

import io
import resource
import sys
import warnings

from PIL import Image
from pypdf import PdfReader

MOST_PAGES = 200
MOST_PIXELS = 80_000_000  # a page of A4 at 600 dots an inch has 35 million
CPU_S, MEMORY_BYTES = 4, 1 << 30
PICTURES = {b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png"}


def kind_of(content: bytes) -> str:
	if content.startswith(b"%PDF-"):
		return kind_of_pdf(content)
	for beginning, kind in PICTURES.items():
		if content.startswith(beginning):
			return kind_of_picture(content, kind)
	return "unreadable"


def kind_of_pdf(content: bytes) -> str:
	reader = PdfReader(io.BytesIO(content))
	if reader.is_encrypted and not reader.decrypt(""):
		return "encrypted"
	pages = len(reader.pages)
	if not 0 < pages <= MOST_PAGES:
		return "unreadable"
	reader.pages[0].mediabox  # noqa: B018 (a page that is none raises)
	return "pdf"


def kind_of_picture(content: bytes, kind: str) -> str:
	with Image.open(io.BytesIO(content), formats=[kind.upper()]) as picture:
		if picture.width * picture.height > MOST_PIXELS:
			return "unreadable"
		picture.load()
	return kind


def main() -> None:
	resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
	resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
	warnings.simplefilter("error", Image.DecompressionBombWarning)
	try:
		kind = kind_of(sys.stdin.buffer.read())
	except Exception:  # the libraries raise many kinds; each means the same
		kind = "unreadable"
	sys.stdout.write(kind)


if __name__ == "__main__":
	main()
