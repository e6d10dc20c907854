"""Says once who implements what. No adapter is imported before it is wired, nothing connects before it is used."""

from __future__ import annotations

import logging
import os
import random
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from packsys.connections.credential import Credentials
from packsys.connections.mint import Mint
from packsys.connections.vault import Secret, Vault
from packsys.connections.vaulted import Unrefreshed, VaultCredentials
from packsys.errors import PacksysError, WrongSetUp
from packsys.language.compile import Compiler
from packsys.limits.written import rules
from packsys.model import Connection, Job, Release, Submission
from packsys.ports import (
    ConnectionStore,
    Dispatcher,
    Egress,
    EventStore,
    JobStore,
    KeyStore,
    OAuthStore,
    PackStore,
    ReleaseStore,
    ResultCache,
    StepStore,
    UpkeepStore,
)
from packsys.runtime.advance import Advance
from packsys.runtime.cancel import Cancel
from packsys.runtime.clients import SetClient
from packsys.runtime.connect import Connect, NewConnection
from packsys.runtime.disconnect import Disconnect
from packsys.runtime.execute import Execute
from packsys.runtime.ids import job_id
from packsys.runtime.local import LocalCall, RunLocally
from packsys.runtime.patience import patiently
from packsys.runtime.permits import Permits
from packsys.runtime.preview import Preview, PreviewFormula
from packsys.runtime.publish import Publish
from packsys.runtime.reconcile import Reconcile
from packsys.runtime.refresh import Refresh
from packsys.runtime.retries import Retries
from packsys.runtime.rotate import Rotate, Rotated
from packsys.runtime.scope import Compile
from packsys.runtime.signin import SignIn
from packsys.runtime.submit import Submit
from packsys.settings import Settings
from packsys.telemetry import Hidden
from packsys.values import Value

if TYPE_CHECKING:
    from packsys.catalog.bundle import Bundle
    from packsys.egress.http import HttpEgress

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Services:
    """Is the wired house: the use cases that doors ring for, and the stores that they may read."""

    submit: Callable[[Submission], Job]
    preview: Callable[[Submission], Preview]
    cancel: Callable[[str, str], Job]
    connect: Callable[[NewConnection], Connection]
    sign_in: SignIn
    disconnect: Disconnect
    set_client: SetClient
    rotate: Callable[[], Iterator[Rotated]]
    publish: Callable[[bytes, str], Release]
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


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Is every adapter, set up and connected to nothing yet."""

    database: Any
    jobs: JobStore
    steps: StepStore
    events: EventStore
    keys: KeyStore
    connections: ConnectionStore
    oauth: OAuthStore
    mint: Mint
    releases: ReleaseStore
    upkeep: UpkeepStore
    shipped: PackStore
    shelf: Any
    cache: ResultCache
    dispatcher: Dispatcher
    vault: Vault
    egress: Egress


def wire(settings: Settings, *, celery: Any = None, hidden: Hidden | None = None) -> Services:
    """Wires the house to its servers; ``celery`` is the app of this process, or one is made.

    ``hidden`` is told every secret that is opened, and takes it out of the log.

    Raises WrongSetUp for settings that cannot be, and BrokenPack for a pack that cannot be loaded.
    """
    tools = set_up(settings, celery=celery, hidden=hidden)
    advance = Advance(tools.jobs, tools.steps, tools.dispatcher)
    compile_formula = Compile(compiler=Compiler(), packs=tools.shelf, connections=tools.connections)
    return Services(
        submit=Submit(compile=compile_formula, jobs=tools.jobs, advance=advance, now=now, new_id=new_id),
        preview=PreviewFormula(compile_formula),
        cancel=Cancel(tools.jobs),
        connect=Connect(packs=tools.shelf, connections=tools.connections, vault=tools.vault, new_id=new_id, now=now),
        sign_in=_sign_in(settings, tools),
        disconnect=_disconnect(tools),
        set_client=SetClient(packs=tools.shelf, oauth=tools.oauth, vault=tools.vault),
        rotate=Rotate(connections=tools.connections, oauth=tools.oauth, vault=tools.vault),
        publish=Publish(shipped=tools.shipped, releases=tools.releases, describe=describers()),
        execute=_execute(settings, tools),
        advance=advance,
        reconcile=_reconcile(settings, tools),
        ready=partial(readiness, tools.database, settings.state_url),
        jobs=tools.jobs,
        steps=tools.steps,
        events=tools.events,
        keys=tools.keys,
        connections=tools.connections,
        packs=tools.shelf,
    )


def set_up(settings: Settings, *, celery: Any = None, hidden: Hidden | None = None) -> Tools:
    """Sets up every adapter for a process."""
    from packsys.dispatch.app import celery_app
    from packsys.dispatch.canvas import CanvasDispatcher
    from packsys.kvstore.results import RedisResults
    from packsys.store.connections import PostgresConnections
    from packsys.store.database import open_database
    from packsys.store.events import PostgresEvents
    from packsys.store.jobs import PostgresJobs
    from packsys.store.keys import PostgresKeys
    from packsys.store.oauth import PostgresOAuth
    from packsys.store.releases import PostgresReleases
    from packsys.store.steps import PostgresSteps
    from packsys.store.upkeep import PostgresUpkeep

    database, vault = open_database(settings.database_url), open_vault(settings)
    shipped, releases = load_packs(settings.packs), PostgresReleases(database)
    connections, oauth = PostgresConnections(database), PostgresOAuth(database)
    mint = Mint(couriers=lambda workspace: egress.courier(workspace=workspace), now=now)
    refresh = Refresh(
        connections=connections,
        oauth=oauth,
        vault=vault,
        mint=mint,
        now=now,
        random=random.random,
        new_owner=new_id,
    )
    credentials = VaultCredentials(vault, connections, refresh, opened=(hidden or Hidden()).add)
    egress = _way_out(settings, credentials)
    return Tools(
        database=database,
        jobs=PostgresJobs(database),
        steps=PostgresSteps(database),
        events=PostgresEvents(database),
        keys=PostgresKeys(database),
        connections=connections,
        oauth=oauth,
        mint=mint,
        releases=releases,
        upkeep=PostgresUpkeep(database),
        shipped=shipped,
        shelf=shelve(shipped, releases),
        cache=RedisResults.at(settings.cache_url),
        dispatcher=CanvasDispatcher(celery or celery_app(settings.state_url)),
        vault=vault,
        egress=egress,
    )


def _sign_in(settings: Settings, tools: Tools) -> SignIn:
    return SignIn(
        packs=tools.shelf,
        connections=tools.connections,
        oauth=tools.oauth,
        vault=tools.vault,
        mint=tools.mint,
        redirect=f"{settings.public_url}/v1/oauth/callback" if settings.public_url else "",
        now=now,
        new_id=new_id,
        randomness=secrets.token_bytes,
    )


def _disconnect(tools: Tools) -> Disconnect:
    return Disconnect(
        packs=tools.shelf,
        connections=tools.connections,
        oauth=tools.oauth,
        vault=tools.vault,
        mint=tools.mint,
        now=now,
    )


def _execute(settings: Settings, tools: Tools) -> Execute:
    return Execute(
        steps=tools.steps,
        packs=tools.shelf,
        runner=tools.shelf,
        connections=tools.connections,
        egress=tools.egress,
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


def _way_out(settings: Settings, credentials: Credentials) -> HttpEgress:
    from packsys.connections.envelope import Envelope
    from packsys.egress.guard import EgressPolicy
    from packsys.egress.http import HttpEgress
    from packsys.kvstore.answers import RedisAnswers

    return HttpEgress(
        credentials=credentials,
        policy=EgressPolicy(allowed_networks=settings.allowed_networks, servers=settings.servers),
        answers=RedisAnswers.at(settings.cache_url),
        envelope=Envelope(next(iter(settings.vault_keys.values())), purpose="answers.1"),
        gates=permits(settings),
    )


def permits(settings: Settings) -> Permits:
    """Lets requests to services out as their limits allow, those of all workers together.

    Raises WrongSetUp for limits that make no sense.
    """
    from packsys.kvstore.limiter import RedisLimiter
    from packsys.memory import MemoryLimiter

    limiter = RedisLimiter.at(settings.state_url, alone=MemoryLimiter())
    return Permits(limiter=limiter, rules=rules(settings.rate_limits))


def _bench_way_out(credentials: Credentials, allowed_networks: tuple[str, ...]) -> Egress:
    from packsys.egress.guard import EgressPolicy
    from packsys.egress.http import HttpEgress

    return HttpEgress(credentials=credentials, policy=EgressPolicy(allowed_networks=allowed_networks))


def load_packs(places: tuple[str, ...]) -> Any:
    """Loads packs from modules, files and folders; raises BrokenPack."""
    from packsys.sandbox.inprocess import InProcessPacks
    from packsys.sandbox.loading import load_pack

    return InProcessPacks([load_pack(place) for place in places])


def shelve(shipped: Any, releases: ReleaseStore) -> Any:
    """Puts the packs that ship beside the published ones, which run in sandboxes; starts none of those yet."""
    from packsys.sandbox.javascript.runner import JavaScriptSandbox
    from packsys.sandbox.python import PythonSandbox
    from packsys.sandbox.shelf import Archives, Shelf

    files = Archives(releases).files
    return Shelf(shipped, releases, {"python": PythonSandbox(files), "javascript": JavaScriptSandbox(files)})


def describers() -> Mapping[str, Callable[[Bundle], Mapping[str, Any]]]:
    """Gives what reads a manifest off code, for each runtime, behind the walls of its sandbox."""
    from packsys.sandbox.javascript.runner import JavaScriptSandbox
    from packsys.sandbox.python import describe_source

    def javascript(bundle: Bundle) -> Mapping[str, Any]:
        manifest = bundle.manifest
        with closing(JavaScriptSandbox(lambda pack_id, version: bundle.files, spare=0)) as sandbox:
            return sandbox.describe(manifest["id"], manifest["version"], name=manifest["name"])

    return {"python": lambda bundle: describe_source(bundle.files), "javascript": javascript}


def open_vault(settings: Settings) -> Vault:
    """Opens the vault with the installation's keys; raises WrongSetUp when there are none."""
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
    from packsys.memory.connections import MemoryConnections
    from packsys.memory.egress import ClosedEgress

    packs, connections = load_packs((place,)), MemoryConnections()
    pack = packs.by_name(packs.names()[0])
    vault = Vault({"bench": secrets.token_bytes(32)}, current="bench")
    connect = Connect(packs=packs, connections=connections, vault=vault, new_id=new_id)
    account = NewConnection(pack_id=pack.id, name="me", token=Secret(token or "-"), endpoint=endpoint)
    connection = connect(account) if token or endpoint else None
    credentials = VaultCredentials(vault, connections, Unrefreshed())
    egress = _bench_way_out(credentials, allowed_networks) if pack.domains or endpoint else ClosedEgress()
    call = LocalCall(packs=packs, runner=packs, egress=egress, connection=connection)
    compile_formula = Compile(compiler=Compiler(), packs=packs, connections=connections)

    def evaluate(submission: Submission) -> Value:
        tree = compile_formula(submission).tree
        return RunLocally(call=call, now=now, timezone=submission.timezone)(tree, submission.variables).value

    return evaluate
