"""Streams numbered events until no more will come, as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from fastapi import Response
from fastapi.sse import ServerSentEvent

from packsys.service.problems import declare
from packsys.service.waiting import heard


class Numbered(Protocol):
    """Is an event with a number: each is greater than those before it."""

    @property
    def number(self) -> int:
        """Gives the number."""


Told = TypeVar("Told", bound=Numbered)


@dataclass(frozen=True)
class Seen(Generic[Told]):
    """Is one look: whether no more will come, the events that are new, and whether ``more`` are there already."""

    ended: bool
    events: Sequence[Told] = ()
    more: bool = False

    def begin(self, response: Response) -> Seen[Told]:
        """Gives itself, as what an answer begins with; tells a client that knows everything not to come back."""
        if self.ended and not self.events:
            response.status_code = 204
        return self


async def follow(
    seen: Seen[Told],
    *,
    after: int,
    rung: asyncio.Event,
    look: Callable[[int, bool], Awaitable[Seen[Told]]],
    written: Callable[[Told], ServerSentEvent],
    draining: Callable[[], bool],
) -> AsyncIterator[ServerSentEvent]:
    """Gives the events that were seen, and each that comes, until no more will or the service drains.

    ``look`` is told the number of the last event, and whether a bell rang.
    """
    while True:
        for event in seen.events:
            yield written(event)
            after = event.number
        if seen.ended or draining():
            return
        rang = seen.more or await heard(rung)
        rung.clear()
        seen = await look(after, rang)


def answers(view: str, *, of: str) -> dict[int | str, dict[str, Any]]:
    """Describes the answers of a stream ``of`` something whose events have a ``view``, for the API's description."""
    data: Mapping[str, Any] = {
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": f"#/components/schemas/{view}"},
    }
    item = {"required": ["id", "event", "data"], "properties": {"data": data}}
    known = f"The {of} has ended and all its events are known: do not reconnect."
    return {
        200: {"content": {"text/event-stream": {"itemSchema": item}}},
        204: {"description": known},
        **declare(404),
    }
