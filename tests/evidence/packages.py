"""Packages for tests: real recordings, real keys, the real writer."""

import io
from functools import cache
from pathlib import Path

from giam_sat_mot_cua.media.events import FileClosed
from giam_sat_mot_cua.media.evidence.package import DOCUMENT, PLAYABLE, SOURCE, PackageWriter
from giam_sat_mot_cua.media.evidence.signing import Signer
from giam_sat_mot_cua.papers import page, pdf
from tests.evidence.footage import START_MS

MADE_MS = START_MS + 8 * 3_600_000 + 41_000
MINUTES = b"%PDF-1.7\n" + b"minutes of the handing over\n" * 20
OF_EXTRACTION = "bien-ban-trich-xuat.pdf"


@cache
def minutes_of_extraction() -> bytes:
	"""A real PDF, made once: no two are the same, byte for byte."""
	return pdf.render(page.document("<h1>BIÊN BẢN TRÍCH XUẤT DỮ LIỆU HÌNH ẢNH</h1>", "", "Biên bản"))


def facts(**changes) -> dict:
	"""What a caller knows of a request."""
	begin, end = START_MS, START_MS + 8000
	pieces = [
		{"kind": "recorded", "begin_utc_ms": begin, "end_utc_ms": begin + 4000, "note": ""},
		{"kind": "gap", "begin_utc_ms": begin + 4000, "end_utc_ms": begin + 5500, "note": "camera mất điện"},
		{"kind": "recorded", "begin_utc_ms": begin + 5500, "end_utc_ms": begin + 7500, "note": ""},
		{"kind": "removed", "begin_utc_ms": begin + 7500, "end_utc_ms": end, "note": "quá 30 ngày"},
	]
	return {
		"package_id": "GCC-2026-00017",
		"made_utc_ms": MADE_MS,
		"made_by": "Nguyễn Thị Hòa",
		"site": "Trung tâm Phục vụ hành chính công tỉnh Ninh Bình",
		"software": "giam_sat_mot_cua 0.1",
		"time_zone": "Asia/Ho_Chi_Minh",
		"request": {
			"number": "YC-2026-00031",
			"requester": "Trần Văn Bình <b>Công an</b>",
			"organization": "Công an huyện Hoa Lư",
			"purpose": "Xác minh việc mất hồ sơ tại quầy số 3",
			"legal_basis": "Điều 9 Quy chế; công văn số 112/CA",
			"asked_utc_ms": begin + 3_600_000,
		},
		"approvals": [
			{
				"who": "Lê Minh Đức",
				"position": "Chánh Văn phòng",
				"decision": "Đồng ý",
				"at_utc_ms": begin + 7_200_000,
			}
		],
		"cameras": [
			{
				"camera": "NB-HL-NM-01",
				"name": "Quầy số 3",
				"unit": "UBND xã Ninh Mỹ",
				"clock_offset_ms": 3200,
			}
		],
		"ranges": [
			{"camera": "NB-HL-NM-01", "from_utc_ms": begin, "to_utc_ms": end, "pieces": pieces},
		],
		"custody": [
			{"at_utc_ms": MADE_MS - 1000, "who": "Nguyễn Thị Hòa", "what": "lập gói"},
			{"at_utc_ms": MADE_MS, "who": "Hệ thống", "what": "ký bản kê"},
		],
		**changes,
	}


def write_package(path: Path, volume: Path, files: list[FileClosed], signer: Signer, **changes) -> Path:
	"""A package of recorded files, a playable one and the minutes of the handover and the extraction."""
	with path.open("w+b") as out, PackageWriter(out, facts(**changes), signer) as writer:
		for file in files:
			add_source(writer, volume, file)
		first = (volume / files[0].path).read_bytes()
		details = {"camera": files[0].camera, "start_utc_ms": files[0].start_utc_ms}
		with writer.open_entry(f"xem/{files[0].camera}.mp4", PLAYABLE, details) as entry:
			entry.write(first[:1000])
			entry.write(first[1000:])
		writer.add_file("bien-ban/Biên bản bàn giao.pdf", io.BytesIO(MINUTES), DOCUMENT, {})
		writer.add_file(OF_EXTRACTION, io.BytesIO(minutes_of_extraction()), DOCUMENT, {})
	return path


def add_source(writer: PackageWriter, volume: Path, file: FileClosed) -> dict:
	details = {
		"camera": file.camera,
		"start_utc_ms": file.start_utc_ms,
		"duration_ms": file.duration_ms,
		"sha256_at_recording": file.sha256,
	}
	with (volume / file.path).open("rb") as source:
		return writer.add_file(f"goc/{file.path}", source, SOURCE, details, file.sha256, file.size_bytes)
