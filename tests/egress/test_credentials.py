"""A refused credential is renewed once; missing rights are told to who can grant them."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

import pytest

from packsys.connections.credential import Credential
from packsys.egress.guard import EgressPolicy
from packsys.egress.http import HttpEgress
from packsys.errors import MissingScopes, NotReady, UpstreamError
from packsys.model import Connection, PackVersion
from packsys.ports import Request
from tests.egress.recorded import Tokens
from tests.egress.service import OK, Service
from tests.egress.world import HERE

PACK = PackVersion(
    id=1,
    name="Example",
    version="1.0.0",
    description="",
    domains=(),
    formulas={},
    authentication=MappingProxyType({"kind": "OAuth2"}),
)
REFUSED = b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as started:
        yield started


def fetch(service: Service, tokens: Tokens, request: Request) -> int:
    egress = HttpEgress(credentials=tokens, policy=EgressPolicy(allowed_networks=HERE))
    account = Connection(
        id="c", workspace="w", pack_id=1, name="me", sealed=b"", endpoint=f"http://127.0.0.1:{service.port}"
    )
    return egress.open(PACK, account).fetch(request).status


def accepting(service: Service, token: str) -> None:
    """Makes a service that lets in who has the token."""

    def answer(client: socket.socket) -> None:
        known = service.arrived[-1].headers.get("authorization") == f"Bearer {token}"
        client.sendall((OK if known else REFUSED).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))

    service.answers = {"/": answer}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_refused_credential_is_renewed_and_the_request_sent_again(service: Service, method: str) -> None:
    tokens = Tokens(["fake-old-token", "fake-new-token"])
    accepting(service, "fake-new-token")
    assert fetch(service, tokens, Request(method=method, url="/", body=b"x" if method == "POST" else None)) == 200
    assert [arrived.headers["authorization"] for arrived in service.arrived] == [
        "Bearer fake-old-token",
        "Bearer fake-new-token",
    ]
    assert {arrived.body for arrived in service.arrived} == {b"x" if method == "POST" else b""}


def test_it_is_renewed_once(service: Service) -> None:
    tokens = Tokens([f"fake-token-{number}" for number in range(9)])
    accepting(service, "fake-token-8")
    assert (fetch(service, tokens, Request(url="/")), tokens.renewed, len(service.arrived)) == (401, 1, 2)


@dataclass
class Stumbling(Tokens):
    """Cannot be renewed for so many times, because a server of the house is away."""

    away: int = 0

    def renew(self, pack: PackVersion, connection: Connection, used: Credential, *, token: str = "") -> Credential:
        if self.away:
            self.away -= 1
            raise NotReady
        return super().renew(pack, connection, used, token=token)


def test_a_database_that_is_away_for_a_moment_delays_a_renewal_and_is_not_what_a_request_gives(
    service: Service,
) -> None:
    accepting(service, "fake-new-token")
    tokens = Stumbling(["fake-old-token", "fake-new-token"], away=2)
    assert fetch(service, tokens, Request(method="POST", url="/", body=b"x")) == 200
    assert len(service.arrived) == 2


def test_one_that_stays_away_is_a_failure_for_a_time_and_not_the_packs(service: Service) -> None:
    accepting(service, "fake-new-token")
    tokens = Stumbling(["fake-old-token", "fake-new-token"], away=1000)
    with pytest.raises(UpstreamError, match="a server of packsys"):
        fetch(service, tokens, Request(url="/", timeout=0.5))
    assert len(service.arrived) == 1


def test_without_a_newer_one_the_refusal_is_the_answer(service: Service) -> None:
    tokens = Tokens(["fake-only-token"])
    accepting(service, "fake-other-token")
    assert (fetch(service, tokens, Request(url="/")), tokens.renewed, len(service.arrived)) == (401, 1, 1)


def test_a_refusal_of_an_unsigned_request_renews_nothing(service: Service) -> None:
    tokens = Tokens(["fake-old-token", "fake-new-token"])
    accepting(service, "fake-new-token")
    assert (fetch(service, tokens, Request(url="/", authenticate=False)), tokens.renewed) == (401, 0)
    assert "authorization" not in service.arrived[0].headers


def refusing(status: int = 403, body: object = None, **headers: str) -> bytes:
    text = json.dumps(body).encode()
    names = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in names.items())
    return f"HTTP/1.1 {status} No\r\n{lines}Content-Length: {len(text)}\r\n\r\n".encode() + text


CHALLENGE = 'Bearer realm="x", error="insufficient_scope", scope="files.read files.write"'
GOOGLE = {"error": {"status": "PERMISSION_DENIED", "details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}


@pytest.mark.parametrize(
    ("answer", "scopes"),
    [
        (refusing(www_authenticate=CHALLENGE), ("files.read", "files.write")),
        (refusing(www_authenticate="Bearer error=insufficient_scope"), ()),
        (refusing(x_oauth_scopes="gist", x_accepted_oauth_scopes="repo, public_repo"), ("repo", "public_repo")),
        (refusing(x_oauth_scopes="", x_accepted_oauth_scopes="repo"), ("repo",)),
        (refusing(body={"error": "insufficient_scope", "scope": "a b"}), ("a", "b")),
        (refusing(body={"error": "missing_scope", "needed": "chat:write"}), ("chat:write",)),
        (refusing(body=GOOGLE), ()),
    ],
)
def test_missing_rights_are_named(service: Service, answer: bytes, scopes: tuple[str, ...]) -> None:
    service.answers = {"/": answer}
    with pytest.raises(MissingScopes, match=re.escape(", ".join(scopes) or "what this call needs")) as caught:
        fetch(service, Tokens(["fake-token"]), Request(url="/"))
    assert (caught.value.scopes, caught.value.actor) == (scopes, "owner")
    assert "'me'" in caught.value.message


@pytest.mark.parametrize(
    "answer",
    [
        refusing(www_authenticate='Bearer error="insufficient_scope", scope="a fake-token-of-a-test"'),
        refusing(body={"error": "missing_scope", "needed": "a fake-token-of-a-test"}),
    ],
)
def test_the_name_of_a_right_shows_no_secret(service: Service, answer: bytes) -> None:
    service.answers = {"/": answer}
    with pytest.raises(MissingScopes) as caught:
        fetch(service, Tokens(["fake-token-of-a-test"]), Request(url="/"))
    assert (caught.value.scopes, "fake" in caught.value.message) == (("a", "***"), False)


@pytest.mark.parametrize(
    "answer",
    [
        refusing(),
        refusing(body=[1]),
        refusing(body={"error": {"details": [1]}}),
        refusing(x_oauth_scopes="repo, gist", x_accepted_oauth_scopes="repo"),
        refusing(x_oauth_scopes="gist", x_accepted_oauth_scopes="repo", x_ratelimit_remaining="0"),
        refusing(x_oauth_scopes="gist", x_accepted_oauth_scopes=""),
        refusing(404, www_authenticate=CHALLENGE),
    ],
)
def test_another_refusal_is_handed_back(service: Service, answer: bytes) -> None:
    service.answers = {"/": answer}
    assert fetch(service, Tokens(["fake-token"]), Request(url="/")) in (403, 404)
