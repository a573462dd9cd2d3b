"""Opens a PKCS#12 file, as a program of its own: a file may ask for so many rounds of key derivation that
whoever opens it does nothing else for minutes (RFC 7292, appendix B).

`load` starts it, and ends it after some seconds. Standard input: the length of the password in four bytes,
the password, the file. Standard output: key and certificates as PEM; with exit code 3 what is wrong, as JSON.
"""

import json
import resource
import subprocess
import sys

from giam_sat_mot_cua.media.evidence import signing
from giam_sat_mot_cua.media.evidence.signing import Signer, SigningError

CPU_S, PATIENCE_S = 5, 20
LENGTH_BYTES = 4
REFUSED = 3  # exit code; a Python program that fails has 1


def load(data: bytes, password: bytes) -> Signer:
	"""As signing.load_pkcs12, in a bounded time. Raises SigningError."""
	sent = len(password).to_bytes(LENGTH_BYTES, "big") + password + data
	command = [sys.executable, "-m", "giam_sat_mot_cua.media.evidence.pkcs12_reader"]
	try:
		done = subprocess.run(
			command, input=sent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=PATIENCE_S
		)
	except subprocess.TimeoutExpired:
		raise SigningError("the PKCS#12 file takes too long to open") from None
	if done.returncode == 0:
		return signing.load_pem(done.stdout)
	if done.returncode == REFUSED:
		said = json.loads(done.stdout)
		raise SigningError(said["text"], *said["values"])
	raise SigningError("the PKCS#12 file takes too long to open")


def main() -> None:
	resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
	sent = sys.stdin.buffer.read()
	length = int.from_bytes(sent[:LENGTH_BYTES], "big")
	password, data = sent[LENGTH_BYTES : LENGTH_BYTES + length], sent[LENGTH_BYTES + length :]
	try:
		made = signing.load_pkcs12(data, password).to_pem()
	except SigningError as error:
		print(json.dumps({"text": error.text, "values": [str(value) for value in error.values]}))
		sys.exit(REFUSED)
	sys.stdout.buffer.write(made)


if __name__ == "__main__":
	main()
