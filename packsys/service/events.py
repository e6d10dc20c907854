"""What happens to a job, as server-sent events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from packsys.model import Event, Job, Scope
from packsys.service.auth import Caller, Draining, House, keyed_router
from packsys.service.fields import JobId
from packsys.service.resuming import After
from packsys.service.streaming import Seen, answers, follow
from packsys.service.views import EventView
from packsys.service.waiting import bell
from packsys.values import plain

log = logging.getLogger(__name__)

router = keyed_router(Scope.JOBS, tag="jobs")


async def watched(job_id: JobId, house: House, key: Caller) -> Job:
    """Finds the job before the answer begins; raises NotFound."""
    return await to_thread.run_sync(lambda: house.jobs.get(str(job_id), workspace=key.workspace))


Watched = Annotated[Job, Depends(watched)]


async def subscribed(job: Watched, house: House) -> AsyncIterator[asyncio.Event]:
    """Subscribes to the job for as long as the answer lasts, however that ends."""
    async with bell(house.feed, job.id) as rung:
        yield rung


Rung = Annotated[asyncio.Event, Depends(subscribed)]


def look(house: House, job: Job, after: int) -> Seen[Event]:
    """Reads the execution log; the state first: of a job that has ended, the events read next are all there are."""
    ended = house.jobs.get(job.id, workspace=job.workspace).state.final
    return Seen(ended, house.events.since(job.id, after))


def glance(house: House, job: Job, after: int) -> Seen[Event]:
    """Reads the job's stream, and the execution log where the stream has a gap."""
    news = house.feed.since(job.id, after)
    if news is None:
        return look(house, job, after)
    return Seen(any(event.last for event in news), news)


async def first_look(job: Watched, house: House, _subscribed: Rung, after: After, response: Response) -> Seen[Event]:
    """Looks before the answer begins, while it can still be a problem, or the news that nothing more will come."""
    return (await to_thread.run_sync(look if job.state.final else glance, house, job, after)).begin(response)


async def next_look(house: House, job: Job, after: int, rung: bool) -> Seen[Event]:
    """Looks again, into the log where no bell rang; where that fails the stream ends, and the client takes it up again.

    So an event that the stream lost is a second late. Where PostgreSQL was killed it may have lost events of its last
    half second that were told already: their numbers come again, and the end may have one of them. It is told still.
    """
    try:
        seen = await to_thread.run_sync(glance if rung else look, house, job, after)
        if seen.ended and not seen.events:
            seen = Seen(True, (await to_thread.run_sync(house.events.since, job.id, 0))[-1:])
        return seen
    except Exception as error:
        log.error("stream.failed", exc_info=error, extra={"job": job.id})
        return Seen(ended=True)


@router.get(
    "/jobs/{job_id}/events",
    response_class=EventSourceResponse,
    response_description="The events after the given one, and each new one as it happens.",
    responses=answers("EventView", of="job"),
)
async def follow_job(
    *,
    job: Watched,
    house: House,
    rung: Rung,
    after: After,
    seen: Annotated[Seen[Event], Depends(first_look)],
    draining: Draining,
) -> AsyncIterator[ServerSentEvent]:
    """Streams what happened to a job and what happens, until its last event.

    Every event has its number as `id`, its kind as `event`, and as `data` one JSON object. A comment comes every
    15 seconds of silence. Reconnect with `Last-Event-ID` and nothing is missed.
    """
    async for each in follow(
        seen, after=after, rung=rung, look=partial(next_look, house, job), written=sent, draining=draining
    ):
        yield each


def sent(event: Event) -> ServerSentEvent:
    """Gives an event as it goes over the wire."""
    view = EventView(
        job=event.job,
        number=event.number,
        at=event.at,
        kind=event.kind,
        step=event.step,
        detail={name: plain(value) for name, value in event.detail.items()},
    )
    return ServerSentEvent(id=str(event.number), event=event.kind.value, data=view)
