"""The verifier for browsers, put together to one file that needs no network: page/ holds its parts."""

import json
from pathlib import Path

from giam_sat_mot_cua.media.evidence import verify

FOLDER = Path(__file__).parent / "page"
SCRIPTS = ("report", "certificate", "manifest", "archive", "check", "words", "show", "main")
LIMITS = {
	"format": verify.FORMAT,
	"seal": verify.SEAL,
	"page": verify.PAGE,
	"piece_bytes": verify.PIECE_BYTES,
	"largest_without_pieces": verify.LARGEST_WITHOUT_PIECES,
	"largest_directory": verify.LARGEST_DIRECTORY,
	"largest_seal": verify.LARGEST_SEAL,
	"too_large": verify.TOO_LARGE,
	"key_bits": (verify.LEAST_KEY_BITS, verify.MOST_KEY_BITS),
	"exponent_bits": verify.MOST_EXPONENT_BITS,
	"most_time_ms": verify.MOST_TIME_MS,
	"most_depth": verify.MOST_DEPTH,
}


def render(fingerprint: str = "") -> bytes:
	"""The page. `fingerprint`: of the certificate that must have signed what it verifies; empty for a page
	that takes any package and leaves that to its user."""
	scripts = "\n".join(read(f"{name}.js") for name in SCRIPTS)
	rules = {
		"texts": {code: texts[0] for code, texts in verify.TEXTS.items()},
		"unreadable": verify.UNREADABLE,
		"names": verify.Certificate.NAMES,
		"shape": verify.SHAPE,
		"source_shape": verify.SOURCE_SHAPE,
		**LIMITS,
	}
	parts = {
		"FINGERPRINT": fingerprint,
		"STYLE": read("style.css"),
		"RULES": json.dumps(rules, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c"),
		"SCRIPT": scripts,
	}
	text = read("verify.html")
	for name, part in parts.items():
		text = text.replace(f"@@{name}@@", part)
	return text.encode("utf-8")


def read(name: str) -> str:
	return (FOLDER / name).read_text(encoding="utf-8")
