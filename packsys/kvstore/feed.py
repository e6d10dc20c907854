"""The streams of events of live jobs, and the bell that rings when something is added."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha1
from itertools import groupby
from json.encoder import encode_basestring_ascii as _quoted
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from packsys.kvstore.address import connect
from packsys.kvstore.ear import Ear
from packsys.kvstore.outbox import ROOM, Outbox
from packsys.kvstore.resting import Resting
from packsys.model import Event, EventKind, followed
from packsys.values import Failure, from_json, kept_text

log = logging.getLogger(__name__)

PREFIX = "packsys:events:1:"
"""Begins every key and channel. The number is the format's."""

MOST = 10_000
"""Events of a job that its stream keeps, or somewhat more: Redis drops them by the page."""

MOST_EARLY = 100
"""Events that wait for an earlier one, before that is taken for lost."""

TTL = 3600
"""Seconds for which a stream is kept after its last event."""

TTL_ENDED = 60
"""Seconds for which it is kept after the job's end: for those who are reading it; the others read the store."""

WRITE_TIMEOUT = 2.0
"""Seconds for an answer to who writes: for them, who tells of a job's end may wait."""

READ_TIMEOUT = 0.5
"""Seconds for an answer to who reads: the store of events knows the same."""

LINGER = 0.02
"""Seconds for which an event waits for others, unless it is the job's end: nobody sees the difference."""

SCRIPT = Path(__file__).with_name("lua").joinpath("publish.lua").read_text(encoding="utf-8")
_DIGEST = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
_LARGEST = 2**31 - 1


class RedisFeed:
    """Keeps the events of each live job in a stream of its own: :class:`~packsys.ports.Feed`.

    The id of an event in the stream is its number, and the stream has no gaps: an event that came before one that it
    follows waits for it. So who was cut off reads on from the last number that they saw. A job's end is sent by who
    tells of it, all else from a background thread; what a server that is away or full does not take is lost here and
    found in PostgreSQL.
    """

    def __init__(
        self, writer: Redis, reader: Redis, *, room: int = ROOM, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Takes two clients with short time limits, how many events may wait to be sent, and a clock in seconds."""
        self._writer, self._reader = writer, reader
        self._writing, self._reading = Resting(clock=clock, name="feed"), Resting(clock=clock, name="feed")
        self._outbox: Outbox[Event] = Outbox(self._send, room=room, linger=LINGER, urgent=_ends)
        self._ear = Ear(reader)

    @classmethod
    def at(cls, url: str) -> RedisFeed:
        """Makes the feed of the server at ``url``, without touching it."""
        return cls(connect(url, timeout=WRITE_TIMEOUT), connect(url, timeout=READ_TIMEOUT))

    def publish(self, events: Sequence[Event]) -> None:
        """Passes events on, soon; they may come twice and in any order.

        Those of a job that ended with its acceptance are left to the store, which had them first.
        """
        if to_send := followed(events):
            self._outbox.put(to_send)

    def since(self, job: str, number: int) -> Sequence[Event] | None:
        """Lists a live job's events after the given number; None where the stream cannot tell without a gap."""
        known = max(0, min(number, _LARGEST))
        answer = self._reading.ask(lambda: self._read(_name(job), known))
        return None if answer is None else _without_gap(job, known, *answer)

    def listen(self, job: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` from any thread soon after each new event, until the returned function is called.

        It rings too when the listening begins, or begins again.
        """
        return self._ear.listen(_name(job), ring)

    def flush(self, *, seconds: float = 5.0) -> bool:
        """Waits until all events are sent or lost; False when ``seconds`` were not enough."""
        return self._outbox.flush(seconds=seconds)

    def close(self) -> None:
        """Ends its threads within a second or so."""
        self._outbox.close()
        self._ear.close()

    def _send(self, events: Sequence[Event]) -> None:
        """Adds events to their streams, in one exchange for all jobs."""
        in_order = sorted(events, key=lambda event: (event.job, event.number))
        calls = [_call(job, list(told)) for job, told in groupby(in_order, key=lambda event: event.job)]
        self._writing.ask(lambda: self._add(calls))

    def _add(self, calls: Sequence[Sequence[Any]]) -> None:
        answers = self._exchange(calls)
        if any(isinstance(answer, NoScriptError) for answer in answers):
            self._writer.script_load(SCRIPT)
            answers = self._exchange(calls)
        for answer in answers:
            if isinstance(answer, RedisError):
                raise answer

    def _exchange(self, calls: Sequence[Sequence[Any]]) -> Sequence[Any]:
        with self._writer.pipeline(transaction=False) as pipeline:
            for call in calls:
                pipeline.evalsha(_DIGEST, 2, *call)
            return pipeline.execute(raise_on_error=False)

    def _read(self, name: bytes, number: int) -> tuple[Any, bool]:
        with self._reader.pipeline(transaction=False) as pipeline:
            pipeline.xrange(name, min=f"({number}-0", max="+")
            pipeline.exists(name)
            pipeline.exists(_early(name))
            entries, there, gap = pipeline.execute()
        return entries, bool(there and not gap)


def _without_gap(job: str, number: int, entries: Sequence[Any], whole: bool) -> Sequence[Event] | None:
    if not whole or (entries and _number(entries[0]) != number + 1):
        return None
    try:
        return tuple(_event(job, entry) for entry in entries)
    except (Failure, ValueError, LookupError, TypeError):
        log.warning("feed.damaged", extra={"job": job})
        return None


def _ends(event: Event) -> bool:
    return event.step is None and event.kind not in (EventKind.JOB_ACCEPTED, EventKind.JOB_RUNNING)


def _name(job: str) -> bytes:
    return (PREFIX + job).encode("utf-8", "backslashreplace")


def _early(name: bytes) -> bytes:
    return name + b":early"


def _number(entry: Any) -> int:
    return int(entry[0].partition(b"-")[0])


def _call(job: str, events: Iterable[Event]) -> Sequence[Any]:
    name, pairs = _name(job), [part for event in events for part in (event.number, _written(event))]
    return (name, _early(name), MOST, MOST_EARLY, TTL, TTL_ENDED, *pairs)


def _written(event: Event) -> bytes:
    step = "null" if event.step is None else _quoted(event.step)
    return f'["{_time(event.at)}","{event.kind.value}",{step},{kept_text(event.detail)}]'.encode()


@lru_cache(maxsize=64)  # what happens to a job at one moment is several events
def _time(at: datetime) -> str:
    return at.isoformat()


def _event(job: str, entry: Any) -> Event:
    at, kind, step, detail = json.loads(entry[1][b"event"])
    return Event(
        job=job,
        number=_number(entry),
        at=datetime.fromisoformat(at),
        kind=EventKind(kind),
        step=step,
        detail=_object(from_json(detail)),
    )


def _object(value: Any) -> Any:
    if not isinstance(value, dict):
        raise TypeError
    return value
