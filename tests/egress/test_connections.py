"""An open connection is used again only for what was checked when it was opened."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from packsys.egress.guard import EgressPolicy, Guard
from packsys.egress.http import HttpEgress
from packsys.errors import ForbiddenRequest, UpstreamError
from packsys.model import Connection, PackVersion
from packsys.ports import Fetcher, Request
from tests.egress.certificates import authority
from tests.egress.service import OK, Service
from tests.egress.world import HERE, credentials

PACK = PackVersion(
    id=1, name="Example", version="1.0.0", description="", domains=(), formulas={}, authentication=MappingProxyType({})
)


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as started:
        yield started


def an_egress(*allowed: str) -> HttpEgress:
    guard = Guard(EgressPolicy(allowed_networks=allowed or HERE), resolve=lambda host, seconds: ["127.0.0.1"])
    return HttpEgress(credentials=credentials(), guard=guard)


def opened(egress: HttpEgress, service: Service, *, workspace: str = "w", host: str = "127.0.0.1") -> Fetcher:
    endpoint = f"http://{host}:{service.port}"
    return egress.open(
        PACK, Connection(id="c", workspace=workspace, pack_id=1, name="me", sealed=b"", endpoint=endpoint)
    )


def test_one_connection_serves_many_requests(service: Service) -> None:
    egress = an_egress()
    for _ in range(5):
        opened(egress, service).fetch(Request(url="/"))
    assert (service.connections, len(service.arrived)) == (1, 5)


def test_another_name_for_the_same_server_gets_a_connection_of_its_own(service: Service) -> None:
    """Its address was not checked, and its name was not the one that the server was asked for."""
    egress = an_egress()
    for host in ("127.0.0.1", "a.example.com", "b.example.com", "a.example.com"):
        opened(egress, service, host=host).fetch(Request(url="/"))
    assert service.connections == 3


def test_a_workspace_cannot_use_the_permission_of_another(service: Service) -> None:
    egress = an_egress("sales=127.0.0.0/8")
    opened(egress, service, workspace="sales", host="a.example.com").fetch(Request(url="/"))
    with pytest.raises(ForbiddenRequest):
        opened(egress, service, workspace="support", host="a.example.com").fetch(Request(url="/"))
    assert len(service.arrived) == 1


def test_a_call_without_an_account_has_the_permissions_of_its_workspace(service: Service) -> None:
    egress = an_egress("sales=127.0.0.0/8")
    pack = replace(PACK, domains=("example.com",))
    for workspace, reason in (("support", "address"), ("sales", "connect")):
        with pytest.raises((ForbiddenRequest, UpstreamError)) as caught:
            egress.open(pack, None, workspace=workspace).fetch(Request(url="https://example.com/", timeout=5))
        assert caught.value.reason == reason


def test_a_process_that_was_forked_opens_its_own(service: Service) -> None:
    fetcher = opened(an_egress(), service)
    fetcher.fetch(Request(url="/"))
    child = os.fork()
    if child == 0:
        os._exit(0 if fetcher.fetch(Request(url="/")).status == 200 else 1)
    assert os.waitpid(child, 0)[1] == 0
    fetcher.fetch(Request(url="/"))
    assert (service.connections, len(service.arrived)) == (2, 3)


def test_threads_do_not_share_a_connection_at_once(service: Service) -> None:
    def answer(client: socket.socket) -> None:
        body = service.arrived[-1].path.encode()
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" if body else b"")

    service.answers = {"/": answer}
    fetcher = opened(an_egress(), service)
    with ThreadPoolExecutor(16) as threads:
        statuses = list(threads.map(lambda number: fetcher.fetch(Request(url=f"/?{number}")).status, range(64)))
    assert statuses == [200] * 64
    assert sorted(int(arrived.path[2:]) for arrived in service.arrived) == list(range(64))


@pytest.mark.parametrize(
    ("method", "answered"), [("GET", True), ("PUT", True), ("DELETE", True), ("POST", False), ("PATCH", False)]
)
def test_a_connection_that_was_hung_up_meanwhile(service: Service, method: str, answered: bool) -> None:
    """What may be sent twice is sent on a new connection; what may not is given up, as it may have arrived."""

    def hang_up_second(client: socket.socket) -> None:
        if len(service.arrived) == 2:
            return
        client.sendall(OK)

    service.answers = {"/second": hang_up_second}
    fetcher = opened(an_egress(), service)
    fetcher.fetch(Request(url="/"))
    if answered:
        assert fetcher.fetch(Request(method=method, url="/second")).status == 200
    else:
        with pytest.raises(UpstreamError, match="the connection was lost"):
            fetcher.fetch(Request(method=method, url="/second"))
    assert len(service.arrived) == (3 if answered else 2)


def test_what_follows_an_answer_is_not_taken_for_the_next_one(service: Service) -> None:
    """A server that sends two answers at once cannot have the second one read by somebody else's request."""
    service.answers = {"/": OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}
    fetcher = opened(an_egress(), service)
    assert fetcher.fetch(Request(url="/")).body == b"ok"
    assert fetcher.fetch(Request(url="/other")).body == b"ok"


EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"


def test_what_was_decrypted_with_an_answer_is_not_taken_for_the_next_one(tmp_path: Path) -> None:
    """The system sees nothing of it: one record of TLS holds an answer that fills the buffer, and another."""
    begun, ended = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: ", b"\r\n\r\nok"
    full = begun + b"a" * (8192 - len(begun) - len(ended)) + ended
    certificates, tls = authority(tmp_path, addresses=["127.0.0.1"])
    egress = HttpEgress(
        credentials=credentials(), policy=EgressPolicy(allowed_networks=HERE, certificates=str(certificates))
    )
    with Service({"/": full + EVIL}, tls=tls) as service:
        account = Connection(
            id="c", workspace="w", pack_id=1, name="me", sealed=b"", endpoint=f"https://127.0.0.1:{service.port}"
        )
        fetcher = egress.open(PACK, account)
        assert [fetcher.fetch(Request(url=url)).body for url in ("/", "/other")] == [b"ok", b"ok"]
    egress.close()


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("GET", OK + b"HTTP/1.1 "),
        ("GET", b"HTTP/1.1 204 None\r\n\r\nx"),
        ("GET", b"HTTP/1.1 304 Same\r\nContent-Length: 2\r\n\r\nok"),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx"),
        ("HEAD", OK),
    ],
)
def test_a_service_that_says_more_than_it_should_is_not_kept_open(service: Service, method: str, answer: bytes) -> None:
    """The rest may still be on its way when the next request has left."""
    service.answers = {"/": answer}
    fetcher = opened(an_egress(), service)
    fetcher.fetch(Request(method=method, url="/"))
    fetcher.fetch(Request(url="/other"))
    assert service.connections == 2


def test_whoever_has_many_names_does_not_use_up_the_open_files(service: Service) -> None:
    egress = an_egress()
    for number in (*range(100), 99, 0):
        opened(egress, service, host=f"h{number}.example.com").fetch(Request(url="/"))
    assert service.connections == 101
    egress.close()


def test_a_closed_way_out_keeps_no_connection(service: Service) -> None:
    egress = an_egress()
    opened(egress, service).fetch(Request(url="/"))
    egress.close()
    opened(egress, service).fetch(Request(url="/"))
    assert service.connections == 2
