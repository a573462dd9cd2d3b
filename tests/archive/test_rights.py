"""The rights that docs/operations.md gives a key are enough for all that is asked of a store, and for no
other bucket."""

import hashlib
import io
import re
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from giam_sat_mot_cua.recording.object_store import AccessRefused, NoSuchObject, ObjectStore
from tests.archive.store_server import ACCESS_KEY, SECRET_KEY, store_server

DOCS = Path(__file__).resolve().parents[2] / "docs/operations.md"


def test_the_rights_of_the_docs_are_enough_and_no_more(connect):
	policy = re.search(r"```json\n(\{\"Version\".+?)```", DOCS.read_text(), re.DOTALL)[1]
	with store_server() as server:
		server.bucket("footage")
		server.bucket("other")
		access_key, secret_key = make_user(server.url, policy)
		server.require_signatures()
		# moto takes the signature of a listing for a wrong one when there is a slash in it
		login = {"access_key": access_key, "secret_key": secret_key, "prefix": ""}
		store = connect(server.url, "footage", **login)
		use(store)
		with pytest.raises(AccessRefused, match="AccessDenied"):
			use(connect(server.url, "other", **login))
		with pytest.raises(ClientError, match="AccessDenied"):
			store.client.list_buckets()  # what a thief of the key would try


def make_user(url: str, policy: str) -> tuple[str, str]:
	keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
	iam = boto3.session.Session().client("iam", endpoint_url=url, region_name="us-east-1", **keys)
	iam.create_user(UserName="gsmc")
	iam.put_user_policy(UserName="gsmc", PolicyName="gsmc", PolicyDocument=policy)
	made = iam.create_access_key(UserName="gsmc")["AccessKey"]
	return made["AccessKeyId"], made["SecretAccessKey"]


def use(store: ObjectStore) -> None:
	content = b"12345"
	digests = hashlib.sha256(content).digest(), hashlib.md5(content).digest()
	store.put("CAM-1/2026/11/24/1.mp4", io.BytesIO(content), *digests, {"note": "x"})
	assert store.head("CAM-1/2026/11/24/1.mp4").size_bytes == 5
	assert store.read("CAM-1/2026/11/24/1.mp4", 1, 2) == b"23"
	assert len(list(store.names("CAM-1"))) == 1  # folders need the same right
	with pytest.raises(NoSuchObject):
		store.read("CAM-1/none", 0, 1)
	# several at once need the same right for each; moto asks for it on the bucket
	store.client.delete_object(Bucket=store.bucket, Key="CAM-1/2026/11/24/1.mp4")
	assert list(store.names("")) == []
