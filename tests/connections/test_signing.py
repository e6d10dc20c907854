"""Requests are signed as the pack's manifest says, whatever its kind."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from packsys.connections.contents import Contents, Tokens
from packsys.connections.credential import Outgoing
from packsys.connections.secret import Secret
from packsys.connections.signing import signer
from packsys.errors import AuthenticationRefused, BrokenPack, ForbiddenRequest

FAKE = "obviously-fake-token"


def contents(**fields: str) -> Contents:
    return Contents(fields={name: Secret(value) for name, value in fields.items()})


def signed(authentication: Mapping[str, Any], held: Contents, url: str = "https://api.example.com/x?a=1") -> Outgoing:
    return signer(authentication, held).sign(Outgoing(method="GET", url=url, headers={"Accept": "text/plain"}))


HEADERS = [
    ({"kind": "HeaderBearerToken"}, contents(token=FAKE), {"Authorization": f"Bearer {FAKE}"}),
    ({"kind": "CustomHeaderToken", "header": "X-Api-Key"}, contents(token=FAKE), {"X-Api-Key": FAKE}),
    (
        {"kind": "CustomHeaderToken", "header": "Authorization", "prefix": "token"},
        contents(token=FAKE),
        {"Authorization": f"token {FAKE}"},
    ),
    (
        {"kind": "MultiHeaderToken", "headers": [{"name": "X-Id"}, {"name": "X-Key", "prefix": "Key"}]},
        Contents(fields={"X-Id": Secret("me"), "X-Key": Secret(FAKE)}),
        {"X-Id": "me", "X-Key": f"Key {FAKE}"},
    ),
    (
        {"kind": "WebBasic"},
        contents(username="Aladdin", password="open sesame"),  # the example of RFC 7617
        {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
    ),
    (
        {"kind": "WebBasic", "username_only": True},
        contents(username="Aladdin"),
        {"Authorization": f"Basic {b64encode(b'Aladdin:').decode()}"},
    ),
    ({"kind": "OAuth2"}, Contents(tokens=Tokens(access=Secret(FAKE))), {"Authorization": f"Bearer {FAKE}"}),
    (
        {"kind": "OAuth2", "prefix": "OAuth"},
        Contents(tokens=Tokens(access=Secret(FAKE))),
        {"Authorization": f"OAuth {FAKE}"},
    ),
]


@pytest.mark.parametrize(("authentication", "held", "headers"), HEADERS)
def test_a_secret_goes_into_the_headers_of_its_kind(
    authentication: Mapping[str, Any], held: Contents, headers: Mapping[str, str]
) -> None:
    assert signed(authentication, held).headers == {"Accept": "text/plain", **headers}
    assert set(signer(authentication, held).headers) == {name.lower() for name in headers}


QUERIES = [
    ({"kind": "QueryParamToken", "parameter": "key"}, contents(token="a&b=c d"), "a=1&key=a%26b%3Dc%20d"),
    (
        {"kind": "MultiQueryParamToken", "parameters": [{"name": "id"}, {"name": "key"}]},
        contents(id="me", key=FAKE),
        f"a=1&id=me&key={FAKE}",
    ),
    ({"kind": "OAuth2", "token_query": "t"}, Contents(tokens=Tokens(access=Secret(FAKE))), f"a=1&t={FAKE}"),
]


@pytest.mark.parametrize(("authentication", "held", "query"), QUERIES)
def test_a_secret_goes_into_the_query_of_its_kind(
    authentication: Mapping[str, Any], held: Contents, query: str
) -> None:
    outgoing = signed(authentication, held)
    assert urlsplit(outgoing.url).query == query
    assert outgoing.headers == {"Accept": "text/plain"}


def test_a_pack_may_not_write_the_parameter_of_the_secret() -> None:
    with pytest.raises(ForbiddenRequest, match="'key' carries the account's secret"):
        signed({"kind": "QueryParamToken", "parameter": "key"}, contents(token=FAKE), "https://api.example.com/?key=x")


@pytest.mark.parametrize("token", ["", "two words", "line\r\nX: y", "nul\x00", "é", " fake", "fake\n"])
@pytest.mark.parametrize(
    "authentication", [{"kind": "HeaderBearerToken"}, {"kind": "CustomHeaderToken", "header": "X-Key"}]
)
def test_a_token_that_cannot_be_in_a_header_is_refused_and_not_shown(
    authentication: Mapping[str, Any], token: str
) -> None:
    with pytest.raises(AuthenticationRefused) as caught:
        signer(authentication, contents(token=token))
    assert not token or token.strip() not in caught.value.message


def test_a_user_name_with_a_colon_is_refused() -> None:
    with pytest.raises(AuthenticationRefused, match="colon"):
        signer({"kind": "WebBasic"}, contents(username="a:b", password="c"))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BrokenPack, match="'Smoke': this release knows HeaderBearerToken"):
        signer({"kind": "Smoke"}, contents(token=FAKE))


@pytest.mark.parametrize(("authentication", "held", "_"), [*HEADERS, *QUERIES])
def test_a_credential_shows_nothing(authentication: Mapping[str, Any], held: Contents, _: object) -> None:
    shown = repr(signer(authentication, held, version=3)) + repr(held)
    assert "version=3" in shown
    for secret in (*held.fields.values(), *([held.tokens.access] if held.tokens else [])):
        assert secret.reveal() not in shown


def test_what_must_not_come_back_is_listed() -> None:
    made = signer({"kind": "WebBasic"}, contents(username="somebody", password="a-fake-password"))
    assert set(made.redactions) == {"a-fake-password", b64encode(b"somebody:a-fake-password").decode()}


def test_a_name_that_is_the_only_secret_must_not_come_back() -> None:
    assert FAKE in signer({"kind": "WebBasic", "username_only": True}, contents(username=FAKE)).redactions


def test_both_tokens_of_a_sign_in_must_not_come_back() -> None:
    tokens = Tokens(access=Secret(FAKE), refresh=Secret("a-fake-refresh-token"))
    assert set(signer({"kind": "OAuth2"}, Contents(tokens=tokens)).redactions) == {FAKE, "a-fake-refresh-token"}


AWS = {"kind": "AWSAccessKey", "service": "s3"}
AWS_FIELDS = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "not-a-real-secret-key"}


def mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def verify(outgoing: Outgoing, *, secret: str, region: str, service: str, body: bytes = b"") -> bool:
    """Computes a signature as AWS describes it (Signature Version 4), from what arrived."""
    headers = {name.lower(): value for name, value in outgoing.headers.items()}
    parts = urlsplit(outgoing.url)
    headers["host"] = parts.netloc
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    listed = "".join(f"{name}:{headers[name]}\n" for name in names.split(";"))
    hashed = hashlib.sha256(body).hexdigest()
    request = "\n".join([outgoing.method, parts.path, parts.query, listed, names, hashed])
    stamp = headers["x-amz-date"]
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = mac(key, part)
    return f"/{scope}," in headers["authorization"] and headers["authorization"].endswith(mac(key, text).hex())


@pytest.mark.parametrize(
    ("url", "service", "region"),
    [
        ("https://bucket.s3.eu-north-1.amazonaws.com/a/b?prefix=x", "s3", "eu-north-1"),
        ("https://sqs.us-gov-west-1.amazonaws.com/", "sqs", "us-gov-west-1"),
        ("https://iam.amazonaws.com/", "iam", "us-east-1"),
    ],
)
def test_a_request_to_aws_is_signed_for_its_service_and_region(url: str, service: str, region: str) -> None:
    pytest.importorskip("botocore")
    outgoing = signed({"kind": "AWSAccessKey", "service": service}, contents(**AWS_FIELDS), url)
    assert verify(outgoing, secret=AWS_FIELDS["secret_access_key"], region=region, service=service)
    assert AWS_FIELDS["secret_access_key"] not in str(outgoing.headers)


def test_a_temporary_aws_key_sends_its_session_token() -> None:
    pytest.importorskip("botocore")
    outgoing = signed(AWS, contents(**AWS_FIELDS, session_token=FAKE), "https://s3.amazonaws.com/")
    assert outgoing.headers["X-Amz-Security-Token"] == FAKE
