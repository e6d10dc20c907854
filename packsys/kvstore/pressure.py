"""Whether the state server has room for more work."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from redis import Redis, RedisError

from packsys.errors import NotReady, Overloaded
from packsys.kvstore.address import connect
from packsys.kvstore.queues import RedisQueues

TIMEOUT = 1.0
"""Seconds for an answer: a server that is silent for longer is no reason to refuse what PostgreSQL can keep."""

GLANCE = 0.5
"""Seconds for which one look is enough."""


class RedisPressure:
    """Refuses work while the queues are too deep, or the server's memory is too full to take their messages.

    It looks at most twice a second, whoever asks. A server that is away refuses nothing: the job is kept in
    PostgreSQL, and the reconciler sends it when the server is back.
    """

    def __init__(
        self,
        client: Redis,
        queues: Sequence[str],
        *,
        deepest: int,
        fullest: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes the queues, how many messages they may hold together, and which part of its memory may be used."""
        self._client, self._names, self._queues = client, queues, RedisQueues(client)
        self._deepest, self._fullest, self._clock = deepest, fullest, clock
        self._looked, self._reason = -GLANCE, ""

    @classmethod
    def at(cls, url: str, queues: Sequence[str], *, deepest: int, fullest: float) -> RedisPressure:
        """Looks at the server at ``url``, without touching it yet."""
        return cls(connect(url, timeout=TIMEOUT), queues, deepest=deepest, fullest=fullest)

    def check(self) -> None:
        """Raises :class:`~packsys.errors.Overloaded` while there is no room for more work."""
        now = self._clock()
        if now - self._looked >= GLANCE:
            self._looked = now
            self._reason = self._look()
        if self._reason:
            raise Overloaded(self._reason, retry_after=5.0)

    def _look(self) -> str:
        try:
            depth = sum(self._queues.depth(name) for name in self._names)
            memory = self._client.info("memory")
        except (NotReady, RedisError, OSError):
            return ""
        if depth > self._deepest:
            return f"{depth} calls wait for a worker, and {self._deepest} are the most: try again later."
        most = memory.get("maxmemory", 0)
        if most and memory["used_memory"] > self._fullest * most:
            return "The state server's memory is nearly full: try again later."
        return ""
