"""Says once who does what: puts the use cases on the adapters."""

from __future__ import annotations

import logging
import os
import random
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from packsys.adapters import Adapters, callback_couriers, new_id, now, set_up
from packsys.catalog.registry import Registry
from packsys.errors import NotReady, PacksysError
from packsys.language.compile import Compiler
from packsys.language.editor import Assistance
from packsys.limits.calls import call_limits
from packsys.memory import Undisplayed
from packsys.metrics.declared import REPAIRS
from packsys.metrics.exposition import Exposition
from packsys.metrics.runner import TimedRunner
from packsys.model import Connection, Job, Subject, Submission
from packsys.ports import (
    BlobStore,
    ConnectionStore,
    DeliveryStore,
    Display,
    EventStore,
    Feed,
    Flowed,
    JobStore,
    KeyStore,
    PackStore,
    ProgressStore,
    Queues,
    ResultCache,
    StepStore,
    TableReader,
)
from packsys.runtime.admission import Admission
from packsys.runtime.advance import Advance
from packsys.runtime.ahead import RunAhead
from packsys.runtime.batch import Answer, SubmitMany
from packsys.runtime.calling import MakeCall
from packsys.runtime.cancel import Cancel
from packsys.runtime.clients import SetClient
from packsys.runtime.connect import Connect, NewConnection
from packsys.runtime.deliver import Deliver
from packsys.runtime.disconnect import Disconnect
from packsys.runtime.execute import Execute
from packsys.runtime.fire import Fire
from packsys.runtime.flights import Flights
from packsys.runtime.forget import Forget
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.inquire import Inquire
from packsys.runtime.message import message, run_message
from packsys.runtime.nearby import Nearby
from packsys.runtime.opening import LIGHT, Open
from packsys.runtime.patience import patiently
from packsys.runtime.preview import AssistAuthor, Preview, PreviewFormula
from packsys.runtime.publish import Publish, Published
from packsys.runtime.reconcile import Reconcile
from packsys.runtime.retries import Retries
from packsys.runtime.rotate import Rotate, Rotated
from packsys.runtime.schedule import KeepSchedule
from packsys.runtime.scope import Compile
from packsys.runtime.signin import SignIn
from packsys.runtime.submit import Submit
from packsys.runtime.tally import Tally
from packsys.runtime.unwritten import Unwritten
from packsys.runtime.webhook_secrets import WebhookSecrets
from packsys.scheduling.ports import ScheduleStore, SlotStore
from packsys.scheduling.schedule import Schedule
from packsys.settings import Settings
from packsys.sync.accounts import KnownAccounts
from packsys.sync.answering import AnswerTables
from packsys.sync.house import Syncs, Terms, wire_syncs
from packsys.sync.instances import Instances
from packsys.sync.underway import UnderWay
from packsys.telemetry import Hidden

if TYPE_CHECKING:
    from packsys.store.database import Database

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Services:
    """Is the wired house: the use cases that doors ring for, and the stores that they may read."""

    submit: Callable[[Submission], Job]
    submit_many: Callable[[Sequence[Submission]], Sequence[Answer]]
    submit_together: Callable[[Sequence[Submission]], Sequence[Answer]]
    preview: Callable[[Submission], Preview]
    assist: Callable[[Submission, int], Assistance]
    cancel: Callable[[str, str], Job]
    connect: Callable[[NewConnection], Connection]
    sign_in: SignIn
    disconnect: Disconnect
    set_client: SetClient
    rotate: Callable[[], Iterator[Rotated]]
    publish: Callable[[bytes, str], Published]
    execute: Callable[[str, str], None]
    inquire: Inquire
    advance: Callable[[str], None]
    reconcile: Callable[[], int]
    flow: Callable[[], Flowed]
    deliver: Deliver
    webhook_secrets: WebhookSecrets
    ready: Callable[[], Mapping[str, str]]
    jobs: JobStore
    steps: StepStore
    events: EventStore
    feed: Feed
    progress: ProgressStore
    deliveries: DeliveryStore
    keys: KeyStore
    connections: ConnectionStore
    packs: PackStore
    registry: Registry
    blobs: BlobStore
    cache: ResultCache
    forget: Callable[[Sequence[str]], None]
    syncs: Syncs
    schedules: ScheduleStore
    slots: SlotStore
    keep_schedule: Callable[[Schedule], Schedule]
    instances: Instances
    exposition: Exposition = field(default_factory=Exposition)


def as_they_are(adapters: Adapters) -> Adapters:
    """Gives the adapters themselves."""
    return adapters


def wire(
    settings: Settings,
    *,
    celery: Any = None,
    display: Display | None = None,
    hidden: Hidden | None = None,
    around: Callable[[Adapters], Adapters] = as_they_are,
) -> Services:
    """Wires the house to its servers; ``celery`` is the app of this process, or one is made.

    ``display`` shows the calls that a worker goes on with, ``hidden`` is told every secret that is opened, and takes it
    out of the log; ``around`` may put something before the adapters. Raises WrongSetUp for settings that cannot be, and
    BrokenPack for a pack that cannot be loaded.
    """
    from packsys.sandbox.runtimes import describers

    adapters = around(set_up(settings, celery=celery, hidden=hidden))
    packs, connections, vault = adapters.shelf, adapters.connections, adapters.vault
    advance, unwritten = _advance(settings, adapters), Unwritten(adapters.steps)
    flights = _flights(settings, adapters, unwritten)
    inquire = Inquire(packs=packs, runner=packs, surround=adapters.surround)
    webhook_secrets = WebhookSecrets(
        store=adapters.webhook_secrets, vault=vault, randomness=secrets.token_bytes, new_id=new_id, now=now
    )
    tables = AnswerTables(tables=adapters.syncs.tables, runs=adapters.syncs.runs, rows=adapters.syncs.rows)
    compile_formula = Compile(compiler=Compiler(), packs=packs, connections=connections, tables=tables)
    syncs, keep_schedule = _syncs(settings, adapters, inquire), KeepSchedule(adapters.schedules)
    opening = Open(packs=packs, flights=flights)
    submit = Submit(
        compile=compile_formula,
        open=opening,
        jobs=adapters.jobs,
        dispatcher=adapters.sending.dispatcher,
        pressure=adapters.sending.pressure,
        now=now,
        new_id=new_id,
        may_call_back=webhook_secrets.require,
    )
    return Services(
        submit=submit,
        submit_many=SubmitMany(submit=submit, compiling=compile_formula.together),
        submit_together=SubmitMany(
            submit=replace(submit, open=replace(opening, budget=LIGHT)),
            compiling=compile_formula.together,
            telling=True,
        ),
        preview=PreviewFormula(compile_formula),
        assist=AssistAuthor(packs=packs, connections=connections, tables=tables),
        cancel=Cancel(adapters.jobs),
        connect=Connect(packs=packs, connections=connections, vault=vault, new_id=new_id, now=now),
        sign_in=_sign_in(settings, adapters),
        disconnect=_disconnect(adapters),
        set_client=SetClient(packs=packs, oauth=adapters.oauth, vault=vault),
        rotate=Rotate(
            connections=connections, oauth=adapters.oauth, webhook_secrets=adapters.webhook_secrets, vault=vault
        ),
        publish=Publish(shipped=adapters.shipped, releases=adapters.releases, describe=describers()),
        execute=_execute(
            settings, adapters, advance, flights, display or Undisplayed(), unwritten=unwritten, tables=tables
        ),
        inquire=inquire,
        advance=advance,
        reconcile=_reconcile(settings, adapters),
        flow=partial(flow, adapters.sending.queues),
        deliver=_deliver(settings, adapters, webhook_secrets),
        webhook_secrets=webhook_secrets,
        ready=partial(readiness, adapters.database, settings),
        jobs=adapters.jobs,
        steps=adapters.steps,
        events=adapters.events,
        feed=adapters.feed,
        progress=adapters.progress,
        deliveries=adapters.deliveries,
        keys=adapters.keys,
        connections=connections,
        packs=packs,
        registry=adapters.registry,
        blobs=adapters.blobs,
        cache=adapters.cache,
        forget=Forget(cache=adapters.cache, lasting=adapters.lasting),
        syncs=syncs,
        schedules=adapters.schedules,
        slots=adapters.slots,
        keep_schedule=keep_schedule,
        instances=_instances(adapters, syncs, keep_schedule, webhook_secrets.require),
        exposition=adapters.exposition,
    )


def _instances(
    adapters: Adapters, syncs: Syncs, keep_schedule: KeepSchedule, may_call_back: Callable[[str], None]
) -> Instances:
    return Instances(
        tables=syncs.tables,
        schedules=adapters.schedules,
        keep_schedule=keep_schedule,
        steer=syncs.steer,
        packs=adapters.shelf,
        connections=adapters.connections,
        declared=adapters.registry.manifest,
        may_call_back=may_call_back,
    )


def _syncs(settings: Settings, adapters: Adapters, inquire: Inquire) -> Syncs:
    surround = replace(inquire.surround, connections=KnownAccounts(inquire.surround.connections))
    return wire_syncs(
        adapters.syncs,
        Terms(
            worker=f"{socket.gethostname()}:{os.getpid()}",
            lease=settings.lease,
            grace=settings.grace,
            attempts=settings.attempts,
            repaired=partial(adapters.measure.count, REPAIRS),
            lost=adapters.exposition.figures.lost,
            missed=adapters.exposition.figures.missed,
        ),
        packs=adapters.shelf,
        inquire=replace(inquire, surround=surround),
        dispatcher=adapters.sync_bells,
        bells=adapters.bells,
        retries=Retries(random=random.random),
        new_id=new_id,
        now=now,
    )


def backlog(queues: Queues | None) -> bool:
    """Tells whether messages wait for workers, or whether that is not known."""
    from packsys.dispatch.app import QUEUES

    try:
        return queues is None or any(map(queues.depth, QUEUES.values()))
    except NotReady:
        return True


def flow(queues: Queues | None) -> Flowed:
    """Moves on the messages that wait before the workers' queues."""
    from packsys.dispatch.app import QUEUES

    return queues.flow(tuple(QUEUES.values())) if queues else Flowed(0)


def _sign_in(settings: Settings, adapters: Adapters) -> SignIn:
    return SignIn(
        packs=adapters.shelf,
        connections=adapters.connections,
        oauth=adapters.oauth,
        vault=adapters.vault,
        mint=adapters.mint,
        redirect=f"{settings.public_url}/v1/oauth/callback",
        now=now,
        new_id=new_id,
        randomness=secrets.token_bytes,
    )


def _disconnect(adapters: Adapters) -> Disconnect:
    return Disconnect(
        packs=adapters.shelf,
        connections=adapters.connections,
        oauth=adapters.oauth,
        vault=adapters.vault,
        mint=adapters.mint,
        now=now,
    )


def _advance(settings: Settings, adapters: Adapters) -> Advance:
    return Advance(
        jobs=adapters.jobs,
        steps=adapters.steps,
        dispatcher=adapters.sending.dispatcher,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        lease=settings.lease,
        clock=time.monotonic,
    )


def _execute(
    settings: Settings,
    adapters: Adapters,
    advance: Advance,
    flights: Flights,
    display: Display,
    *,
    unwritten: Unwritten,
    tables: TableReader,
) -> Execute:
    figures = adapters.exposition.figures
    renew = partial(adapters.steps.renew, wait=False)
    heartbeats = Heartbeats(renew, lease=settings.lease, lost=figures.lost, missed=figures.missed)
    make = MakeCall(
        claims=unwritten,
        packs=adapters.shelf,
        runner=TimedRunner(runner=adapters.shelf, figures=figures),
        surround=adapters.surround,
        flights=flights,
        admission=_admission(settings, adapters, unwritten),
        dispatcher=adapters.sending.dispatcher,
        retries=Retries(random=random.random),
        lease=settings.lease,
        tables=tables,
    )
    return Execute(
        steps=adapters.steps,
        make=make,
        dispatcher=adapters.sending.dispatcher,
        advance=advance,
        ahead=RunAhead(advance=advance, make=make, unwritten=unwritten, heartbeats=heartbeats),
        heartbeats=heartbeats,
        display=display,
    )


def _admission(settings: Settings, adapters: Adapters, unwritten: Unwritten) -> Admission:
    return Admission(
        limits=call_limits(settings.calls_at_once),
        slots=adapters.call_slots,
        claims=unwritten,
        dispatcher=adapters.sending.dispatcher,
        retries=Retries(random=random.random),
        lease=settings.lease,
    )


def _flights(settings: Settings, adapters: Adapters, unwritten: Unwritten) -> Flights:
    return Flights(
        desk=adapters.desk,
        cache=adapters.cache,
        nearby=Nearby(),
        lasting=adapters.lasting,
        claims=unwritten,
        dispatcher=adapters.sending.dispatcher,
        tally=Tally(adapters.cache.count),
        random=random.random,
        lease=settings.lease,
    )


def _reconcile(settings: Settings, adapters: Adapters) -> Reconcile:
    return Reconcile(
        upkeep=adapters.upkeep,
        steps=adapters.steps,
        dispatcher=adapters.sending.dispatcher,
        grace=settings.grace,
        attempts=settings.attempts,
        backlog=partial(backlog, adapters.sending.queues),
        repaired=partial(adapters.measure.count, REPAIRS),
    )


def _deliver(settings: Settings, adapters: Adapters, webhook_secrets: WebhookSecrets) -> Deliver:
    return Deliver(
        deliveries=adapters.deliveries,
        messages={
            Subject.JOB: lambda job: message(adapters.jobs.get(job)),
            Subject.RUN: lambda run: run_message(adapters.syncs.runs.get(run)),
        },
        secrets=webhook_secrets.of,
        couriers=callback_couriers(settings),
        now=now,
        random=random.random,
        post=adapters.post,
    )


def serving(
    settings: Settings, *, migrating: bool = False, development_key: str | None = None, hidden: Hidden | None = None
) -> Services:
    """Wires the house for the HTTP service, once its servers answer.

    With ``migrating`` the database gets the newest schema first; ``development_key`` is kept as a key of the
    workspace ``default`` where it is not yet; ``hidden`` is that of :func:`wire`. Raises WrongSetUp, and NotReady
    after a minute of waiting.
    """
    from packsys.runtime.keys import keep_token
    from packsys.store.schema import migrate

    refuse_lossy_state(settings)
    if migrating:
        patiently(lambda: migrate(settings.database_url))
    services = wire(settings, hidden=hidden)
    if development_key:
        keep_token(development_key, name="development", workspace="default", keys=services.keys, now=now())
    return services


def wire_beat(settings: Settings, chores: Iterable[Schedule], *, celery: Any) -> Fire:
    """Wires what a beat fires, and keeps the house's own ``chores`` as schedules.

    ``celery`` is the app of this process. Raises NotReady while the database is away or has an old schema.
    """
    from packsys.dispatch.slots import SlotBell
    from packsys.store.database import open_database
    from packsys.store.schedules import PostgresSchedules, PostgresSlots
    from packsys.store.schema import check_schema
    from packsys.store.syncruns import PostgresSyncRuns

    database = open_database(settings.database_url, application="packsys beat", connections=1)
    check_schema(database)
    for chore in chores:
        PostgresSchedules(database).keep(chore)
    busy = UnderWay(runs=PostgresSyncRuns(database))
    return Fire(slots=PostgresSlots(database), ring=SlotBell(celery), busy=busy)


def refuse_lossy_state(settings: Settings) -> None:
    """Waits until the state server, and a broker beside it, answer; raises WrongSetUp when one would lose work."""
    for name, check in lossless(settings).items():
        for warning in patiently(check):
            log.warning(f"{name}.unchecked", extra={"reason": warning})


def lossless(settings: Settings) -> Mapping[str, Callable[[], Sequence[str]]]:
    """Gives what checks each server that must lose nothing; a broker that is no Redis has ways of its own."""
    from packsys.kvstore.roles import BROKER, check_state

    checks: dict[str, Callable[[], Sequence[str]]] = {"state": lambda: check_state(settings.state_url)}
    if settings.broker != settings.state_url and settings.broker.startswith("redis"):
        checks["broker"] = lambda: check_state(settings.broker, BROKER)
    return checks


def readiness(database: Database, settings: Settings) -> Mapping[str, str]:
    """Looks whether the servers answer and are what they must be: ``ok``, or a sentence, for each."""
    from packsys.store.schema import check_schema

    servers = {name: said(check) for name, check in lossless(settings).items()}
    return {"database": said(lambda: check_schema(database)), **servers}


def said(check: Callable[[], object]) -> str:
    """Gives ``ok``, or the message of what a check raised."""
    try:
        check()
    except PacksysError as error:
        return error.message
    return "ok"
