"""The lists of the broker, written to directly."""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis, RedisError
from redis.exceptions import ConnectionError as Broken

from packsys.errors import NotReady
from packsys.kvstore.address import connect

TIMEOUT = 15.0
"""Seconds for an answer: a push must end, and may take as long as one through kombu (``celeryconfig.py``)."""


class RedisQueues:
    """Pushes messages on the lists of a Redis broker."""

    def __init__(self, client: Redis) -> None:
        """Takes a client of the state server."""
        self._client = client

    @classmethod
    def at(cls, url: str) -> RedisQueues:
        """Makes them of the server at ``url``, without touching it."""
        return cls(connect(url, timeout=TIMEOUT))

    def push(self, queue: str, messages: Sequence[bytes]) -> None:
        """Puts all messages at the end of a queue, or none; raises NotReady.

        Where the connection breaks it is tried once more, and may then have put them there twice.
        """
        try:
            try:
                self._client.lpush(queue, *messages)
            except Broken:
                self._client.lpush(queue, *messages)
        except (RedisError, OSError) as error:
            raise NotReady("The broker does not take messages: the job is kept and goes on when it does.") from error
