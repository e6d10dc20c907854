"""Sockets for what happened to jobs, and for who follows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from packsys.model import Event


class EventStore(Protocol):
    """Keeps what happened to jobs."""

    def since(self, job: str, number: int) -> Sequence[Event]:
        """Lists a job's events after the given number, oldest first."""


class Bells(Protocol):
    """Rings for those who wait for something to happen, and may lose any ring: what has happened is in a store."""

    def ring(self, name: str) -> None:
        """Rings, soon; raises nothing and waits for nobody."""

    def listen(self, name: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` from any thread each time that somebody rings, until the returned function is called.

        It rings at first as soon as nothing can be missed any more, and may ring for no reason.
        """


class Feed(Protocol):
    """Passes events on to those who follow a job, and may lose any of them: what counts is in the store of events."""

    def publish(self, events: Sequence[Event]) -> None:
        """Passes events of any jobs on, after they were kept; raises nothing.

        The same event may be published twice, and events of several workers in any order.
        """

    def since(self, job: str, number: int) -> Sequence[Event] | None:
        """Lists a live job's events after the given number, oldest first, as far as they have come through.

        None where that would leave a gap, or nothing is known of the job: the store of events tells, then.
        """

    def listen(self, job: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` from any thread soon after each new event, until the returned function is called.

        It rings at first as soon as nothing can be missed any more, again after each break in the listening, and may
        ring for no reason.
        """
