"""The lists that workers read, and the lanes before them in which everybody has a turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis import Redis, RedisError
from redis.exceptions import ConnectionError as Broken

from packsys.errors import NotReady
from packsys.kvstore.address import connect
from packsys.ports import Flowed

TIMEOUT = 15.0
"""Seconds for an answer: a push must end, and may take as long as one through kombu (``celeryconfig.py``)."""

ROOM = 64
"""Messages that lie in a list at most before the others wait in lanes: enough for the slots of a large worker, and few
enough that who comes next does not wait long."""

PREFIX = "packsys:lane:1:"
"""Begins the key of every lane. The number is the format's."""

_BATCH = 1000  # Lua takes no more arguments than its stack holds


class RedisQueues:
    """Puts messages before the workers of a Redis broker, a workspace's in its own lane.

    While there is room in the list they go there at once. Otherwise they wait in their lane, and whoever pushes or
    calls ``flow`` moves on what has room by then, one from each lane in turn. What a lost server takes with it the
    reconciler sends again.
    """

    def __init__(self, client: Redis, *, room: int = ROOM) -> None:
        """Takes a client of the state server, and how many messages a list holds before the others wait."""
        scripts = Path(__file__).with_name("lua")
        flow, line, along = (scripts.joinpath(f"{name}.lua").read_text() for name in ("flow", "line", "along"))
        self._script, self._along = client.register_script(flow + line), client.register_script(flow + along)
        self._client, self._room = client, room

    @classmethod
    def at(cls, url: str, *, room: int = ROOM) -> RedisQueues:
        """Makes them of the server at ``url``, without touching it."""
        return cls(connect(url, timeout=TIMEOUT), room=room)

    def push(self, queue: str, messages: Sequence[bytes], *, lane: str) -> None:
        """Puts messages in a lane of a queue; raises NotReady.

        Where the connection breaks it is tried once more, and may then have put some there twice.
        """
        for first in range(0, len(messages), _BATCH):
            self._run(queue, lane, messages[first : first + _BATCH])

    def flow(self, queues: Sequence[str]) -> Flowed:
        """Moves on what there is room for, in each of some queues; raises NotReady."""
        pipe = self._client.pipeline(transaction=False)
        try:
            for queue in queues:
                self._script([queue, _ring(queue)], [self._room, _lanes(queue), ""], client=pipe)
            found = [Flowed(*each) for each in pipe.execute()]
        except (RedisError, OSError) as error:
            raise _away() from error
        return Flowed(sum(each.waiting for each in found), sum(each.moved for each in found))

    def along(self, queue: str, marks: Sequence[bytes], *, most: int, after: Sequence[str] = ()) -> Sequence[bytes]:
        """Takes messages from the head of a queue as long as each holds all of some marks, ``most`` at most.

        It takes none while one of the queues holds something ``after`` which this one has its turn.

        What it takes makes room, and what waits moves on: many are quicker than whoever calls ``flow`` now and then.
        Takes none where the server does not answer.
        """
        try:
            terms: list[str | bytes | int] = [self._room, _lanes(queue), most, *marks]
            taken: Sequence[bytes] = self._along([queue, _ring(queue), *after], terms)
        except (RedisError, OSError):
            return ()
        return taken

    def wait(self, queue: str, marks: Sequence[bytes], *, seconds: float) -> bytes | None:
        """Takes the next message of a queue as soon as there is one, if it holds all of some marks.

        None where it does not, which leaves it there, and where none came or the server does not answer.
        """
        try:
            found: Any = self._client.brpop([queue], seconds)
            message: bytes | None = found and found[1]
            if message is None or all(mark in message for mark in marks):
                return message
            self._client.rpush(queue, message)
        except (RedisError, OSError):
            pass
        return None

    def depth(self, queue: str) -> int:
        """Counts the messages of a queue, those in lanes included; raises NotReady."""
        try:
            lanes: list[Any] = self._client.lrange(_ring(queue), 0, -1)
            pipe = self._client.pipeline(transaction=False)
            for key in (queue.encode(), *(_lanes(queue).encode() + lane for lane in lanes)):
                pipe.llen(key)
            return sum(pipe.execute())
        except (RedisError, OSError) as error:
            raise _away() from error

    def _run(self, queue: str, lane: str, messages: Sequence[bytes]) -> None:
        keys = [queue, _ring(queue)]
        terms: list[str | bytes | int] = [self._room, _lanes(queue), lane, *messages]
        try:
            try:
                self._script(keys, terms)
            except Broken:
                self._script(keys, terms)
        except (RedisError, OSError) as error:
            raise _away() from error


def _ring(queue: str) -> str:
    return f"{PREFIX}{queue}"


def _lanes(queue: str) -> str:
    return f"{PREFIX}{queue}:"


def _away() -> NotReady:
    return NotReady("The broker does not take messages: the job is kept and goes on when it does.")
