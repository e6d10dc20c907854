"""A house small enough to see through: stores in memory, and jobs that end when a test says so."""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from packs.github.pack import pack as github
from packsys.bootstrap import Services
from packsys.catalog.bundle import Bundle
from packsys.catalog.manifest import describe, release
from packsys.catalog.registry import Registry, shipped
from packsys.connections.mint import Mint
from packsys.connections.vault import Vault
from packsys.errors import FormulaError, NotConnected, NotReady, PacksysError
from packsys.language.invocation import Invocation
from packsys.memory import (
    Calendar,
    Ledger,
    MemoryBells,
    MemoryBlobs,
    MemoryConnections,
    MemoryDeliveries,
    MemoryEvents,
    MemoryFeed,
    MemoryJobs,
    MemoryKeys,
    MemoryOAuth,
    MemoryProgress,
    MemoryReleases,
    MemoryResults,
    MemorySchedules,
    MemorySlots,
    MemorySteps,
    MemoryWebhookSecrets,
)
from packsys.memory.egress import ClosedEgress, ClosedFetcher
from packsys.memory.syncledger import SyncLedger
from packsys.memory.syncs import MemoryRows, MemorySyncEvents, MemorySyncRuns, MemorySyncTables
from packsys.memory.syncwork import MemorySyncFinish, MemorySyncUpkeep, MemorySyncWork
from packsys.model import Connection, Event, Job, PackVersion, Scope, Submission
from packsys.planner.plan import Plan, PlannedStep
from packsys.ports import EventStore, Flowed
from packsys.runtime.batch import Answer
from packsys.runtime.cancel import Cancel
from packsys.runtime.clients import SetClient
from packsys.runtime.connect import NewConnection, note_of
from packsys.runtime.deliver import Deliver
from packsys.runtime.disconnect import Disconnect
from packsys.runtime.ids import job_id
from packsys.runtime.inquire import Inquire
from packsys.runtime.keys import digest_of, issue
from packsys.runtime.opening import Heavy
from packsys.runtime.preview import AssistAuthor, Preview
from packsys.runtime.publish import Publish
from packsys.runtime.retries import Retries
from packsys.runtime.rotate import Rotate
from packsys.runtime.schedule import KeepSchedule
from packsys.runtime.signin import SignIn
from packsys.runtime.submit import fingerprint
from packsys.runtime.surround import Surround
from packsys.runtime.webhook_secrets import WebhookSecrets
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sync.house import Syncs, SyncStores, Terms, wire_syncs
from packsys.sync.instances import Instances
from packsys.values import Value
from tests.connections.world import REDIRECT, Direct, a_pack, declared
from tests.ports.single import claim_one, keep_one
from tests.provider import Authority
from tests.sync.world import Bells as QuietBells

GITHUB = PackVersion(id=1013, name="GitHub", version="1.0.0", description="", domains=("github.com",), formulas={})


def now() -> datetime:
    """Tells the time."""
    return datetime.now(UTC)


def call(name: str = "Repos", *, key: str = "0" * 32) -> Invocation:
    """Makes a call whose arguments are known."""
    return Invocation(key=key, pack_id=1013, pack="GitHub", version="1.0.0", formula=name, account=None, arguments={})


class Bells:
    """Is a feed that counts who listens and who reads, and can be told to keep quiet, to forget, or to fail.

    The log of events fails with it.
    """

    def __init__(self) -> None:
        self.feed = MemoryFeed()
        self.listening: Counter[str] = Counter()
        self.read_log: Counter[str] = Counter()
        self.quiet = self.broken = False

    def publish(self, events: Sequence[Event]) -> None:
        if not self.quiet:
            self.feed.publish(events)

    def since(self, job: str, number: int) -> Sequence[Event] | None:
        return None if self.broken else self.feed.since(job, number)

    def listen(self, job: str, ring: Callable[[], None]) -> Callable[[], None]:
        stop = self.feed.listen(job, ring)
        self.listening[job] += 1

        def leave() -> None:
            stop()
            self.listening[job] -= 1

        return leave


@dataclass(frozen=True)
class Log:
    """Is the log of events behind the bells."""

    bells: Bells
    events: EventStore

    def since(self, job: str, number: int) -> Sequence[Event]:
        self.bells.read_log[job] += 1
        if self.bells.broken:
            raise NotReady
        return self.events.since(job, number)


@dataclass(frozen=True)
class TwoPacks:
    """Knows GitHub, and a mail service at which people sign in, and what was published."""

    published: MemoryReleases = field(default_factory=MemoryReleases)

    @property
    def packs(self) -> Sequence[PackVersion]:
        newest = (release(each.manifest) for each in self.published.newest())
        return (GITHUB, a_pack(declared()), *newest)

    def by_id(self, pack_id: int) -> PackVersion | None:
        return next((pack for pack in self.packs if pack.id == pack_id), None)

    def by_name(self, name: str) -> PackVersion | None:
        return next((pack for pack in self.packs if pack.name.lower() == name.lower()), None)

    def release(self, pack_id: int, version: str) -> PackVersion | None:
        return self.by_id(pack_id)

    def names(self) -> tuple[str, ...]:
        return tuple(pack.name for pack in self.packs)


def trusted(bundle: Bundle) -> Mapping[str, Any]:
    """Takes what a manifest says for what the code declares."""
    return bundle.manifest


@dataclass(frozen=True)
class SmallHouse:
    """Accepts any formula but a few.

    ``Nope()`` is unknown, ``Locked()`` has no account, ``Down()`` cannot be kept, ``Crash()`` meets a mistake of
    ours; ``Done()`` has ended, with the variable ``Value``, when submit returns.
    """

    ledger: Ledger = field(init=False)
    keys: MemoryKeys = field(default_factory=lambda: MemoryKeys(now))
    kept: MemoryConnections = field(default_factory=MemoryConnections)
    blobs: MemoryBlobs = field(default_factory=lambda: MemoryBlobs(now=now))
    releases: MemoryReleases = field(default_factory=MemoryReleases)
    bells: Bells = field(default_factory=Bells)
    accepted: set[str] = field(default_factory=set)
    troubles: deque[PacksysError] = field(default_factory=deque)
    authority: Authority = field(default_factory=Authority)
    vault: Vault = field(default_factory=lambda: Vault({"test": bytes(32)}, "test"))
    oauth: MemoryOAuth = field(default_factory=MemoryOAuth)
    signing: MemoryWebhookSecrets = field(default_factory=MemoryWebhookSecrets)
    asked_for: list[str] = field(default_factory=list)
    health: dict[str, str] = field(default_factory=lambda: {"postgres": "ok", "state": "ok"})

    def __post_init__(self) -> None:
        object.__setattr__(self, "ledger", Ledger(now, publish=self.bells.publish))

    @property
    def services(self) -> Services:
        """Gives the house as the service sees it."""
        calendar = Calendar(now)
        schedules = MemorySchedules(calendar)
        syncs, keep_schedule = self.syncs, KeepSchedule(schedules)
        registry = Registry(shipped=[shipped(describe(github))], releases=self.releases)
        return Services(
            submit=self.submit,
            submit_many=self.submit_many,
            submit_together=self.submit_together,
            preview=self.preview,
            assist=AssistAuthor(packs=TwoPacks(), connections=self.kept),
            cancel=Cancel(self.jobs),
            connect=self.connect,
            sign_in=SignIn(**self.parts, redirect=REDIRECT, new_id=new_id, randomness=secrets.token_bytes),
            disconnect=Disconnect(**self.parts),
            set_client=SetClient(packs=TwoPacks(self.releases), oauth=self.oauth, vault=self.vault),
            rotate=Rotate(connections=self.kept, oauth=self.oauth, webhook_secrets=self.signing, vault=self.vault),
            publish=self.publish,
            execute=lambda job, step: None,
            inquire=self.inquire,
            advance=lambda job: None,
            reconcile=lambda: 0,
            flow=lambda: Flowed(0),
            ready=self.ready,
            jobs=self.jobs,
            steps=self.steps,
            events=Log(self.bells, MemoryEvents(self.ledger)),
            feed=self.bells,
            progress=MemoryProgress(self.ledger),
            deliveries=self.deliveries,
            deliver=self.deliver,
            webhook_secrets=self.webhook_secrets,
            keys=self.keys,
            connections=self.kept,
            packs=TwoPacks(self.releases),
            blobs=self.blobs,
            cache=MemoryResults(now),
            forget=lambda tags: None,
            registry=registry,
            syncs=syncs,
            schedules=schedules,
            slots=MemorySlots(calendar),
            keep_schedule=keep_schedule,
            instances=Instances(
                tables=syncs.tables,
                schedules=schedules,
                keep_schedule=keep_schedule,
                steer=syncs.steer,
                packs=TwoPacks(self.releases),
                connections=self.kept,
                declared=registry.manifest,
            ),
        )

    @property
    def syncs(self) -> Syncs:
        """Gives sync tables, whose messages nobody takes."""
        ledger = SyncLedger(now)
        stores = SyncStores(
            tables=MemorySyncTables(ledger),
            runs=MemorySyncRuns(ledger),
            work=MemorySyncWork(ledger),
            finish=MemorySyncFinish(ledger),
            rows=MemoryRows(ledger),
            upkeep=MemorySyncUpkeep(ledger),
            events=MemorySyncEvents(ledger),
        )
        return wire_syncs(
            stores,
            Terms(worker="w", lease=30.0, grace=10.0, attempts=3),
            packs=TwoPacks(),
            inquire=self.inquire,
            dispatcher=QuietBells(),
            bells=MemoryBells(),
            retries=Retries(random=lambda: 0.5),
            new_id=new_id,
            now=now,
        )

    @property
    def inquire(self) -> Inquire:
        """Gives what asks packs for anything but formulas; no pack here has anything else."""
        surround = Surround(connections=self.kept, egress=ClosedEgress(), cache=MemoryResults(now))
        return Inquire(packs=TwoPacks(), runner=InProcessPacks([]), surround=surround)

    @property
    def publish(self) -> Publish:
        """Gives what publishes packs, and takes their manifests for what the code declares."""
        return Publish(shipped=TwoPacks(), releases=self.releases, describe={"python": trusted, "javascript": trusted})

    @property
    def parts(self) -> dict[str, Any]:
        """Gives what the use cases of connections share."""
        return {
            "packs": TwoPacks(self.releases),
            "connections": self.kept,
            "oauth": self.oauth,
            "vault": self.vault,
            "mint": Mint(couriers=lambda workspace: Direct(self.authority), now=now),
            "now": now,
        }

    @property
    def deliveries(self) -> MemoryDeliveries:
        """Gives the store of messages to callbacks."""
        return MemoryDeliveries(self.ledger)

    @property
    def webhook_secrets(self) -> WebhookSecrets:
        """Gives what messages are signed with."""
        return WebhookSecrets(
            store=self.signing, vault=self.vault, randomness=secrets.token_bytes, new_id=new_id, now=now
        )

    @property
    def deliver(self) -> Deliver:
        """Gives what tells callbacks; nothing gets out."""
        return Deliver(
            deliveries=self.deliveries,
            messages={},
            secrets=self.webhook_secrets.of,
            couriers=lambda workspace: ClosedFetcher("A test"),
            now=now,
            random=lambda: 0.0,
            post=lambda: self.asked_for.append("deliver"),
        )

    @property
    def jobs(self) -> MemoryJobs:
        """Gives the store of jobs."""
        return MemoryJobs(self.ledger)

    @property
    def steps(self) -> MemorySteps:
        """Gives the store of steps."""
        return MemorySteps(self.ledger)

    def token(self, workspace: str = "default", *, scopes: Sequence[str] = tuple(Scope)) -> str:
        """Makes a key of a workspace and gives its token."""
        key, token = issue("a test", workspace, randomness=secrets.token_bytes, now=now(), scopes=scopes)
        self.keys.add(key, digest_of(token))
        return token

    def submit(self, submission: Submission) -> Job:
        """Keeps a job, and ends it if it is asked to be done; raises the next of ``troubles`` first."""
        if self.troubles:
            raise self.troubles.popleft()
        refuse(submission.formula)
        job = self.jobs.accept(
            job_of(submission), idempotency_key=submission.idempotency_key, fingerprint=fingerprint(submission)
        )
        self.accepted.add(job.id)
        if "Done()" in submission.formula:
            self.jobs.finish(job.id, submission.variables.get("Value"))
        return self.jobs.get(job.id)

    def submit_many(self, submissions: Sequence[Submission]) -> Sequence[Answer]:
        """Submits one after the other; where it is told not to be ready, it is so for all."""
        return [answered(self.submit, submission) for submission in submissions]

    def submit_together(self, submissions: Sequence[Submission]) -> Sequence[Answer]:
        """Submits as ``submit_many`` does, but leaves ``Long()`` out of company."""
        return [Heavy() if "Long()" in each.formula else answered(self.submit, each) for each in submissions]

    def preview(self, submission: Submission) -> Preview:
        """Gives a plan of one call after another."""
        refuse(submission.formula)
        first = planned("s1", "GitHub::Repos")
        second = planned("s2", "GitHub::Repo", depends_on=("s1",))
        plan = Plan(steps=(first, second), waves=(("s1",), ("s2",)))
        return Preview(tree={"node": "blank"}, plan=plan, warnings=("A warning.",))

    def connect(self, new: NewConnection) -> Connection:
        """Keeps a connection, badly sealed."""
        connection = Connection(
            id=new.id or new_id(),
            workspace=new.workspace,
            pack_id=new.pack_id,
            name=new.name,
            sealed=sealed(new),
            endpoint=new.endpoint,
        )
        self.kept.add(connection, note=note_of(new, "connected", now()))
        return connection

    def ready(self) -> Mapping[str, str]:
        """Tells what a test wants told."""
        return self.health

    def run_step(self, job: str, outcome: Value, *, name: str = "Repos") -> None:
        """Runs one call of a job, from the queue to its outcome."""
        (step,) = self.steps.add(job, [call(name, key=secrets.token_hex(16))])
        claim = claim_one(self.steps, job, step.key, worker="a test", lease=60)
        assert claim
        assert keep_one(self.steps, claim, outcome)


def answered(submit: Callable[[Submission], Job], submission: Submission) -> Answer:
    """Submits one of several; where it is told not to be ready, it is so for all."""
    try:
        return submit(submission)
    except NotReady:
        raise
    except PacksysError as error:
        return error


def planned(step: str, call: str, *, depends_on: tuple[str, ...] = ()) -> PlannedStep:
    """Plans a call."""
    return PlannedStep(
        id=step,
        call=call,
        pack_id=1013,
        account=None,
        depends_on=depends_on,
        guarded=False,
        fans_out=False,
        action=False,
        start=0,
        end=1,
    )


def job_of(submission: Submission) -> Job:
    """Makes the job of a submission."""
    return Job(
        id=job_id(now(), secrets.token_bytes(10)),
        workspace=submission.workspace,
        formula=submission.formula,
        tree="",
        variables=submission.variables,
        asked_by=submission.asked_by,
        timezone=submission.timezone,
        locale=submission.locale,
        callback=submission.callback,
        accepted_at=now(),
        deadline=now() + timedelta(seconds=submission.timeout),
    )


def refuse(formula: str) -> None:
    """Raises what a formula asks for."""
    if "Nope" in formula:
        start = formula.index("Nope")
        raise FormulaError(
            "There is no formula 'Nope'.",
            kind="UnknownFormula",
            formula=formula,
            start=start,
            end=start + 4,
            expected=("a formula",),
            found="Nope",
            suggestions=("Note",),
        )
    if "Locked()" in formula:
        raise NotConnected
    if "Down()" in formula:
        raise NotReady("PostgreSQL does not answer.", retry_after=7)
    if "Crash()" in formula:
        raise RuntimeError("the password is hunter2")


def sealed(new: NewConnection) -> bytes:
    """Turns what was entered around, which is not safe but is not the secret either."""
    entered = {"token": new.token} if new.token else new.fields
    return ";".join(secret.reveal()[::-1] for secret in entered.values()).encode()


def new_id() -> str:
    """Makes an id."""
    return job_id(now(), secrets.token_bytes(10))
