"""Sets up what is plugged into the sockets: imported when it is wanted, and connected when it is first used."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from packsys.catalog.registry import Registry
from packsys.connections.contents import hidden_in
from packsys.connections.credential import Credentials
from packsys.connections.mint import Mint
from packsys.connections.vault import Vault
from packsys.connections.vaulted import VaultCredentials
from packsys.errors import WrongSetUp
from packsys.limits.written import rules
from packsys.metrics.declared import RATE_LIMIT_WAIT_SECONDS, RATE_LIMIT_WAITS
from packsys.metrics.exposition import CacheMeter, Exposition
from packsys.metrics.measure import Measure
from packsys.metrics.process import ProcessFigures
from packsys.metrics.syncs import CountingSyncFinish, CountingSyncWork
from packsys.metrics.told import CountingFeed
from packsys.ports import (
    Bells,
    BlobStore,
    CallSlots,
    ConnectionStore,
    DeliveryStore,
    Dispatcher,
    Egress,
    EventStore,
    Feed,
    Fetcher,
    FlightDesk,
    JobStore,
    KeyStore,
    LastingResults,
    Meter,
    OAuthStore,
    PackStore,
    Pressure,
    ProgressStore,
    Queues,
    ReleaseStore,
    ResultCache,
    StepStore,
    UpkeepStore,
    WebhookSecretStore,
)
from packsys.runtime.ids import job_id
from packsys.runtime.permits import Permits
from packsys.runtime.posting import PostingFeed
from packsys.runtime.refresh import Refresh
from packsys.runtime.surround import Surround
from packsys.scheduling.ports import ScheduleStore, SlotStore
from packsys.settings import Settings
from packsys.sync.house import SyncStores
from packsys.syncports import SyncDispatcher
from packsys.telemetry import Hidden

if TYPE_CHECKING:
    from packsys.egress.http import HttpEgress
    from packsys.sandbox.inprocess import InProcessPacks
    from packsys.sandbox.shelf import Shelf
    from packsys.sdk import Pack
    from packsys.store.database import Database


LONGEST_ANSWER = 2**20
"""Bytes of the answer of a callback, which are thrown away."""


@dataclass(frozen=True, kw_only=True)
class Adapters:
    """Is every adapter, set up and connected to nothing yet."""

    database: Database
    jobs: JobStore
    steps: StepStore
    events: EventStore
    feed: Feed
    progress: ProgressStore
    deliveries: DeliveryStore
    webhook_secrets: WebhookSecretStore
    post: Callable[[], None]
    keys: KeyStore
    connections: ConnectionStore
    oauth: OAuthStore
    mint: Mint
    releases: ReleaseStore
    registry: Registry
    upkeep: UpkeepStore
    shipped: PackStore
    shelf: Shelf
    cache: ResultCache
    desk: FlightDesk
    lasting: LastingResults
    call_slots: CallSlots
    blobs: BlobStore
    sending: Sending
    vault: Vault
    surround: Surround
    schedules: ScheduleStore
    slots: SlotStore
    syncs: SyncStores
    sync_bells: SyncDispatcher
    bells: Bells
    measure: Measure
    exposition: Exposition


def set_up(settings: Settings, *, celery: Any = None, hidden: Hidden | None = None) -> Adapters:
    """Sets up every adapter for a process.

    ``celery`` is the app of this process, or one is made; ``hidden`` is told every secret that is opened. Raises
    WrongSetUp for settings that cannot be, and BrokenPack for a pack that cannot be loaded.
    """
    from packsys.dispatch.app import celery_app
    from packsys.dispatch.syncbells import SyncBells
    from packsys.kvstore.bells import RedisBells
    from packsys.kvstore.blobs import RedisBlobs
    from packsys.kvstore.callslots import RedisCallSlots
    from packsys.kvstore.results import RedisResults
    from packsys.sandbox.inprocess import InProcessPacks
    from packsys.store.connections import PostgresConnections
    from packsys.store.database import open_database
    from packsys.store.events import PostgresEvents
    from packsys.store.jobs import PostgresJobs
    from packsys.store.keys import PostgresKeys
    from packsys.store.oauth import PostgresOAuth
    from packsys.store.progress import PostgresProgress
    from packsys.store.releases import PostgresReleases
    from packsys.store.results import PostgresResults
    from packsys.store.schedules import PostgresSchedules, PostgresSlots
    from packsys.store.steps import PostgresSteps
    from packsys.store.upkeep import PostgresUpkeep

    hidden, app = hidden or Hidden(), celery or celery_app(settings.state_url, broker=settings.broker)
    database, vault = open_database(settings.database_url), open_vault(settings, hidden)
    packs, releases = load_packs(settings.packs), PostgresReleases(database)
    shipped = InProcessPacks(packs)
    connections, oauth = PostgresConnections(database), PostgresOAuth(database)
    cache = RedisResults.at(settings.cache_url)
    blobs = RedisBlobs.at(settings.cache_url, base=settings.public_url)
    figures, measure = ProcessFigures(), _measure(settings)
    feed, (deliveries, webhook_secrets) = _feed(settings, app, measure), _callbacks(database)
    mint, egress = _ways_out(
        settings, connections, oauth, vault, hidden, gates=_watched(permits(settings), measure, figures)
    )
    return Adapters(
        database=database,
        jobs=PostgresJobs(database, told=feed.publish),
        steps=PostgresSteps(database, told=feed.publish),
        events=PostgresEvents(database),
        feed=feed,
        progress=PostgresProgress(database),
        deliveries=deliveries,
        webhook_secrets=webhook_secrets,
        post=feed.post,
        keys=PostgresKeys(database),
        connections=connections,
        oauth=oauth,
        mint=mint,
        releases=releases,
        registry=_registry(packs, releases),
        upkeep=PostgresUpkeep(database, told=feed.publish),
        shipped=shipped,
        shelf=shelve(shipped, releases),
        cache=cache,
        desk=cache,
        lasting=PostgresResults(database),
        call_slots=RedisCallSlots.at(settings.state_url),
        blobs=blobs,
        sending=_sending(settings, app),
        vault=vault,
        surround=Surround(connections=connections, egress=egress, cache=cache, blobs=blobs),
        schedules=PostgresSchedules(database),
        slots=PostgresSlots(database),
        syncs=_counted(sync_stores(database), measure),
        sync_bells=SyncBells(app),
        bells=RedisBells.at(settings.state_url),
        measure=measure,
        exposition=_exposition(settings, database, cache, figures),
    )


def sync_stores(database: Database) -> SyncStores:
    """Sets up what keeps sync tables."""
    from packsys.store.syncrows import PostgresRows
    from packsys.store.syncruns import PostgresSyncEvents, PostgresSyncRuns, PostgresSyncTables
    from packsys.store.syncupkeep import PostgresSyncUpkeep
    from packsys.store.syncwork import PostgresSyncFinish, PostgresSyncWork

    return SyncStores(
        tables=PostgresSyncTables(database),
        runs=PostgresSyncRuns(database),
        work=PostgresSyncWork(database),
        finish=PostgresSyncFinish(database),
        rows=PostgresRows(database),
        upkeep=PostgresSyncUpkeep(database),
        events=PostgresSyncEvents(database),
    )


@dataclass(frozen=True, kw_only=True)
class Sending:
    """Is how work reaches the workers, and how it is seen that too much does."""

    dispatcher: Dispatcher
    pressure: Pressure
    queues: Queues | None = None


def _sending(settings: Settings, app: Any) -> Sending:
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


def _measure(settings: Settings) -> Measure:
    from packsys.kvstore.metering import RedisCounters

    return Measure(RedisCounters.at(settings.state_url))


def _counted(stores: SyncStores, measure: Measure) -> SyncStores:
    return replace(
        stores,
        work=CountingSyncWork(work=stores.work, measure=measure),
        finish=CountingSyncFinish(finish=stores.finish, measure=measure),
    )


def _exposition(settings: Settings, database: Database, cache: ResultCache, figures: ProcessFigures) -> Exposition:
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


def _feed(settings: Settings, app: Any, measure: Measure) -> PostingFeed:
    from packsys.dispatch.post import CeleryPost
    from packsys.kvstore.feed import RedisFeed

    feed = CountingFeed(feed=RedisFeed.at(settings.state_url), measure=measure)
    return PostingFeed(feed=feed, post=CeleryPost(app))


def _callbacks(database: Database) -> tuple[DeliveryStore, WebhookSecretStore]:
    from packsys.store.deliveries import PostgresDeliveries
    from packsys.store.webhook_secrets import PostgresWebhookSecrets

    return PostgresDeliveries(database), PostgresWebhookSecrets(database)


def _registry(packs: Sequence[Pack], releases: ReleaseStore) -> Registry:
    from packsys.catalog.manifest import describe
    from packsys.catalog.registry import shipped

    return Registry(shipped=[shipped(describe(each)) for each in packs], releases=releases)


def _ways_out(
    settings: Settings,
    connections: ConnectionStore,
    oauth: OAuthStore,
    vault: Vault,
    hidden: Hidden,
    *,
    gates: Permits,
) -> tuple[Mint, HttpEgress]:
    """Sets up what gets tokens and what uses them: each needs the other, tokens being fetched on the same way out."""
    mint = Mint(couriers=lambda workspace: egress.courier(workspace=workspace), now=now)
    refresh = Refresh(
        connections=connections, oauth=oauth, vault=vault, mint=mint, now=now, random=random.random, new_owner=new_id
    )
    egress = _egress(settings, VaultCredentials(vault, connections, refresh, opened=hidden.add), gates)
    return mint, egress


def _egress(settings: Settings, credentials: Credentials, gates: Permits) -> HttpEgress:
    from packsys.connections.envelope import Envelope
    from packsys.egress.guard import EgressPolicy
    from packsys.egress.http import HttpEgress
    from packsys.kvstore.answers import RedisAnswers

    return HttpEgress(
        credentials=credentials,
        policy=EgressPolicy(allowed_networks=settings.allowed_networks, servers=settings.servers),
        answers=RedisAnswers.at(settings.cache_url),
        envelope=Envelope(next(iter(settings.vault_keys.values())), purpose="answers.1"),
        gates=gates,
    )


def callback_couriers(settings: Settings) -> Callable[[str], Fetcher]:
    """Opens the way out to callbacks, for each workspace: nobody reads their answers, so they may not be long."""
    from packsys.egress.courier import Courier
    from packsys.egress.guard import EgressPolicy, Guard
    from packsys.egress.transport import Transport

    policy = EgressPolicy(
        allowed_networks=settings.allowed_networks, servers=settings.servers, longest_answer=LONGEST_ANSWER
    )
    transport = Transport(Guard(policy))
    return lambda workspace: Courier(transport, policy, policy.networks_of(workspace), monotonic=time.monotonic)


def permits(settings: Settings) -> Permits:
    """Lets requests to services out as their limits allow, those of all workers together.

    Raises WrongSetUp for limits that make no sense.
    """
    from packsys.kvstore.limiter import RedisLimiter
    from packsys.memory import MemoryLimiter

    limiter = RedisLimiter.at(settings.state_url, alone=MemoryLimiter())
    return Permits(limiter=limiter, rules=rules(settings.rate_limits))


def _watched(gates: Permits, measure: Measure, figures: ProcessFigures) -> Permits:
    def waited(seconds: float) -> None:
        measure.count(RATE_LIMIT_WAITS)
        measure.count(RATE_LIMIT_WAIT_SECONDS, by=seconds)

    return replace(gates, waited=waited, called=figures.called)


def bench_egress(credentials: Credentials, allowed_networks: tuple[str, ...]) -> Egress:
    """Opens the way out for a pack on a maker's bench: the same checks, but no limits and nothing kept."""
    from packsys.egress.guard import EgressPolicy
    from packsys.egress.http import HttpEgress

    return HttpEgress(credentials=credentials, policy=EgressPolicy(allowed_networks=allowed_networks))


def load_packs(places: tuple[str, ...]) -> Sequence[Pack]:
    """Loads packs from modules, files and folders; raises BrokenPack."""
    from packsys.sandbox.loading import load_pack

    return [load_pack(place) for place in places]


def shelve(shipped: InProcessPacks, releases: ReleaseStore) -> Shelf:
    """Puts the packs that ship beside the published ones, which run in sandboxes; starts none of those yet."""
    from packsys.sandbox.runtimes import runners
    from packsys.sandbox.shelf import Archives, Shelf

    return Shelf(shipped, releases, runners(Archives(releases).files))


def open_vault(settings: Settings, hidden: Hidden) -> Vault:
    """Opens the vault with the installation's keys; raises WrongSetUp when there are none.

    ``hidden`` is told every secret that passes through it.
    """
    if not settings.vault_keys:
        raise WrongSetUp("PACKSYS_VAULT_KEYS is not set: make a key with 'packsys key vault', and keep it.")
    first = next(iter(settings.vault_keys))
    return Vault(settings.vault_keys, current=first, told=lambda secret: hidden.add(hidden_in(secret)))


def now() -> datetime:
    """Tells the time."""
    return datetime.now(UTC)


def new_id() -> str:
    """Makes an id that no other job or connection has."""
    return job_id(now(), secrets.token_bytes(10))
