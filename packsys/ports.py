"""Every socket in the wall: what the house asks of the outside, as protocols of a few methods.

Real adapters live in ``store``, ``kvstore``, ``sandbox``, ``egress`` and ``dispatch``; ``memory`` has a twin of
each, and one suite in ``tests/ports`` holds both to the same promises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from packsys.language.invocation import Invocation
from packsys.model import Blob, Claim, Connection, Event, Job, Key, PackFormula, PackVersion, Release, Stall, Step
from packsys.sdk.surroundings import Cache, Location, NoCache, Sync
from packsys.sdk.targets import Target
from packsys.values import Value


class JobStore(Protocol):
    """Keeps jobs from acceptance to outcome."""

    def accept(self, job: Job, *, idempotency_key: str | None = None, fingerprint: str = "") -> Job:
        """Keeps a new job, or gives back the one that this key was accepted with.

        Raises :class:`~packsys.errors.IdempotencyMismatch` when the key came with another fingerprint.
        """

    def get(self, job: str, *, workspace: str | None = None) -> Job:
        """Finds a job; raises :class:`~packsys.errors.NotFound` when it is absent or another workspace's."""

    def finish(self, job: str, outcome: Value) -> bool:
        """Ends a live job as done, or as failed when the outcome is an error value; False when it had ended."""

    def cancel(self, job: str) -> bool:
        """Ends a live job as cancelled; False when it had ended."""


class StepStore(Protocol):
    """Keeps the steps of jobs, and lets one worker at a time commit one."""

    def add(self, job: str, invocations: Sequence[Invocation]) -> Sequence[Step]:
        """Keeps the calls that are new to a live job as one queued wave, and gives back the new ones only."""

    def of(self, job: str) -> Sequence[Step]:
        """Lists a job's steps by number."""

    def claim(self, job: str, key: str, *, worker: str, lease: float) -> Claim | None:
        """Takes a due step of a live job for ``lease`` seconds; None when it is held, kept, not due or ended."""

    def renew(self, claim: Claim, *, lease: float) -> bool:
        """Holds a claim for ``lease`` more seconds; False when it was lost."""

    def keep(self, claim: Claim, outcome: Value, *, cached: bool = False) -> bool:
        """Commits a step's outcome once; False, and nothing written, when the claim was lost."""

    def postpone(self, claim: Claim, *, delay: float, cause: str) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost."""


class EventStore(Protocol):
    """Keeps what happened to jobs, and says so."""

    def since(self, job: str, number: int) -> Sequence[Event]:
        """Lists a job's events after the given number, oldest first."""

    def listen(self, job: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` from any thread soon after each new event, until the returned function is called."""


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


class ConnectionStore(Protocol):
    """Keeps connected accounts, sealed."""

    def add(self, connection: Connection) -> None:
        """Keeps a new connection, or replaces the one with the same id and workspace."""

    def get(self, connection: str, *, workspace: str) -> Connection | None:
        """Finds a connection of a workspace by its id."""

    def list(self, *, workspace: str) -> Sequence[Connection]:
        """Lists a workspace's connections by name."""


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


class ResultCache(Protocol):
    """Keeps results for a while; may forget at any moment."""

    def get(self, key: str) -> tuple[Value] | None:
        """Finds a kept value, in a tuple so that a blank can be told from nothing."""

    def put(self, key: str, value: Value, *, ttl: float) -> None:
        """Keeps a value for ``ttl`` seconds, if it can."""


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

    def open(self, pack: PackVersion, connection: Connection | None, *, token: str = "") -> Fetcher:
        """Gives the fetcher of one pack release and, where there is one, one account.

        ``token`` is the call's own: it marks where fields of the account are to be put.
        """


class Blobs(Protocol):
    """Keeps files for a while, at addresses that others can read."""

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float) -> str:
        """Keeps a file for ``ttl`` seconds and gives its address; ``name`` is what a browser saves it as.

        Raises :class:`~packsys.errors.BlobTooLarge`.
        """

    def get(self, blob: str) -> Blob | None:
        """Finds a file by the last part of its address, until its time is over."""


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


class Dispatcher(Protocol):
    """Sends work to the workers; messages carry ids only. Sending twice is harmless."""

    def wave(self, job: str, steps: Sequence[Step]) -> None:
        """Sends a wave: its steps side by side, then one advance."""

    def again(self, step: Step, *, delay: float = 0.0) -> None:
        """Sends one step after ``delay`` seconds, then an advance."""

    def advance(self, job: str) -> None:
        """Asks for the next wave of a job, or its end."""
