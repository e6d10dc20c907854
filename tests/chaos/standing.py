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

LONG, LONGER = 15.0, 45.0
"""Seconds without an event after which a live job stands: several leases and rounds of the reconciler; and after which
workers are asked what they are doing, too."""

FEW = 3
"""Jobs of which everything is told."""

Found: TypeAlias = Mapping[str, Any]
"""Is one look at jobs that stand, for JSON: how many are new, a few of them, and what was around them."""


@contextmanager
def stood_still(house: House, run: str) -> Iterator[list[Found]]:
    """Looks for jobs that stand while the block runs, and gives what was found."""
    seen: list[Found] = []
    known: set[tuple[str, float]] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(1.0):
            with suppress(psycopg.Error, RedisError), closing(Rows(house.system.settings.database_url, run)) as rows:
                for seconds in (LONG, LONGER):
                    if new := [job for job in rows.standing(seconds) if (job["id"], seconds) not in known]:
                        known.update((job["id"], seconds) for job in new)
                        seen.append({"seconds": seconds, "count": len(new), "jobs": new[:FEW], **around(house, rows)})
                        _ask(house, seconds)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield seen
    finally:
        over.set()


def around(house: House, rows: Rows) -> Found:
    """Tells what the queues hold, which messages are held by a worker, and what the database's connections do."""
    url = house.system.settings.state_url
    seen = look(url)
    return {
        "at": time.time(),
        "queues": {name: length for name, length in seen.queues.items() if length},
        "waiting": seen.waiting,
        "held": held(url),
        "connections": rows.connections(),
    }


def _ask(house: House, seconds: float) -> None:
    if seconds == LONGER:
        house.cry()
