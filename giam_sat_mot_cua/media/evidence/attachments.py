"""What every package brings besides footage: the two verifiers, and a text that says how to use them."""

from pathlib import Path

from giam_sat_mot_cua.media.evidence import page, verify

PROGRAM, GUIDE = "verify.py", "DOC-TRUOC.txt"
KINDS = {verify.PAGE: "verifier", PROGRAM: "verifier", GUIDE: "document"}
NAMES = tuple(KINDS)


def contents(facts: dict, fingerprint: str) -> dict[str, bytes]:
	"""Content by name, in the order in which it is packed. `fingerprint`: of the signer's certificate."""
	return {
		verify.PAGE: page.render(fingerprint),
		PROGRAM: Path(verify.__file__).read_bytes(),
		GUIDE: guide(facts, fingerprint),
	}


def guide(facts: dict, fingerprint: str) -> bytes:
	"""For people, as plain text that every editor on every system shows rightly."""
	text = (page.FOLDER / "guide.txt").read_text(encoding="utf-8")
	shown = {
		"package": facts["package_id"],
		"site": facts["site"],
		"fingerprint": verify.grouped(fingerprint),
	}
	return text.format(**shown).replace("\n", "\r\n").encode("utf-8-sig")
