"""Writes down which jobs stand still in a trial, before their deadline ends them and the house is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any, TypeAlias

import psycopg
from redis import RedisError

from tests.chaos.broker import held, look
from tests.chaos.house import House
from tests.chaos.rows import Rows

LONG, AGAIN = 15.0, 45.0
"""Seconds without an event after which a live job stands (several leases and rounds of the reconciler), and after
which workers are asked what they are doing."""

Found: TypeAlias = Mapping[str, Any]
"""Is what was known of a job when it stood, for JSON."""


@contextmanager
def stood_still(house: House, run: str) -> Iterator[list[Found]]:
    """Looks for jobs that stand while the block runs, and gives what was known of each when it was found."""
    found: dict[tuple[str, float], Found] = {}
    seen: list[Found] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(1.0):
            with suppress(psycopg.Error, RedisError), closing(Rows(house.system.settings.database_url, run)) as rows:
                for long, ask in ((LONG, _nothing), (AGAIN, house.cry)):
                    new = [job for job in rows.standing(long) if (job["id"], long) not in found]
                    if new:
                        ask()
                        around = surroundings(house, rows)
                        found.update({(job["id"], long): job for job in new})
                        seen.extend({**job, "at": time.time(), "around": around} for job in new)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield seen
    finally:
        over.set()


def surroundings(house: House, rows: Rows) -> Found:
    """Tells what the queues hold, which messages are held by a worker, and what the database's connections do."""
    url = house.system.settings.state_url
    seen = look(url)
    queues = {name: length for name, length in seen.queues.items() if length}
    return {"queues": queues, "waiting": seen.waiting, "held": held(url), "connections": rows.connections()}


def _nothing() -> None:
    """Asks nobody."""
