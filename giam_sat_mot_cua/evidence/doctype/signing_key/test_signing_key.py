import io
from unittest.mock import patch

import frappe
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from frappe.utils import add_days, add_to_date, now_datetime
from werkzeug.datastructures import FileStorage

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.api import signing_keys as api
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.evidence import signing_keys
from giam_sat_mot_cua.media.evidence import pkcs12_reader, signing
from giam_sat_mot_cua.recording import clock
from giam_sat_mot_cua.setup import factories

UNIT = "Văn phòng UBND tỉnh Ninh Bình"
PASSWORD = "Mật khẩu 1"


def authority_key(now_ms: int | None = None) -> tuple[str, bytes]:
	"""(fingerprint, PKCS#12) of a key with its certificate."""
	signer = signing.make_signer(UNIT, now_ms or clock.now_ms())
	scheme = serialization.BestAvailableEncryption(PASSWORD.encode())
	data = pkcs12.serialize_key_and_certificates(b"key", signer.key, signer.certificate, None, scheme)
	return signer.fingerprint, data


class TestSigningKey(IntegrationTestCase):
	def setUp(self):
		self.unit = factories.unit().name
		self.request = frappe.local.request if hasattr(frappe.local, "request") else None
		self.become(roles.MONITORING_ADMINISTRATOR)

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.local.request = self.request
		frappe.db.rollback()

	def take(self, data: bytes | None, password: str | None = PASSWORD) -> dict:
		files = {} if data is None else {"file": FileStorage(io.BytesIO(data), "ca.p12")}
		frappe.local.request = frappe._dict(files=files, headers={})
		return api.take(password)

	def become(self, role: str) -> None:
		frappe.set_user("Administrator")
		frappe.set_user(factories.user(role, self.unit).name)

	def active(self) -> list[str]:
		return frappe.get_all("Signing Key", {"status": "Active"}, pluck="name")

	def test_a_new_key_signs_and_the_certificate_of_the_old_one_stays(self):
		(before,) = self.active()
		made = api.make()["name"]
		self.assertEqual(self.active(), [made])
		self.assertEqual(signing_keys.active()[0], made)
		old = frappe.get_doc("Signing Key", before)
		self.assertEqual(old.status, "Retired")
		self.assertIn("BEGIN CERTIFICATE", old.certificate)
		self.assertEqual(api.certificate(before).get_data(as_text=True), old.certificate)

	def test_an_authoritys_key_signs_from_then_on(self):
		fingerprint, data = authority_key()
		taken = self.take(data)["name"]
		name, signer = signing_keys.active()
		self.assertEqual((name, signer.fingerprint), (taken, fingerprint))
		doc = frappe.get_doc("Signing Key", taken)
		self.assertEqual((doc.kind, doc.organisation), ("From a Certificate Authority", UNIT))
		self.assertEqual(set(doc.private_key), {"*"})

	def test_a_file_that_cannot_sign_changes_nothing(self):
		before = self.active()
		_print, right = authority_key()
		_print, old = authority_key(clock.now_ms() - 11 * 366 * 86_400_000)
		for data, password in (
			(None, PASSWORD),
			(b"", PASSWORD),
			(b"\0" * 100, PASSWORD),
			(right, "sai"),
			(right, None),
			(right[:-10], PASSWORD),
			(old, PASSWORD),
			(b"\0" * (api.MOST_BYTES + 1), PASSWORD),
		):
			with self.subTest(size=data and len(data), password=password):
				self.assertRaises(frappe.ValidationError, self.take, data, password)
				self.assertEqual(self.active(), before)
		taken = self.take(right)["name"]
		self.assertRaises(frappe.ValidationError, self.take, right)  # known already
		self.assertEqual(self.active(), [taken])

	def test_a_file_that_would_keep_the_server_busy_is_given_up(self):
		rounds = 65_536
		scheme = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(rounds)
		signer = signing.make_signer(UNIT, clock.now_ms())
		data = pkcs12.serialize_key_and_certificates(
			b"key", signer.key, signer.certificate, None, scheme.build(PASSWORD.encode())
		)
		asked = rounds.to_bytes(3, "big")
		self.assertIn(asked, data)
		head, _asked, tail = data.rpartition(asked)
		with patch.object(pkcs12_reader, "PATIENCE_S", 1):
			self.assertRaises(frappe.ValidationError, self.take, head + b"\x7f\xff\xff" + tail)
		self.assertEqual(len(self.active()), 1)

	def test_no_template_reads_the_key(self):
		(name,) = self.active()
		frappe.set_user("Administrator")
		text = '{{ frappe.get_doc("Signing Key", name).get_password("private_key") }}'
		with self.assertRaises(frappe.PermissionError):
			frappe.render_template(text, {"name": name})

	def test_only_administrators_of_the_managing_unit_change_it(self):
		before = self.active()
		_print, data = authority_key()
		for role in set(roles.ALL_ROLES) - {roles.MONITORING_ADMINISTRATOR}:
			self.become(role)
			with self.subTest(role=role):
				self.assertRaises(frappe.PermissionError, api.make)
				self.assertRaises(frappe.PermissionError, self.take, data)
		frappe.set_user("Administrator")
		self.assertEqual(self.active(), before)

	def test_the_certificate_is_for_whoever_may_read_the_record(self):
		(name,) = self.active()
		may = {roles.MONITORING_ADMINISTRATOR, roles.MANAGING_UNIT_LEADER, roles.MONITORING_AUDITOR}
		for role in roles.ALL_ROLES:
			self.become(role)
			with self.subTest(role=role):
				if role in may:
					self.assertNotIn("PRIVATE", api.certificate(name).get_data(as_text=True))
				else:
					self.assertRaises(frappe.PermissionError, api.certificate, name)

	def test_administrators_are_told_before_it_expires(self):
		(name,) = self.active()
		told = []
		tell = patch.object(signing_keys.notices, "tell_administrators", lambda *said: told.append(said))
		with tell:
			for days, wanted in ((31, 0), (30, 1), (29, 0), (14, 1), (7, 1), (1, 1), (0, 1), (-3, 1)):
				moment = add_to_date(add_days(now_datetime(), days), seconds=30)
				frappe.db.set_value("Signing Key", name, "valid_until", moment)
				told.clear()
				signing_keys.remind()
				with self.subTest(days=days):
					self.assertEqual(len(told), wanted)
