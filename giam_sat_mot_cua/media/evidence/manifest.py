"""The manifest of an evidence package: what its makers know, and every file with its hashes.

Its shape and its canonical form are those of `verify.py`, which stands alone; here it is put together.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from giam_sat_mot_cua.media.evidence import verify
from giam_sat_mot_cua.media.evidence.verify import ManifestFault

OURS = ("format", "archive", "certificate", "signature", "files")  # keys that no caller gives
FACTS = {key: shape for key, shape in verify.SHAPE.items() if key not in OURS}
SIGNATURE = {"algorithm": "RSA-PSS", "hash": "SHA-256", "mask": "MGF1-SHA-256", "salt_bytes": 32}


def check_facts(facts: dict) -> None:
	"""ManifestFault, with the place, when a fact is missing or is not what it must be; see verify.SHAPE.
	Unknown keys are kept."""
	for key in OURS:
		if key in facts:
			raise ManifestFault(f"$.{key}", "is not for the caller to say")
	verify.check_plain(facts, "$", 0)
	verify.check_shape(facts, FACTS, "$")
	entry_time(facts)


def check_details(kind: str, details: dict) -> None:
	"""ManifestFault unless they are what the manifest may tell of a file of that kind."""
	if not verify.fits(kind, verify.SHAPE["files"][0]["kind"]):
		raise ManifestFault("$.kind", f"no kind of file: {kind}")
	verify.check_plain(details, "$.details", 2)
	verify.check_shape(details, verify.SOURCE_SHAPE if kind == "source" else {}, "$.details")


def entry_time(facts: dict) -> str:
	"""What the ZIP shows as the time of its files: when it was made, in the zone of its people. A ZIP counts
	in steps of two seconds."""
	try:
		zone = ZoneInfo(facts["time_zone"])
	except (ZoneInfoNotFoundError, ValueError, OSError) as error:
		raise ManifestFault("$.time_zone", "not a time zone") from error
	at = (verify.EPOCH + timedelta(milliseconds=facts["made_utc_ms"])).astimezone(zone)
	at = at.replace(tzinfo=None, microsecond=0, second=at.second & ~1)
	if not verify.is_moment(at.isoformat()):
		raise ManifestFault("$.made_utc_ms", "not a time that a ZIP can hold")
	return at.isoformat()


def zip_time(moment: str) -> tuple[int, int, int, int, int, int]:
	return datetime.fromisoformat(moment).timetuple()[:6]


def build(facts: dict, files: list[dict], chain: list[str]) -> bytes:
	"""The manifest's bytes. `chain`: fingerprints of the certificates, the signer's first. ManifestFault."""
	made = {
		**facts,
		"format": verify.FORMAT,
		"archive": {"entry_time": entry_time(facts)},
		"certificate": {"fingerprint": chain[0], "chain": chain},
		"signature": SIGNATURE,
		"files": files,
	}
	verify.check_manifest(made)
	return verify.canonical(made)


def parse(data: bytes) -> dict:
	"""Raises ManifestFault, verify.UnknownFormat."""
	return verify.parse_manifest(data)
