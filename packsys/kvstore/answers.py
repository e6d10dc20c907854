"""The cache of answers of services that all workers share; it may forget at any moment, and can read none of them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from redis import Redis

from packsys.kvstore.address import connect
from packsys.kvstore.resting import Resting
from packsys.ports import Found

PREFIX = "packsys:answer:1:"
"""Begins every key. The number is the format's: an answer of another format is never read."""

LARGEST = 1_000_000
"""The largest kept answer in bytes: a larger one would push out too many others."""

GENERATION_TTL = 30 * 86_400
"""Seconds for which an account's generation is kept after its last use: longer than any answer."""

TIMEOUT = 0.25
"""Seconds for an answer. A cache that takes longer costs more than it saves."""


class RedisAnswers:
    """Keeps answers in Redis: :class:`~packsys.ports.AnswerCache`.

    Each begins with the generation of its account. A generation that the server lost is followed by one that never
    was, so whatever was kept under the lost one is lost as well.
    """

    def __init__(
        self,
        client: Redis,
        *,
        clock: Callable[[], float] = time.monotonic,
        new_generation: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """Takes a client with short time limits, a clock that counts seconds, and what makes unheard-of names."""
        self._client, self._new_generation = client, new_generation
        self._server = Resting(clock=clock)

    @classmethod
    def at(cls, url: str) -> RedisAnswers:
        """Makes the cache of the server at ``url``, without touching it."""
        return cls(connect(url, timeout=TIMEOUT))

    def look(self, account: str, name: str) -> Found:
        """Finds the newest answer that was kept under a name since the account was last forgotten."""
        found = self._server.ask(lambda: self._look(account, name))
        if found is None:
            return Found(generation="", data=None)
        generation, kept = found
        begun = generation + b":"
        return Found(
            generation=generation.decode(), data=kept[len(begun) :] if kept and kept.startswith(begun) else None
        )

    def put(self, account: str, name: str, data: bytes, *, generation: str, ttl: float) -> None:
        """Keeps an answer for ``ttl`` seconds, if it can; ``LARGEST`` bytes at most."""
        milliseconds = int(ttl * 1000)
        if generation and milliseconds > 0 and len(data) <= LARGEST:
            kept = generation.encode() + b":" + data
            self._server.ask(lambda: self._client.set(PREFIX + name, kept, px=milliseconds))

    def forget(self, account: str) -> None:
        """Begins a new generation of an account."""
        self._server.ask(lambda: self._client.set(_generation(account), self._new_generation(), ex=GENERATION_TTL))

    def _look(self, account: str, name: str) -> tuple[bytes, bytes | None]:
        with self._client.pipeline(transaction=False) as pipeline:
            pipeline.set(_generation(account), self._new_generation(), nx=True, ex=GENERATION_TTL)
            pipeline.getex(_generation(account), ex=GENERATION_TTL)
            pipeline.get(PREFIX + name)
            _, generation, kept = pipeline.execute()
        return generation or b"", kept


def _generation(account: str) -> str:
    return f"{PREFIX}of:{account}"
