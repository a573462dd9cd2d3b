"""Minutes as a site would fill them in, in the layout that ships, without a site."""

import hashlib
from pathlib import Path

from jinja2.sandbox import SandboxedEnvironment

import giam_sat_mot_cua
from giam_sat_mot_cua.papers import page, qr

LAYOUT = Path(giam_sat_mot_cua.__file__).parent / "evidence/print_formats"
PURPOSE = "Xác minh việc mất hồ sơ <b>tại quầy</b> số 3"
PACKAGE, SHA256, FINGERPRINT = (
	"GCC-2026-00017",
	hashlib.sha256(b"p").hexdigest(),
	hashlib.sha256(b"c").hexdigest(),
)
COMPARED = f"{PACKAGE}\nSHA256 {SHA256}\nCERT {FINGERPRINT}"


def file(number: int) -> dict:
	return {
		"path": f"goc/NB-HL-NM-01/2026/11/26/{number:06d}000.mp4",
		"kind": "Tệp gốc",
		"size": "1.234.567",
		"sha256": hashlib.sha256(b"%d" % number).hexdigest(),
	}


def facts(files: int, **changes) -> dict:
	row = {
		"camera": "NB-HL-NM-01",
		"camera_name": "Quầy số 3",
		"unit": "UBND xã Ninh Mỹ",
		"begin": "08:00:00 26/11/2026",
		"end": "09:00:00 26/11/2026",
		"recorded": "55 phút",
		"missing": ["không ghi hình (camera mất kết nối): 5 phút, từ 08:10:00 26/11/2026"],
	}
	return {
		"is_handover": True,
		"superior": "Ủy ban nhân dân tỉnh Ninh Bình",
		"managing_unit": "Văn phòng Ủy ban nhân dân tỉnh",
		"number": f"{PACKAGE}/BBBG",
		"place": "Ninh Bình",
		"day": "ngày 26 tháng 11 năm 2026",
		"request": {"number": "YC-2026-00031", "requester": "Trần Văn Bình", "purpose": PURPOSE},
		"giver": {"name": "Nguyễn Thị Hòa", "title": "Chuyên viên"},
		"receiver": {"name": None, "paper": None},
		"decision": {"name": "Lê Minh Đức", "unit": "UBND xã Ninh Mỹ", "at": "08:00:00 26/11/2026"},
		"ranges": [row, row],
		"package": {"name": PACKAGE, "sha256": SHA256, "files": files, "size": "1.234.567 byte"},
		"certificate": {"organisation": "Văn phòng", "fingerprint_grouped": grouped(FINGERPRINT)},
		"delivery": "Giao trên vật mang tin",
		"qr": qr.data_uri(COMPARED),
		"files": [file(number) for number in range(files)],
		"files_left_out": 0,
		"custody": [{"at": "08:00:00 26/11/2026", "who": "Lê Minh Đức", "what": "Đã phê duyệt"}],
		**changes,
	}


def grouped(digits: str) -> str:
	return " ".join(digits[at : at + 4] for at in range(0, 64, 4)).upper()


def html(files: int = 3, **changes) -> str:
	template = SandboxedEnvironment().from_string((LAYOUT / "minutes.html").read_text())
	body = template.render(doc=None, handover_minutes=lambda _doc: facts(files, **changes))
	return page.document(body, (LAYOUT / "minutes.css").read_text(), "Biên bản")
