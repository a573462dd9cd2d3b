"""Secrets in a request are stars to the log, and what they are to everything else."""

import json
import pickle

import frappe
import pytest
from frappe.utils.logger import sanitized_dict
from pymysql.converters import escape_item

from giam_sat_mot_cua.access import request_secrets
from giam_sat_mot_cua.access.request_secrets import MaskedText

SECRET = "KhoaBiMat-5k8w2"
VOLUME = {"doctype": "Storage Volume", "bucket": "kho", "secret_key": SECRET}
CAMERA = {"doctype": "Camera", "rows": [{"stream_password": SECRET}], "stream_url": f"rtsp://a:{SECRET}@h/x"}

SENT = [
	{"doc": json.dumps(VOLUME), "action": "Save"},
	{"doc": json.dumps(json.dumps(VOLUME))},
	{"doc": json.dumps(VOLUME).replace("secret_key", "secret\\u005fkey")},
	{"doc": " \n" + json.dumps(CAMERA)},
	{"data": VOLUME},
	{"docs": [CAMERA, VOLUME]},
	{**CAMERA},
	{"fieldname": {"access_key": SECRET}},
	{"fieldname": "secret_key", "value": SECRET},
	{"fieldname": json.dumps({"stream_username": SECRET})},
	{"filters": [["Camera", "stream_password", "=", SECRET]]},
	{"filters": json.dumps({"stream_username": SECRET})},
	{"doc": {"stream_password": {"a": [SECRET]}}},
	{"doc": {"new_password": SECRET}},
	{json.dumps(VOLUME): ""},
	{"txt": f"rtsp://x:{SECRET}@h"},
]


@pytest.fixture
def request_of():
	"""A function that receives a request, as it stands after the hook."""
	frappe.local.form_dict = frappe._dict()

	def receive(**values) -> dict:
		frappe.local.form_dict.clear()
		frappe.local.form_dict.update(values)
		request_secrets.hide()
		return frappe.local.form_dict

	return receive


@pytest.mark.parametrize("sent", SENT)
def test_the_log_shows_stars_and_the_request_is_the_same(request_of, sent):
	assert SECRET in str(frappe._dict(sent))
	received = request_of(**sent)
	assert received == sent and list(received) == list(sent)
	for shown in (str(sanitized_dict(received)), repr(received), f"{received}", f"{dict(received)!r}"):
		assert SECRET not in shown
	assert json.dumps(received) == json.dumps(sent)


def test_what_holds_no_secret_is_logged_as_it_is(request_of):
	sent = {"cmd": "frappe.client.get", "doctype": "Camera", "filters": '{"unit": "HL"}', "fields": ["*"]}
	assert str(sanitized_dict(request_of(**sent))) == str(sanitized_dict(frappe._dict(sent)))


def test_a_login_of_digits_is_a_text(request_of):
	received = request_of(doc={"stream_password": 87654321, "enabled": 1})
	assert received.doc == {"stream_password": "87654321", "enabled": 1}
	assert "87654321" not in str(received)


def test_a_masked_text_is_a_text():
	text = MaskedText("a'b")
	assert (text, f"{text}", str(text), hash(text)) == ("a'b", "a'b", "a'b", hash("a'b"))
	assert type(str(text)) is str and type(pickle.loads(pickle.dumps(text))) is str
	assert escape_item(text, "utf8mb4") == "'a\\'b'"
	assert json.loads(MaskedText('{"a": "b"}')) == {"a": "b"}
	assert repr(text) == "'********'"


def test_a_request_that_is_nested_too_deeply_is_refused_and_not_logged(request_of, monkeypatch):
	monkeypatch.setattr(frappe, "throw", lambda text: (_ for _ in ()).throw(frappe.ValidationError(text)))
	monkeypatch.setattr(request_secrets, "_", str)
	deep = {"secret_key": SECRET}
	for _level in range(900):
		deep = {"a": deep}
	with pytest.raises(frappe.ValidationError):
		request_of(doc=deep)
	assert not frappe.local.form_dict


@pytest.mark.parametrize("sent", SENT)
def test_what_is_told_of_a_request_has_stars(request_of, sent):
	received = request_of(**sent)
	told = f"x {SECRET} y {SECRET!r} bucket kho"
	assert request_secrets.without_secrets(told) == "x ******** y '********' bucket kho"
	assert received == sent


def test_parts_of_an_address_are_secrets(request_of):
	request_of(doc=json.dumps({"stream_url": "rtsp://nguoi:mat%20khau@h.example/kenh/1"}))
	told = "nguoi 'mat khau' mat%20khau kenh/1 h.example"
	assert request_secrets.without_secrets(told) == "******** '********' ******** ******** h.example"


def test_a_password_that_looks_like_a_name_is_found(request_of):
	request_of(doc=json.dumps({"stream_password": "password123"}))
	assert request_secrets.without_secrets("x password123") == "x ********"


def test_the_beginning_of_a_secret_that_was_cut_off_is_found(request_of):
	request_of(doc=json.dumps(VOLUME))
	assert (
		request_secrets.without_secrets(f"{{'secret_key': '{SECRET[:7]}...") == "{'secret_key': '********..."
	)


def test_what_a_repr_escapes_is_found(request_of):
	secret = "a'b\"c\\d\u1ea1"
	request_of(doc=json.dumps({"secret_key": secret}))
	told = f"{secret} {secret!r} {json.dumps(secret)}"
	assert request_secrets.without_secrets(told) == "******** '********' \"********\""


def test_words_that_are_no_secrets_stay(request_of):
	request_of(
		cmd="frappe.client.set_value", doctype="Camera", fieldname="secret_key", value="ab", name="NB-01"
	)
	told = "frappe.client.set_value Camera secret_key ab NB-01"
	assert request_secrets.without_secrets(told) == told
