"""The keys that sign evidence packages: one is active, the certificates of the others are kept. The only
writer of Signing Key."""

import frappe
from frappe import _
from frappe.utils import now_datetime

from giam_sat_mot_cua.media.evidence import signing
from giam_sat_mot_cua.media.evidence.signing import Signer, SigningError
from giam_sat_mot_cua.recording import clock

DOCTYPE = "Signing Key"
ACTIVE, RETIRED = "Active", "Retired"
MADE_HERE, FROM_CA = "Made Here", "From a Certificate Authority"
ORGANISATION = "Hệ thống giám sát Bộ phận Một cửa tỉnh Ninh Bình"


def ensure() -> None:
	"""A key, made here, when there is none yet."""
	if not frappe.db.exists(DOCTYPE, {"status": ACTIVE}):
		make()


def make(organisation: str | None = None) -> str:
	"""Makes a key with a certificate that it signs itself, and lets it sign from now on; its name."""
	signer = signing.make_signer(organisation or managing_unit(), clock.now_ms())
	return store(signer, MADE_HERE)


def take_pkcs12(data: bytes, password: str) -> str:
	"""Lets a certificate authority's key (PKCS#12) sign from now on; its name. Throws when it cannot sign."""
	try:
		signer = signing.load_pkcs12(data, password.encode())
		signer.check_valid(clock.now_ms())
	except SigningError as error:
		frappe.throw(_("This file cannot be used to sign: {0}.").format(str(error)), title=_(DOCTYPE))
	return store(signer, FROM_CA)


def store(signer: Signer, kind: str) -> str:
	if frappe.db.exists(DOCTYPE, {"fingerprint": signer.fingerprint}):
		frappe.throw(_("This certificate is known already."), title=_(DOCTYPE))
	for name in frappe.get_all(DOCTYPE, {"status": ACTIVE}, pluck="name"):
		retire(name)
	certificate = signer.certificate
	zone = clock.site_zone()
	doc = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"status": ACTIVE,
			"kind": kind,
			"organisation": organisation_of(signer),
			"fingerprint": signer.fingerprint,
			"certificate": signer.chain_pem.decode(),
			"valid_from": certificate.not_valid_before_utc.astimezone(zone).replace(tzinfo=None),
			"valid_until": certificate.not_valid_after_utc.astimezone(zone).replace(tzinfo=None),
			"private_key": signer.to_pem().decode(),
		}
	)
	doc.flags.by_system = True
	return doc.insert(ignore_permissions=True).name  # no role writes this record


def retire(name: str) -> None:
	doc = frappe.get_doc(DOCTYPE, name)
	doc.update({"status": RETIRED, "retired_on": now_datetime()})
	doc.flags.by_system = True
	doc.save(ignore_permissions=True)  # no role writes this record


def active() -> tuple[str, Signer]:
	"""(name, signer) of the key that signs now. SigningError when there is none, or it cannot be read."""
	name = frappe.db.get_value(DOCTYPE, {"status": ACTIVE})
	if not name:
		raise SigningError("there is no active signing key")
	secret = frappe.get_doc(DOCTYPE, name).get_password("private_key", raise_exception=False)
	if not secret:
		raise SigningError("the signing key cannot be decrypted")
	return name, signing.load_pem(secret.encode())


def organisation_of(signer: Signer) -> str:
	found = signer.certificate.subject.get_attributes_for_oid(signing.NameOID.ORGANIZATION_NAME)
	return found[0].value if found else signer.certificate.subject.rfc4514_string()[:140]


def managing_unit() -> str:
	"""What stands in a certificate that is made here: the managing unit, when its name fits."""
	name = frappe.db.get_value("Monitored Unit", {"unit_role": "Managing Unit"}, "unit_name", order_by="lft")
	return name if name and len(name) <= signing.LONGEST_NAME else ORGANISATION
