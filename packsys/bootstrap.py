"""Says once who implements what. No adapter is imported before it is wired, nothing connects before it is used."""

from __future__ import annotations

import logging
import os
import random
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from packsys.catalog.registry import Registry
from packsys.connections.vault import Vault
from packsys.errors import PacksysError, WrongSetUp
from packsys.language.compile import Compiler
from packsys.model import Connection, Job, Submission
from packsys.ports import (
    BlobStore,
    ConnectionStore,
    Dispatcher,
    Egress,
    EventStore,
    JobStore,
    KeyStore,
    PackStore,
    ReleaseStore,
    ResultCache,
    StepStore,
    UpkeepStore,
)
from packsys.runtime.advance import Advance
from packsys.runtime.cancel import Cancel
from packsys.runtime.connect import Connect, NewConnection
from packsys.runtime.execute import Execute
from packsys.runtime.ids import job_id
from packsys.runtime.inquire import Inquire
from packsys.runtime.patience import patiently
from packsys.runtime.preview import Preview, PreviewFormula
from packsys.runtime.publish import Publish, Published
from packsys.runtime.reconcile import Reconcile
from packsys.runtime.retries import Retries
from packsys.runtime.scope import Compile
from packsys.runtime.submit import Submit
from packsys.runtime.surround import Surround
from packsys.settings import Settings

if TYPE_CHECKING:
    from packsys.sandbox.inprocess import InProcessPacks
    from packsys.sandbox.shelf import Shelf
    from packsys.sdk import Pack
    from packsys.store.database import Database

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Services:
    """Is the wired house: the use cases that doors ring for, and the stores that they may read."""

    submit: Callable[[Submission], Job]
    preview: Callable[[Submission], Preview]
    cancel: Callable[[str, str], Job]
    connect: Callable[[NewConnection], Connection]
    publish: Callable[[bytes, str], Published]
    execute: Callable[[str, str], None]
    inquire: Inquire
    advance: Callable[[str], None]
    reconcile: Callable[[], int]
    ready: Callable[[], Mapping[str, str]]
    jobs: JobStore
    steps: StepStore
    events: EventStore
    keys: KeyStore
    connections: ConnectionStore
    packs: PackStore
    registry: Registry
    blobs: BlobStore


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Is every adapter, set up and connected to nothing yet."""

    database: Database
    jobs: JobStore
    steps: StepStore
    events: EventStore
    keys: KeyStore
    connections: ConnectionStore
    releases: ReleaseStore
    registry: Registry
    upkeep: UpkeepStore
    shipped: PackStore
    shelf: Shelf
    cache: ResultCache
    blobs: BlobStore
    dispatcher: Dispatcher
    vault: Vault
    surround: Surround


def wire(settings: Settings, *, celery: Any = None) -> Services:
    """Wires the house to its servers; ``celery`` is the app of this process, or one is made.

    Raises WrongSetUp for settings that cannot be, and BrokenPack for a pack that cannot be loaded.
    """
    from packsys.sandbox.runtimes import describers

    tools = set_up(settings, celery=celery)
    advance = Advance(tools.jobs, tools.steps, tools.dispatcher)
    compile_formula = Compile(compiler=Compiler(), packs=tools.shelf, connections=tools.connections)
    return Services(
        submit=Submit(compile=compile_formula, jobs=tools.jobs, advance=advance, now=now, new_id=new_id),
        preview=PreviewFormula(compile_formula),
        cancel=Cancel(tools.jobs),
        connect=Connect(packs=tools.shelf, connections=tools.connections, vault=tools.vault, new_id=new_id),
        publish=Publish(shipped=tools.shipped, releases=tools.releases, describe=describers()),
        execute=_execute(settings, tools),
        inquire=Inquire(packs=tools.shelf, runner=tools.shelf, surround=tools.surround),
        advance=advance,
        reconcile=_reconcile(settings, tools),
        ready=partial(readiness, tools.database, settings.state_url),
        jobs=tools.jobs,
        steps=tools.steps,
        events=tools.events,
        keys=tools.keys,
        connections=tools.connections,
        packs=tools.shelf,
        registry=tools.registry,
        blobs=tools.blobs,
    )


def set_up(settings: Settings, *, celery: Any = None) -> Tools:
    """Sets up every adapter for a process."""
    from packsys.catalog.manifest import describe
    from packsys.catalog.registry import shipped as shipped_release
    from packsys.dispatch.app import celery_app
    from packsys.dispatch.canvas import CanvasDispatcher
    from packsys.kvstore.blobs import RedisBlobs
    from packsys.kvstore.results import RedisResults
    from packsys.sandbox.inprocess import InProcessPacks
    from packsys.store.connections import PostgresConnections
    from packsys.store.database import open_database
    from packsys.store.events import PostgresEvents
    from packsys.store.jobs import PostgresJobs
    from packsys.store.keys import PostgresKeys
    from packsys.store.releases import PostgresReleases
    from packsys.store.steps import PostgresSteps
    from packsys.store.upkeep import PostgresUpkeep

    database, vault = open_database(settings.database_url), open_vault(settings)
    packs, releases = load_packs(settings.packs), PostgresReleases(database)
    shipped = InProcessPacks(packs)
    connections, cache = PostgresConnections(database), RedisResults.at(settings.cache_url)
    blobs = RedisBlobs.at(settings.cache_url, base=settings.public_url)
    return Tools(
        database=database,
        jobs=PostgresJobs(database),
        steps=PostgresSteps(database),
        events=PostgresEvents(database),
        keys=PostgresKeys(database),
        connections=connections,
        releases=releases,
        registry=Registry(shipped=[shipped_release(describe(each)) for each in packs], releases=releases),
        upkeep=PostgresUpkeep(database),
        shipped=shipped,
        shelf=shelve(shipped, releases),
        cache=cache,
        blobs=blobs,
        dispatcher=CanvasDispatcher(celery or celery_app(settings.state_url)),
        vault=vault,
        surround=Surround(
            connections=connections,
            egress=open_egress(vault, settings.allowed_networks),
            cache=cache,
            blobs=blobs,
        ),
    )


def _execute(settings: Settings, tools: Tools) -> Execute:
    return Execute(
        steps=tools.steps,
        packs=tools.shelf,
        runner=tools.shelf,
        surround=tools.surround,
        cache=tools.cache,
        dispatcher=tools.dispatcher,
        retries=Retries(random=random.random),
        worker=f"{socket.gethostname()}:{os.getpid()}",
        lease=settings.lease,
    )


def _reconcile(settings: Settings, tools: Tools) -> Reconcile:
    return Reconcile(
        upkeep=tools.upkeep,
        steps=tools.steps,
        dispatcher=tools.dispatcher,
        grace=settings.grace,
        attempts=settings.attempts,
    )


def serving(settings: Settings, *, migrating: bool = False, development_key: str | None = None) -> Services:
    """Wires the house for the HTTP service, once its servers answer.

    With ``migrating`` the database gets the newest schema first; ``development_key`` is kept as a key of the
    workspace ``default`` where it is not yet. Raises WrongSetUp, and NotReady after a minute of waiting.
    """
    from packsys.runtime.keys import keep_token
    from packsys.store.schema import migrate

    refuse_lossy_state(settings)
    if migrating:
        patiently(lambda: migrate(settings.database_url))
    services = wire(settings)
    if development_key:
        keep_token(development_key, name="development", workspace="default", keys=services.keys, now=now())
    return services


def refuse_lossy_state(settings: Settings) -> None:
    """Waits until the state server answers; raises WrongSetUp when it would lose work."""
    from packsys.kvstore.roles import check_state

    for warning in patiently(lambda: check_state(settings.state_url)):
        log.warning("state.unchecked", extra={"reason": warning})


def open_egress(vault: Vault, allowed_networks: tuple[str, ...]) -> Egress:
    """Opens the way out of packs, which may reach these private networks and no others."""
    from packsys.egress.fetcher import HttpEgress
    from packsys.egress.guard import EgressPolicy

    return HttpEgress(vault=vault, policy=EgressPolicy(allowed_networks=allowed_networks))


def load_packs(places: tuple[str, ...]) -> Sequence[Pack]:
    """Loads packs from modules, files and folders; raises BrokenPack."""
    from packsys.sandbox.loading import load_pack

    return [load_pack(place) for place in places]


def shelve(shipped: InProcessPacks, releases: ReleaseStore) -> Shelf:
    """Puts the packs that ship beside the published ones, which run in sandboxes; starts none of those yet."""
    from packsys.sandbox.runtimes import runners
    from packsys.sandbox.shelf import Archives, Shelf

    return Shelf(shipped, releases, runners(Archives(releases).files))


def open_vault(settings: Settings) -> Vault:
    """Opens the vault with the installation's keys; raises WrongSetUp when there are none."""
    if not settings.vault_keys:
        raise WrongSetUp("PACKSYS_VAULT_KEYS is not set: make a key with 'packsys key vault', and keep it.")
    return Vault(settings.vault_keys, current=next(iter(settings.vault_keys)))


def readiness(database: Database, state_url: str) -> Mapping[str, str]:
    """Looks whether the servers answer and are what they must be: ``ok``, or a sentence, for each."""
    from packsys.kvstore.roles import check_state
    from packsys.store.schema import check_schema

    return {"database": said(lambda: check_schema(database)), "state": said(lambda: check_state(state_url))}


def said(check: Callable[[], object]) -> str:
    """Gives ``ok``, or the message of what a check raised."""
    try:
        check()
    except PacksysError as error:
        return error.message
    return "ok"


def now() -> datetime:
    """Tells the time."""
    return datetime.now(UTC)


def new_id() -> str:
    """Makes an id that no other job or connection has."""
    return job_id(now(), secrets.token_bytes(10))
