"""Keys and certificates."""

import subprocess
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from giam_sat_mot_cua.media.evidence import signing, verify
from giam_sat_mot_cua.media.evidence.signing import Signer, SigningError
from tests.evidence.packages import MADE_MS

DAY_MS = 86_400_000
UNIT = "Văn phòng Ủy ban nhân dân tỉnh Ninh Bình"


def issued(key, issuer: Signer | None, name: str, bits_of_issuer=None) -> x509.Certificate:
	"""A certificate of a small authority."""
	own = signing.subject(name, name)
	builder = x509.CertificateBuilder(subject_name=own, public_key=key.public_key())
	begin = verify.EPOCH + timedelta(milliseconds=MADE_MS - DAY_MS)
	builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin)
	builder = builder.not_valid_after(begin + timedelta(days=900))
	builder = builder.issuer_name(issuer.certificate.subject if issuer else own)
	return builder.sign(issuer.key if issuer else key, hashes.SHA256())


def authority() -> tuple[Signer, Signer]:
	root_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
	root = Signer(root_key, issued(root_key, None, "Root CA"))
	middle_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
	return root, Signer(middle_key, issued(middle_key, root, "Sub CA"))


def p12(key, certificate, others, password: bytes) -> bytes:
	scheme = serialization.BestAvailableEncryption(password)
	return pkcs12.serialize_key_and_certificates(b"unit", key, certificate, others, scheme)


def test_a_new_key_with_its_certificate(signer):
	assert signer.key.key_size == 3072
	made = signing.make_signer(UNIT, MADE_MS)
	seen = verify.Certificate(made.chain_der[0])
	assert seen.subject == f"C=VN, O={UNIT}, CN=Ký gói chứng cứ hình ảnh" == seen.issuer
	assert seen.key_bits == 3072 and seen.key_is_strong
	assert seen.fingerprint == made.fingerprint
	years = (seen.end_ms - seen.begin_ms) / DAY_MS / 365.25
	assert round(years, 1) == 10 and seen.begin_ms < MADE_MS


def test_openssl_reads_it_alike(signer, tmp_path):
	"""Its view of the certificate, and of a signature: salt and hash as the format says."""
	data, signature = b"a manifest", signer.sign(b"a manifest", MADE_MS)
	for name, content in (("m", data), ("s", signature), ("c.pem", signer.chain_pem)):
		(tmp_path / name).write_bytes(content)
	shell = (
		"openssl x509 -in c.pem -pubkey -noout > k.pem && openssl x509 -in c.pem -noout -fingerprint -sha256"
	)
	done = subprocess.run(shell, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
	assert done.stdout.strip().rpartition("=")[2].replace(":", "").lower() == signer.fingerprint
	options = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sigopt rsa_mgf1_md:sha256"
	shell = f"openssl dgst -sha256 {options} -verify k.pem -signature s m"
	done = subprocess.run(shell, shell=True, cwd=tmp_path, capture_output=True, text=True)
	assert done.stdout.strip() == "Verified OK", done.stderr


@pytest.mark.parametrize("bits", [2048, 2049, 2055, 3072, 4096])
def test_signatures_of_every_length_of_key_fit(bits):
	key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
	made = Signer(key, issued(key, None, "Khóa"))
	seen = verify.Certificate(made.chain_der[0])
	signature = made.sign(b"a manifest", MADE_MS)
	assert verify.signature_fits(seen, b"a manifest", signature)
	assert not verify.signature_fits(seen, b"another", signature)
	assert not verify.signature_fits(seen, b"a manifest", signature[:-1])
	assert not verify.signature_fits(seen, b"a manifest", b"\0" + signature)
	assert not verify.signature_fits(seen, b"a manifest", b"\xff" * len(signature))


@pytest.mark.parametrize("password", [None, "mật khẩu".encode()])
def test_a_key_is_kept_as_pem(signer, password):
	kept = signer.to_pem(password)
	assert signing.load_pem(kept, password).fingerprint == signer.fingerprint
	assert (b"ENCRYPTED" in kept) == bool(password)
	if password:
		for wrong in (None, b"x"):
			with pytest.raises(SigningError, match="cannot be read"):
				signing.load_pem(kept, wrong)


def test_a_key_of_a_certificate_authority():
	"""The chain is kept in order, whatever the order in the file."""
	root, middle = authority()
	key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
	own = issued(key, middle, UNIT)
	loaded = signing.load_pkcs12(p12(key, own, [root.certificate, middle.certificate], b"pin"), b"pin")
	assert loaded.above == (middle.certificate, root.certificate)
	assert len(verify.pem_certificates(loaded.chain_pem)) == 3
	with pytest.raises(SigningError, match="cannot be read"):
		signing.load_pkcs12(p12(key, own, [], b"pin"), b"other")


def test_other_keys_are_refused():
	key = ec.generate_private_key(ec.SECP256R1())
	with pytest.raises(SigningError, match="only RSA keys"):
		signing.load_pkcs12(p12(key, issued(key, None, "EC"), [], b"pin"), b"pin")
	short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
	with pytest.raises(SigningError, match="1024 bits"):
		signing.load_pkcs12(p12(short, issued(short, None, "1024"), [], b"pin"), b"pin")
	with pytest.raises(SigningError, match="no private key"):
		signing.load_pkcs12(p12(None, None, [issued(short, None, "1024")], b"pin"), b"pin")
	with pytest.raises(SigningError, match="cannot be read"):
		signing.load_pkcs12(b"nothing", None)


def test_a_certificate_of_another_key_is_refused(signer):
	other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
	with pytest.raises(SigningError, match="another key"):
		Signer(other, signer.certificate)


def test_a_certificate_signs_only_while_it_is_valid(signer):
	with pytest.raises(SigningError, match="not valid before"):
		signer.sign(b"", MADE_MS - 30 * DAY_MS)
	with pytest.raises(SigningError, match="expired"):
		signer.sign(b"", MADE_MS + 4000 * DAY_MS)


def test_names_that_no_certificate_holds():
	for name in ("", " ", "x" * 65):
		with pytest.raises(SigningError, match="1 to 64 characters"):
			signing.make_signer(name, MADE_MS)


def test_a_certificate_that_begins_on_a_leap_day():
	leap_day = 1_709_164_800_000 + DAY_MS // 2  # 2024-02-29
	assert signing.make_signer(UNIT, leap_day, years=1).certificate.not_valid_after_utc.day == 28
