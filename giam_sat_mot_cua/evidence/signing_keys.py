"""The keys that sign evidence packages: one is active, the certificates of the others are kept. The only
writer of Signing Key."""

import frappe
from frappe import _
from frappe.utils import date_diff, getdate, now_datetime

from giam_sat_mot_cua.access import secrets, turns
from giam_sat_mot_cua.media.evidence import pkcs12_reader, signing
from giam_sat_mot_cua.media.evidence.signing import Signer, SigningError
from giam_sat_mot_cua.organization import notices
from giam_sat_mot_cua.recording import clock

DOCTYPE = "Signing Key"
ACTIVE, RETIRED = "Active", "Retired"
MADE_HERE, FROM_CA = "Made Here", "From a Certificate Authority"
ORGANISATION = "Hệ thống giám sát Bộ phận Một cửa tỉnh Ninh Bình"
TOLD_AT = (30, 14)  # days before the certificate expires, and every day of the last week
LAST_DAYS = 7


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
		signer = pkcs12_reader.load(data, password.encode())
		signer.check_valid(clock.now_ms())
	except SigningError as error:
		text = _("This file cannot be used to sign: {0}.").format(in_words(error))
		frappe.throw(frappe.utils.escape_html(text), title=_(DOCTYPE))
	return store(signer, FROM_CA)


def in_words(error: SigningError) -> str:
	"""What is wrong, in the language of the session."""
	return _(error.text).format(*error.values)


def store(signer: Signer, kind: str) -> str:
	turns.take(DOCTYPE)  # of two that come at once, one is the active one
	if frappe.db.exists(DOCTYPE, {"fingerprint": signer.fingerprint}):
		frappe.throw(_("This certificate is known already."), title=_(DOCTYPE))
	for name in active_names():
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
	doc.insert(ignore_permissions=True)  # no role writes this record
	text = _("Evidence packages are signed with another key from now on: {0}.")
	notices.tell_administrators(text.format(doc.name), doc)
	return doc.name


def active_names() -> list[str]:
	"""As others committed it since this transaction began, too."""
	table = frappe.qb.DocType(DOCTYPE)
	rows = frappe.qb.from_(table).select(table.name).where(table.status == ACTIVE).for_update().run()
	return [name for (name,) in rows]


def retire(name: str) -> None:
	"""Past the document, which would be as it was when this transaction began."""
	frappe.db.set_value(DOCTYPE, name, {"status": RETIRED, "retired_on": now_datetime()})


def active() -> tuple[str, Signer]:
	"""(name, signer) of the key that signs now. SigningError when there is none, or it cannot be read."""
	name = frappe.db.get_value(DOCTYPE, {"status": ACTIVE})
	if not name:
		raise SigningError("there is no active signing key")
	secret = secrets.stored(DOCTYPE, name, "private_key")
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


def remind() -> None:
	"""Every day: administrators are told in time that the certificate expires."""
	found = frappe.db.get_value(DOCTYPE, {"status": ACTIVE}, ["name", "valid_until"], as_dict=True)
	if not found:
		return
	left = date_diff(found.valid_until, getdate())
	if left in TOLD_AT or left <= LAST_DAYS:
		text = _("The certificate that signs evidence packages expires on {0}: make or take a new key.")
		day = frappe.format(getdate(found.valid_until), "Date")
		notices.tell_administrators(text.format(day), frappe.get_doc(DOCTYPE, found.name))
