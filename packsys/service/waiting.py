"""Waits for jobs without holding a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from anyio import CancelScope, move_on_after, to_thread

from packsys.model import Job
from packsys.ports import Bells, Feed

FALLBACK = 1.0
"""Seconds after which a waiter looks again although no bell rang: a bell may be lost, a row is not."""


@asynccontextmanager
async def bell(feed: Feed | Bells, name: str) -> AsyncIterator[asyncio.Event]:
    """Gives an event that is set soon after each transition of a job or run; unsubscribes at the end, come what may."""
    rung, loop = asyncio.Event(), asyncio.get_running_loop()

    def ring() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(rung.set)

    stop = await to_thread.run_sync(feed.listen, name, ring)
    try:
        yield rung
    finally:
        with CancelScope(shield=True):
            await to_thread.run_sync(stop)


async def heard(rung: asyncio.Event) -> bool:
    """Waits until the bell rings, or until it is time to look all the same; tells whether it rang."""
    with move_on_after(FALLBACK):
        await rung.wait()
    return rung.is_set()


@dataclass
class Follower:
    """Knows the number of the last event of a job that it saw in the feed."""

    feed: Feed
    job: str
    number: int = 0

    def may_have_ended(self) -> bool:
        """Tells whether it is worth while to read the job: it has ended, or the feed does not know."""
        news = self.feed.since(self.job, self.number)
        if news is None:
            return True
        self.number = news[-1].number if news else self.number
        return any(event.last for event in news)


async def settled(
    job: Job, *, read: Callable[[], Job], feed: Feed, seconds: float, draining: Callable[[], bool]
) -> Job:
    """Reads a job until it has ended or ``seconds`` have passed: when its feed says so, and every second besides.

    The bell rings as soon as it can be heard: what happened to the job before that is seen then.
    """
    if job.state.final or not seconds:
        return job
    with move_on_after(seconds):
        async with bell(feed, job.id) as rung:
            follower = Follower(feed, job.id)
            while not draining():
                rang = await heard(rung)
                rung.clear()
                if not rang or await to_thread.run_sync(follower.may_have_ended):
                    job = await to_thread.run_sync(read)
                    if job.state.final:
                        break
    return job
