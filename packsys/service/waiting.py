"""Waits for jobs without holding a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anyio import CancelScope, move_on_after, to_thread

from packsys.model import Job
from packsys.ports import EventStore

FALLBACK = 1.0
"""Seconds after which a waiter looks again although no bell rang: a bell may be lost, a row is not."""


@asynccontextmanager
async def bell(events: EventStore, job: str) -> AsyncIterator[asyncio.Event]:
    """Gives an event that is set soon after each transition of a job; unsubscribes at the end, come what may."""
    rung, loop = asyncio.Event(), asyncio.get_running_loop()

    def ring() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(rung.set)

    stop = await to_thread.run_sync(events.listen, job, ring)
    try:
        yield rung
    finally:
        with CancelScope(shield=True):
            await to_thread.run_sync(stop)


async def heard(rung: asyncio.Event) -> None:
    """Waits until the bell rings, or until it is time to look all the same."""
    with move_on_after(FALLBACK):
        await rung.wait()


async def settled(
    job: Job, *, read: Callable[[], Job], events: EventStore, seconds: float, draining: Callable[[], bool]
) -> Job:
    """Reads a job again after each transition, until it has ended or ``seconds`` have passed."""
    if job.state.final or not seconds:
        return job
    with move_on_after(seconds):
        async with bell(events, job.id) as rung:
            while True:
                rung.clear()
                job = await to_thread.run_sync(read)
                if job.state.final or draining():
                    break
                await heard(rung)
    return job
