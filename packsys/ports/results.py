"""Sockets for kept results, and for making equal calls once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from packsys.values import Value


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Is a kept result.

    ``fresh_for`` are the seconds for which it may still be used as it is; at 0 and below it may be used only while
    another is made. ``cost`` are the seconds that it took to make.
    """

    value: Value
    fresh_for: float
    cost: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Is a call as all who ask for the same one name it, and the step that asks, as job and key.

    ``tags`` are what its result depends on: to forget a tag is to forget all results that have it.
    """

    name: str
    tags: tuple[str, ...]
    step: tuple[str, str]


@dataclass(frozen=True)
class Lead:
    """Tells who asks to make the call, for all who ask meanwhile.

    ``stamp`` is the state of the tags at that moment; it is empty where no server knows of the flight. ``kept`` is a
    result that is to be made anew, and may be used until then.
    """

    stamp: str = ""
    kept: Kept | None = None


@dataclass(frozen=True)
class Wait:
    """Tells who asks that another makes the call, which has ``seconds`` more unless it asks for more."""

    seconds: float


@dataclass(frozen=True)
class Handed:
    """Is the outcome of a call, an error too, for one who waited for it."""

    outcome: Value


class ResultCache(Protocol):
    """Keeps results for a while, and counts how often that helped; may forget at any moment."""

    def get(self, name: str, *, tags: Sequence[str] = ()) -> Kept | None:
        """Finds a fresh result."""

    def get_many(self, asked: Mapping[str, Sequence[str]]) -> Mapping[str, Kept]:
        """Finds the fresh ones of several results, whose names stand with their tags, by their names."""

    def forget(self, tags: Sequence[str]) -> None:
        """Forgets whatever has one of the tags, and what is on its way.

        Raises :class:`~packsys.errors.NotReady` where it cannot.
        """

    def count(self, counts: Mapping[str, int]) -> None:
        """Adds to the counts of all workers, if it can."""

    def counts(self) -> Mapping[str, int]:
        """Gives the counts of all workers; raises :class:`~packsys.errors.NotReady` where it cannot."""


class FlightDesk(Protocol):
    """Lets one of all who ask for the same call make it, and hands its outcome to the others.

    It may forget at any moment: calls are then made more than once, and those who wait come back by themselves.
    """

    def ask(self, asked: Asked, *, lease: float, early: float = 0.0) -> Kept | Handed | Lead | Wait:
        """Finds the result, or says who is to make it; who leads does so for ``lease`` seconds.

        A step that leads already goes on doing so. A result is made anew ``early`` times the seconds that it took to
        make before it stops being fresh. While it is made anew, the others are given the one that there is.
        """

    def join(self, asked: Asked) -> bool:
        """Notes that a step waits; False when the flight has ended, so that the step had better ask again."""

    def prolong(self, asked: Asked, *, lease: float) -> None:
        """Leads for ``lease`` seconds from now, if the step still does."""

    def land(
        self, asked: Asked, outcome: Value, *, stamp: str, ttl: float = 0.0, stale: float = 0.0, cost: float = 0.0
    ) -> Sequence[tuple[str, str]]:
        """Ends a flight with an outcome, and gives the steps that waited for it.

        A value is kept as fresh for ``ttl`` seconds and for ``stale`` more, unless a tag was forgotten since the
        stamp; an error is never kept. What is not kept is handed, for a while, to those who waited.
        """

    def leave(self, asked: Asked) -> tuple[str, str] | None:
        """Ends a flight without an outcome, and gives one of the steps that wait for it, which may lead next.

        To wake all of them would be in vain for all but one, and if that one fails as well, for all but one again.
        """


class LastingResults(Protocol):
    """Keeps results that are good for long where they outlive a cache server."""

    def look(self, name: str, *, tags: Sequence[str]) -> tuple[Kept | None, int]:
        """Finds a fresh result, and tells the state of the tags."""

    def put(self, name: str, value: Value, *, tags: Sequence[str], stamp: int, ttl: float) -> None:
        """Keeps a result for ``ttl`` seconds, unless a tag was forgotten since the stamp."""

    def forget(self, tags: Sequence[str]) -> None:
        """Forgets whatever has one of the tags, and what is on its way."""
