"""HTML as a PDF, by WeasyPrint, which Frappe brings. Nothing that the HTML names is fetched: a print format
must not read the server's files, nor call addresses of its network."""

import logging
from urllib.request import DataHandler, OpenerDirector

from giam_sat_mot_cua.papers.page import MissingLibrary, last_resort

PANGO_PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0"


def render(html: str) -> bytes:
	"""The PDF of a whole HTML text. MissingLibrary when WeasyPrint cannot run here."""
	try:
		import weasyprint
		from weasyprint.text.fonts import FontConfiguration
	except (ImportError, OSError) as error:  # OSError: Pango, which is loaded by name
		raise MissingLibrary(f"apt-get install {PANGO_PACKAGES}") from error
	logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # its warnings are about what was refused
	logging.getLogger("fontTools").setLevel(logging.WARNING)
	fonts = FontConfiguration()
	css = weasyprint.CSS(string=last_resort(), font_config=fonts, url_fetcher=fetch)
	page = weasyprint.HTML(string=html, url_fetcher=fetch, base_url=None)
	return page.write_pdf(stylesheets=[css], font_config=fonts)


def fetch(url: str, *_more, **_options):
	"""What WeasyPrint calls for each address: only those that hold their own content are answered. Raises
	PermissionError; WeasyPrint then leaves the picture out."""
	if not url.lower().startswith("data:"):
		raise PermissionError("only data: addresses")
	opener = OpenerDirector()
	opener.add_handler(DataHandler())  # and no other: not even a redirect leads elsewhere
	with opener.open(url) as answer:
		content, kind = answer.read(), answer.headers.get_content_type()
	try:  # WeasyPrint 68 and later
		from weasyprint.urls import URLFetcherResponse
	except ImportError:
		return {"string": content, "mime_type": kind}
	return URLFetcherResponse(url, content, {"Content-Type": kind})
