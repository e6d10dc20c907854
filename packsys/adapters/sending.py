"""Sets up how work reaches the workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from packsys.adapters.clock import now
from packsys.metrics.measure import Measure
from packsys.metrics.told import CountingFeed
from packsys.ports import Dispatcher, Pressure, Queues
from packsys.runtime.posting import PostingFeed
from packsys.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Sending:
    """Is how work reaches the workers, and how it is seen that too much does."""

    dispatcher: Dispatcher
    pressure: Pressure
    queues: Queues | None = None


def sending_through(settings: Settings, app: Any) -> Sending:
    """Sets up the way that the settings name; ``app`` is the Celery app of this process."""
    from packsys.dispatch.app import ADVANCE, QUEUES, STEP
    from packsys.dispatch.canvas import CanvasDispatcher
    from packsys.dispatch.envelope import Envelope
    from packsys.dispatch.quick import QuickDispatcher
    from packsys.kvstore.pressure import RedisPressure
    from packsys.kvstore.queues import RedisQueues

    quickly = settings.dispatcher == "quick"
    pressure = RedisPressure.at(
        settings.broker if quickly else settings.state_url,  # a canvas goes through any broker, which may be no Redis
        tuple(QUEUES.values()),
        deepest=settings.queue_depth,
        fullest=settings.state_memory,
    )
    if not quickly:
        return Sending(dispatcher=CanvasDispatcher(app), pressure=pressure)
    queues = RedisQueues.at(settings.broker, room=settings.queue_room)
    steps, advances = Envelope.of(app, STEP), Envelope.of(app, ADVANCE)
    quick = QuickDispatcher(queues=queues, steps=steps, advances=advances, now=now)
    return Sending(dispatcher=quick, pressure=pressure, queues=queues)


def feed_through(settings: Settings, app: Any, measure: Measure) -> PostingFeed:
    """Sets up how events are passed on, and how deliveries are asked for."""
    from packsys.dispatch.post import CeleryPost
    from packsys.kvstore.feed import RedisFeed

    feed = CountingFeed(feed=RedisFeed.at(settings.state_url), measure=measure)
    return PostingFeed(feed=feed, post=CeleryPost(app))
