"""The results that all workers share, and the flights that bring them; the server may forget at any moment."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from packsys.errors import NotReady
from packsys.kvstore.address import connect
from packsys.kvstore.limiter import Call, Script
from packsys.kvstore.resting import REST, Resting
from packsys.ports import Asked, Handed, Kept, Lead, Wait
from packsys.values import ErrorValue, Failure, Value, from_json, to_json

log = logging.getLogger(__name__)

__all__ = ["COUNTS", "LARGEST", "PREFIX", "REST", "TIMEOUT", "RedisResults"]

PREFIX = "packsys:result:2:"
"""Begins every key. The number is the format's: a value of another format is never read."""

COUNTS = f"{PREFIX}counts"
"""Counts what helped, since the server last forgot."""

LARGEST = 1_000_000
"""The largest kept value in bytes: a larger one would push out too many others."""

LARGEST_HANDED = 10_000_000
"""The largest outcome in bytes that is handed to those who waited for it: above what a sandbox gives out."""

HANDED_FOR = 30.0
"""Seconds for which an outcome that is not kept lies ready for those who waited for it."""

NOTED_FOR = 600.0
"""Seconds for which it is noted who waits, after the last one came: longer than any flight's wait."""

GENERATION_TTL = 30 * 86_400
"""Seconds for which a tag's generation is kept. Results that have the tag are made anew when it ends."""

TIMEOUT = 0.25
"""Seconds for an answer. A cache that takes longer costs more than it saves."""

ASK, JOIN, PROLONG = Script.named("ask"), Script.named("join"), Script.named("prolong")
LAND, LEAVE, LOOK = Script.named("land"), Script.named("leave"), Script.named("look")


class RedisResults:
    """Keeps results in Redis: :class:`~packsys.ports.ResultCache` and :class:`~packsys.ports.FlightDesk`.

    A server that is away, slow or full is one that keeps nothing and knows of no flight; nobody waits for it. All
    times are those of its clock. The digest of the generations of its tags stands in front of each result.
    """

    def __init__(
        self,
        client: Redis,
        *,
        clock: Callable[[], float] = time.monotonic,
        new_generation: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """Takes a client with short time limits, a clock that counts seconds, and what makes unheard-of names."""
        self._client, self._server, self._new_generation = client, Resting(clock=clock), new_generation

    @classmethod
    def at(cls, url: str) -> RedisResults:
        """Makes the cache of the server at ``url``, without touching it."""
        return cls(connect(url, timeout=TIMEOUT))

    def get(self, name: str, *, tags: Sequence[str] = ()) -> Kept | None:
        """Finds a fresh result."""
        return self.get_many({name: tags}).get(name)

    def get_many(self, asked: Mapping[str, Sequence[str]]) -> Mapping[str, Kept]:
        """Finds the fresh ones of several results, in one exchange."""
        found = self._server.ask(lambda: self._look(asked)) if asked else None
        if found is None:
            return {}
        now, values = found
        return {name: kept for name, tags in asked.items() if (kept := _fresh(values, name, tags, now))}

    def ask(self, asked: Asked, *, lease: float, early: float = 0.0) -> Kept | Handed | Lead | Wait:
        """Finds the result, or says who is to make it; without the server everybody makes it."""
        entry, flight, handed, to, _ = _names(asked)
        keys = (entry, flight, handed, to, *map(_generation, asked.tags))
        arguments = (_who(asked.step), _milliseconds(lease), early, self._new_generation(), GENERATION_TTL)
        match self._server.ask(lambda: ASK(self._client, Call(keys, arguments))):
            case [1, found, left]:
                return _entry(found, lambda _: left / 1000) or Lead()
            case [2, outcome]:
                read = _read(outcome)
                return Handed(read[0]) if read else Lead()
            case [3, stamp, found, left]:
                return Lead(stamp.decode(), _entry(found, lambda _: left / 1000) if found else None)
            case [4, wait]:
                return Wait(max(0.0, wait / 1000))
        return Lead()

    def join(self, asked: Asked) -> bool:
        """Notes that a step waits; False when the flight has ended, or is not known any more."""
        _, flight, _, _, waiting = _names(asked)
        arguments = (_who(asked.step), _milliseconds(NOTED_FOR))
        return bool(self._server.ask(lambda: JOIN(self._client, Call((flight, waiting), arguments))))

    def prolong(self, asked: Asked, *, lease: float) -> None:
        """Leads for ``lease`` seconds from now, if the step still does."""
        call = Call((_names(asked)[1],), (_who(asked.step), _milliseconds(lease)))
        self._server.ask(lambda: PROLONG(self._client, call))

    def land(
        self, asked: Asked, outcome: Value, *, stamp: str, ttl: float = 0.0, stale: float = 0.0, cost: float = 0.0
    ) -> Sequence[tuple[str, str]]:
        """Ends a flight with an outcome, and gives the steps that waited for it.

        A value of more than ``LARGEST`` bytes is not kept, but handed.
        """
        data = json.dumps(to_json(outcome), separators=(",", ":")).encode("ascii")
        fresh = _milliseconds(ttl)
        keeps = bool(stamp) and fresh > 0 and len(data) <= LARGEST and not isinstance(outcome, ErrorValue)
        hands = len(data) <= LARGEST_HANDED and not (keeps and ttl >= HANDED_FOR)
        times = (fresh, fresh + _milliseconds(stale), _milliseconds(cost))
        kept, handed = data if keeps else b"", data if hands else b""
        arguments = (_who(asked.step), stamp, kept, *times, handed, _milliseconds(HANDED_FOR))
        waiting = self._server.ask(lambda: LAND(self._client, Call(_names(asked), arguments)))
        return [_step(each) for each in waiting or ()]

    def leave(self, asked: Asked) -> tuple[str, str] | None:
        """Ends a flight without an outcome, and gives one of the steps that wait for it, which may lead next."""
        _, flight, _, _, waiting = _names(asked)
        next_one = self._server.ask(lambda: LEAVE(self._client, Call((flight, waiting), (_who(asked.step),))))
        return _step(next_one) if next_one else None

    def forget(self, tags: Sequence[str]) -> None:
        """Begins a new generation of each tag; raises NotReady where the server does not take it."""
        with _answering():
            for tag in tags:
                self._client.set(_generation(tag), self._new_generation(), ex=GENERATION_TTL)

    def count(self, counts: Mapping[str, int]) -> None:
        """Adds to the counts of all workers, if it can."""

        def add() -> None:
            with self._client.pipeline(transaction=False) as pipeline:
                for name, number in counts.items():
                    pipeline.hincrby(COUNTS, name, number)
                pipeline.expire(COUNTS, GENERATION_TTL)
                pipeline.execute()

        self._server.ask(add)

    def counts(self) -> Mapping[str, int]:
        """Gives the counts of all workers since the server last forgot; raises NotReady while it is away."""
        with _answering():
            found: Any = self._client.hgetall(COUNTS)
        return {name.decode(): int(number) for name, number in found.items()}

    def _look(self, asked: Mapping[str, Sequence[str]]) -> tuple[float, Mapping[bytes, bytes | None]]:
        """Gives the server's time in seconds, and whatever the answer hangs on by its key."""
        tags = dict.fromkeys(tag for each in asked.values() for tag in each)
        keys = [*(_key("entry", name) for name in asked), *map(_generation, tags)]
        (seconds, fraction), values = LOOK(self._client, Call(keys, ()))
        return int(seconds) + int(fraction) / 1e6, dict(zip(keys, values, strict=True))


class _answering:
    """Turns what keeps a server from answering into NotReady."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RedisError):
            raise NotReady("The cache server does not answer: try again in a moment.", retry_after=1) from error


def _key(kind: str, name: str) -> bytes:
    return f"{PREFIX}{kind}:{name}".encode("utf-8", "backslashreplace")


def _generation(tag: str) -> bytes:
    return _key("tag", tag)


def _names(asked: Asked) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    entry, flight, handed, to, waiting = (
        _key(kind, asked.name) for kind in ("entry", "flight", "handed", "to", "waiting")
    )
    return entry, flight, handed, to, waiting


def _who(step: tuple[str, str]) -> bytes:
    return json.dumps(step).encode("ascii")


def _step(who: bytes) -> tuple[str, str]:
    job, key = json.loads(who)
    return job, key


def _stamp(generations: Sequence[bytes | None]) -> bytes:
    joined = b" ".join(each or b"" for each in generations)
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest().encode()


def _fresh(values: Mapping[bytes, bytes | None], name: str, tags: Sequence[str], now: float) -> Kept | None:
    entry, generations = values[_key("entry", name)], [values[_generation(tag)] for tag in tags]
    if entry is None or None in generations or not entry.startswith(_stamp(generations)):
        return None
    kept = _entry(entry, lambda fresh_until: fresh_until / 1000 - now)
    return kept if kept and kept.fresh_for > 0 else None


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _entry(entry: bytes, fresh_for: Callable[[int], float]) -> Kept | None:
    head, _, data = entry.partition(b"\n")
    read = _read(data)
    words = head.split()
    if read is None or len(words) != 3 or not words[1].isdigit():
        return None
    cost = int(words[2]) / 1000 if words[2].isdigit() else 0.0
    return Kept(value=read[0], fresh_for=fresh_for(int(words[1])), cost=cost)


def _read(data: bytes) -> tuple[Value] | None:
    try:
        return (from_json(json.loads(data)),)
    except (Failure, ValueError, RecursionError):
        log.warning("cache.damaged", extra={"bytes": len(data)})
        return None
