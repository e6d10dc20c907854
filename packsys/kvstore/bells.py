"""Bells that every process hears: something has happened, look."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from redis import Redis

from packsys.kvstore.address import connect
from packsys.kvstore.ear import Ear
from packsys.kvstore.outbox import Outbox
from packsys.kvstore.resting import Resting

PREFIX = "packsys:bell:1:"
"""Begins every channel. The number is the format's."""

TIMEOUT = 2.0
"""Seconds for an answer, for which nobody waits."""


class RedisBells:
    """Rings by publishing nothing on a channel: :class:`~packsys.ports.Bells`.

    A background thread sends. What a server that is away does not take is lost.
    """

    def __init__(self, client: Redis) -> None:
        """Takes a client of the state server."""
        self._client, self._server = client, Resting(name="bells")
        self._outbox: Outbox[str] = Outbox(self._send)
        self._ear = Ear(client)

    @classmethod
    def at(cls, url: str) -> RedisBells:
        """Rings in the server at ``url``, without touching it yet."""
        return cls(connect(url, timeout=TIMEOUT))

    def ring(self, name: str) -> None:
        """Rings, soon."""
        self._outbox.put([name])

    def listen(self, name: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` from any thread each time that somebody rings, until the returned function is called."""
        return self._ear.listen(_channel(name), ring)

    def close(self) -> None:
        """Ends its threads within a second or so."""
        self._outbox.close()
        self._ear.close()

    def _send(self, names: Sequence[str]) -> None:
        self._server.ask(lambda: self._publish(set(names)))

    def _publish(self, names: set[str]) -> bool:
        with self._client.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.publish(_channel(name), b"")
            pipeline.execute()
        return True


def _channel(name: str) -> bytes:
    return (PREFIX + name).encode("utf-8", "backslashreplace")
