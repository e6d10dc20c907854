"""Shows calls in Flower, each as the task of its own that it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from packsys.dispatch.quick import task_id
from packsys.model import Step


@dataclass(frozen=True)
class CeleryDisplay:
    """Sends the events that Celery sends for a task: also for one that a worker goes on with by itself.

    ``events`` gives the event dispatcher of this process's consumer, or None where there is none.
    """

    events: Callable[[], Any]

    @contextmanager
    def show(self, step: Step) -> Iterator[None]:
        """Shows the task as received and started, and at the end of the block as succeeded or failed."""
        sender = self.events()
        if sender is None or not sender.enabled:
            yield
            return
        named = {"uuid": task_id(step), "name": step.invocation.name}
        sender.send("task-received", **named, **_described(step))
        sender.send("task-started", **named)
        began = time.monotonic()
        try:
            yield
        except Exception as error:
            sender.send("task-failed", **named, exception=type(error).__name__, traceback="")
            raise
        sender.send("task-succeeded", **named, result="None", runtime=time.monotonic() - began)


GATHERED_FOR = 0.1
"""Seconds for which the events of tasks are gathered before they are sent together: nobody in Flower sees it."""

GATHERED = 250
"""Events that are sent together at most: Celery sends 24, which one job of a few calls has."""


def gather(consumer: Any, *, clock: Callable[[], float] = time.monotonic) -> None:
    """Makes a consumer send the events of tasks in batches, instead of those of each task by themselves.

    It makes a dispatcher anew for each connection to the broker, and forgets then what it was to do later.
    """
    if consumer.hub is None:
        return
    due = 0.0

    def flush() -> None:
        consumer.event_dispatcher.flush()

    def later() -> None:
        nonlocal due
        consumer.event_dispatcher.buffer_limit = GATHERED
        if clock() >= due:
            due = clock() + GATHERED_FOR
            consumer.hub.call_soon(consumer.hub.call_later, GATHERED_FOR, flush)  # it may sleep: calls end in threads

    consumer.event_dispatcher.on_send_buffered = consumer.on_send_event_buffered = later


def _described(step: Step) -> dict[str, Any]:
    return {
        "args": repr((step.job, step.key)),
        "kwargs": "{}",
        "root_id": task_id(step),
        "parent_id": None,
        "retries": 0,
        "eta": None,
        "expires": None,
    }
