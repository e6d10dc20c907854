"""Temporary files on Redis: what they do when Redis does not do what it should."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from packsys.errors import NotReady, UpstreamError
from packsys.kvstore.address import connect
from packsys.kvstore.blobs import PREFIX, RedisBlobs


@pytest.fixture
def client(cache_url: str) -> Iterator[Redis]:
    """Gives a client of the cache server."""
    opened = connect(cache_url, timeout=5)
    yield opened
    opened.close()


@pytest.fixture
def blobs(client: Redis) -> RedisBlobs:
    """Gives the store."""
    return RedisBlobs(client=client, base="https://packsys.example", workspace="of these tests")


def test_nothing_is_opened_before_it_is_needed() -> None:
    RedisBlobs.at("redis+socket:///nonexistent/v.sock", base="https://packsys.example")


def test_the_server_forgets_a_file_and_its_reservation_after_their_time(blobs: RedisBlobs, client: Redis) -> None:
    own = blobs.of("a workspace of its own")
    blob = own.store(b"x", content_type="text/plain", ttl=60.5).rpartition("/")[2]
    own.store(b"x", content_type="text/plain", ttl=1)
    assert 59_000 < client.pttl(f"{PREFIX}{blob}") <= 60_500
    assert 59_000 < client.pttl("packsys:blobs:1:a workspace of its own") <= 60_500


def test_a_file_that_the_server_dropped_is_not_found(blobs: RedisBlobs, client: Redis) -> None:
    blob = blobs.store(b"x", content_type="text/plain", ttl=60).rpartition("/")[2]
    client.delete(f"{PREFIX}{blob}")
    assert blobs.get(blob) is None


def test_a_server_that_is_away_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    blobs = RedisBlobs.at(f"redis+socket://{tmp_path}/none.sock", base="https://packsys.example")
    with pytest.raises(UpstreamError, match="cache server") as caught:
        blobs.store(b"x", content_type="text/plain", ttl=60)
    assert caught.value.retryable
    with pytest.raises(NotReady, match="cache server"):
        blobs.get("A" * 32)


def test_a_server_that_is_full_keeps_nothing_and_says_so(blobs: RedisBlobs, client: Redis) -> None:
    before = client.config_get("maxmemory*")
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(UpstreamError, match="does not take it"):
            blobs.store(b"x", content_type="text/plain", ttl=60)
    finally:
        client.config_set("maxmemory", before["maxmemory"])
        client.config_set("maxmemory-policy", before["maxmemory-policy"])
