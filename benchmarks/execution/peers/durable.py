"""The same in DBOS: a job is a workflow on a queue, a call is a step, and PostgreSQL keeps both.

Two processes work, as its documentation recommends; polls are shorter than by default (queue 1 s, result 1 s).
Steps that may run at once are gathered in one process: a workflow of its own for each would cost more.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from functools import partial
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig

from benchmarks.execution.engine import Wait
from benchmarks.execution.shapes import Shape

QUEUE = "jobs"
QUEUE_POLL = 0.02
RESULT_POLL = 0.005
AT_ONCE = 32
"""Workflows that one process works on at a time: they wait for their steps."""

url = os.environ["BENCH_DBOS"]
slots = asyncio.Semaphore(int(os.environ.get("BENCH_SLOTS", "1")))
"""Bounds the calls that wait at the same time in one process."""


@DBOS.step()
async def add(left: int, right: int, pause: float) -> int:
    """Adds two numbers."""
    if pause:
        async with slots:
            await asyncio.sleep(pause)
    return left + right


@DBOS.workflow()
async def evaluate(width: int, tail: int, pause: float, seed: int) -> int:
    """Evaluates a shape."""
    leaves = await asyncio.gather(*(add(number, seed, pause) for number in range(1, width + 1)))
    value = sum(leaves) if width else seed
    for _ in range(tail):
        value = await add(value, 1, pause)
    return value


class Engine:
    """Puts workflows on the queue and polls for their results."""

    def __init__(self) -> None:
        """Connects to the database that the workers made."""
        self._client: Any = DBOSClient(system_database_url=url)

    def submit(self, shape: Shape, seed: int) -> Wait:
        """Begins a job."""
        asked = {"queue_name": QUEUE, "workflow_name": evaluate.__qualname__}
        handle = self._client.enqueue(asked, shape.width, shape.tail, shape.pause, seed)
        return partial(handle.get_result, polling_interval_sec=RESULT_POLL)


def main(words: list[str]) -> None:
    """Works until it is told to end; with ``prepare``, makes the database and ends."""
    # A process that is stilled between two turns must not lose its connection for it.
    config = DBOSConfig(
        name="bench", system_database_url=url, log_level="ERROR", sys_db_pool_size=10,
        sys_db_idle_transaction_timeout_sec=0, application_version="bench",
    )  # fmt: skip
    DBOS(config=config)
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=AT_ONCE, polling_interval_sec=QUEUE_POLL)
    if words != ["prepare"]:
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
    DBOS.destroy()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main(sys.argv[1:])
