"""Says once who implements what. Nothing is imported before it is wired, nothing connects before it is used."""

from __future__ import annotations

import logging
import os
import random
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from packsys.errors import PacksysError, WrongSetUp
from packsys.language.compile import Compiler
from packsys.model import Connection, Job, Submission
from packsys.ports import ConnectionStore, EventStore, JobStore, KeyStore, PackStore, StepStore
from packsys.runtime.connect import NewConnection
from packsys.runtime.ids import job_id
from packsys.runtime.patience import patiently
from packsys.runtime.preview import Preview
from packsys.settings import Settings
from packsys.values import Value

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Services:
    """Is the wired house: the use cases that doors ring for, and the stores that they may read."""

    submit: Callable[[Submission], Job]
    preview: Callable[[Submission], Preview]
    cancel: Callable[[str, str], Job]
    connect: Callable[[NewConnection], Connection]
    execute: Callable[[str, str], None]
    advance: Callable[[str], None]
    reconcile: Callable[[], int]
    ready: Callable[[], Mapping[str, str]]
    jobs: JobStore
    steps: StepStore
    events: EventStore
    keys: KeyStore
    connections: ConnectionStore
    packs: PackStore


def wire(settings: Settings, *, celery: Any = None) -> Services:
    """Wires the house to its servers; ``celery`` is the app of this process, or one is made.

    Raises WrongSetUp for settings that cannot be, and BrokenPack for a pack that cannot be loaded.
    """
    from packsys.dispatch.app import celery_app
    from packsys.dispatch.canvas import CanvasDispatcher
    from packsys.kvstore.results import RedisResults
    from packsys.runtime.advance import Advance
    from packsys.runtime.cancel import Cancel
    from packsys.runtime.connect import Connect
    from packsys.runtime.execute import Execute
    from packsys.runtime.preview import PreviewFormula
    from packsys.runtime.reconcile import Reconcile
    from packsys.runtime.retries import Retries
    from packsys.runtime.scope import Compile
    from packsys.runtime.submit import Submit
    from packsys.store.connections import PostgresConnections
    from packsys.store.database import open_database
    from packsys.store.events import PostgresEvents
    from packsys.store.jobs import PostgresJobs
    from packsys.store.keys import PostgresKeys
    from packsys.store.steps import PostgresSteps
    from packsys.store.upkeep import PostgresUpkeep

    database = open_database(settings.database_url)
    jobs, steps = PostgresJobs(database), PostgresSteps(database)
    connections = PostgresConnections(database)
    packs = load_packs(settings.packs)
    vault = open_vault(settings)
    dispatcher = CanvasDispatcher(celery or celery_app(settings.state_url))
    advance = Advance(jobs, steps, dispatcher)
    compile_formula = Compile(compiler=Compiler(), packs=packs, connections=connections)
    return Services(
        submit=Submit(compile=compile_formula, jobs=jobs, advance=advance, now=now, new_id=new_id),
        preview=PreviewFormula(compile_formula),
        cancel=Cancel(jobs),
        connect=Connect(packs=packs, connections=connections, vault=vault, new_id=new_id),
        execute=Execute(
            steps=steps,
            packs=packs,
            runner=packs,
            connections=connections,
            egress=_egress(vault, settings.allowed_networks),
            cache=RedisResults.at(settings.cache_url),
            dispatcher=dispatcher,
            retries=Retries(random=random.random),
            worker=f"{socket.gethostname()}:{os.getpid()}",
            lease=settings.lease,
        ),
        advance=advance,
        reconcile=Reconcile(
            upkeep=PostgresUpkeep(database),
            steps=steps,
            dispatcher=dispatcher,
            grace=settings.grace,
            attempts=settings.attempts,
        ),
        ready=partial(readiness, database, settings.state_url),
        jobs=jobs,
        steps=steps,
        events=PostgresEvents(database),
        keys=PostgresKeys(database),
        connections=connections,
        packs=packs,
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


def _egress(vault: Any, allowed_networks: tuple[str, ...]) -> Any:
    from packsys.egress.fetcher import HttpEgress
    from packsys.egress.guard import EgressPolicy

    return HttpEgress(vault=vault, policy=EgressPolicy(allowed_networks=allowed_networks))


def load_packs(places: tuple[str, ...]) -> Any:
    """Loads packs from modules, files and folders; raises BrokenPack."""
    from packsys.sandbox.inprocess import InProcessPacks
    from packsys.sandbox.loading import load_pack

    return InProcessPacks([load_pack(place) for place in places])


def open_vault(settings: Settings) -> Any:
    """Opens the vault with the installation's keys; raises WrongSetUp when there are none."""
    from packsys.connections.vault import Vault

    if not settings.vault_keys:
        raise WrongSetUp("PACKSYS_VAULT_KEYS is not set: make a key with 'packsys key vault', and keep it.")
    return Vault(settings.vault_keys, current=next(iter(settings.vault_keys)))


def readiness(database: Any, state_url: str) -> Mapping[str, str]:
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


def workbench(
    place: str, *, token: str | None = None, endpoint: str = "", allowed_networks: tuple[str, ...] = ()
) -> Callable[[Submission], Value]:
    """Wires one pack to this process alone: no servers, nothing kept; gives what evaluates a formula.

    With a token, the pack's formulas use an account named ``me``. Raises BrokenPack and RequestError.
    """
    from packsys.connections.vault import Secret, Vault
    from packsys.memory.connections import MemoryConnections
    from packsys.memory.egress import ClosedEgress
    from packsys.runtime.connect import Connect
    from packsys.runtime.local import LocalCall, RunLocally
    from packsys.runtime.scope import Compile

    packs, connections = load_packs((place,)), MemoryConnections()
    pack = packs.by_name(packs.names()[0])
    vault = Vault({"bench": secrets.token_bytes(32)}, current="bench")
    connect = Connect(packs=packs, connections=connections, vault=vault, new_id=new_id)
    account = NewConnection(pack_id=pack.id, name="me", token=Secret(token or "-"), endpoint=endpoint)
    connection = connect(account) if token or endpoint else None
    egress = _egress(vault, allowed_networks) if pack.domains or endpoint else ClosedEgress()
    call = LocalCall(packs=packs, runner=packs, egress=egress, connection=connection)
    compile_formula = Compile(compiler=Compiler(), packs=packs, connections=connections)

    def evaluate(submission: Submission) -> Value:
        tree = compile_formula(submission).tree
        return RunLocally(call=call, now=now, timezone=submission.timezone)(tree, submission.variables).value

    return evaluate
