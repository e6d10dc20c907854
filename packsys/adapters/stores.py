"""Sets up what lies in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from packsys.model import Event
from packsys.ports import (
    ConnectionStore,
    DeliveryStore,
    EventStore,
    JobStore,
    KeyStore,
    LastingResults,
    OAuthStore,
    ProgressStore,
    ReleaseStore,
    StepStore,
    UpkeepStore,
    WebhookSecretStore,
)
from packsys.scheduling.ports import ScheduleStore, SlotStore
from packsys.store.connections import PostgresConnections
from packsys.store.database import Database
from packsys.store.deliveries import PostgresDeliveries
from packsys.store.events import PostgresEvents
from packsys.store.jobs import PostgresJobs
from packsys.store.keys import PostgresKeys
from packsys.store.oauth import PostgresOAuth
from packsys.store.progress import PostgresProgress
from packsys.store.releases import PostgresReleases
from packsys.store.results import PostgresResults
from packsys.store.schedules import PostgresSchedules, PostgresSlots
from packsys.store.steps import PostgresSteps
from packsys.store.syncrows import PostgresRows
from packsys.store.syncruns import PostgresSyncEvents, PostgresSyncRuns, PostgresSyncTables
from packsys.store.syncupkeep import PostgresSyncUpkeep
from packsys.store.syncwork import PostgresSyncFinish, PostgresSyncWork
from packsys.store.upkeep import PostgresUpkeep
from packsys.store.webhook_secrets import PostgresWebhookSecrets
from packsys.sync.house import SyncStores


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Is what keeps all that must last, but for sync tables."""

    jobs: JobStore
    steps: StepStore
    upkeep: UpkeepStore
    events: EventStore
    progress: ProgressStore
    deliveries: DeliveryStore
    webhook_secrets: WebhookSecretStore
    keys: KeyStore
    connections: ConnectionStore
    oauth: OAuthStore
    releases: ReleaseStore
    lasting: LastingResults
    schedules: ScheduleStore
    slots: SlotStore


def stores_in(database: Database, *, told: Callable[[Sequence[Event]], None]) -> Stores:
    """Sets them up; ``told`` is told of what happens to jobs."""
    return Stores(
        jobs=PostgresJobs(database, told=told),
        steps=PostgresSteps(database, told=told),
        upkeep=PostgresUpkeep(database, told=told),
        events=PostgresEvents(database),
        progress=PostgresProgress(database),
        deliveries=PostgresDeliveries(database),
        webhook_secrets=PostgresWebhookSecrets(database),
        keys=PostgresKeys(database),
        connections=PostgresConnections(database),
        oauth=PostgresOAuth(database),
        releases=PostgresReleases(database),
        lasting=PostgresResults(database),
        schedules=PostgresSchedules(database),
        slots=PostgresSlots(database),
    )


def sync_stores_in(database: Database) -> SyncStores:
    """Sets up what keeps sync tables."""
    return SyncStores(
        tables=PostgresSyncTables(database),
        runs=PostgresSyncRuns(database),
        work=PostgresSyncWork(database),
        finish=PostgresSyncFinish(database),
        rows=PostgresRows(database),
        upkeep=PostgresSyncUpkeep(database),
        events=PostgresSyncEvents(database),
    )
