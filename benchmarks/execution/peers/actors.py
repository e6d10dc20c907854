"""The same in dramatiq: pipelines, and a group whose completion callback joins it by the ids of its members."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import GroupCallbacks
from dramatiq.rate_limits.backends import RedisBackend as BarrierBackend
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from benchmarks.execution.engine import PATIENCE, Wait
from benchmarks.execution.shapes import Shape

url = os.environ["BENCH_DRAMATIQ"]
results = RedisBackend(url=url)
broker = RedisBroker(url=url)
# What follows a message happens in the opposite order: its result is kept before the callback is sent.
broker.add_middleware(GroupCallbacks(BarrierBackend(url=url)))
broker.add_middleware(Results(backend=results))
dramatiq.set_broker(broker)


@dramatiq.actor(store_results=True)
def add(left: int, right: int, *, pause: float = 0.0) -> int:
    """Adds two numbers."""
    if pause:
        time.sleep(pause)
    return left + right


@dramatiq.actor(store_results=True)
def total(members: list[str]) -> int:
    """Joins a group: reads what its members gave."""
    return sum(_step(0, 0, pause=0.0).copy(message_id=member).get_result(backend=results) for member in members)


class Engine:
    """Sends pipelines and groups, and waits for the last result."""

    def submit(self, shape: Shape, seed: int) -> Wait:
        """Begins a job."""
        tail = [_step(1, pause=shape.pause) for _ in range(shape.tail)]
        last = _grouped(shape, seed, tail) if shape.width else _piped([_step(seed, 1, pause=shape.pause), *tail[1:]])
        return partial(last.get_result, backend=results, block=True, timeout=int(PATIENCE * 1000))


def _grouped(shape: Shape, seed: int, tail: list[Any]) -> Any:
    members = [_step(number, seed, pause=shape.pause) for number in range(1, shape.width + 1)]
    behind = dramatiq.pipeline([total.message([member.message_id for member in members]), *tail])
    group = dramatiq.group(members)
    group.add_completion_callback(behind.messages[0])
    group.run()
    return behind.messages[-1]


def _piped(messages: list[Any]) -> Any:
    return dramatiq.pipeline(messages).run().messages[-1]


def _step(*numbers: int, pause: float) -> Any:
    return add.message(*numbers, pause=pause) if pause else add.message(*numbers)
