"""The code that an applicant gets once, with the number of the application: both show its state."""

import hashlib
import hmac
import secrets

LETTERS = "234679ACDEFGHJKMNPQRTWXY"  # none is taken for another: no 0 O, 1 I L, 5 S, 8 B, 2 Z, U V
LENGTH, GROUP = 16, 4  # 73 bits
NOBODYS = hashlib.sha256(b"").hexdigest()  # is compared when there is no application, which takes as long


def make() -> str:
	"""`XXXX-XXXX-XXXX-XXXX`"""
	letters = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
	return "-".join(letters[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def hashed(number: str, code: str) -> str:
	"""What is stored. A code of so many bits needs no salt; with the number one hash serves for one
	application alone. Hyphens, spaces and the size of letters do not count."""
	letters = "".join(letter for letter in code.upper() if letter.isalnum())
	return hashlib.sha256(f"{number}:{letters}".encode()).hexdigest()


def fits(number: str, code: str, stored: str | None) -> bool:
	"""In the same time for every wrong code."""
	return hmac.compare_digest(hashed(number, code), stored or NOBODYS) and bool(stored)
