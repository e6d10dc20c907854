"""Every socket in the wall: what the house asks of the outside, as protocols of a few methods.

Real adapters live in ``store``, ``kvstore``, ``sandbox``, ``egress`` and ``dispatch``; ``memory`` has a twin of
each, and one suite in ``tests/ports`` holds both to the same promises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from packsys.language.invocation import Invocation
from packsys.model import Claim, Connection, Event, Job, Key, PackFormula, PackVersion, Release, Stall, Step
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
    """Is one HTTP request that pack code asks for; a relative ``url`` is completed by the host."""

    method: str = "GET"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout: float = 30.0


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

    def open(self, pack: PackVersion, connection: Connection | None) -> Fetcher:
        """Gives the fetcher of one pack release and, where there is one, one account."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """Is everything a runner needs: the formula, its arguments, and the terms of this attempt.

    ``idempotency_key`` is the same for every attempt of a step; ``timeout`` is seconds.
    """

    formula: PackFormula
    invocation: Invocation
    fetcher: Fetcher
    timeout: float
    timezone: str
    idempotency_key: str
    endpoint: str = ""


class PackRunner(Protocol):
    """Runs pack code."""

    def run(self, call: Call) -> Value:
        """Gives the call's result, fitted to its declared type.

        Raises any of :class:`~packsys.errors.PackError`, :class:`~packsys.errors.ConnectionFault`,
        :class:`~packsys.errors.UpstreamError` and :class:`~packsys.errors.ApiError`, and nothing else.
        """


class Dispatcher(Protocol):
    """Sends work to the workers; messages carry ids only. Sending twice is harmless."""

    def wave(self, job: str, steps: Sequence[Step]) -> None:
        """Sends a wave: its steps side by side, then one advance."""

    def again(self, step: Step, *, delay: float = 0.0) -> None:
        """Sends one step after ``delay`` seconds, then an advance."""

    def advance(self, job: str) -> None:
        """Asks for the next wave of a job, or its end."""
