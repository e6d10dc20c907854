"""Asks for the message about a job as soon as the job has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from packsys.model import Event
from packsys.ports import Feed


@dataclass(frozen=True, kw_only=True)
class PostingFeed:
    """Passes events on as another feed does, and asks for deliveries when one is the end of a job with a callback.

    ``post`` asks a worker to deliver what is due, and raises nothing. Nothing hangs on it: what is due is looked for
    every second besides.
    """

    feed: Feed
    post: Callable[[], None]

    def publish(self, events: Sequence[Event]) -> None:
        """Passes events on."""
        self.feed.publish(events)
        if any(event.last and event.detail.get("callback") for event in events):
            self.post()

    def since(self, job: str, number: int) -> Sequence[Event] | None:
        """Lists a live job's events after the given number, as far as they have come through."""
        return self.feed.since(job, number)

    def listen(self, job: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` soon after each new event, until the returned function is called."""
        return self.feed.listen(job, ring)
