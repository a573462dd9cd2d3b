"""The key that signs evidence packages, with its X.509 certificate: made here, or a government CA's.

Signatures are RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes (RFC 8017).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from giam_sat_mot_cua.media.evidence import verify

KEY_BITS = 3072
LEAST_BITS, MOST_BITS = 2048, 4096
SALT_BYTES = 32
YEARS = 10
LONGEST_NAME = 64  # ub-organization-name, ub-common-name (RFC 5280, appendix A)
COMMON_NAME = "Ký gói chứng cứ hình ảnh"
BEGINS_EARLIER = timedelta(minutes=5)  # machines' clocks differ


class SigningError(Exception):
	"""A key or certificate that cannot sign. The message says why, for people: `text`, which can be
	translated, with `values` in it."""

	def __init__(self, text: str, *values: object):
		super().__init__(text.format(*values))
		self.text, self.values = text, values


def shown(moment: datetime) -> str:
	return f"{moment:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class Signer:
	"""A private key with its certificate, and the certificates above that one (without a fixed order)."""

	key: rsa.RSAPrivateKey
	certificate: x509.Certificate
	above: tuple[x509.Certificate, ...] = ()

	def __post_init__(self) -> None:
		check_key(self.key)
		if self.certificate.public_key() != self.key.public_key():
			raise SigningError("the certificate belongs to another key")
		try:
			verify.Certificate(self.chain_der[0])
		except (ValueError, IndexError) as error:
			raise SigningError("verifiers cannot read the certificate: {0}", error) from error

	def sign(self, data: bytes, at_utc_ms: int) -> bytes:
		"""SigningError when the certificate is not valid at that moment."""
		self.check_valid(at_utc_ms)
		scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=SALT_BYTES)
		return self.key.sign(data, scheme, hashes.SHA256())

	def check_valid(self, at_utc_ms: int) -> None:
		"""SigningError unless the certificate is valid at that moment."""
		begin, end = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
		at = verify.EPOCH + timedelta(milliseconds=at_utc_ms)
		if at < begin:
			raise SigningError("the certificate is not valid before {0} UTC", shown(begin))
		if at > end:
			raise SigningError("the certificate expired on {0} UTC", shown(end))

	@property
	def chain_der(self) -> list[bytes]:
		"""The signer's own certificate first."""
		return [one.public_bytes(serialization.Encoding.DER) for one in (self.certificate, *self.above)]

	@property
	def chain_pem(self) -> bytes:
		return b"".join(verify.to_pem(der) for der in self.chain_der)

	@property
	def fingerprint(self) -> str:
		"""SHA-256 of the certificate, 64 digits."""
		return self.certificate.fingerprint(hashes.SHA256()).hex()

	def to_pem(self, password: bytes | None = None) -> bytes:
		"""Key and certificates, the key encrypted when there is a password."""
		scheme = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
		key = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, scheme)
		return key + self.chain_pem


def make_signer(
	organization: str, now_utc_ms: int, years: int = YEARS, common_name: str = COMMON_NAME
) -> Signer:
	"""A new RSA-3072 key with a certificate that it signs itself."""
	for name in (organization, common_name):
		if not 0 < len(name.strip()) <= LONGEST_NAME:
			raise SigningError("a name in a certificate has 1 to {0} characters: {1}", LONGEST_NAME, name)
	key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
	begin = (verify.EPOCH + timedelta(milliseconds=now_utc_ms) - BEGINS_EARLIER).replace(microsecond=0)
	return Signer(key, self_signed(key, subject(organization, common_name), begin, years))


def subject(organization: str, common_name: str) -> x509.Name:
	parts = (
		(NameOID.COUNTRY_NAME, "VN"),
		(NameOID.ORGANIZATION_NAME, organization.strip()),
		(NameOID.COMMON_NAME, common_name.strip()),
	)
	return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def self_signed(key: rsa.RSAPrivateKey, name: x509.Name, begin: datetime, years: int) -> x509.Certificate:
	public = key.public_key()
	builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=public)
	builder = builder.serial_number(x509.random_serial_number())
	builder = builder.not_valid_before(begin).not_valid_after(years_later(begin, years))
	builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
	builder = builder.add_extension(key_usage(), critical=True)
	builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
	return builder.sign(key, hashes.SHA256())


def years_later(begin: datetime, years: int) -> datetime:
	day = 28 if (begin.month, begin.day) == (2, 29) else begin.day
	return begin.replace(year=begin.year + years, day=day)


def key_usage() -> x509.KeyUsage:
	"""Signatures that are meant to bind (RFC 5280, 4.2.1.3), nothing else."""
	return x509.KeyUsage(
		digital_signature=True,
		content_commitment=True,
		key_encipherment=False,
		data_encipherment=False,
		key_agreement=False,
		key_cert_sign=False,
		crl_sign=False,
		encipher_only=False,
		decipher_only=False,
	)


def load_pem(data: bytes, password: bytes | None = None) -> Signer:
	"""What `Signer.to_pem` wrote."""
	try:
		key = serialization.load_pem_private_key(data, password)
		first, *above = x509.load_pem_x509_certificates(data)
	except (ValueError, TypeError, UnsupportedAlgorithm) as error:
		raise SigningError("the key cannot be read: another kind of file, or a wrong password") from error
	return Signer(check_key(key), first, tuple(above))


def load_pkcs12(data: bytes, password: bytes | None) -> Signer:
	"""A key from a certificate authority (.p12, .pfx) with its chain."""
	try:
		found = pkcs12.load_pkcs12(data, password)
	except (ValueError, TypeError, UnsupportedAlgorithm) as error:
		raise SigningError(
			"the PKCS#12 file cannot be read: another kind of file, or a wrong password"
		) from error
	if not found.key or not found.cert:
		raise SigningError("the PKCS#12 file holds no private key with its certificate")
	above = [one.certificate for one in found.additional_certs]
	return Signer(check_key(found.key), found.cert.certificate, upwards(found.cert.certificate, above))


def upwards(first: x509.Certificate, others: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
	"""Each certificate before that of its issuer; those that belong to none of them at the end."""
	found, left = [], [one for one in others if one != first]
	issuer = first.issuer
	while step := next((one for one in left if one.subject == issuer), None):
		left.remove(step)
		found.append(step)
		issuer = step.issuer
	return (*found, *left)


def check_key(key: object) -> rsa.RSAPrivateKey:
	if not isinstance(key, rsa.RSAPrivateKey):
		raise SigningError("only RSA keys can sign packages: verifiers in browsers and courts know them all")
	if not LEAST_BITS <= key.key_size <= MOST_BITS:
		raise SigningError(
			"the RSA key has {0} bits; {1} to {2} are accepted", key.key_size, LEAST_BITS, MOST_BITS
		)
	return key
