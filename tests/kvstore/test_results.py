"""The result cache on Redis: what it does when Redis does not do what it should."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from packsys.kvstore.address import connect
from packsys.kvstore.results import LARGEST, PREFIX, REST, TIMEOUT, RedisResults


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


def test_nothing_is_opened_before_it_is_needed() -> None:
    RedisResults.at("redis+socket:///nonexistent/v.sock")


def test_the_server_forgets_a_value_after_its_time(results: RedisResults, client: Redis) -> None:
    results.put("timed", 1, ttl=60.5)
    assert 60_000 < client.pttl(f"{PREFIX}timed") <= 60_500


def test_a_value_that_is_too_large_is_not_kept(results: RedisResults) -> None:
    results.put("fits", "x" * (LARGEST - 2), ttl=60)
    results.put("too large", "x" * (LARGEST - 1), ttl=60)
    assert results.get("fits") is not None
    assert results.get("too large") is None


@pytest.mark.parametrize("data", [b"", b"not JSON", b"\xff", b'{"$":"nonsense","v":1}', b"[" * 100_000])
def test_a_damaged_value_is_a_miss(results: RedisResults, client: Redis, data: bytes) -> None:
    client.set(f"{PREFIX}damaged", data)
    assert results.get("damaged") is None


def test_values_of_another_format_are_not_read(results: RedisResults, client: Redis) -> None:
    client.set("packsys:result:0:old", b"1")
    assert results.get("old") is None


def test_a_server_that_forgets_everything_is_a_miss(results: RedisResults, client: Redis) -> None:
    results.put("kept", 1, ttl=60)
    client.flushdb()
    assert results.get("kept") is None


def test_a_refused_command_does_not_put_the_server_to_rest(results: RedisResults, client: Redis) -> None:
    """A full server refuses to write and still reads."""
    client.lpush(f"{PREFIX}a list", "x")
    assert results.get("a list") is None
    results.put("kept", 1, ttl=60)
    assert results.get("kept") == (1,)


def test_a_server_that_was_away_is_not_asked_for_a_while(client: Redis, tmp_path: Path) -> None:
    """Its socket appears after the first question, and so an answer tells that it was asked."""
    clock, path = Clock(), tmp_path / "v.sock"
    results = RedisResults(connect(f"redis+socket://{path}", timeout=5), clock=clock)
    client.set(f"{PREFIX}any", b"1")
    assert results.get("any") is None
    path.symlink_to(client.get_connection_kwargs()["path"])
    clock.at = REST - 0.01
    assert results.get("any") is None
    clock.at = REST
    assert results.get("any") == (1,)


def test_nothing_is_kept_on_a_server_that_rests(client: Redis, tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "v.sock"
    results = RedisResults(connect(f"redis+socket://{path}", timeout=5), clock=clock)
    results.put("rested", 1, ttl=60)
    path.symlink_to(client.get_connection_kwargs()["path"])
    results.put("rested", 1, ttl=60)
    clock.at = REST
    assert results.get("rested") is None


def test_a_server_that_is_silent_is_a_miss(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "v.sock"))
        silent.listen()
        results = RedisResults(connect(f"redis+socket://{tmp_path}/v.sock", timeout=TIMEOUT / 10))
        assert results.get("any") is None
