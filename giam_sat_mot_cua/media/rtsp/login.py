"""The login that a camera asks for: Basic (RFC 7617) or Digest (RFC 7616; MD5 and SHA-256)."""

import base64
import hashlib
import re
import secrets

PARAMETER = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))')


class Login:
	"""Answers the challenge of one camera, request by request. The password is never shown."""

	def __init__(self, username: str, password: str):
		self.username, self.password = username, password
		self.kind = ""
		self.given: dict[str, str] = {}
		self.uses = 0

	def challenged(self, headers: list[tuple[str, str]]) -> bool:
		"""Takes the challenge of a 401 that we can answer best, Digest before Basic; False when there is
		none, or no login to answer it with."""
		offered = [value.strip() for name, value in headers if name == "www-authenticate"]
		if not self.username:
			return False
		for kind in ("digest", "basic"):
			for challenge in offered:
				if challenge.lower().startswith(kind):
					self.kind, self.uses = kind, 0
					found = PARAMETER.findall(challenge[len(kind) :])
					self.given = {name.lower(): quoted or plain for name, quoted, plain in found}
					return True
		return False

	def header(self, method: str, url: str) -> str:
		"""The Authorization line for a request, empty before a challenge."""
		if self.kind == "basic":
			text = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
			return f"Authorization: Basic {text}\r\n"
		if self.kind == "digest":
			return f"Authorization: Digest {self.digest(method, url)}\r\n"
		return ""

	def digest(self, method: str, url: str) -> str:
		given = self.given
		algorithm = given.get("algorithm", "MD5")
		make = hashlib.sha256 if algorithm.upper().startswith("SHA-256") else hashlib.md5

		def hashed(*parts: str) -> str:
			return make(":".join(parts).encode()).hexdigest()

		realm, nonce = given.get("realm", ""), given.get("nonce", "")
		secret, what = hashed(self.username, realm, self.password), hashed(method, url)
		fields = f'username="{self.username}", realm="{realm}", nonce="{nonce}", uri="{url}"'
		if "auth" in [word.strip() for word in given.get("qop", "").split(",")]:
			self.uses += 1
			count, client = f"{self.uses:08x}", secrets.token_hex(8)
			fields += f', qop=auth, nc={count}, cnonce="{client}"'
			answer = hashed(secret, nonce, count, client, "auth", what)
		else:
			answer = hashed(secret, nonce, what)
		fields += f', response="{answer}"'
		if "algorithm" in given:
			fields += f", algorithm={algorithm}"
		if "opaque" in given:
			fields += f', opaque="{given["opaque"]}"'
		return fields
