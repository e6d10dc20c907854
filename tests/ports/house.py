"""A house of stores, in memory or real, in which time passes when a test says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import DateTime, Table, delete, func, update

from packsys.memory import (
    Calendar,
    Ledger,
    MemoryConnections,
    MemoryDeliveries,
    MemoryEvents,
    MemoryJobs,
    MemoryKeys,
    MemoryOAuth,
    MemoryProgress,
    MemorySchedules,
    MemorySlots,
    MemorySteps,
    MemoryUpkeep,
    MemoryWebhookSecrets,
)
from packsys.model import Event
from packsys.ports import (
    ConnectionStore,
    DeliveryStore,
    EventStore,
    JobStore,
    KeyStore,
    OAuthStore,
    ProgressStore,
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
from packsys.store.schedules import PostgresSchedules, PostgresSlots
from packsys.store.steps import PostgresSteps
from packsys.store.tables import metadata
from packsys.store.upkeep import PostgresUpkeep
from packsys.store.webhook_secrets import PostgresWebhookSecrets

MOST, SHARE = 6, 3
"""How many deliveries may be under way at once: of all workspaces, and of one."""


@dataclass(frozen=True, kw_only=True)
class House:
    """Is one implementation of every store, and ``wait``, which makes seconds pass without waiting."""

    jobs: JobStore
    steps: StepStore
    events: EventStore
    upkeep: UpkeepStore
    connections: ConnectionStore
    oauth: OAuthStore
    keys: KeyStore
    progress: ProgressStore
    deliveries: DeliveryStore
    webhook_secrets: WebhookSecretStore
    schedules: ScheduleStore
    slots: SlotStore
    wait: Callable[[float], None]


@dataclass
class Clock:
    """Stands still until time is made to pass."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def in_memory(clock: Clock | None = None) -> House:
    """Gives the twins, with a clock of their own where none is given."""
    clock = clock or Clock()
    ledger, calendar = Ledger(clock), Calendar(clock)
    return House(
        jobs=MemoryJobs(ledger),
        steps=MemorySteps(ledger),
        events=MemoryEvents(ledger),
        upkeep=MemoryUpkeep(ledger),
        connections=MemoryConnections(clock),
        oauth=MemoryOAuth(clock),
        keys=MemoryKeys(clock),
        progress=MemoryProgress(ledger),
        deliveries=MemoryDeliveries(ledger, most=MOST, share=SHARE),
        webhook_secrets=MemoryWebhookSecrets(clock),
        schedules=MemorySchedules(calendar),
        slots=MemorySlots(calendar),
        wait=clock.wait,
    )


def nobody(events: Sequence[Event]) -> None:
    """Tells nobody."""


def in_postgres(database: Database, *, told: Callable[[Sequence[Event]], None] = nobody) -> House:
    """Gives the real stores. Their clock is the server's, so time passes by making what is kept older."""
    return House(
        jobs=PostgresJobs(database, told=told),
        steps=PostgresSteps(database, told=told),
        events=PostgresEvents(database),
        upkeep=PostgresUpkeep(database, told=told),
        connections=PostgresConnections(database),
        oauth=PostgresOAuth(database),
        keys=PostgresKeys(database),
        progress=PostgresProgress(database),
        deliveries=PostgresDeliveries(database, most=MOST, share=SHARE),
        webhook_secrets=PostgresWebhookSecrets(database),
        schedules=PostgresSchedules(database),
        slots=PostgresSlots(database),
        wait=lambda seconds: age(database, seconds),
    )


def age(database: Database, seconds: float, *, tables: Sequence[Table] = ()) -> None:
    """Moves every kept time into the past, or those of some tables."""
    passed = func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    with database.begin() as connection:
        for table in tables or metadata.sorted_tables:
            times = [column for column in table.columns if isinstance(column.type, DateTime)]
            if times:
                connection.execute(update(table).values({column: column - passed for column in times}))


def empty(database: Database) -> None:
    """Forgets everything that is kept."""
    with database.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
