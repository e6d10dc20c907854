"""What happens to a sync run, as server-sent events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from packsys.errors import PacksysError
from packsys.model import Scope
from packsys.service.auth import Caller, Draining, House, keyed_router
from packsys.service.resuming import After
from packsys.service.streaming import Seen, answers, follow
from packsys.service.syncruns import RunId
from packsys.service.syncviews import RunEventView
from packsys.service.waiting import bell
from packsys.syncmodel import RunEvent, SyncRun
from packsys.values import plain

log = logging.getLogger(__name__)

router = keyed_router(Scope.SYNCS, tag="syncs")

MOST = 1000
"""Events that one look reads; the next look follows at once."""


async def watched(run: RunId, house: House, key: Caller) -> SyncRun:
    """Finds the run before the answer begins; raises NotFound."""
    return await to_thread.run_sync(lambda: house.syncs.runs.get(str(run), workspace=key.workspace))


Watched = Annotated[SyncRun, Depends(watched)]


async def subscribed(run: Watched, house: House) -> AsyncIterator[asyncio.Event]:
    """Subscribes to the run for as long as the answer lasts, however that ends."""
    async with bell(house.syncs.bells, run.id) as rung:
        yield rung


Rung = Annotated[asyncio.Event, Depends(subscribed)]


def look(house: House, run: str, after: int) -> Seen[RunEvent]:
    """Reads the events; the state first: of a run that has ended, the events read next are all there are."""
    ended = house.syncs.runs.get(run).state.final
    events = house.syncs.events.since(run, after, limit=MOST)
    more = len(events) >= MOST
    return Seen(ended and not more, events, more=more)


async def first_look(run: Watched, house: House, _subscribed: Rung, after: After, response: Response) -> Seen[RunEvent]:
    """Looks before the answer begins, while it can still be a problem, or the news that nothing more will come."""
    return (await to_thread.run_sync(look, house, run.id, after)).begin(response)


async def next_look(house: House, run: str, after: int, _rung: bool) -> Seen[RunEvent]:
    """Looks again; where that fails the stream ends, and the client takes it up again."""
    try:
        return await to_thread.run_sync(look, house, run, after)
    except PacksysError as error:  # also where the table was deleted meanwhile
        log.warning("stream.failed", extra={"run": run, "code": error.code})
        return Seen(ended=True)


@router.get(
    "/sync-runs/{run}/events",
    response_class=EventSourceResponse,
    response_description="The events after the given one, and each new one as it happens.",
    responses=answers("RunEventView", of="run"),
)
async def follow_run(
    *,
    run: Watched,
    house: House,
    rung: Rung,
    after: After,
    seen: Annotated[Seen[RunEvent], Depends(first_look)],
    draining: Draining,
) -> AsyncIterator[ServerSentEvent]:
    """Streams what happened to a run and what happens, until it has ended.

    Every event has its number as `id`, its kind as `event`, and as `data` one JSON object. A comment comes every
    15 seconds of silence. Reconnect with `Last-Event-ID` and nothing is missed. A run that needs approval, or
    rests, has not ended.
    """
    async for each in follow(
        seen, after=after, rung=rung, look=partial(next_look, house, run.id), written=sent, draining=draining
    ):
        yield each


def sent(event: RunEvent) -> ServerSentEvent:
    """Gives an event as it goes over the wire."""
    view = RunEventView(
        run=event.run,
        number=event.number,
        at=event.at,
        kind=event.kind,
        detail={name: plain(value) for name, value in event.detail.items()},
    )
    return ServerSentEvent(id=str(event.number), event=event.kind.value, data=view)
