"""What is written down while a house is hurt: by clients, by the service that packs call, by the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FINAL = ("done", "failed", "cancelled")


@dataclass(frozen=True, kw_only=True)
class Order:
    """Is a job that a client is to submit; its label is its idempotency key as well.

    ``value`` is what it must give, None where that is not known before. ``reads`` are the numbers that must be read
    for it, ``effect`` the number that its action must be done with.
    """

    label: str
    shape: str
    formula: str
    value: float | None = None
    reads: tuple[float, ...] = ()
    effect: float | None = None
    cancelled: bool = False
    twice: bool = False
    watched: bool = False
    by_celery: bool = False


@dataclass(frozen=True, kw_only=True)
class Told:
    """Is what a client was told, or that it was told nothing; ``at`` is in seconds since 1970.

    ``what`` is ``accepted``, ``seen``, ``cancelled``, ``refused`` or ``silence``.
    """

    at: float
    label: str
    what: str
    job: str = ""
    state: str = ""
    value: Any = None
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Is one request that reached the service, numbered in their order; an ``effect`` was done and cannot be undone."""

    at: float
    number: int
    call: str
    label: str
    n: float
    key: str
    effect: bool = False


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """Is a job as the database has it; ``code`` is that of its error."""

    id: str
    label: str
    state: str
    accepted_at: float
    deadline: float
    finished_at: float | None = None
    value: Any = None
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class StepRow:
    """Is a step as the database has it."""

    job: str
    key: str
    number: int
    state: str
    attempt: int
    started_at: float | None = None
    value: Any = None
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """Is one event as the database has it."""

    job: str
    number: int
    at: float
    kind: str
    step: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Broker:
    """Is what the state server holds when all is over.

    ``queues`` are their lengths, ``unacked`` the times at which messages were taken that nobody acknowledged,
    ``lasting`` counts the keys that never expire, ``waiting`` the clients that wait for a message.
    """

    queues: Mapping[str, int] = field(default_factory=dict)
    unacked: Sequence[float] = ()
    lasting: int = 0
    waiting: int = 0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Is one look at readiness: when it was asked for, and what was said."""

    at: float
    ready: bool


@dataclass(frozen=True, kw_only=True)
class History:
    """Is all that was written down under one fault.

    ``excuses`` are the codes with which a job may fail under it, ``emptied`` the servers that forgot everything,
    ``outages`` the spans in which a server was away, ``frozen`` the longest time in seconds for which a process stood
    still. ``healed`` is when the last hurt was over, ``attempts`` how often a step may be tried. ``miscounted`` tells
    of jobs whose counts were not those of their rows. ``takes_back`` says that the database was killed, which may take
    back its last half second.
    """

    orders: Mapping[str, Order] = field(default_factory=dict)
    told: Sequence[Told] = ()
    visits: Sequence[Visit] = ()
    jobs: Sequence[JobRow] = ()
    steps: Sequence[StepRow] = ()
    events: Mapping[str, Sequence[EventRow]] = field(default_factory=dict)
    before: Broker = field(default_factory=Broker)
    after: Broker = field(default_factory=Broker)
    samples: Sequence[Sample] = ()
    outages: Sequence[tuple[float, float]] = ()
    excuses: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()
    frozen: float = 0.0
    healed: float = 0.0
    miscounted: Sequence[str] = ()
    takes_back: bool = False
    attempts: int = 10
