"""Package metadata. Frappe itself is not a dependency here: a bench installs it beside this app."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+?)"', (HERE / "giam_sat_mot_cua" / "__init__.py").read_text()).group(
	1
)

# One version of each for Python 3.10 to 3.12, the range that Frappe 15 runs on.
REQUIREMENTS = [
	# RTSP in, fragmented MP4 out, key frames decoded: FFmpeg's libraries in process, no child per camera.
	"av==17.1.0",
	# Judges and scales key frames, encodes stills. Headless: a server has no windows.
	"opencv-python-headless==4.11.0.86",
	# Arrays between the two. 2.2 is the newest for Python 3.10 and the newest that this OpenCV accepts.
	"numpy>=2.0,<2.3",
	# Footage in S3 stores. What Frappe 15 brings; later ones send checksums that older stores refuse.
	"boto3>=1.34.143,<1.35",
	# Vietnamese text on copies of footage (not in OpenCV's letters). Frappe 15 brings 10, later ones to 12.
	"Pillow>=10.3,<13",
	# Keys, certificates and signatures of evidence packages. Frappe pins it: 43.0 in version 15, 46.0 in the
	# newest 16. Tried with both.
	"cryptography>=43.0.1,<47",
	# Minutes as PDF, their QR codes, their styles for DOCX: what Frappe brings. WeasyPrint tried: 59, 68.
	"weasyprint>=59.0,<69",
	"PyQRCode>=1.2.1,<2",
	"premailer>=3.10,<4",
	# Minutes as DOCX, written from their HTML by papers/word.py: of libraries that convert by themselves,
	# html-for-docx 1.2.1 does not repeat the head of a table on each page.
	"python-docx==1.2.0",
]

setup(
	name="giam_sat_mot_cua",
	version=VERSION,
	description="Camera monitoring of one-stop public-service counters: recording, approval, evidence",
	long_description=(HERE / "README.md").read_text(),
	long_description_content_type="text/markdown",
	license="MIT",
	python_requires=">=3.10",
	# fixtures and patches are links to the folders at the top; they ship as part of the package.
	packages=find_packages(include=["giam_sat_mot_cua", "giam_sat_mot_cua.*"]),
	include_package_data=True,
	package_data={"giam_sat_mot_cua": ["**/*"]},
	zip_safe=False,
	install_requires=REQUIREMENTS,
	entry_points={"console_scripts": ["gsmc-media = giam_sat_mot_cua.media.cli:main"]},
)
