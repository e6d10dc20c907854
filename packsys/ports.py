"""Every socket in the wall: what the house asks of the outside, as protocols of a few methods.

Real adapters live in ``store``, ``kvstore``, ``sandbox``, ``egress`` and ``dispatch``; ``memory`` has a twin of
each, and one suite in ``tests/ports`` holds both to the same promises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from packsys.language.invocation import Invocation
from packsys.limits.advice import Advice
from packsys.limits.demand import Demand
from packsys.limits.verdict import Permit, Refusal
from packsys.model import (
    AuditEntry,
    AuditNote,
    Blob,
    Claim,
    Connection,
    Delivery,
    DeliveryState,
    Event,
    Job,
    Key,
    OAuthClient,
    PackFormula,
    PackVersion,
    Progress,
    Release,
    Route,
    Stall,
    Step,
    WebhookSecret,
)
from packsys.sdk.surroundings import Cache, Location, NoCache, Sync
from packsys.sdk.targets import Target
from packsys.turns import NOTHING, Committed, Opening, Settled, Taken
from packsys.values import Value


class JobStore(Protocol):
    """Keeps jobs from acceptance to outcome."""

    def accept(
        self, job: Job, *, idempotency_key: str | None = None, fingerprint: str = "", opening: Opening = NOTHING
    ) -> Job:
        """Keeps a new job and what it begins with, or gives back the one that this key was accepted with.

        Raises :class:`~packsys.errors.IdempotencyMismatch` when the key came with another fingerprint.
        """

    def get(self, job: str, *, workspace: str | None = None) -> Job:
        """Finds a job; raises :class:`~packsys.errors.NotFound` when it is absent or another workspace's."""

    def finish(self, job: str, outcome: Value, *, settled: Settled | None = None) -> bool:
        """Ends a live job as done, or as failed when the outcome is an error value; False when it had ended.

        With ``settled`` it commits that step's outcome in the same moment; False, and nothing written, when the claim
        was lost.
        """

    def cancel(self, job: str) -> bool:
        """Ends a live job as cancelled; False when it had ended."""


class StepStore(Protocol):
    """Keeps the steps of jobs, and lets one worker at a time commit one."""

    def add(self, job: str, invocations: Sequence[Invocation], *, look_at: int = 0) -> Sequence[Step]:
        """Keeps the calls that are new to a live job as one queued wave, and gives back the new ones only."""

    def take(
        self,
        job: str,
        invocations: Sequence[Invocation],
        *,
        worker: str,
        lease: float,
        look_at: int = 0,
        settled: Settled | None = None,
    ) -> Taken | None:
        """Adds a wave as :meth:`add` does and claims its first new step, in one moment.

        With ``settled`` it commits that step's outcome before; None, and nothing written, when the claim was lost.
        """

    def of(self, job: str) -> Sequence[Step]:
        """Lists a job's steps by number."""

    def claim(self, job: str, key: str, *, worker: str, lease: float) -> Claim | None:
        """Takes a due step of a live job for ``lease`` seconds; None when it is held, kept, not due or ended."""

    def renew(self, claims: Sequence[Claim], *, lease: float) -> Sequence[Claim]:
        """Holds claims for ``lease`` more seconds, and lists those that were not lost."""

    def keep(self, claim: Claim, outcome: Value, *, cached: bool = False) -> Committed | None:
        """Commits a step's outcome once; None, and nothing written, when the claim was lost."""

    def postpone(self, claim: Claim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost.

        With ``tried=False`` it does not count as an attempt: the call was not begun.
        """

    def rouse(self, places: Sequence[tuple[str, str]]) -> Sequence[tuple[Step, Route]]:
        """Makes waiting steps of live jobs, named by job and key, due now, and gives them with their routes."""


class EventStore(Protocol):
    """Keeps what happened to jobs."""

    def since(self, job: str, number: int) -> Sequence[Event]:
        """Lists a job's events after the given number, oldest first."""


class Feed(Protocol):
    """Passes events on to those who follow a job, and may lose any of them: what counts is in the store of events."""

    def publish(self, events: Sequence[Event]) -> None:
        """Passes events of any jobs on, after they were kept; raises nothing and waits for nobody.

        The same event may be published twice, and events of several workers in any order.
        """

    def since(self, job: str, number: int) -> Sequence[Event] | None:
        """Lists a live job's events after the given number, oldest first, as far as they have come through.

        None where that would leave a gap, or nothing is known of the job: the store of events tells, then.
        """

    def listen(self, job: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` from any thread soon after each new event, until the returned function is called.

        It may ring for no reason, and rings when the listening itself begins again after a break.
        """


class ProgressStore(Protocol):
    """Counts the steps of jobs; no value is read for it."""

    def of(self, job: str) -> Progress:
        """Tells how far a job is."""


class DeliveryStore(Protocol):
    """Keeps the messages about jobs that ended and had a callback; each came to be together with that end."""

    def take(self, *, limit: int, lease: float) -> Sequence[Delivery]:
        """Takes due deliveries for ``lease`` seconds, those of different workspaces in turn.

        Fewer, or none, while many are under way already.
        """

    def delivered(self, delivery: Delivery, *, status: int) -> bool:
        """Ends one that was taken; False, and nothing written, when another has taken it since."""

    def postpone(self, delivery: Delivery, *, delay: float, status: int | None, reason: str) -> bool:
        """Gives one back, to be due in ``delay`` seconds; False when another has taken it since."""

    def bury(self, delivery: Delivery, *, status: int | None, reason: str) -> bool:
        """Gives one up; False when another has taken it since."""

    def list(
        self, *, workspace: str, state: DeliveryState | None = None, before: str | None = None, limit: int = 100
    ) -> Sequence[Delivery]:
        """Lists a workspace's deliveries, those of the newest jobs first; ``before`` is the last job seen."""

    def retry(self, job: str, *, workspace: str) -> Delivery | None:
        """Makes a delivery due now, whatever became of it before; None when there is none."""


class WebhookSecretStore(Protocol):
    """Keeps what messages are signed with, sealed."""

    def add(self, secret: WebhookSecret, *, overlap: float) -> None:
        """Keeps a new one; those before it sign for ``overlap`` more seconds at most."""

    def current(self, workspace: str) -> Sequence[WebhookSecret]:
        """Lists those that sign now, the newest first."""

    def every(self) -> Sequence[WebhookSecret]:
        """Lists those that sign now, of all workspaces."""

    def reseal(self, secret: WebhookSecret, *, before: bytes) -> bool:
        """Keeps another seal of the same secret; False when the row holds something else than ``before``."""


class UpkeepStore(Protocol):
    """Finds what stands still. Every method may run in several processes at once."""

    def expire(self) -> Sequence[str]:
        """Fails the jobs whose deadline has passed, and lists them."""

    def release(self, *, attempts: int) -> Sequence[Stall]:
        """Queues steps whose lease ran out; the ones tried ``attempts`` times fail as ``WorkerLost``."""

    def stalled(self, *, grace: float) -> Sequence[Stall]:
        """Lists due steps that nobody took, and jobs that nobody advances, for ``grace`` seconds.

        Marks them as sent now, and waits twice as long each time before it lists the same step again.
        """


class PackStore(Protocol):
    """Finds pack releases."""

    def by_id(self, pack_id: int) -> PackVersion | None:
        """Finds a pack by its number."""

    def by_name(self, name: str) -> PackVersion | None:
        """Finds a pack by its name, whatever its case."""

    def release(self, pack_id: int, version: str) -> PackVersion | None:
        """Finds the release that a call was bound with; of a pack that ships there is one only."""

    def names(self) -> Sequence[str]:
        """Lists the names of all packs."""


class ReleaseStore(Protocol):
    """Keeps published pack versions, which never change."""

    def add(self, release: Release) -> bool:
        """Keeps a new release; False when the same one is there already.

        Raises :class:`~packsys.errors.Conflict` for a version that was published with another digest, and for a
        name that belongs to another pack.
        """

    def get(self, pack_id: int, version: str) -> Release | None:
        """Finds a release."""

    def newest(self) -> Sequence[Release]:
        """Lists the release of each pack that was published last, by name, without its archive."""

    def versions(self, pack_id: int) -> Sequence[Release]:
        """Lists the releases of a pack without their archives, the one that was published last first."""


class ConnectionStore(Protocol):
    """Keeps connected accounts, sealed, and what happened to each.

    A ``note`` is written down together with the change, or neither is.
    """

    def add(self, connection: Connection, *, note: AuditNote | None = None) -> None:
        """Keeps a new connection, or replaces the one with the same id and workspace."""

    def get(self, connection: str, *, workspace: str) -> Connection | None:
        """Finds a connection of a workspace by its id."""

    def list(self, *, workspace: str) -> Sequence[Connection]:
        """Lists a workspace's connections by name."""

    def replace(self, connection: Connection, *, expected: int, note: AuditNote | None = None) -> bool:
        """Keeps a new form of a connection; False, and nothing written, when its version is not ``expected`` now."""

    def lease(self, connection: Connection, *, owner: str, seconds: float, sent: bytes) -> bool:
        """Takes the right to refresh this version, and keeps the digest of the token that is about to be sent.

        False when another holds it, the version is another, the account cannot be used any more, or the time of the
        next attempt has not come.
        """

    def release(self, connection: Connection, *, owner: str, delay: float, note: AuditNote | None = None) -> bool:
        """Gives the right back after a refresh that brought nothing: keeps state and reason, counts the failure.

        The next may be tried in ``delay`` seconds. False when the right was lost.
        """

    def touch(self, connection: Connection) -> None:
        """Keeps now as the time when the connection was last used."""

    def after(self, place: tuple[str, str], *, limit: int) -> Sequence[Connection]:
        """Lists connections of all workspaces by workspace and id, from behind a place; ``("", "")`` is the start."""

    def reseal(self, connection: Connection, *, before: bytes) -> bool:
        """Keeps another seal of the same secret; False when the row holds something else than ``before``."""

    def audit(self, connection: str, *, workspace: str) -> Sequence[AuditEntry]:
        """Lists what happened to a connection, oldest first; entries are never changed."""


class OAuthStore(Protocol):
    """Keeps sign-ins that are under way, and what workspaces are to the services they sign in at."""

    def begin(self, digest: bytes, sealed: bytes, *, ttl: float) -> None:
        """Keeps a sign-in for ``ttl`` seconds, under the digest of its state."""

    def take(self, digest: bytes) -> bytes | None:
        """Gives a sign-in once, and forgets it; None when it is unknown, taken or too old."""

    def keep_client(self, client: OAuthClient) -> None:
        """Keeps a workspace's client of a pack, in place of an earlier one."""

    def client(self, pack_id: int, *, workspace: str) -> OAuthClient | None:
        """Finds a workspace's client of a pack."""

    def clients(self) -> Sequence[OAuthClient]:
        """Lists the clients of all workspaces."""


class KeyStore(Protocol):
    """Keeps API keys, hashed."""

    def add(self, key: Key, digest: bytes) -> None:
        """Keeps a new key with the SHA-256 of its secret."""

    def find(self, key_id: str) -> tuple[Key, bytes] | None:
        """Finds a key that is not revoked, with its digest."""

    def list(self, *, workspace: str) -> Sequence[Key]:
        """Lists a workspace's keys."""

    def revoke(self, key_id: str) -> bool:
        """Ends a key; False when there is none."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Is a kept result.

    ``fresh_for`` are the seconds for which it may still be used as it is; at 0 and below it may be used only while
    another is made. ``cost`` are the seconds that it took to make.
    """

    value: Value
    fresh_for: float
    cost: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Is a call as all who ask for the same one name it, and the step that asks, as job and key.

    ``tags`` are what its result depends on: to forget a tag is to forget all results that have it.
    """

    name: str
    tags: tuple[str, ...]
    step: tuple[str, str]


@dataclass(frozen=True)
class Lead:
    """Tells who asks to make the call, for all who ask meanwhile.

    ``stamp`` is the state of the tags at that moment; it is empty where no server knows of the flight. ``kept`` is a
    result that is to be made anew, and may be used until then.
    """

    stamp: str = ""
    kept: Kept | None = None


@dataclass(frozen=True)
class Wait:
    """Tells who asks that another makes the call, which has ``seconds`` more unless it asks for more."""

    seconds: float


@dataclass(frozen=True)
class Handed:
    """Is the outcome of a call, an error too, for one who waited for it."""

    outcome: Value


class ResultCache(Protocol):
    """Keeps results for a while, and counts how often that helped; may forget at any moment."""

    def get(self, name: str, *, tags: Sequence[str] = ()) -> Kept | None:
        """Finds a fresh result."""

    def forget(self, tags: Sequence[str]) -> None:
        """Forgets whatever has one of the tags, and what is on its way.

        Raises :class:`~packsys.errors.NotReady` where it cannot.
        """

    def count(self, counts: Mapping[str, int]) -> None:
        """Adds to the counts of all workers, if it can."""

    def counts(self) -> Mapping[str, int]:
        """Gives the counts of all workers; raises :class:`~packsys.errors.NotReady` where it cannot."""


class FlightDesk(Protocol):
    """Lets one of all who ask for the same call make it, and hands its outcome to the others.

    It may forget at any moment: calls are then made more than once, and those who wait come back by themselves.
    """

    def ask(self, asked: Asked, *, lease: float, early: float = 0.0) -> Kept | Handed | Lead | Wait:
        """Finds the result, or says who is to make it; who leads does so for ``lease`` seconds.

        A step that leads already goes on doing so. A result is made anew ``early`` times the seconds that it took to
        make before it stops being fresh. While it is made anew, the others are given the one that there is.
        """

    def join(self, asked: Asked) -> bool:
        """Notes that a step waits; False when the flight has ended, so that the step had better ask again."""

    def prolong(self, asked: Asked, *, lease: float) -> None:
        """Leads for ``lease`` seconds from now, if the step still does."""

    def land(
        self, asked: Asked, outcome: Value, *, stamp: str, ttl: float = 0.0, stale: float = 0.0, cost: float = 0.0
    ) -> Sequence[tuple[str, str]]:
        """Ends a flight with an outcome, and gives the steps that waited for it.

        A value is kept as fresh for ``ttl`` seconds and for ``stale`` more, unless a tag was forgotten since the
        stamp; an error is never kept. What is not kept is handed, for a while, to those who waited.
        """

    def leave(self, asked: Asked) -> tuple[str, str] | None:
        """Ends a flight without an outcome, and gives one of the steps that wait for it, which may lead next.

        To wake all of them would be in vain for all but one, and if that one fails as well, for all but one again.
        """


class LastingResults(Protocol):
    """Keeps results that are good for long where they outlive a cache server."""

    def look(self, name: str, *, tags: Sequence[str]) -> tuple[Kept | None, int]:
        """Finds a fresh result, and tells the state of the tags."""

    def put(self, name: str, value: Value, *, tags: Sequence[str], stamp: int, ttl: float) -> None:
        """Keeps a result for ``ttl`` seconds, unless a tag was forgotten since the stamp."""

    def forget(self, tags: Sequence[str]) -> None:
        """Forgets whatever has one of the tags, and what is on its way."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """Is one HTTP request that pack code asks for; a relative ``url`` is completed by the host.

    ``timeout`` is seconds. ``authenticate`` says whether it is signed with the account, ``follow`` whether redirects
    are followed or handed back. ``cache_ttl`` is for how many seconds its answer may be kept: None leaves it to the
    host, 0 forbids it.
    """

    method: str = "GET"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout: float = 30.0
    authenticate: bool = True
    follow: bool = True
    cache_ttl: float | None = None


@dataclass(frozen=True, kw_only=True)
class Response:
    """Is what came back: header names in lower case, the body decoded from its transfer encoding."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetcher(Protocol):
    """Carries the requests of one call, signed by the host."""

    def fetch(self, request: Request) -> Response:
        """Sends a request that the pack may send.

        Raises :class:`~packsys.errors.ForbiddenRequest` and :class:`~packsys.errors.UpstreamError` (no answer).
        Answers of any status are returned.
        """


class Egress(Protocol):
    """Opens the way out for one call."""

    def open(
        self,
        pack: PackVersion,
        connection: Connection | None,
        *,
        token: str = "",
        workspace: str = "",
        fresh: bool = False,
        formula: str = "",
    ) -> Fetcher:
        """Gives the fetcher of one pack release and, where there is one, one account.

        ``token`` is the call's own: it marks where fields of the account are to be put. ``workspace`` is whose call
        it is, where there is no account to tell. With ``fresh`` no kept answer is used. ``formula`` names the formula
        that is called, where it is one: it may have a rate limit of its own.
        """


@dataclass(frozen=True, kw_only=True)
class Found:
    """Is what a look for an answer found: its bytes, or None, and the account's generation at that moment."""

    generation: str
    data: bytes | None


class AnswerCache(Protocol):
    """Keeps answers of services for a while; may forget at any moment. It cannot read what it keeps."""

    def look(self, account: str, name: str) -> Found:
        """Finds the newest answer that was kept under a name since the account was last forgotten."""

    def put(self, account: str, name: str, data: bytes, *, generation: str, ttl: float) -> None:
        """Keeps an answer for ``ttl`` seconds, if it can, and if the generation is still the account's."""

    def forget(self, account: str) -> None:
        """Forgets all of an account's answers, those too that are on their way, by a new generation."""


class Blobs(Protocol):
    """Keeps files for a while, at addresses that others can read."""

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float) -> str:
        """Keeps a file for ``ttl`` seconds and gives its address; ``name`` is what a browser saves it as.

        Raises :class:`~packsys.errors.BlobTooLarge`.
        """

    def get(self, blob: str) -> Blob | None:
        """Finds a file by the last part of its address, until its time is over."""


class BlobStore(Protocol):
    """Keeps the files of all workspaces, each within a budget of its own."""

    def of(self, workspace: str) -> Blobs:
        """Gives the place for one workspace's files."""

    def get(self, blob: str) -> Blob | None:
        """Finds a file by the last part of its address, whoever kept it: who knows the address may read it."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Is what pack code finds around it in one attempt: the ways out, and what its context says.

    ``timeout`` is seconds for all of it. ``idempotency_key`` is the same for every attempt, ``token`` unlike that
    of any other call: it marks where the host puts secrets. Without ``blobs`` no file can be kept.
    """

    fetcher: Fetcher
    timeout: float
    timezone: str = "UTC"
    locale: str = "en"
    endpoint: str = ""
    idempotency_key: str = ""
    token: str = ""
    location: Location = field(default_factory=Location)
    sync: Sync = field(default_factory=Sync)
    blobs: Blobs | None = None
    cache: Cache = field(default_factory=NoCache)


@dataclass(frozen=True, kw_only=True)
class Call:
    """Is a formula to be run: its declaration, its arguments, and what is around it."""

    formula: PackFormula
    invocation: Invocation
    world: World


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """Is anything else of a pack that can be run: a page of a table, its updates, what tells about an account.

    ``arguments`` are by parameter name, for updates with ``updates`` besides (see
    :func:`packsys.sdk.targets.invoke`). ``account`` is the id of the connection.
    """

    pack_id: int
    version: str
    target: Target
    world: World
    arguments: Mapping[str, Value] = field(default_factory=dict)
    account: str | None = None


class RateLimiter(Protocol):
    """Decides when a request may be sent, for all workers together. Lends slots, so that a dead worker's come back."""

    def take(self, demand: Demand, *, lease: float) -> Permit | Refusal:
        """Takes every permit and slot that a request needs, or none and says how long to wait, and why.

        In no window of any length are ever more permits taken than its limit. Slots are lent for ``lease`` seconds.
        """

    def give_back(self, demand: Demand, permit: Permit) -> None:
        """Frees the slots of a permit; what was sent stays counted."""

    def learn(self, demand: Demand, advice: Advice) -> None:
        """Holds requests of the demand's narrowest place back as the service says, in all workers at once."""


class Gate(Protocol):
    """Lets the requests of one call out, each in its time."""

    def carry(self, send: Callable[[float], Response], *, method: str, path: str, timeout: float) -> Response:
        """Waits for a permit, calls ``send`` with the seconds that are left of ``timeout``, and notes the answer.

        Raises :class:`~packsys.errors.LimitReached` where the wait is too long, and what ``send`` raises.
        """


class PackRunner(Protocol):
    """Runs pack code.

    Both methods raise any of :class:`~packsys.errors.PackError`, :class:`~packsys.errors.ConnectionFault`,
    :class:`~packsys.errors.UpstreamError` and :class:`~packsys.errors.ApiError`, and nothing else.
    """

    def run(self, call: Call) -> Value:
        """Gives the call's result, fitted to its declared type."""

    def ask(self, inquiry: Inquiry) -> Any:
        """Gives what a pack answers to anything but a formula, the same whatever it is written in.

        By the target's aim: ``page`` gives a :class:`packsys.sdk.Page` of rows under the service's own keys;
        ``update`` a list with a row, or a :class:`packsys.sdk.UserVisibleError`, for each update; ``autocomplete``,
        ``options`` and ``endpoints`` lists of objects with ``display`` and ``value``; ``tables`` and
        ``search_tables`` lists of :class:`packsys.sdk.TableAddress`; ``table_schema`` a schema as manifests write
        it; the others a text.
        """


class Display(Protocol):
    """Shows a call that a worker goes on with, as the task of its own that it is."""

    def show(self, step: Step) -> AbstractContextManager[None]:
        """Shows the task as started, and at the end of the block as ended."""


@dataclass(frozen=True)
class Flowed:
    """Tells how many lanes still hold messages, and how many messages were moved on."""

    waiting: int
    moved: int = 0


class Queues(Protocol):
    """Takes messages for workers."""

    def push(self, queue: str, messages: Sequence[bytes], *, lane: str) -> None:
        """Puts messages in a lane of a queue, from which each lane has its turn.

        Raises :class:`~packsys.errors.NotReady`.
        """

    def flow(self, queue: str) -> Flowed:
        """Moves on what there is room for."""

    def depth(self, queue: str) -> int:
        """Counts the messages that wait in a queue."""


class Pressure(Protocol):
    """Knows whether there is room for more work."""

    def check(self) -> None:
        """Raises :class:`~packsys.errors.Overloaded` while there is none."""


class Dispatcher(Protocol):
    """Sends work to the workers; messages carry ids only. Sending twice is harmless.

    Where it ``joins``, every wave and every step that is sent again is followed by an advance when it has ended.
    Elsewhere the worker that ends the last step of a wave moves the job on.
    """

    @property
    def joins(self) -> bool:
        """Tells whether an advance follows by itself."""

    def wave(self, steps: Sequence[Step], *, route: Route) -> None:
        """Sends the steps of one wave of a job, side by side."""

    def again(self, step: Step, *, route: Route, delay: float = 0.0) -> None:
        """Sends one step after ``delay`` seconds."""

    def rouse(self, steps: Sequence[tuple[Step, Route]]) -> None:
        """Sends steps of any jobs."""

    def advance(self, job: str, *, route: Route) -> None:
        """Asks for the next wave of a job, or its end."""
