"""The result cache on Redis: what it does when Redis does not do what it should."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest
from redis import Redis

from packsys.errors import NotReady
from packsys.kvstore.address import connect
from packsys.kvstore.results import LARGEST, PREFIX, REST, TIMEOUT, RedisResults
from packsys.ports import Handed, Lead
from packsys.values import Value
from tests.ports.halls import asked


@dataclass
class Clock:
    """Counts seconds when it is told to."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def client(cache_url: str) -> Iterator[Redis]:
    """Gives a client of the cache server."""
    opened = connect(cache_url, timeout=5)
    yield opened
    opened.close()


@pytest.fixture
def results(client: Redis) -> RedisResults:
    """Gives the cache."""
    return RedisResults(client)


def put(results: RedisResults, name: str, value: Value, *, ttl: float = 60, stale: float = 0) -> None:
    """Keeps a value as one who made the call does; the stamp of no tags is always the same."""
    lead = results.ask(asked(f"never kept {token_hex(8)}"), lease=1)
    results.land(asked(name), value, stamp=lead.stamp if isinstance(lead, Lead) else "", ttl=ttl, stale=stale)


def shown(value: Value, client: Redis) -> bytes:
    """Writes an entry as the cache does, with the stamp of no tags."""
    stamp = hashlib.sha1(b"", usedforsecurity=False).hexdigest()
    return f"{stamp} {(client.time()[0] + 60) * 1000} 0\n{json.dumps(value)}".encode()


def test_nothing_is_opened_before_it_is_needed() -> None:
    RedisResults.at("redis+socket:///nonexistent/v.sock")


def test_the_server_forgets_a_value_after_its_time(results: RedisResults, client: Redis) -> None:
    put(results, "timed", 1, ttl=60.5, stale=10)
    assert 70_000 < client.pttl(f"{PREFIX}entry:timed") <= 70_500


def test_a_value_that_is_too_large_is_not_kept(results: RedisResults) -> None:
    put(results, "fits", "x" * (LARGEST - 2))
    put(results, "too large", "x" * (LARGEST - 1))
    assert results.get("fits") is not None
    assert results.get("too large") is None


def test_a_value_that_is_too_large_to_be_kept_is_handed(results: RedisResults) -> None:
    value = "x" * LARGEST
    lead = results.ask(asked("large"), lease=30)
    assert isinstance(lead, Lead)
    assert results.join(asked("large", step="b"))
    results.land(asked("large"), value, stamp=lead.stamp, ttl=60)
    assert results.ask(asked("large", step="b"), lease=30) == Handed(value)


HEAD = b"da39a3ee5e6b4b0d3255bfef95601890afd80709 99999999999999 0\n"
DAMAGED = (b"", b"not JSON", b"\xff", HEAD, HEAD + b"\xff", HEAD + b'{"$":"nonsense","v":1}', HEAD + b"[" * 100_000)


@pytest.mark.parametrize("data", DAMAGED)
def test_a_damaged_value_is_a_miss(results: RedisResults, client: Redis, data: bytes) -> None:
    client.set(f"{PREFIX}entry:damaged", data, px=60_000)
    assert results.get("damaged") is None
    assert isinstance(results.ask(asked("damaged"), lease=1), Lead)
    client.delete(f"{PREFIX}flight:damaged")


def test_values_of_another_format_are_not_read(results: RedisResults, client: Redis) -> None:
    client.set("packsys:result:1:entry:old", shown(1, client))
    assert results.get("old") is None


def test_a_tag_whose_generation_was_lost_begins_anew(results: RedisResults, client: Redis) -> None:
    """Else what was forgotten would come back with it."""
    lead = results.ask(asked("kept", "tag"), lease=30)
    assert isinstance(lead, Lead)
    results.land(asked("kept", "tag"), 1, stamp=lead.stamp, ttl=60)
    assert results.get("kept", tags=["tag"]).value == 1
    client.delete(f"{PREFIX}tag:tag")
    assert results.get("kept", tags=["tag"]) is None
    assert isinstance(results.ask(asked("kept", "tag"), lease=30), Lead)


def test_a_server_that_forgets_everything_is_a_miss_and_forgets_its_scripts(
    results: RedisResults, client: Redis
) -> None:
    put(results, "kept", 1)
    client.flushdb()
    client.script_flush()
    assert results.get("kept") is None
    put(results, "kept", 2)
    assert results.get("kept").value == 2


def test_a_refused_command_does_not_put_the_server_to_rest(results: RedisResults, client: Redis) -> None:
    """A full server refuses to write and still reads."""
    client.lpush(f"{PREFIX}entry:a list", "x")
    assert results.ask(asked("a list"), lease=1) == Lead()
    put(results, "kept", 1)
    assert results.get("kept").value == 1
    client.delete(f"{PREFIX}entry:a list")


def test_a_server_that_was_away_is_not_asked_for_a_while(client: Redis, tmp_path: Path) -> None:
    """Its socket appears after the first question, and so an answer tells that it was asked."""
    clock, path = Clock(), tmp_path / "v.sock"
    results = RedisResults(connect(f"redis+socket://{path}", timeout=5), clock=clock)
    client.set(f"{PREFIX}entry:any", shown(1, client), px=60_000)
    assert results.get("any") is None
    path.symlink_to(client.get_connection_kwargs()["path"])
    clock.at = REST - 0.01
    assert results.get("any") is None
    clock.at = REST
    assert results.get("any").value == 1


def test_without_the_server_everybody_makes_the_call_and_nobody_waits(tmp_path: Path) -> None:
    results = RedisResults(connect(f"redis+socket://{tmp_path}/v.sock", timeout=5))
    assert [results.ask(asked("any", step=step), lease=30) for step in "ab"] == [Lead(), Lead()]
    assert not results.join(asked("any"))
    results.prolong(asked("any"), lease=30)
    assert list(results.land(asked("any"), 1, stamp="", ttl=60)) == []
    assert results.leave(asked("any")) is None
    results.count({"misses": 1})


def test_without_the_server_nothing_can_be_forgotten_and_that_is_said(tmp_path: Path) -> None:
    results = RedisResults(connect(f"redis+socket://{tmp_path}/v.sock", timeout=5))
    with pytest.raises(NotReady, match="The cache server does not answer"):
        results.forget(["pack:1"])
    with pytest.raises(NotReady):
        results.counts()


def test_nothing_is_kept_on_a_server_that_rests(client: Redis, tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "v.sock"
    results = RedisResults(connect(f"redis+socket://{path}", timeout=5), clock=clock)
    put(results, "rested", 1)
    path.symlink_to(client.get_connection_kwargs()["path"])
    put(results, "rested", 1)
    clock.at = REST
    assert results.get("rested") is None


def test_a_server_that_is_silent_is_a_miss(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "v.sock"))
        silent.listen()
        results = RedisResults(connect(f"redis+socket://{tmp_path}/v.sock", timeout=TIMEOUT / 10))
        assert results.get("any") is None
