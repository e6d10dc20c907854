"""The cache of results that all workers share; it may forget at any moment."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable

from redis import Redis

from packsys.kvstore.address import connect
from packsys.kvstore.resting import REST, Resting
from packsys.values import Failure, Value, from_json, to_json

log = logging.getLogger(__name__)

__all__ = ["LARGEST", "PREFIX", "REST", "TIMEOUT", "RedisResults"]

PREFIX = "packsys:result:1:"
"""Begins every key. The number is the format's: a value of another format is never read."""

LARGEST = 1_000_000
"""The largest kept value in bytes: a larger one would push out too many others."""

TIMEOUT = 0.25
"""Seconds for an answer. A cache that takes longer costs more than it saves."""


class RedisResults:
    """Keeps results in Redis. A server that is away, slow or full is one that keeps nothing; nobody waits for it."""

    def __init__(self, client: Redis, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes a client with short time limits, and a clock that counts seconds."""
        self._client, self._server = client, Resting(clock=clock)

    @classmethod
    def at(cls, url: str) -> RedisResults:
        """Makes the cache of the server at ``url``, without touching it."""
        return cls(connect(url, timeout=TIMEOUT))

    def get(self, key: str) -> tuple[Value] | None:
        """Finds a kept value, in a tuple so that a blank can be told from nothing."""
        kept = self._server.ask(lambda: self._client.get(_name(key)))
        return None if kept is None else _read(kept)

    def put(self, key: str, value: Value, *, ttl: float) -> None:
        """Keeps a value for ``ttl`` seconds, if it can; ``LARGEST`` bytes at most."""
        data = json.dumps(to_json(value), separators=(",", ":")).encode("ascii")
        milliseconds = int(ttl * 1000)
        if milliseconds > 0 and len(data) <= LARGEST:
            self._server.ask(lambda: self._client.set(_name(key), data, px=milliseconds))


def _name(key: str) -> bytes:
    return (PREFIX + key).encode("utf-8", "backslashreplace")


def _read(data: bytes) -> tuple[Value] | None:
    try:
        return (from_json(json.loads(data)),)
    except (Failure, ValueError, RecursionError):
        log.warning("cache.damaged", extra={"bytes": len(data)})
        return None
