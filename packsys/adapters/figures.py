"""Sets up what is counted, and who shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packsys.metrics.exposition import CacheMeter, Exposition
from packsys.metrics.measure import Measure
from packsys.metrics.process import ProcessFigures
from packsys.metrics.syncs import CountingSyncFinish, CountingSyncWork
from packsys.ports import Meter, ResultCache
from packsys.settings import Settings
from packsys.sync.house import SyncStores

if TYPE_CHECKING:
    from packsys.store.database import Database


def measure_in(settings: Settings) -> Measure:
    """Sets up the sums of all processes."""
    from packsys.kvstore.metering import RedisCounters

    return Measure(RedisCounters.at(settings.state_url))


def counted(stores: SyncStores, measure: Measure) -> SyncStores:
    """Puts what counts pages and runs before what keeps them."""
    return replace(
        stores,
        work=CountingSyncWork(work=stores.work, measure=measure),
        finish=CountingSyncFinish(finish=stores.finish, measure=measure),
    )


def exposed(settings: Settings, database: Database, cache: ResultCache, figures: ProcessFigures) -> Exposition:
    """Sets up what shows the figures of this process, and those that servers know."""
    from packsys.kvstore.metering import RedisCounters, RedisMeter
    from packsys.store.metering import PostgresMeter

    state: list[Meter] = [RedisCounters.at(settings.state_url), *_state_meters(settings)]
    meters: dict[str, list[Meter]] = {
        "database": [PostgresMeter(database)],
        "state": state,
        "cache": [RedisMeter.at(settings.cache_url, server="cache"), CacheMeter(cache)],
    }
    return Exposition(figures, meters, settings.metrics_token)


def _state_meters(settings: Settings) -> list[Meter]:
    """Reads the queues where they are, as far as that is a Redis."""
    from celeryconfig import task_queues
    from packsys.kvstore.metering import RedisMeter

    queues = tuple(queue.name for queue in task_queues)
    if settings.broker == settings.state_url:
        return [RedisMeter.at(settings.state_url, queues, server="state")]
    state = RedisMeter.at(settings.state_url, server="state")
    if not settings.broker.startswith("redis"):
        return [state]
    return [state, RedisMeter.at(settings.broker, queues, server="broker")]
