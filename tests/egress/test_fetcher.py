"""Requests go where they may, carry the secret where it belongs, and come back within bounds."""

from __future__ import annotations

import gzip
import os
import socket
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from packsys.egress.guard import EgressPolicy, Guard
from packsys.egress.http import HttpEgress
from packsys.errors import (
    ConnectionFault,
    ForbiddenRequest,
    NotConnected,
    PacksysError,
    SealBroken,
    UpstreamError,
)
from packsys.model import Connection, ConnectionState, PackVersion
from packsys.ports import Fetcher, Request, Response
from tests.egress.canned import Canned, answer
from tests.egress.certificates import authority
from tests.egress.world import HERE, an_internet, credentials, sealed
from tests.fakeapi import FakeGitHub

TOKEN = "a-secret-token-for-tests"
LOCAL = EgressPolicy(allowed_networks=HERE)
PACK = PackVersion(
    id=1013,
    name="GitHub",
    version="1.0.0",
    description="",
    domains=("api.github.com", "example.com"),
    formulas={},
    base_url="https://api.github.com",
    authentication=MappingProxyType({"kind": "HeaderBearerToken"}),
)


def an_account(endpoint: str = "", token: str = TOKEN, **fields: Any) -> Connection:
    row = Connection(id="c", workspace="w", pack_id=1013, name="me", sealed=b"", endpoint=endpoint, **fields)
    return sealed(row, token)


def a_fetcher(
    endpoint: str = "", *, pack: PackVersion = PACK, policy: EgressPolicy = LOCAL, token: str = TOKEN
) -> Fetcher:
    """Gives a fetcher to whom every name is this machine."""
    guard = Guard(policy, resolve=lambda host, port: ["127.0.0.1"])
    return HttpEgress(credentials=credentials(), guard=guard).open(pack, an_account(endpoint, token))


def refused(fetcher: Fetcher, url: str, **fields: Any) -> PacksysError:
    with pytest.raises(PacksysError) as caught:
        fetcher.fetch(Request(url=url, **fields))
    return caught.value


@pytest.fixture
def api() -> Iterator[FakeGitHub]:
    with FakeGitHub(token=TOKEN) as started:
        yield started


def test_a_path_goes_to_the_accounts_endpoint_with_its_token(api: FakeGitHub) -> None:
    response = a_fetcher(api.url).fetch(Request(url="/user", query={"x": "a b"}, headers={"Accept": "text/x"}))
    assert (response.status, response.headers["x-ratelimit-limit"]) == (200, "5000")
    (request,) = api.requests
    assert (request.path, request.query) == ("/user", {"x": "a b"})
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert (request.headers["accept"], request.headers["user-agent"]) == ("text/x", "packsys/0.1.0")
    assert "cookie" not in request.headers


def test_a_body_arrives_as_it_is(api: FakeGitHub) -> None:
    a_fetcher(api.url).fetch(Request(method="POST", url="/user", body=b'{"a":1}', headers={"Content-Type": "a/b"}))
    (request,) = api.requests
    assert (request.method, request.body, request.headers["content-type"]) == ("POST", b'{"a":1}', "a/b")


def test_answers_of_any_status_are_handed_back(api: FakeGitHub) -> None:
    api.misbehave("/user", status=503)
    assert a_fetcher(api.url).fetch(Request(url="/user")).status == 503


def test_connections_are_kept_open_and_shared(api: FakeGitHub) -> None:
    dialled = []

    def dial(address: tuple[str, int], timeout: float | None) -> socket.socket:
        dialled.append(address)
        return socket.create_connection(address, timeout)

    egress = HttpEgress(credentials=credentials(), guard=Guard(LOCAL, dial=dial))
    for _ in range(3):
        egress.open(PACK, an_account(api.url)).fetch(Request(url="/user"))
    egress.close()
    assert (len(api.requests), len(dialled)) == (3, 1)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://evil.com/", "GitHub may not reach evil.com: its domains are api.github.com, example.com."),
        ("https://evilexample.com/", "may not reach evilexample.com"),
        ("https://example.com.evil.com/", "may not reach example.com.evil.com"),
        ("https://8.8.8.8/", "may not reach 8.8.8.8"),
        ("https://127.0.0.1/", "may not reach 127.0.0.1"),
        ("https://[::1]/", "may not reach ::1"),
        ("http://example.com/", "over https on port 443 only"),
        ("https://example.com:8443/", "over https on port 443 only"),
        ("http://127.0.0.1:6379/", "may not reach 127.0.0.1"),
        ("https://example.com@evil.com/", "names a user"),
        ("file:///etc/passwd", "cannot be asked for"),
    ],
)
def test_an_address_is_out_of_reach(url: str, sentence: str) -> None:
    error = refused(a_fetcher("http://127.0.0.1:1/api"), url)
    assert isinstance(error, ForbiddenRequest)
    assert sentence in error.message


def test_a_declared_name_that_leads_into_a_private_network_is_refused() -> None:
    error = refused(a_fetcher(policy=EgressPolicy()), "https://example.com/")
    assert error.message == "example.com leads into a private network: an operator can allow that network."


def test_an_endpoint_in_a_private_network_is_refused_unless_the_operator_allows_it(api: FakeGitHub) -> None:
    error = refused(a_fetcher(api.url, policy=EgressPolicy()), "/user")
    assert isinstance(error, ForbiddenRequest)
    assert api.requests == []


def test_an_endpoint_is_one_origin(api: FakeGitHub) -> None:
    with FakeGitHub(token=TOKEN) as neighbour:
        assert isinstance(refused(a_fetcher(api.url), f"{neighbour.url}/user"), ForbiddenRequest)
        assert neighbour.requests == []


def test_a_declared_domain_is_reached_encrypted_and_gets_the_token(tmp_path: Path) -> None:
    certificates, tls = authority(tmp_path, "api.github.com")
    with Canned(answer(b"ok"), tls=tls) as server:
        egress = HttpEgress(credentials=credentials(), guard=an_internet(server.port, certificates))
        assert egress.open(PACK, an_account()).fetch(Request(url="/user")).body == b"ok"
    head = server.requests[0].decode().lower()
    assert "host: api.github.com\r\n" in head
    assert f"authorization: bearer {TOKEN}\r\n" in head


def test_a_secret_of_an_endpoint_stays_with_the_endpoint(tmp_path: Path) -> None:
    """An account of somebody's own server has nothing to do with the public service of the same pack."""
    certificates, tls = authority(tmp_path, "example.com")
    with Canned(answer(b"ok"), tls=tls) as server:
        egress = HttpEgress(credentials=credentials(), guard=an_internet(server.port, certificates))
        fetcher = egress.open(PACK, an_account("https://git.example/api/v3"))
        assert fetcher.fetch(Request(url="https://example.com/")).body == b"ok"
    assert b"authorization" not in server.requests[0].lower()


def test_a_certificate_must_be_for_the_name_that_was_asked_for(tmp_path: Path) -> None:
    certificates, tls = authority(tmp_path, "evil.com")
    with Canned(answer(b"ok"), tls=tls) as server:
        egress = HttpEgress(credentials=credentials(), guard=an_internet(server.port, certificates))
        error = refused(egress.open(PACK, an_account()), "/user")
    assert error.message == "api.github.com did not answer: its certificate cannot be trusted."
    assert server.requests == []


def test_an_authority_must_be_known(tmp_path: Path) -> None:
    _, tls = authority(tmp_path, "api.github.com")
    with Canned(answer(b"ok"), tls=tls) as server:
        guard = an_internet(server.port, None)
        error = refused(HttpEgress(credentials=credentials(), guard=guard).open(PACK, an_account()), "/user")
    assert error.message == "api.github.com did not answer: its certificate cannot be trusted."


@pytest.mark.parametrize("location", ["/repositories/990301544120", "{url}/repositories/990301544120"])
def test_a_redirect_within_reach_is_followed_with_the_token(api: FakeGitHub, location: str) -> None:
    api.misbehave("/user", status=302, headers={"Location": location.format(url=api.url)})
    response = a_fetcher(api.url).fetch(Request(url="/user"))
    assert (response.status, b'"hereisfun/tea-timer"' in response.body) == (200, True)
    assert [request.headers["authorization"] for request in api.requests] == [f"Bearer {TOKEN}"] * 2


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest",
        "https://evil.com/",
        "//evil.com/",
        "/\\evil.com",
        "http://example.com/",
        "ftp://a/",
    ],
)
def test_a_redirect_out_of_reach_is_refused(api: FakeGitHub, location: str) -> None:
    api.misbehave("/user", status=302, headers={"Location": location})
    assert isinstance(refused(a_fetcher(api.url), "/user"), ForbiddenRequest)


@pytest.mark.parametrize(
    ("status", "method", "arrives"),
    [
        (301, "POST", ("GET", b"", None)),
        (302, "POST", ("GET", b"", None)),
        (303, "POST", ("GET", b"", None)),
        (303, "DELETE", ("GET", b"", None)),
        (301, "PUT", ("PUT", b"x", "a/b")),
        (302, "PATCH", ("PATCH", b"x", "a/b")),
        (307, "POST", ("POST", b"x", "a/b")),
        (308, "PUT", ("PUT", b"x", "a/b")),
    ],
)
def test_a_redirect_says_whether_the_body_is_sent_again(
    api: FakeGitHub, status: int, method: str, arrives: tuple[str, bytes, str | None]
) -> None:
    api.misbehave("/user", status=status, headers={"Location": "/elsewhere"})
    request = Request(method=method, url="/user", body=b"x", headers={"Content-Type": "a/b"})
    a_fetcher(api.url).fetch(request)
    second = api.requests[1]
    assert (second.path, second.method, second.body, second.headers.get("content-type")) == ("/elsewhere", *arrives)


def test_a_redirect_is_handed_back_to_a_pack_that_wants_it(api: FakeGitHub) -> None:
    api.misbehave("/user", status=302, headers={"Location": "/elsewhere"})
    assert a_fetcher(api.url).fetch(Request(url="/user", follow=False)).status == 302
    assert len(api.requests) == 1


def test_redirects_in_circles_end(api: FakeGitHub) -> None:
    api.misbehave("/user", times=10, status=301, headers={"Location": "/user"})
    assert "redirects in circles" in refused(a_fetcher(api.url), "/user").message
    assert len(api.requests) == 6


@pytest.mark.parametrize("method", ["get", "CONNECT", "TRACE", "GET\r\nX: y", "OPTIONS", ""])
def test_a_method_is_refused(method: str) -> None:
    assert isinstance(refused(a_fetcher("http://127.0.0.1:1"), "/", method=method), ForbiddenRequest)


def test_a_large_body_is_refused() -> None:
    policy = replace(LOCAL, longest_request=10)
    assert "send it in parts" in refused(a_fetcher("http://127.0.0.1:1", policy=policy), "/", body=b"x" * 11).message


def test_the_secret_is_taken_out_of_what_comes_back() -> None:
    echo = answer(f"you sent {TOKEN}".encode(), headers={"X-Echo": TOKEN, "Set-Cookie": "a=b"})
    with Canned(echo) as server:
        response = a_fetcher(f"http://127.0.0.1:{server.port}").fetch(Request(url="/"))
    assert (response.body, response.headers["x-echo"]) == (b"you sent ***", "***")
    assert "set-cookie" not in response.headers


def test_a_cookie_is_not_sent_back() -> None:
    with Canned(answer(headers={"Set-Cookie": "a=b; Path=/"}), answer()) as server:
        fetcher = a_fetcher(f"http://127.0.0.1:{server.port}")
        fetcher.fetch(Request(url="/"))
        fetcher.fetch(Request(url="/"))
    assert b"cookie" not in server.requests[1].lower()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(b"hello", mtime=0)), ("deflate", zlib.compress(b"hello")), ("identity", b"hello")],
)
def test_compressed_answers_are_read(encoding: str, body: bytes) -> None:
    with Canned(answer(body, headers={"Content-Encoding": encoding})) as server:
        assert a_fetcher(f"http://127.0.0.1:{server.port}").fetch(Request(url="/")).body == b"hello"


def test_chunks_are_joined() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with Canned(chunked) as server:
        assert a_fetcher(f"http://127.0.0.1:{server.port}").fetch(Request(url="/")).body == b"abcde"


BOMB = gzip.compress(bytes(20 * 2**20))


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (answer(b"x" * (2**20 + 1)), "more than 1 MB"),
        (answer(BOMB, headers={"Content-Encoding": "gzip"}), "more than 1 MB"),
        (answer(b"x", headers={"Content-Encoding": "br"}), "the encoding 'br', which was not asked for"),
        (answer(b"x", headers={"Content-Encoding": "gzip, gzip"}), "which was not asked for"),
        (answer(b"not gzip", headers={"Content-Encoding": "gzip"}), "cannot be decompressed"),
        (answer(b"short", length=100), "the connection was lost"),
        (b"", "the connection was lost"),
        (b"not HTTP at all\r\n\r\n", "what it sent is not plain HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "what it sent is not plain HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "what it sent is not plain HTTP"),
    ],
)
def test_an_answer_is_no_good(sent: bytes, sentence: str) -> None:
    with Canned(sent) as server:
        fetcher = a_fetcher(f"http://127.0.0.1:{server.port}", policy=replace(LOCAL, longest_answer=2**20))
        error = refused(fetcher, "/")
    assert isinstance(error, UpstreamError)
    assert sentence in error.message


def test_an_answer_that_does_not_come_is_given_up(api: FakeGitHub) -> None:
    api.misbehave("/user", delay=1.0)
    error = refused(a_fetcher(api.url), "/user?key=secret", timeout=0.05)
    assert (type(error), error.message) == (UpstreamError, "127.0.0.1 did not answer within 0.05 seconds.")


def test_a_dropped_connection_is_the_services_fault(api: FakeGitHub) -> None:
    api.misbehave("/user", drop=True)
    assert isinstance(refused(a_fetcher(api.url), "/user"), UpstreamError)


def test_the_environment_changes_nothing(api: FakeGitHub, tmp_path: Path) -> None:
    """Neither a proxy nor a netrc of the machine may see or replace the token."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    before = dict(os.environ)
    os.environ |= {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
        "NETRC": str(tmp_path / "netrc"),
    }
    try:
        assert a_fetcher(api.url).fetch(Request(url="/user")).status == 200
    finally:
        os.environ.clear()
        os.environ |= before
    assert api.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_an_account_that_is_no_token_is_refused() -> None:
    with pytest.raises(ConnectionFault) as caught:
        a_fetcher("http://127.0.0.1:1", token="two words")
    assert "two words" not in caught.value.message


@pytest.mark.parametrize("state", [ConnectionState.NEEDS_REAUTH, ConnectionState.REVOKED])
def test_an_account_that_is_not_active_opens_nothing(state: ConnectionState) -> None:
    with pytest.raises(NotConnected):
        HttpEgress(credentials=credentials()).open(PACK, replace(an_account(), state=state))


def test_an_account_of_another_pack_opens_nothing() -> None:
    with pytest.raises(ConnectionFault, match="belongs to another pack"):
        HttpEgress(credentials=credentials()).open(replace(PACK, id=1001), an_account())


def test_an_account_that_was_moved_opens_nothing() -> None:
    with pytest.raises(SealBroken):
        HttpEgress(credentials=credentials()).open(PACK, replace(an_account(), workspace="other"))


def test_without_an_account_nothing_is_signed(api: FakeGitHub) -> None:
    pack = replace(PACK, authentication={}, domains=())
    fetcher = HttpEgress(credentials=credentials(), policy=LOCAL).open(pack, an_account(api.url))
    assert fetcher.fetch(Request(url="/users/inkstone")).status == 200
    assert "authorization" not in api.requests[0].headers


def test_a_fetcher_shows_no_secret() -> None:
    fetcher = a_fetcher("http://127.0.0.1:1")
    assert TOKEN not in repr(fetcher)
    assert isinstance(Response(status=200, headers={}, body=b""), Response)
