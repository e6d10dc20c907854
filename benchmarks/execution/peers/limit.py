"""The limit of a graph on Redis: workers take a node with BRPOP and end it with one Lua call. Nothing is kept safe.

A node that is taken by a worker that dies is lost; there is no lease, no time limit, no event and no second attempt.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from redis import Redis

from benchmarks.execution.engine import PATIENCE, Wait
from benchmarks.execution.shapes import Shape

READY = "ready"
BREATH = 1
"""Seconds for which a worker waits before it asks again."""


def connected() -> Redis:
    """Makes a client for one thread."""
    return Redis.from_url(os.environ["BENCH_LUA"], socket_timeout=PATIENCE, decode_responses=True)


def script(client: Redis, name: str) -> Any:
    """Loads one of the two scripts."""
    return client.register_script(Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8"))


class Engine:
    """Keeps a graph and its ready nodes with one Lua call, and waits for the value with BLPOP."""

    def __init__(self) -> None:
        """Connects."""
        self._client = connected()
        self._begin = script(self._client, "begin")
        self._numbers = count()

    def submit(self, shape: Shape, seed: int) -> Wait:
        """Begins a job."""
        job = f"job:{next(self._numbers)}"
        self._begin(keys=[job, READY], args=[json.dumps(each) for each in graph(shape, seed)])
        return partial(self._value, f"{job}:done")

    def _value(self, key: str) -> object:
        found: Any = self._client.blpop([key], timeout=PATIENCE)
        return json.loads(found[1])


def graph(shape: Shape, seed: int) -> Iterator[dict[str, Any]]:
    """Lists the nodes: the numbers they have, how long they wait, the nodes they need, and those behind them."""
    join = shape.width + 1
    for number in range(1, shape.width + 1):
        yield {"id": number, "numbers": [number, seed], "pause": shape.pause, "needs": [], "after": [join]}
    last = join + shape.tail
    if shape.width:
        needs = [*range(1, join)]
        yield {"id": join, "numbers": [], "pause": 0, "needs": needs, "after": [join + 1] if shape.tail else []}
    for number in range(join + 1, last + 1):
        first = number == join + 1 and not shape.width
        yield {
            "id": number,
            "numbers": [seed, 1] if first else [1],
            "pause": shape.pause,
            "needs": [] if first else [number - 1],
            "after": [number + 1] if number < last else [],
        }


def work() -> None:
    """Takes nodes for ever: every node adds its numbers to what the nodes before it gave."""
    client = connected()
    end = script(client, "end")
    while True:
        taken: Any = client.brpop([READY], timeout=BREATH)
        if taken:
            node = json.loads(taken[1])
            if node["pause"]:
                time.sleep(node["pause"])
            end(keys=[node["job"], READY], args=[node["id"], sum(node["numbers"])])


def main() -> None:
    """Works with as many threads as this process has slots."""
    slots = int(os.environ.get("BENCH_SLOTS", "1"))
    for _ in range(slots - 1):
        threading.Thread(target=work, daemon=True).start()
    work()


if __name__ == "__main__":
    main()
