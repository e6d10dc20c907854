"""The events of tasks are sent together, a tenth of a second after the first of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from celery.worker.consumer.events import Events

from packsys.dispatch.app import celery_app
from workers.display import GATHERED, gather


@dataclass
class Hub:
    """Notes what an event loop is to do soon, and later."""

    soon: list[tuple[Any, ...]] = field(default_factory=list)

    def call_soon(self, *what: Any) -> None:
        self.soon.append(what)

    def call_later(self, seconds: float, act: Callable[[], None]) -> None:
        """Is what it is to do soon."""


@dataclass
class Consumer:
    """Is what a worker's consumer is to its events."""

    app: Any
    hub: Hub = field(default_factory=Hub)
    hostname: str = "worker@test"
    amqheartbeat: float = 0.0
    event_dispatcher: Any = None
    now: float = 1.0

    def connection_for_write(self, heartbeat: float) -> Any:
        return self.app.connection_for_write()

    def on_send_event_buffered(self) -> None:
        """Is Celery's own way."""
        self.hub.soon.append(("each",))

    def send(self, events: int) -> int:
        """Sends events, and gives the number of those that wait."""
        for number in range(events):
            self.event_dispatcher.send("task-started", uuid=str(number))
        return len(self.event_dispatcher._group_buffer["task"])


@pytest.fixture
def consumer(state_url: str) -> Consumer:
    """Gives one whose connection broke once since its events are gathered."""
    made = Consumer(celery_app(state_url))
    step = Events(made)
    step.start(made)
    gather(made, clock=lambda: made.now)
    step.start(made)
    return made


def test_they_are_gathered(consumer: Consumer) -> None:
    assert consumer.send(100) == 100
    ((later, _, flush),) = consumer.hub.soon
    assert later == consumer.hub.call_later
    flush()
    assert consumer.send(0) == 0


def test_so_many_are_sent_at_once(consumer: Consumer) -> None:
    assert consumer.send(GATHERED + 1) == 1


def test_those_that_come_later_are_sent_whatever_became_of_the_others(consumer: Consumer) -> None:
    consumer.send(1)
    consumer.now += 1.0
    consumer.send(1)
    assert len(consumer.hub.soon) == 2
