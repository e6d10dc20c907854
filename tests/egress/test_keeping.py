"""An answer is used again by the account that got it, while it is fresh or the service says it is the same."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any

import pytest

from packsys.connections.envelope import Envelope
from packsys.egress.guard import EgressPolicy
from packsys.egress.http import HttpEgress
from packsys.memory.answers import MemoryAnswers
from packsys.model import Connection, PackVersion
from packsys.ports import AnswerCache, Fetcher, Found, Request
from tests.egress.recorded import Tokens
from tests.egress.service import Service, redirect
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


@dataclass
class Clock:
    at: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


@dataclass
class World:
    """Is one cache, a clock that stands still, and a service whose answers are counted."""

    service: Service
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.answers = MemoryAnswers(self.clock.moment)
        self.tokens = Tokens(["fake-token-of-a-test"])
        self.egress = self.new_egress()

    def new_egress(self, key: bytes = b"k" * 32, answers: AnswerCache | None = None) -> HttpEgress:
        return HttpEgress(
            credentials=self.tokens,
            policy=EgressPolicy(allowed_networks=HERE),
            answers=answers or self.answers,
            envelope=Envelope(key, purpose="answers"),
            now=self.clock,
        )

    def fetcher(self, *, pack: PackVersion = PACK, fresh: bool = False, token: str = "", **account: Any) -> Fetcher:
        row = Connection(
            id="c", workspace="w", pack_id=1, name="me", sealed=b"", endpoint=f"http://127.0.0.1:{self.service.port}"
        )
        return self.egress.open(pack, replace(row, **account), fresh=fresh, token=token)

    def get(self, url: str = "/", **request: Any) -> bytes:
        return self.fetcher().fetch(Request(url=url, **request)).body

    def answering(self, *headers: str, status: str = "200 OK") -> None:
        """Has every answer hold the number of its request."""

        def answer(client: socket.socket) -> None:
            arrived = self.service.arrived[-1]
            body = str(len(self.service.arrived)).encode()
            same = 'If-None-Match: "1"' in headers and arrived.headers.get("if-none-match") == '"1"'
            said = [each for each in headers if not each.startswith("If-")]
            line = "304 Not Modified" if same else status
            lines = [
                f"HTTP/1.1 {line}",
                *said,
                "Connection: close",
                *([] if same else [f"Content-Length: {len(body)}"]),
            ]
            client.sendall("\r\n".join([*lines, "", ""]).encode() + (b"" if same else body))

        self.service.answers = {"/": answer, "/x": answer}

    @property
    def asked(self) -> int:
        return len(self.service.arrived)


@pytest.fixture
def world() -> Iterator[World]:
    with Service() as service:
        made = World(service)
        yield made
        made.egress.close()


@pytest.mark.parametrize("said", ["max-age=60", "private, max-age=60", 'max-age="60"', "MAX-AGE=60, must-revalidate"])
def test_a_fresh_answer_is_used_again(world: World, said: str) -> None:
    world.answering(f"Cache-Control: {said}")
    assert [world.get(), world.get()] == [b"1", b"1"]
    world.clock.at += 59
    assert world.get() == b"1"
    world.clock.at += 1
    assert world.get() == b"2"


def test_how_long_it_was_on_its_way_counts(world: World) -> None:
    world.answering("Cache-Control: max-age=60", "Age: 50")
    assert [world.get(), world.get()] == [b"1", b"1"]
    world.clock.at += 10
    assert world.get() == b"2"


def test_a_date_at_which_it_expires_counts(world: World) -> None:
    now = world.clock.moment()
    expires = datetime.fromtimestamp(world.clock.at + 60, UTC)
    world.answering(f"Date: {format_datetime(now)}", f"Expires: {format_datetime(expires, usegmt=True)}")
    assert [world.get(), world.get()] == [b"1", b"1"]
    world.clock.at += 60
    assert world.get() == b"2"


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Cache-Control: no-store, max-age=60",),
        ("Cache-Control: no-cache, max-age=60",),
        ("Cache-Control: max-age=0",),
        ("Cache-Control: max-age=a",),
        ("Cache-Control: max-age=-1",),
        ("Expires: 0",),
        ("Cache-Control: max-age=60", "Vary: *"),
    ],
)
def test_an_answer_is_not_used_again(world: World, headers: tuple[str, ...]) -> None:
    world.answering(*headers)
    assert [world.get(), world.get()] == [b"1", b"2"]


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "403 No", "206 Partial Content", "302 Found"])
def test_an_error_is_never_kept(world: World, status: str) -> None:
    world.answering("Cache-Control: max-age=60", status=status)
    assert [world.get(cache_ttl=60), world.get(cache_ttl=60)] == [b"1", b"2"]


def test_a_pack_decides_for_itself(world: World) -> None:
    world.answering("Cache-Control: no-store")
    assert [world.get(cache_ttl=60), world.get(cache_ttl=60)] == [b"1", b"1"]
    world.clock.at += 60
    assert world.get(cache_ttl=60) == b"2"


def test_a_pack_may_want_no_kept_answer(world: World) -> None:
    world.answering("Cache-Control: max-age=60")
    assert [world.get(), world.get(cache_ttl=0), world.get()] == [b"1", b"2", b"1"]


@pytest.mark.parametrize(
    ("sent", "asks"),
    [('ETag: "1"', "if-none-match"), ("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", "if-modified-since")],
)
def test_a_stale_answer_is_asked_about(world: World, sent: str, asks: str) -> None:
    world.answering(sent, "Cache-Control: max-age=60")
    world.get()
    world.clock.at += 60
    assert world.get() == b"2"
    assert world.service.arrived[1].headers[asks] == sent.partition(": ")[2]


def test_what_is_still_the_same_is_used_again_and_fresh_again(world: World) -> None:
    world.answering('ETag: "1"', 'If-None-Match: "1"', "Cache-Control: max-age=60")
    world.get()
    world.clock.at += 60
    response = world.fetcher().fetch(Request(url="/"))
    assert (response.status, response.body, world.asked) == (200, b"1", 2)
    world.clock.at += 59
    assert (world.get(), world.asked) == (b"1", 2)


def test_an_answer_without_freshness_is_asked_about_each_time(world: World) -> None:
    world.answering('ETag: "1"', 'If-None-Match: "1"')
    assert [world.get(), world.get(), world.get()] == [b"1"] * 3
    assert [arrived.headers.get("if-none-match") for arrived in world.service.arrived] == [None, '"1"', '"1"']


@pytest.mark.parametrize("etag", ['"\xe9"', '"a\x7f"', '"' + "a" * 2000 + '"', '"a"\r\n b'])
def test_a_mark_that_cannot_be_sent_back_is_not(world: World, etag: str) -> None:
    """Else every request to come would be refused for it, for a day."""
    world.answering(f"ETag: {etag}", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT")
    assert [world.get(), world.get()] == [b"1", b"2"]
    sent = world.service.arrived[1].headers
    assert "if-modified-since" in sent
    assert sent.get("if-none-match", '"a" b') == '"a" b'


def test_whoever_a_redirect_leads_to_cannot_say_that_an_answer_is_still_the_same(world: World) -> None:
    world.answering('ETag: "1"', 'If-None-Match: "1"')
    world.get()
    world.service.answers = {**world.service.answers, "/": redirect("/x")}
    assert world.get() == b"5"
    assert [arrived.headers.get("if-none-match") for arrived in world.service.arrived[3:]] == [None, None]


def test_the_first_of_two_lifetimes_counts(world: World) -> None:
    world.answering("Cache-Control: max-age=0, max-age=60", "Cache-Control: max-age=60")
    assert [world.get(), world.get()] == [b"1", b"2"]


@pytest.mark.parametrize(
    "said",
    [
        *("Cache-Control: max-age=99999999999999999999", "Cache-Control: max-age=-1", "Cache-Control: max-age=1e9"),
        *("Expires: -1", "Expires: Fri, 31 Dec 9999 23:59:60 GMT", "Expires: Thu, 01 Jan 1970 00:00:00 +9999999"),
        *("Expires: Mon, 99 Foo 99999 99:99:99 XYZ", "Expires: ,", "Expires: 9" * 100),
    ],
)
def test_a_lifetime_that_is_none_keeps_nothing(world: World, said: str) -> None:
    world.answering(said)
    assert [world.get(), world.get()] == [b"1", b"2"]


@pytest.mark.parametrize("ttl", [float("nan"), -1.0, float("-inf")])
def test_a_packs_own_lifetime_that_is_none_keeps_nothing(world: World, ttl: float) -> None:
    world.answering()
    assert [world.get(cache_ttl=ttl), world.get(cache_ttl=ttl)] == [b"1", b"2"]


def test_a_packs_endless_lifetime_ends(world: World) -> None:
    world.answering()
    assert [world.get(cache_ttl=float("inf")), world.get(cache_ttl=float("inf"))] == [b"1", b"1"]
    world.clock.at += 8 * 86_400
    assert world.get(cache_ttl=float("inf")) == b"2"


def test_conditions_of_the_packs_own_are_its_own_business(world: World) -> None:
    world.answering('ETag: "1"', 'If-None-Match: "1"', "Cache-Control: max-age=60")
    world.get()
    assert world.fetcher().fetch(Request(url="/", headers={"If-None-Match": '"1"'})).status == 304


@pytest.mark.parametrize(
    "other",
    [
        lambda world: world.fetcher(workspace="other"),
        lambda world: world.fetcher(id="other"),
        lambda world: world.fetcher(pack=replace(PACK, version="1.0.1")),
        lambda world: world.fetcher(pack=replace(PACK, id=2), pack_id=2),
        lambda world: world.fetcher(endpoint=f"http://127.0.0.1:{world.service.port}/x"),
    ],
    ids=["workspace", "connection", "version", "pack", "endpoint"],
)
def test_83_nobody_else_gets_it(world: World, other: Callable[[World], Fetcher]) -> None:
    world.answering("Cache-Control: max-age=60")
    assert world.get(cache_ttl=60) == b"1"
    other(world).fetch(Request(url="/", cache_ttl=60))
    assert world.asked == 2


def test_an_account_that_was_connected_anew_begins_with_nothing(world: World) -> None:
    world.answering("Cache-Control: max-age=60")
    world.get()
    world.tokens.versions += 1
    assert world.get() == b"2"


@pytest.mark.parametrize(
    "other",
    [
        {"url": "/x"},
        {"query": {"a": "b"}},
        {"headers": {"Accept": "text/x"}},
        {"authenticate": False},
        {"method": "HEAD"},
    ],
)
def test_another_request_gets_another_answer(world: World, other: dict[str, Any]) -> None:
    world.answering("Cache-Control: max-age=60")
    world.get()
    world.fetcher().fetch(Request(**{"url": "/", **other}))
    assert world.asked == 2


def test_the_token_of_a_call_does_not_make_another_request(world: World) -> None:
    world.answering("Cache-Control: max-age=60")
    for token in ("one", "two"):
        world.fetcher(token=token).fetch(Request(url=f"/?k={{{{key-{token}}}}}"))
    assert world.asked == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_may_change_something_makes_kept_answers_void(world: World, method: str) -> None:
    world.answering("Cache-Control: max-age=60")
    assert [world.get(), world.get()] == [b"1", b"1"]
    world.fetcher().fetch(Request(method=method, url="/x"))
    assert world.get() == b"3"


def test_an_answer_that_was_on_its_way_during_a_change_is_not_kept(world: World) -> None:
    reading, changed = threading.Event(), threading.Event()

    def slow(client: socket.socket) -> None:
        reading.set()
        changed.wait(10)
        client.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\n\r\nold")

    world.service.answers = {"/": slow}
    with ThreadPoolExecutor(1) as threads:
        read = threads.submit(world.get)
        reading.wait(10)
        world.fetcher().fetch(Request(method="POST", url="/x"))
        changed.set()
        assert read.result() == b"old"
    world.answering()
    assert world.get() == b"3"


def test_an_action_gets_no_kept_answer(world: World) -> None:
    world.answering("Cache-Control: max-age=60")
    world.get()
    assert world.fetcher(fresh=True).fetch(Request(url="/")).body == b"2"


def test_an_answer_that_a_redirect_led_to_is_kept_where_the_pack_says_so(world: World) -> None:
    world.answering("Cache-Control: max-age=60")
    world.service.answers = {**world.service.answers, "/moved": redirect("/")}
    assert [world.get("/moved"), world.get("/moved")] == [b"2", b"4"]
    assert [world.get("/moved", cache_ttl=60), world.get("/moved", cache_ttl=60)] == [b"6", b"6"]


def test_what_is_kept_shows_neither_address_nor_answer_nor_secret(world: World) -> None:
    def echo(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 30\r\n\r\nprivate:")
        client.sendall(b"fake-token-of-a-test\r\n")

    world.service.answers = {"/private": echo}
    assert world.get("/private") == b"private:***\r\n"
    kept = str(vars(world.answers))
    assert not [text for text in ("private", "127.0.0.1", "fake-token", "***") if text in kept]


def test_with_another_key_of_the_vault_nothing_is_found(world: World) -> None:
    world.answering("Cache-Control: max-age=60")
    world.get()
    world.egress = world.new_egress(b"l" * 32)
    assert world.get() == b"2"


@dataclass
class Forged:
    """Is a cache that somebody else writes to."""

    answers: MemoryAnswers

    def look(self, account: str, name: str) -> Found:
        found = self.answers.look(account, name)
        return replace(found, data=found.data and found.data[:-1] + bytes([found.data[-1] ^ 1]))

    def put(self, account: str, name: str, data: bytes, *, generation: str, ttl: float) -> None:
        self.answers.put(account, name, data, generation=generation, ttl=ttl)

    def forget(self, account: str) -> None:
        self.answers.forget(account)


def test_what_somebody_else_put_there_is_not_read(world: World) -> None:
    world.answering("Cache-Control: max-age=60")
    world.get()
    world.egress = world.new_egress(answers=Forged(world.answers))
    assert world.get() == b"2"
