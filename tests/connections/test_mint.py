"""Keys of Amazon's and Google's are exchanged for tokens in the words of their own libraries."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from packsys.connections.contents import Contents
from packsys.connections.credential import Outgoing
from packsys.connections.grants import Client
from packsys.connections.mint import GOOGLE, STS, Mint
from packsys.connections.secret import Secret
from packsys.connections.signing import signer
from packsys.errors import AuthenticationRefused, GrantRefused, NotConnected, PacksysError, UpstreamError
from packsys.ports import Request, Response
from tests.connections.test_signing import verify

NOW = datetime(2026, 1, 1, tzinfo=UTC)
AWS = {"kind": "AWSAssumeRole", "service": "s3"}
ROLE = "arn:aws:iam::123456789012:role/packsys"
CLIENT = Client(id="AKIDEXAMPLE", secret=Secret("not-a-real-secret-key"))
GIVEN = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>not/a+real=secret</SecretAccessKey>
<SessionToken>not-a-real-session//token==</SessionToken><Expiration>2026-01-01T01:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>"""


@dataclass
class Courier:
    """Answers everything with one answer, and keeps what was asked."""

    status: int = 200
    body: str = GIVEN
    asked: list[Request] = field(default_factory=list)

    def fetch(self, request: Request) -> Response:
        self.asked.append(request)
        if self.status == 0:
            raise UpstreamError("sts.amazonaws.com did not answer.")
        return Response(status=self.status, headers={"content-type": "application/json"}, body=self.body.encode())

    def mint(self, declared: dict[str, Any], client: Client | None = None, **fields: str) -> Any:
        made = Mint(couriers=lambda workspace: self, now=lambda: NOW)
        held = Contents(fields={name: Secret(value) for name, value in fields.items()})
        return made(declared, held, client, workspace="default")


def test_a_role_is_assumed_with_the_hosts_key() -> None:
    pytest.importorskip("botocore")
    courier = Courier()
    tokens = courier.mint(AWS, CLIENT, role_arn=ROLE, external_id="ours")
    (asked,) = courier.asked
    assert asked.url == STS
    form = parse_qs((asked.body or b"").decode())
    assert (form["Action"], form["RoleArn"], form["ExternalId"]) == (["AssumeRole"], [ROLE], ["ours"])
    outgoing = Outgoing(method="POST", url=asked.url, headers=asked.headers)
    assert verify(outgoing, secret="not-a-real-secret-key", region="us-east-1", service="sts", body=asked.body or b"")
    assert tokens.expires_at == NOW + timedelta(hours=1)
    signed = signer(AWS, Contents(tokens=tokens)).sign(Outgoing(method="GET", url="https://s3.amazonaws.com/"))
    assert verify(signed, secret="not/a+real=secret", region="us-east-1", service="s3")
    assert signed.headers["X-Amz-Security-Token"] == "not-a-real-session//token=="


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, "", GrantRefused),
        (400, "", GrantRefused),
        (500, "", UpstreamError),
        (0, "", UpstreamError),
        (200, "<a/>", UpstreamError),
        (200, "<AccessKeyId>only</AccessKeyId>", UpstreamError),
    ],
)
def test_a_role_that_is_not_given_is_told(status: int, body: str, kind: type[PacksysError]) -> None:
    pytest.importorskip("botocore")
    with pytest.raises(kind) as caught:
        Courier(status, body).mint(AWS, CLIENT, role_arn=ROLE)
    assert "not-a-real" not in caught.value.message


def test_a_role_needs_a_key_of_the_host() -> None:
    with pytest.raises(NotConnected, match="oauth-client set"):
        Courier().mint(AWS, role_arn=ROLE)


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def key_file(private: rsa.RSAPrivateKey) -> str:
    """Gives a key file as Google hands it out, with an address of somebody else's in it."""
    written = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "packsys@project.iam.gserviceaccount.example",
            "private_key_id": "1",
            "private_key": written,
            "token_uri": "http://169.254.169.254/token",
        }
    )


GIVEN_BY_GOOGLE = json.dumps({"access_token": "not-a-real-token", "expires_in": 3599, "token_type": "Bearer"})


@pytest.mark.parametrize(
    ("kind", "more", "subject"),
    [
        ("GoogleServiceAccount", {}, None),
        ("GoogleDomainWideDelegation", {"subject": "person@example.com"}, "person@example.com"),
    ],
)
def test_a_service_account_proves_itself_to_google_and_to_nobody_else(
    private: rsa.RSAPrivateKey, key_file: str, kind: str, more: dict[str, str], subject: str | None
) -> None:
    pytest.importorskip("google.auth")
    courier = Courier(body=GIVEN_BY_GOOGLE)
    tokens = courier.mint({"kind": kind, "scopes": ["calendar.readonly"]}, key=key_file, **more)
    (asked,) = courier.asked
    assert asked.url == GOOGLE
    (assertion,) = parse_qs((asked.body or b"").decode())["assertion"]
    claims = jwt.decode(assertion, private.public_key(), algorithms=["RS256"], audience=GOOGLE)
    assert claims["scope"] == "https://www.googleapis.com/auth/calendar.readonly"
    assert claims.get("sub") == subject
    assert tokens.access.reveal() == "not-a-real-token"
    assert tokens.expires_at


def test_a_key_that_google_refuses_is_the_owners_to_mend(key_file: str) -> None:
    pytest.importorskip("google.auth")
    courier = Courier(400, json.dumps({"error": "invalid_grant", "error_description": "<b>text</b>"}))
    with pytest.raises(GrantRefused) as caught:
        courier.mint({"kind": "GoogleServiceAccount", "scopes": ["calendar"]}, key=key_file)
    assert "<b>" not in caught.value.message


def test_what_the_way_out_refuses_is_told_as_it_was(key_file: str) -> None:
    pytest.importorskip("google.auth")
    with pytest.raises(UpstreamError, match="did not answer"):
        Courier(0).mint({"kind": "GoogleServiceAccount", "scopes": ["calendar"]}, key=key_file)


@pytest.mark.parametrize("key", ["no json", "{}", "[]", '{"client_email": "x", "private_key": "y"}'])
def test_what_is_no_key_file_is_refused_and_not_shown(key: str) -> None:
    pytest.importorskip("google.auth")
    with pytest.raises(AuthenticationRefused, match="no key file") as caught:
        Courier().mint({"kind": "GoogleServiceAccount", "scopes": ["calendar"]}, key=key)
    assert key not in caught.value.message
