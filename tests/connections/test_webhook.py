"""Signatures of messages to callbacks: ours, the library's, and the one that the specification describes."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from packsys.connections.secret import Secret
from packsys.connections.webhook import BYTES, secret_of, signed


def now() -> datetime:
    """Tells the time: a verifier refuses what was signed long ago."""
    return datetime.now(UTC)


BODIES = st.text(st.characters(codec="utf-8")).map(str.encode)
KEYS = st.binary(min_size=24, max_size=64)


def test_a_secret_is_named_as_such_and_long_enough() -> None:
    secret = secret_of(bytes(range(BYTES))).reveal()
    assert secret.startswith("whsec_")
    assert 24 <= len(b64decode(secret.removeprefix("whsec_"))) <= 64


@given(KEYS, BODIES)
def test_a_signature_is_that_of_the_specification(key: bytes, body: bytes) -> None:
    headers = signed([secret_of(key)], "msg_1", body, at=now())
    content = b"msg_1." + headers["webhook-timestamp"].encode() + b"." + body
    assert headers["webhook-signature"] == "v1," + b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


@given(KEYS, KEYS, BODIES)
def test_each_of_several_secrets_verifies_a_message(first: bytes, second: bytes, body: bytes) -> None:
    headers = dict(signed([secret_of(first), secret_of(second)], "msg_1", body, at=now()))
    for key in (first, second):
        Webhook(secret_of(key).reveal()).verify(body, headers, json_parse=False)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature", "body"])
def test_what_was_changed_on_the_way_does_not_verify(name: str) -> None:
    secret = secret_of(bytes(32))
    message = {**signed([secret], "msg_1", b"{}", at=now()), "body": "{}"}
    message[name] = {"webhook-timestamp": str(int(now().timestamp()) + 2), "webhook-signature": "v1,AAAA"}.get(
        name, "[]"
    )
    body = message.pop("body")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret.reveal()).verify(body, message)


def test_a_secret_shows_nowhere_in_the_headers() -> None:
    secret = Secret("whsec_" + b64encode(b"not-a-real-secret-of-anybody").decode())
    assert secret.reveal()[6:] not in str(signed([secret], "msg_1", b"{}", at=now()))
