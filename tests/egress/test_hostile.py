"""Addresses, names, redirects and answers that fooled other programs, each with its verdict.

The numbers are those of the list that the rules were made from. Names are resolved by a real name server, answers
come from a real server over TLS; only the way from a public address to this machine is made up.
"""

from __future__ import annotations

import gzip
import os
import socket
import threading
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from packsys.catalog.domains import check_owned_domain
from packsys.connections.contents import Contents, written
from packsys.connections.secret import Secret
from packsys.egress.guard import EgressPolicy, Guard
from packsys.egress.http import HttpEgress
from packsys.egress.resolver import DnsResolver
from packsys.errors import BrokenPack, ForbiddenRequest, PacksysError, UpstreamError
from packsys.model import Connection, PackVersion
from packsys.ports import Fetcher, Request, Response
from packsys.sdk.errors import PackDeclarationError
from tests.egress.certificates import authority
from tests.egress.names import Names
from tests.egress.service import Answer, Arrived, Service, redirect
from tests.egress.world import HERE, VAULT, credentials, sealed

TOKEN = "a-secret-token-for-tests"
PUBLIC = "93.184.216.34"
PACK = PackVersion(
    id=1,
    name="Example",
    version="1.0.0",
    description="",
    domains=("example.com", "cdn.net"),
    formulas={},
    base_url="https://example.com",
    authentication=MappingProxyType({"kind": "HeaderBearerToken", "domain": "example.com"}),
)
ACCOUNT = sealed(Connection(id="c", workspace="w", pack_id=1, name="me", sealed=b""), TOKEN)
RECORDS = {name: [PUBLIC] for name in ("example.com", "*.example.com", "cdn.net", "evil.com", "*.evil.com")}


@dataclass
class Internet:
    """Is names, one server behind all public addresses, and the addresses that were dialled."""

    names: Names
    service: Service
    certificates: Path
    dialled: list[str] = field(default_factory=list)

    def fetcher(
        self,
        *,
        pack: PackVersion = PACK,
        account: Connection | None = ACCOUNT,
        allowed: tuple[str, ...] = HERE,
        **policy: Any,
    ) -> Fetcher:
        return self.egress(allowed=allowed, **policy).open(pack, account)

    def egress(self, *, allowed: tuple[str, ...] = HERE, **policy: Any) -> HttpEgress:
        guard = Guard(
            EgressPolicy(allowed_networks=allowed, certificates=str(self.certificates), **policy),
            resolve=DnsResolver(["127.0.0.1"], port=self.names.port),
            dial=self.dial,
        )
        return HttpEgress(credentials=credentials(), guard=guard)

    def dial(self, address: tuple[str, int], timeout: float | None) -> socket.socket:
        self.dialled.append(address[0])
        return socket.create_connection(("127.0.0.1", self.service.port), timeout)

    def answering(self, answers: Mapping[str, Answer]) -> Internet:
        self.service.answers = answers
        return self

    @property
    def last(self) -> Arrived:
        return self.service.arrived[-1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    return authority(tmp_path_factory.mktemp("tls"), "example.com", "*.example.com", "cdn.net", "evil.com")


@pytest.fixture(scope="module")
def names() -> Iterator[Names]:
    with Names(RECORDS) as started:
        yield started


@pytest.fixture
def internet(made: tuple[Path, Any], names: Names) -> Iterator[Internet]:
    certificates, tls = made
    names.know(RECORDS)
    with Service(tls=tls) as service:
        yield Internet(names, service, certificates)


def refused(fetcher: Fetcher, url: str, **request: Any) -> PacksysError:
    with pytest.raises(PacksysError) as caught:
        fetcher.fetch(Request(url=url, **request))
    assert TOKEN not in caught.value.message
    return caught.value


ALLOWED = [
    (1, "https://example.com/", "example.com"),
    (2, "https://api.example.com/", "api.example.com"),
    (3, "https://EXAMPLE.com/", "example.com"),
    (4, "https://example.com./", "example.com"),
    (30, "https://example.com:443/", "example.com"),
    (30, "https://example.com:/", "example.com"),
]


@pytest.mark.parametrize(("number", "address", "host"), ALLOWED)
def test_it_is_sent_with_the_secret(internet: Internet, number: int, address: str, host: str) -> None:
    assert internet.fetcher().fetch(Request(url=address)).body == b"ok"
    assert (internet.last.headers["host"], internet.last.sni) == (host, host)
    assert internet.last.headers["authorization"] == f"Bearer {TOKEN}"


DENIED = [
    (5, "https://evilexample.com/", "undeclared"),
    (6, "https://example.com.evil.com/", "undeclared"),
    (7, "https://example.comevil/", "undeclared"),
    (8, "https://example.com@evil.com/", "userinfo"),
    (9, "https://user:pw@example.com/", "userinfo"),
    (10, "https://evil.com\\@example.com/", "bad_char"),
    (11, "https://example.com\\.evil.com/", "bad_char"),
    (12, "https://evil.com#@example.com/", "undeclared"),
    (13, "https://evil.com?@example.com/", "undeclared"),
    (14, "https://example.com:443@evil.com/", "userinfo"),
    (15, "https://example.com%2eevil.com/", "bad_host"),
    (16, "https://example.com%00.evil.com/", "bad_host"),
    (17, "https://example.com\t.evil.com/", "bad_char"),
    (18, "https://example.com/\r\nX: y", "bad_char"),
    (18, "https://exam\nple.com/", "bad_char"),
    (19, " https://example.com", "bad_char"),
    (20, "//example.com/", "not_absolute"),
    (20, "https:/example.com", "not_absolute"),
    (20, "https:example.com", "not_absolute"),
    (20, "https:///example.com/", "not_absolute"),
    (21, "https://ｅxample.com/", "non_ascii_host"),
    (22, "https://еxample.com/", "non_ascii_host"),
    (22, "https://xn--xample-2of.com/", "undeclared"),
    (23, "https://example。com/", "non_ascii_host"),
    (24, "https://xn--zzz.example.com/", "bad_host"),
    (24, "https://xn--999999999.example.com/", "bad_host"),
    (25, "https://a..example.com/", "bad_host"),
    (25, f"https://{'a' * 64}.example.com/", "bad_host"),
    (25, f"https://{'a.' * 122}example.com/", "bad_host"),
    (27, "http://example.com/", "scheme"),
    *((28, address, "scheme") for address in ("ftp://example.com/", "file:///etc/passwd", "gopher://example.com/")),
    *((28, address, "scheme") for address in ("dict://example.com/", "data:,x", "javascript:x", "unix:/run/x")),
    *((29, f"https://example.com:{port}/", "port") for port in ("22", "6379", "0", "99999", "８０")),
    *((31, address, "ip_literal") for address in ("https://127.0.0.1/", "https://[::1]/")),
    *((32, f"https://{host}/", "ip_literal") for host in ("127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0")),
    *((32, f"https://{host}/", "ip_literal") for host in ("①②⑦.⓪.⓪.①", "１２７.０.０.１", "169.254.43518", "0x7f.1")),
    (33, "https://8.8.8.8/", "ip_literal"),
    (74, f"https://example.com/{'a' * 8192}", "too_long"),
]


@pytest.mark.parametrize(("number", "address", "reason"), DENIED)
def test_it_is_refused_and_nothing_is_sent(internet: Internet, number: int, address: str, reason: str) -> None:
    error = refused(internet.fetcher(), address)
    assert (type(error), error.reason) == (ForbiddenRequest, reason)
    assert (internet.dialled, internet.names.asked) == ([], {})


@pytest.mark.parametrize(
    "domain",
    ["com", "co.uk", "github.io", "*", "*.example.com", "http://x", "localhost", "10.0.0.1", "s3.amazonaws.com"],
)
def test_26_a_pack_cannot_declare_it(internet: Internet, domain: str) -> None:
    with pytest.raises(PackDeclarationError):
        check_owned_domain("Example", domain)


@pytest.mark.parametrize("domain", ["com", "co.uk", "github.io", "localhost"])
def test_26_a_pack_that_declares_it_anyway_reaches_nothing(internet: Internet, domain: str) -> None:
    with pytest.raises(BrokenPack, match="everybody can have a name"):
        internet.fetcher(pack=replace(PACK, domains=("example.com", domain)))


PRIVATE = [
    *((34, each) for each in ("127.0.0.1", "127.9.9.9")),
    *((35, each) for each in ("0.0.0.0", "::")),
    *((36, each) for each in ("10.1.2.3", "172.16.0.1", "192.168.0.1")),
    *((37, each) for each in ("169.254.169.254", "169.254.170.2")),
    *((38, each) for each in ("100.64.0.1", "100.100.100.200")),
    (39, "168.63.129.16"),
    *((40, each) for each in ("::ffff:169.254.169.254", "::ffff:10.0.0.1")),
    *((41, each) for each in ("::169.254.169.254", "::ffff:0:127.0.0.1")),
    *((42, each) for each in ("64:ff9b::a9fe:a9fe", "64:ff9b::808:808")),
    (43, "64:ff9b:1::1"),
    *((44, each) for each in ("2002:a9fe:a9fe::", "2001:0:4136:e378:8000:63bf:3fff:fdd2")),
    *((45, each) for each in ("fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254")),
    *((46, each) for each in ("224.0.0.1", "ff02::1", "240.0.0.1", "255.255.255.255")),
    *((47, each) for each in ("192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1")),
    *((47, each) for each in ("2001:db8::1", "3fff::1", "100::1", "5f00::1")),
]


@pytest.mark.parametrize(("number", "address"), PRIVATE)
@pytest.mark.parametrize("beside", [(), (PUBLIC, "2606:2800:220:1::1")], ids=["alone", "49 beside public ones"])
def test_a_name_leads_into_a_private_network(
    internet: Internet, number: int, address: str, beside: tuple[str, ...]
) -> None:
    internet.names.records["trap.example.com"] = [*beside, address]
    error = refused(internet.fetcher(allowed=()), "https://trap.example.com/")
    assert (type(error), error.reason, internet.dialled) == (ForbiddenRequest, "address", [])


def test_50_a_name_that_changes_its_mind_is_asked_once(internet: Internet) -> None:
    internet.names.records["trap.example.com"] = [[PUBLIC], ["127.0.0.1"]]
    assert internet.fetcher().fetch(Request(url="https://trap.example.com/")).body == b"ok"
    assert (internet.dialled, internet.names.asked["trap.example.com", "A"]) == ([PUBLIC], 1)


@pytest.mark.parametrize("address", [PUBLIC, "169.254.169.254"])
def test_51_a_name_that_stands_for_another_is_judged_by_both(internet: Internet, address: str) -> None:
    internet.names.records |= {
        "trap.example.com": ["cname:other.evil.com"],
        "other.evil.com": ["cname:metadata.google.internal"],
        "metadata.google.internal": [address],
    }
    assert refused(internet.fetcher(), "https://trap.example.com/").reason == "address"


def test_52_a_name_that_nobody_knows(internet: Internet) -> None:
    assert (
        refused(internet.fetcher(pack=replace(PACK, domains=("nobody.test",))), "https://nobody.test/").reason == "dns"
    )


def test_52_a_name_with_a_hundred_addresses(internet: Internet) -> None:
    internet.names.records["trap.example.com"] = [f"93.184.216.{last}" for last in range(100)]
    assert refused(internet.fetcher(), "https://trap.example.com/").reason == "dns"


def test_52_name_servers_that_do_not_answer_are_given_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(UpstreamError) as caught:
            DnsResolver(["127.0.0.1"], port=silent.getsockname()[1])("example.com", 0.2)
    assert caught.value.reason == "dns"


REDIRECTS = [
    (53, "http://169.254.169.254/", {"ip_literal", "downgrade"}),
    (54, "https://evil.com/", {"undeclared"}),
    (57, "http://example.com/", {"downgrade"}),
    (60, "//evil.com/", {"undeclared"}),
    (60, "/\\evil.com", {"bad_char"}),
    (60, "https:evil.com", {"not_absolute"}),
    (60, "https://user@example.com/", {"userinfo"}),
    (60, "https://ex\u00e4mple.com/", {"bad_host", "non_ascii_host"}),
    (60, "https://example.com/\tx", {"bad_char"}),
    (60, "javascript:x", {"scheme"}),
]


@pytest.mark.parametrize(("number", "location", "reasons"), REDIRECTS)
@pytest.mark.parametrize("hop", [(302, "GET"), (307, "POST"), (308, "PUT")], ids=["302", "58 by 307", "58 by 308"])
def test_a_redirect_is_refused_at_the_hop(
    internet: Internet, number: int, location: str, reasons: set[str], hop: tuple[int, str]
) -> None:
    status, method = hop
    internet.answering({"/begin": redirect(location, status)})
    body = None if method == "GET" else b"x"
    error = refused(internet.fetcher(), "https://example.com/begin", method=method, body=body)
    assert isinstance(error, ForbiddenRequest)
    assert error.reason in reasons
    assert [arrived.path for arrived in internet.service.arrived] == ["/begin"]


def test_55_a_redirect_below_the_secrets_domain_is_signed_again(internet: Internet) -> None:
    internet.answering({"/begin": redirect("https://cdn.example.com/end")})
    assert internet.fetcher().fetch(Request(url="/begin")).body == b"ok"
    assert (internet.last.headers["host"], internet.last.path) == ("cdn.example.com", "/end")
    assert internet.last.headers["authorization"] == f"Bearer {TOKEN}"


KINDS = {
    "bearer": ({"kind": "HeaderBearerToken"}, {"token": TOKEN}),
    "header": ({"kind": "CustomHeaderToken", "header": "X-Api-Key"}, {"token": TOKEN}),
    "query": ({"kind": "QueryParamToken", "parameter": "key"}, {"token": TOKEN}),
    "basic": ({"kind": "WebBasic"}, {"username": "somebody", "password": TOKEN}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("begin", ["https://cdn.net/end", "https://example.com/begin"], ids=["direct", "by redirect"])
def test_56_a_domain_that_the_secret_is_not_for_gets_none(internet: Internet, kind: str, begin: str) -> None:
    authentication, fields = KINDS[kind]
    pack = replace(PACK, authentication={**authentication, "domain": "example.com"})
    contents = written(Contents(fields={name: Secret(value) for name, value in fields.items()}))
    account = VAULT.seal_connection(replace(ACCOUNT, sealed=b""), contents)
    internet.answering({"/begin": redirect("https://cdn.net/end")})
    internet.fetcher(pack=pack, account=account).fetch(Request(url=begin))
    assert (internet.last.headers["host"], internet.last.path) == ("cdn.net", "/end")
    assert not {"authorization", "x-api-key", "cookie"} & set(internet.last.headers)
    assert TOKEN in str(internet.service.arrived[0]) or kind == "basic" or begin.startswith("https://cdn.net")


QUERY = replace(PACK, authentication={"kind": "QueryParamToken", "parameter": "key", "domain": "example.com"})


@pytest.mark.parametrize(
    ("location", "arrives"),
    [
        (f"/end?a=b&key={TOKEN}&c=d", ("example.com", f"/end?a=b&c=d&key={TOKEN}")),
        (f"https://cdn.net/end?key={TOKEN}&a=b", ("cdn.net", "/end?a=b")),
        (f"https://cdn.net/end?a=b&back=https%3A%2F%2Fexample.com%2F%3Fkey%3D{TOKEN}", ("cdn.net", "/end?a=b")),
    ],
)
def test_56_a_secret_that_a_redirect_repeats_goes_no_further(
    internet: Internet, location: str, arrives: tuple[str, str]
) -> None:
    internet.answering({"/begin": redirect(location)})
    internet.fetcher(pack=QUERY).fetch(Request(url="/begin"))
    assert (internet.last.headers["host"], internet.last.path) == arrives


def test_56_a_redirect_with_the_secret_in_its_path_is_not_followed_elsewhere(internet: Internet) -> None:
    internet.answering({"/begin": redirect(f"https://cdn.net/{TOKEN}/end")})
    assert refused(internet.fetcher(pack=QUERY), "/begin").reason == "secret"
    assert len(internet.service.arrived) == 1


@pytest.mark.parametrize("location", [f"https://u@example.com/{'a' * 60}{TOKEN}", f"ftp://{'a' * 85}{TOKEN}/"])
def test_56_a_refusal_shows_no_part_of_the_secret(internet: Internet, location: str) -> None:
    internet.answering({"/begin": redirect(location)})
    assert TOKEN[:8] not in refused(internet.fetcher(), "/begin").message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_59_a_loop_ends_after_five_redirects(internet: Internet, status: int) -> None:
    internet.answering({"/begin": redirect("/begin", status)})
    error = refused(internet.fetcher(), "/begin")
    assert (error.reason, len(internet.service.arrived)) == ("too_many_redirects", 6)


def test_61_62_84_nothing_else_leads_elsewhere(internet: Internet) -> None:
    """Refresh, a page that asks for it, an alternative service and a cookie change nothing for this or the next."""
    page = b'<meta http-equiv="refresh" content="0;url=https://evil.com/">'
    head = 'Refresh: 0;url=https://evil.com/\r\nAlt-Svc: h2="evil.com:443"\r\nSet-Cookie: a=b; Domain=example.com'
    internet.answering({"/": f"HTTP/1.1 200 OK\r\n{head}\r\nContent-Length: {len(page)}\r\n\r\n".encode() + page})
    fetcher = internet.fetcher()
    assert fetcher.fetch(Request(url="/")).body == page
    fetcher.fetch(Request(url="https://cdn.net/"))
    fetcher.fetch(Request(url="/"))
    assert [arrived.headers["host"] for arrived in internet.service.arrived] == [
        "example.com",
        "cdn.net",
        "example.com",
    ]
    assert not any("cookie" in arrived.headers for arrived in internet.service.arrived)


def test_63_64_the_environment_changes_nothing(internet: Internet, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine example.com login other password other\n")
    hostile = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"), "http://127.0.0.1:9")
    hostile |= {name: str(tmp_path / "none.pem") for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
    hostile |= {"NETRC": str(tmp_path / "netrc"), "SSLKEYLOGFILE": str(tmp_path / "keys"), "NO_PROXY": "*"}
    before = dict(os.environ)
    os.environ |= hostile
    try:
        assert internet.fetcher().fetch(Request(url="/")).body == b"ok"
    finally:
        os.environ.clear()
        os.environ |= before
    assert internet.last.headers["authorization"] == f"Bearer {TOKEN}"
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("number", "name", "value"),
    [
        *((65, name, "x") for name in ("Host", "Content-Length", "Transfer-Encoding", "Connection", "TE", "Upgrade")),
        *((65, name, "x") for name in ("Trailer", "Expect", "Proxy-Authorization", "Forwarded", "X-Forwarded-Host")),
        *((66, "X-Trial", value) for value in ("a\rb", "a\nb", "a\r\nHost: evil.com", "a\x00b", "a ", " a")),
        *((66, name, "x") for name in ("X Trial", "X:Trial", "X-Trial ", "X-Trial\r\n", "", "X(Trial)")),
        *((67, name, "Bearer mine") for name in ("Authorization", "authorization")),
    ],
)
def test_a_header_is_refused(internet: Internet, number: int, name: str, value: str) -> None:
    assert refused(internet.fetcher(), "/", headers={name: value}).reason == "header"
    assert internet.dialled == []


def test_68_69_the_place_of_a_secret_is_filled_where_it_may_go_and_once(internet: Internet) -> None:
    pack = replace(PACK, authentication={"kind": "Custom", "fields": [{"name": "k"}], "domain": "example.com"})
    value = 'va"l{{k-call}}$1'
    account = VAULT.seal_connection(replace(ACCOUNT, sealed=b""), written(Contents(fields={"k": Secret(value)})))
    fetcher = internet.egress().open(pack, account, token="call")
    fetcher.fetch(Request(url="/a?k={{k-call}}"))
    fetcher.fetch(Request(url="https://cdn.net/a?k={{k-call}}"))
    paths = [arrived.path for arrived in internet.service.arrived]
    assert paths == ["/a?k=va%22l%7B%7Bk-call%7D%7D%241", "/a?k=%7B%7Bk-call%7D%7D"]


def test_70_an_echo_of_the_secret_is_redacted(internet: Internet) -> None:
    body = f'{{"a": "{TOKEN}", "b": "Basic"}}'.encode()
    internet.answering(
        {"/": b"HTTP/1.1 200 OK\r\nX-Echo: %b\r\nContent-Length: %d\r\n\r\n%b" % (TOKEN.encode(), len(body), body)}
    )
    response = internet.fetcher().fetch(Request(url="/"))
    assert TOKEN not in str(response)


def told(body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = ("HTTP/1.1 200 OK", *headers, f"Content-Length: {len(body) if length is None else length}", "", "")
    return "\r\n".join(lines).encode() + body


ZEROS = bytes(30 * 2**20)
BOMB = gzip.compress(ZEROS)
ANSWERS: dict[str, tuple[int, bytes, str]] = {
    "gzip bomb": (71, told(BOMB, "Content-Encoding: gzip"), "decode"),
    "deflate bomb": (71, told(zlib.compress(ZEROS), "Content-Encoding: deflate"), "decode"),
    "nested": (71, told(gzip.compress(BOMB), "Content-Encoding: gzip, gzip"), "decode"),
    "nested in two headers": (71, told(BOMB, "Content-Encoding: gzip", "Content-Encoding: gzip"), "decode"),
    "cut off": (71, told(gzip.compress(b"a" * 1000)[:-8], "Content-Encoding: gzip"), "decode"),
    "not gzip": (71, told(b"a" * 1000, "Content-Encoding: gzip"), "decode"),
    "brotli": (71, told(b"a", "Content-Encoding: br"), "decode"),
    "zstd": (71, told(b"a", "Content-Encoding: zstd"), "decode"),
    "unknown": (71, told(b"a", "Content-Encoding: x"), "decode"),
    "two lengths": (72, told(b"aa", "Content-Length: 1"), "malformed"),
    "long header": (73, told(b"", "X: " + "a" * 70_000), "malformed"),
    "large headers": (73, told(b"", *(f"X-{number}: {'a' * 1000}" for number in range(90))), "size"),
    "many headers": (73, told(b"", *("X: y" for _ in range(10_000))), "malformed"),
    "early hints": (73, b"HTTP/1.1 103 Early\r\n\r\n" + told(b""), "malformed"),
    "many continues": (73, b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000 + told(b""), "size"),
    "huge chunk extension": (
        73,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * 70_000,
        "malformed",
    ),
    "chunk that is none": (73, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "malformed"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_refused(internet: Internet, name: str) -> None:
    _, answer, reason = ANSWERS[name]
    error = refused(internet.answering({"/": lambda client: client.sendall(answer)}).fetcher(), "/")
    assert (type(error), error.reason) == (UpstreamError, reason)


def test_72_a_body_that_is_shorter_than_it_says_is_lost(internet: Internet) -> None:
    answer = told(b"short", length=100)
    assert (
        refused(internet.answering({"/": lambda client: client.sendall(answer)}).fetcher(), "/").reason == "connection"
    )


def test_72_an_endless_body_is_cut_off(internet: Internet) -> None:
    def flood(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            client.sendall(b"a" * 65536)

    assert refused(internet.answering({"/": flood}).fetcher(longest_answer=2**20), "/").reason == "size"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SLOW = {
    "head": (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"a"),
    "chunks": (CHUNKED, b"1\r\na\r\n"),
    "size of a chunk": (CHUNKED, b"0"),
    "trailers": (CHUNKED + b"0\r\n", b"X: y\r\n"),
}


@pytest.mark.parametrize("slow", SLOW)
def test_72_an_answer_that_drips_is_given_up(internet: Internet, slow: str) -> None:
    """Each byte comes well before any time limit of a single read, and the whole would take minutes."""
    begun, unit = SLOW[slow]
    gone = threading.Event()

    def drip(client: socket.socket) -> None:
        client.sendall(begun)
        while not gone.wait(0.02):
            client.sendall(unit)

    try:
        error = refused(internet.answering({"/": drip}).fetcher(), "/", timeout=0.3)
    finally:
        gone.set()
    assert (type(error), error.reason) == (UpstreamError, "deadline")


def test_72_redirects_share_one_deadline(internet: Internet) -> None:
    gone = threading.Event()

    def slowly(client: socket.socket) -> None:
        gone.wait(0.12)
        client.sendall(redirect("/begin"))

    internet.answering({"/begin": slowly})
    assert refused(internet.fetcher(), "/begin", timeout=0.3).reason == "deadline"
    gone.set()


def test_72_a_server_that_never_finishes_the_handshake_is_given_up(names: Names, made: tuple[Path, Any]) -> None:
    names.know(RECORDS)
    with Service() as plain:  # it waits for the end of a head that never comes
        assert refused(Internet(names, plain, made[0]).fetcher(), "/", timeout=0.3).reason == "deadline"


def test_72_a_server_that_does_not_read_is_given_up(internet: Internet) -> None:
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        account = replace(ACCOUNT, endpoint=f"http://127.0.0.1:{deaf.getsockname()[1]}", sealed=b"")
        egress = HttpEgress(credentials=credentials(), policy=EgressPolicy(allowed_networks=HERE))
        fetcher = egress.open(replace(PACK, authentication={}), account)
        error = refused(fetcher, "/", method="POST", body=ZEROS[: 9 * 2**20], timeout=0.3)
    gone.set()
    assert error.reason == "deadline"


@pytest.mark.parametrize("timeout", [float("nan"), 0.0, -1.0])
def test_72_a_time_limit_that_is_none_limits_nevertheless(internet: Internet, timeout: float) -> None:
    hold = threading.Event()
    internet.answering({"/": lambda client: hold.wait(10)})
    error = refused(internet.fetcher(longest=0.2), "/", timeout=timeout)
    hold.set()
    assert error.reason == "deadline"


def test_74_a_request_that_is_too_large(internet: Internet) -> None:
    assert refused(internet.fetcher(longest_request=10), "/", method="POST", body=b"x" * 11).reason == "size"
    assert refused(internet.fetcher(), "/", query={f"k{number}": "v" for number in range(10_000)}).reason == "too_long"


@pytest.mark.parametrize("wrong", ["another name", "expired", "unknown authority", "address only"])
def test_75_a_certificate_is_no_good(names: Names, tmp_path: Path, wrong: str) -> None:
    known = () if wrong == "address only" else ("evil.com" if wrong == "another name" else "example.com",)
    lives = timedelta(days=-1) if wrong == "expired" else timedelta(days=1)
    (tmp_path / "other").mkdir()
    certificates, tls = authority(tmp_path, *known, lives=lives, addresses=[] if known else [PUBLIC])
    trusted = authority(tmp_path / "other", "example.com")[0] if wrong == "unknown authority" else certificates
    names.know(RECORDS)
    with Service(tls=tls) as service:
        assert refused(Internet(names, service, trusted).fetcher(), "/").reason == "tls"
    assert service.arrived == []


@pytest.mark.parametrize(
    ("number", "endpoint", "reason"),
    [
        (76, "https://internal.evil.com", "address"),
        (76, "http://169.254.169.254", "ip_literal"),
        (76, "https://127.0.0.1:8443", "ip_literal"),
        (76, "http://api.evil.com", "scheme"),
        (78, "https://example.com.evil.com", "undeclared"),
    ],
)
def test_an_accounts_own_address_is_judged_like_any(
    internet: Internet, number: int, endpoint: str, reason: str
) -> None:
    internet.names.records["internal.evil.com"] = ["10.0.0.1"]
    confined = {"endpoint": {"domain": "example.com"}} if number == 78 else {"endpoint": {}}
    pack = replace(PACK, authentication={**PACK.authentication, **confined})
    account = sealed(replace(ACCOUNT, endpoint=endpoint, sealed=b""), TOKEN)
    with pytest.raises(ForbiddenRequest) as caught:
        internet.fetcher(pack=pack, account=account, allowed=()).fetch(Request(url="/"))
    assert (caught.value.reason, internet.dialled) == (reason, [])


@pytest.mark.parametrize(
    ("number", "address", "reason"),
    [
        (76, "https://internal.evil.com/token", "address"),
        (79, "http://169.254.169.254/hook", "ip_literal"),
        (79, "http://evil.com/hook", "scheme"),
        (79, "https://user:pw@evil.com/hook", "userinfo"),
    ],
)
def test_the_houses_own_requests_are_judged_too(internet: Internet, number: int, address: str, reason: str) -> None:
    internet.names.records["internal.evil.com"] = ["10.0.0.1"]
    courier = internet.egress(allowed=()).courier()
    with pytest.raises(ForbiddenRequest) as caught:
        courier.fetch(Request(method="POST", url=address, body=b"client_secret=x"))
    assert (caught.value.reason, internet.dialled) == (reason, [])


def test_77_a_token_endpoint_that_redirects_gets_nothing_more(internet: Internet) -> None:
    internet.answering({"/token": redirect("https://evil.com/token", 307)})
    courier = internet.egress().courier()
    assert courier.fetch(Request(method="POST", url="https://example.com/token", body=b"client_secret=x")).status == 307
    assert len(internet.service.arrived) == 1
    assert "authorization" not in internet.last.headers


def test_80_a_file_is_fetched_without_the_secret(internet: Internet) -> None:
    internet.answering({"/picture": redirect("https://cdn.example.com/picture.png")})
    internet.fetcher().fetch(Request(url="/picture", authenticate=False))
    assert not any("authorization" in arrived.headers for arrived in internet.service.arrived)


def test_81_a_credential_cannot_send_a_request_elsewhere(internet: Internet) -> None:
    pack = replace(PACK, authentication={"kind": "Custom", "fields": [{"name": "k"}], "domain": "example.com"})
    account = VAULT.seal_connection(
        replace(ACCOUNT, sealed=b""), written(Contents(fields={"k": Secret("x/../../@evil.com")}))
    )
    fetcher = internet.egress().open(pack, account, token="call")
    assert refused(fetcher, "https://example.com{{k-call}}/").reason == "bad_host"
    fetcher.fetch(Request(url="https://example.com/{{k-call}}"))
    assert (internet.last.headers["host"], internet.last.path) == ("example.com", "/x%2F..%2F..%2F%40evil.com")


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "OPTIONS", "get", "GET\r\nX: y", "GET /x HTTP/1.1\r\n", ""])
def test_82_a_method_is_refused(internet: Internet, method: str) -> None:
    assert refused(internet.fetcher(), "/", method=method).reason == "method"


def test_85_a_pack_has_so_many_requests_under_way_and_no_more(internet: Internet) -> None:
    """The others wait: when those that came first are held, none is sent, and all arrive in the end."""
    hold, most, lock, now = threading.Semaphore(0), 0, threading.Lock(), 0

    def held(client: socket.socket) -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        hold.acquire()
        with lock:
            now -= 1
        client.sendall(told(b"ok"))

    fetcher = internet.answering({"/": held}).fetcher(at_once=4)
    with ThreadPoolExecutor(20) as threads:
        answers = [threads.submit(fetcher.fetch, Request(url="/")) for _ in range(20)]
        hold.release(20)
        assert [answer.result().status for answer in answers] == [200] * 20
    assert most <= 4


def test_what_is_allowed_comes_back_whole(internet: Internet) -> None:
    body = bytes(range(256)) * 4096
    internet.answering({"/": told(gzip.compress(body), "Content-Encoding: gzip")})
    response = internet.fetcher().fetch(Request(url="/"))
    assert response == Response(status=200, headers=response.headers, body=body)
