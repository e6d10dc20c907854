"""Whatever is sent through Celery leaves nothing behind in who sends it, and says so where it cannot be sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from packsys.dispatch.app import celery_app
from packsys.dispatch.canvas import CanvasDispatcher
from packsys.dispatch.post import CeleryPost
from packsys.dispatch.slots import SlotBell
from packsys.dispatch.syncbells import SyncBells
from packsys.errors import NotReady
from packsys.kvstore.address import translated
from packsys.model import Route, Step
from packsys.scheduling.schedule import Cause, Slot
from packsys.syncmodel import Mode, SyncRun
from tests.ports.samples import call

DUE = datetime(2026, 1, 1, tzinfo=UTC)
SLOT = Slot(schedule="house:deliver", workspace="", kind="house", target="deliver", due=DUE, cause=Cause.TIME)
RUN = SyncRun(id="run-1", table="t", workspace="default", mode=Mode.FULL)
STEPS = [
    Step(job="job-1", key=each.key, number=number, wave=1, invocation=each)
    for number, each in enumerate([call("Repos"), call("Repo")], start=1)
]

SENDERS: dict[str, Callable[[Any], object]] = {
    "a slot": lambda app: SlotBell(app)(SLOT),
    "a page": lambda app: SyncBells(app).page(RUN),
    "a finish": lambda app: SyncBells(app).finish(RUN),
    "a wave of one": lambda app: CanvasDispatcher(app).wave(STEPS[:1], route=Route()),
    "a wave of two": lambda app: CanvasDispatcher(app).wave(STEPS, route=Route()),
    "a step": lambda app: CanvasDispatcher(app).again(STEPS[0], route=Route(), delay=1.0),
    "an advance": lambda app: CanvasDispatcher(app).advance("job-1", route=Route()),
}
senders = pytest.mark.parametrize("send", SENDERS.values(), ids=list(SENDERS))


def away() -> Any:
    """Gives an app whose broker is away, and which does not wait before it tries again."""
    app = celery_app("redis://127.0.0.1:1/0")
    app.conf.task_publish_retry_policy = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
    return app


def listened_to(state_url: str) -> list[bytes]:
    """Lists the results for which somebody waits."""
    with Redis.from_url(translated(state_url)) as client:
        return client.pubsub_channels("celery-task-meta-*")  # type: ignore[return-value]


@pytest.mark.parametrize("send", [*SENDERS.values(), lambda app: CeleryPost(app)()], ids=[*SENDERS, "a delivery"])
def test_nobody_waits_for_a_result_that_never_comes(state_url: str, send: Callable[[Any], object]) -> None:
    """Celery would subscribe to it for ever: one more channel in the state server for every message."""
    app = celery_app(state_url)
    send(app)
    assert listened_to(state_url) == []
    assert app.backend.result_consumer.subscribed_to == set()


@senders
def test_a_broker_that_is_away_is_said_to_be(send: Callable[[Any], object]) -> None:
    with pytest.raises(NotReady, match="broker"):
        send(away())


@pytest.mark.parametrize("strange", [replace(SLOT, target="renamed"), replace(SLOT, kind="new")])
def test_a_slot_of_another_version_is_passed_over(strange: Slot) -> None:
    """Else beat would fall over it for ever, and nothing else would be sent."""
    SlotBell(away())(strange)


def test_a_delivery_that_cannot_be_asked_for_is_no_error() -> None:
    CeleryPost(away())()
