"""PDFs of papers: letters, pages, and that nothing is fetched."""

import io
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pypdf import PdfReader

from giam_sat_mot_cua.papers import page, pdf
from tests.papers import minutes

LETTERS = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
WORDS = [LETTERS[at : at + 12] for at in range(0, len(LETTERS), 12)]
ALL_LETTERS = " ".join([*WORDS, *(word.upper() for word in WORDS)])


def texts(content: bytes) -> list[str]:
	return [found.extract_text() for found in PdfReader(io.BytesIO(content)).pages]


def without_spaces(text: str) -> str:
	return re.sub(r"\s", "", text)


def test_every_vietnamese_letter_is_printed_and_can_be_copied():
	for style in ("", "font-weight: bold", "font-style: italic", "font-family: 'No Such Font', 'GSMC Sans'"):
		made = pdf.render(page.document(f'<p style="{style}">{ALL_LETTERS}</p>', "", "Chữ"))
		assert without_spaces("".join(texts(made))) == without_spaces(ALL_LETTERS), style


def test_the_layout_that_ships():
	found = texts(pdf.render(minutes.html()))
	whole = without_spaces("".join(found))
	assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in found[0]
	for text in (
		"BIÊN BẢN BÀN GIAO DỮ LIỆU HÌNH ẢNH",
		minutes.PURPOSE,  # as it was written: no markup of it works
		minutes.SHA256,
		minutes.grouped(minutes.FINGERPRINT),
		"V. TRÁCH NHIỆM CỦA BÊN NHẬN",
		*(minutes.file(number)["sha256"] for number in range(3)),
	):
		assert without_spaces(text) in whole, text


def test_a_long_list_breaks_over_pages_and_its_head_comes_again():
	made = pdf.render(minutes.html(500))
	found = texts(made)
	whole = without_spaces("".join(found))
	with_files = [text for text in found if ".mp4" in text]
	assert len(with_files) > 10
	assert all("SHA-256" in text and "Byte" in text for text in with_files)
	assert all(minutes.file(number)["sha256"] in whole for number in range(500))
	assert PdfReader(io.BytesIO(made)).pages[0].mediabox.width == pytest.approx(595.3, abs=0.1)


class Asked(BaseHTTPRequestHandler):
	def do_GET(self):
		self.server.asked.append(self.path)
		self.send_error(404)

	def log_message(self, *_arguments):
		pass


def test_nothing_is_fetched(tmp_path):
	secret = tmp_path / "bi-mat.html"
	secret.write_text("<p>bi mat</p>")
	with HTTPServer(("127.0.0.1", 0), Asked) as server:
		server.asked = []
		threading.Thread(target=server.serve_forever, daemon=True).start()
		address = f"http://127.0.0.1:{server.server_port}"
		named = [
			f"{place}/{name}" for place in (address, tmp_path.as_uri()) for name in ("a.png", secret.name)
		]
		body = "".join(f'<img src="{url}"><object data="{url}"></object><embed src="{url}">' for url in named)
		css = "".join(
			f'@import url("{url}"); @font-face {{ font-family: x; src: url("{url}") }}'
			f'p {{ background: url("{url}") }}'
			for url in named
		)
		links = "".join(
			f'<link rel="stylesheet" href="{url}"><link rel="attachment" href="{url}">' for url in named
		)
		made = pdf.render(page.document(f"{links}{body}<p style='font-family: x'>chữ</p>", css, "Không"))
		server.shutdown()
		assert server.asked == []
	assert "chữ" in "".join(texts(made)) and b"bi mat" not in made
	assert not PdfReader(io.BytesIO(made)).attachments


@pytest.mark.parametrize(
	"url", ["file:///etc/hostname", "http://127.0.0.1:1/", "FILE:///etc/hostname", "/etc/x", ""]
)
def test_only_addresses_with_their_own_content(url):
	with pytest.raises(PermissionError):
		pdf.fetch(url)


def test_a_machine_without_fonts_prints_with_the_apps_own(tmp_path):
	"""In a process of its own, with an empty configuration of fonts."""
	config = tmp_path / "fonts.conf"
	config.write_text(f"<fontconfig><cachedir>{tmp_path}</cachedir></fontconfig>")
	program = (
		"import sys; from giam_sat_mot_cua.papers import page, pdf; "
		"sys.stdout.buffer.write(pdf.render(page.document(sys.argv[1], '', 'x')))"
	)
	done = subprocess.run(
		[sys.executable, "-c", program, f"<p>{ALL_LETTERS}</p>"],
		env={**os.environ, "FONTCONFIG_FILE": str(config)},
		capture_output=True,
		timeout=60,
	)
	assert done.returncode == 0, done.stderr.decode()[-2000:]
	assert without_spaces("".join(texts(done.stdout))) == without_spaces(ALL_LETTERS)


def test_what_is_missing_is_named(monkeypatch):
	monkeypatch.setitem(sys.modules, "weasyprint", None)
	with pytest.raises(page.MissingLibrary, match="apt-get install libpango"):
		pdf.render("<p>x</p>")
