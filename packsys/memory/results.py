"""The twins of what keeps results."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from packsys.ports import Asked, Handed, Kept, Lead, Wait
from packsys.values import ErrorValue, Value, from_json, to_json

_HANDED_FOR = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class _Entry:
    data: str
    stamp: str
    fresh_until: datetime
    kept_until: datetime
    cost: float

    def at(self, now: datetime) -> Kept:
        fresh_for = (self.fresh_until - now).total_seconds()
        return Kept(value=from_json(json.loads(self.data)), fresh_for=fresh_for, cost=self.cost)


@dataclass(kw_only=True)
class _Flight:
    leader: tuple[str, str]
    stamp: str
    until: datetime


@dataclass(kw_only=True)
class _Hand:
    data: str
    to: set[tuple[str, str]]
    until: datetime


@dataclass
class _Tags:
    """Counts how often each tag was forgotten."""

    forgotten: Counter[str] = field(default_factory=Counter)

    def stamp(self, tags: Sequence[str]) -> int:
        return sum(self.forgotten[tag] for tag in tags)


class MemoryResults:
    """Keeps the last ``entries`` results in this process, and the flights that bring them."""

    def __init__(self, now: Callable[[], datetime], *, entries: int = 1000) -> None:
        """Takes the clock; nothing is kept yet."""
        self._now, self._entries, self._lock = now, entries, Lock()
        self._kept: OrderedDict[str, _Entry] = OrderedDict()
        self._flights: dict[str, _Flight] = {}
        self._waiting: dict[str, set[tuple[str, str]]] = {}
        self._handed: dict[str, _Hand] = {}
        self._tags, self._counts = _Tags(), Counter[str]()

    def get(self, name: str, *, tags: Sequence[str] = ()) -> Kept | None:
        """Finds a fresh result."""
        with self._lock:
            kept = self._found(name, self._stamp(tags))
        return kept if kept and kept.fresh_for > 0 else None

    def get_many(self, asked: Mapping[str, Sequence[str]]) -> Mapping[str, Kept]:
        """Finds the fresh ones of several results."""
        found = ((name, self.get(name, tags=tags)) for name, tags in asked.items())
        return {name: kept for name, kept in found if kept}

    def ask(self, asked: Asked, *, lease: float, early: float = 0.0) -> Kept | Handed | Lead | Wait:
        """Finds the result, or says who is to make it."""
        with self._lock:
            hand, now = self._handed.get(asked.name), self._now()
            if hand and asked.step in hand.to and hand.until > now:
                hand.to.remove(asked.step)
                return Handed(from_json(json.loads(hand.data)))
            return self._asked(asked, self._stamp(asked.tags), lease, early)

    def join(self, asked: Asked) -> bool:
        """Notes that a step waits; False when the flight has ended."""
        with self._lock:
            if self._flight(asked.name) is None:
                return False
            self._waiting.setdefault(asked.name, set()).add(asked.step)
            return True

    def prolong(self, asked: Asked, *, lease: float) -> None:
        """Leads for ``lease`` seconds from now, if the step still does."""
        with self._lock:
            flight = self._flight(asked.name)
            if flight and flight.leader == asked.step:
                flight.until = self._now() + timedelta(seconds=lease)

    def land(
        self, asked: Asked, outcome: Value, *, stamp: str, ttl: float = 0.0, stale: float = 0.0, cost: float = 0.0
    ) -> Sequence[tuple[str, str]]:
        """Ends a flight with an outcome, and gives the steps that waited for it."""
        data, fresh_until = json.dumps(to_json(outcome)), self._now() + timedelta(seconds=ttl)
        entry = _Entry(
            data=data,
            stamp=stamp,
            fresh_until=fresh_until,
            kept_until=fresh_until + timedelta(seconds=stale),
            cost=cost,
        )
        keeps = bool(stamp) and ttl > 0 and not isinstance(outcome, ErrorValue)
        with self._lock:
            if keeps:
                self._keep(asked.name, entry)
            return self._end(asked, None if keeps and ttl >= _HANDED_FOR.total_seconds() else data)

    def leave(self, asked: Asked) -> tuple[str, str] | None:
        """Ends a flight without an outcome, and gives one of the steps that wait for it, which may lead next."""
        with self._lock:
            if self._leads_another(asked):
                return None
            self._flights.pop(asked.name, None)
            waiting = self._waiting.get(asked.name)
            return waiting.pop() if waiting else None

    def forget(self, tags: Sequence[str]) -> None:
        """Forgets whatever has one of the tags, and what is on its way."""
        with self._lock:
            self._tags.forgotten.update(tags)

    def count(self, counts: Mapping[str, int]) -> None:
        """Adds to the counts."""
        with self._lock:
            self._counts.update(counts)

    def counts(self) -> Mapping[str, int]:
        """Gives the counts."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        """Forgets everything, as a server does that is flushed."""
        with self._lock:
            for each in (self._kept, self._flights, self._waiting, self._handed, self._counts):
                each.clear()

    def _stamp(self, tags: Sequence[str]) -> str:
        return str(self._tags.stamp(tags))

    def _found(self, name: str, stamp: str) -> Kept | None:
        entry, now = self._kept.get(name), self._now()
        return entry.at(now) if entry and entry.stamp == stamp and entry.kept_until > now else None

    def _asked(self, asked: Asked, stamp: str, lease: float, early: float) -> Kept | Lead | Wait:
        kept = self._found(asked.name, stamp)
        if kept and kept.fresh_for > max(0.0, early * self._kept[asked.name].cost):
            return kept
        flight = self._flight(asked.name)
        if flight and flight.leader != asked.step and flight.stamp == stamp:
            return kept or Wait((flight.until - self._now()).total_seconds())
        until = self._now() + timedelta(seconds=lease)
        self._flights[asked.name] = _Flight(leader=asked.step, stamp=stamp, until=until)
        return Lead(stamp, kept)

    def _flight(self, name: str) -> _Flight | None:
        flight = self._flights.get(name)
        return flight if flight and flight.until > self._now() else None

    def _keep(self, name: str, entry: _Entry) -> None:
        self._kept.pop(name, None)
        self._kept[name] = entry
        while len(self._kept) > self._entries:
            self._kept.popitem(last=False)

    def _leads_another(self, asked: Asked) -> bool:
        flight = self._flight(asked.name)
        return flight is not None and flight.leader != asked.step

    def _end(self, asked: Asked, data: str | None) -> Sequence[tuple[str, str]]:
        if self._leads_another(asked):
            return ()
        self._flights.pop(asked.name, None)
        waiting = self._waiting.pop(asked.name, set())
        if waiting and data is not None:
            self._handed[asked.name] = _Hand(data=data, to=set(waiting), until=self._now() + _HANDED_FOR)
        return sorted(waiting)


class MemoryLasting:
    """Keeps results for long in this process: the twin of the table of results."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Takes the clock; nothing is kept yet."""
        self._now, self._lock, self._tags = now, Lock(), _Tags()
        self._kept: dict[str, _Entry] = {}

    def look(self, name: str, *, tags: Sequence[str]) -> tuple[Kept | None, int]:
        """Finds a fresh result, and tells the state of the tags."""
        with self._lock:
            stamp, entry, now = self._tags.stamp(tags), self._kept.get(name), self._now()
            found = entry is not None and entry.stamp == str(stamp) and entry.fresh_until > now
            return (entry.at(now) if entry and found else None), stamp

    def put(self, name: str, value: Value, *, tags: Sequence[str], stamp: int, ttl: float) -> None:
        """Keeps a result for ``ttl`` seconds, unless a tag was forgotten since the stamp."""
        data, until = json.dumps(to_json(value)), self._now() + timedelta(seconds=ttl)
        with self._lock:
            self._kept[name] = _Entry(data=data, stamp=str(stamp), fresh_until=until, kept_until=until, cost=0.0)

    def forget(self, tags: Sequence[str]) -> None:
        """Forgets whatever has one of the tags, and what is on its way."""
        with self._lock:
            self._tags.forgotten.update(tags)
