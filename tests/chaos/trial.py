"""One fault on trial: a load, the fault in the middle of it, and then the judgement."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

import psycopg

from tests.chaos.broker import look
from tests.chaos.faults import Fault
from tests.chaos.history import Broker, History, Order, Sample
from tests.chaos.house import House
from tests.chaos.invariants import doubled, judge, lost, stuck
from tests.chaos.load import Load
from tests.chaos.orders import orders
from tests.chaos.rows import Rows
from tests.chaos.standing import Found, stood_still

PATIENCE = 5.0
"""Seconds for which a round of a fault waits for the load to come so far."""

TIMEOUT = 90.0
"""Seconds that a job is given, and more where there are many, or where a fault keeps hurting."""

Span: TypeAlias = tuple[float, float]
"""Is when a hurt began and when it was healed, in seconds since 1970."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Is what one fault did: one line of the report.

    ``failed`` counts the jobs that failed, by code, ``unanswered`` the orders of which there is no job. ``unreached``
    are the failpoints at which nothing died, ``fallen`` the processes that ended though nobody had killed them.
    ``stood`` is what was known of jobs that told nothing for a long time, whatever became of them.
    """

    fault: str
    jobs: int
    lost: int
    doubled: int
    stuck: int
    violations: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    unanswered: int = 0
    hurts: int = 0
    unreached: Sequence[str] = ()
    fallen: Sequence[str] = ()
    stood: Sequence[Found] = ()
    seconds: float = 0.0

    def line(self) -> dict[str, Any]:
        """Gives it for JSON, with the first of each kind of violation."""
        counted = {name: {"count": len(found), "first": found[:3]} for name, found in self.violations.items()}
        return {**vars(self), "violations": counted, "stood": self.stood[:2], "seconds": round(self.seconds, 1)}


def put_on_trial(house: House, fault: Fault, *, jobs: int, seed: int, rounds: int = 10) -> Verdict:
    """Runs one fault under a load, for so many rounds at most, and judges what became of it."""
    fault = replace(fault, rounds=min(rounds, fault.rounds))
    begun, run, standing = time.monotonic(), f"{fault.name}-{seed}-{time.time_ns():x}", len(house.fallen)
    made, timeout = orders(run, jobs, seed=seed), TIMEOUT + jobs / 10 + fault.hold * fault.rounds
    known = _before(house, fault, made)
    load = Load(house.system.url, house.system.key, house.system.settings.state_url, made, timeout=timeout)
    with (
        closing(load),
        watched(house) as samples,
        counted(house, run) as miscounted,
        stood_still(house, run) as stood,
    ):
        spans, unreached = worked_off(house, fault, load, made, timeout)
        known = replace(known, told=tuple(load.told), healed=max((end for _, end in spans), default=0.0))
        with closing(Rows(house.system.settings.database_url, run)) as rows:
            house.until(lambda: rows.open() == 0, seconds=timeout + 60)
            known = _after(house, fault, rows, known)
            miscounted.update(rows.miscounted())
    known = replace(known, samples=tuple(samples), miscounted=sorted(miscounted), **_spans(fault, spans))
    fallen, seconds = tuple(house.fallen[standing:]), time.monotonic() - begun
    judged = verdict(fault.name, jobs, known)
    return replace(judged, hurts=len(spans), unreached=unreached, fallen=fallen, stood=tuple(stood), seconds=seconds)


def worked_off(
    house: House, fault: Fault, load: Load, made: Sequence[Order], timeout: float
) -> tuple[Sequence[Span], Sequence[str]]:
    """Lets the clients work and hurts the house meanwhile, then submits a few jobs again; gives what hurting gave."""
    load.start()
    spans, unreached = hurt(house, fault, load, len(made))
    while not load.done and house.until(partial(load.has_ended, load.ended + 1), seconds=timeout + 60):
        pass  # a busy machine takes its time: only a load of which nothing ends any more is given up
    house.until(house.ready, seconds=60)
    for order in made[:: max(1, len(made) // 5)]:
        load.probe(order)
    return spans, unreached


def _before(house: House, fault: Fault, made: Sequence[Order]) -> History:
    return History(
        orders={order.label: order for order in made},
        before=drained(house, house.consumers),
        excuses=fault.excuses,
        emptied=fault.emptied,
        takes_back=fault.takes_back,
    )


def _after(house: House, fault: Fault, rows: Rows, known: History) -> History:
    after = drained(house, known.before.waiting, since=known.healed)
    visits = tuple(visit for visit in house.provider.visits if visit.label in known.orders)
    return replace(known, after=after, visits=visits, jobs=rows.jobs(), steps=rows.steps(), events=rows.events())


def _spans(fault: Fault, spans: Sequence[Span]) -> dict[str, Any]:
    longest = max((end - begin for begin, end in spans), default=0.0)
    return {"outages": spans if fault.outage else (), "frozen": longest if fault.frozen else 0.0}


def hurt(house: House, fault: Fault, load: Load, jobs: int) -> tuple[Sequence[Span], Sequence[str]]:
    """Hurts the house when the load has come so far, round by round, and an action is done but not answered yet.

    Gives when each hurt began and ended, and the deaths that were planned and that nobody died.
    """
    spans: list[Span] = []
    unreached: Sequence[str] = ()
    for number in range(fault.rounds):
        house.until(partial(load.has_ended, jobs * (number + 0.5) / (fault.rounds + 1)), seconds=PATIENCE)
        house.until(lambda: load.done or house.provider.acting > 0, seconds=PATIENCE)
        if load.done:
            break
        begun = time.time()
        fault.hurt(house)
        house.until(lambda: load.done or fault.over(house), seconds=fault.hold)
        unreached = house.deaths.left()
        fault.heal(house)
        spans.append((begun, time.time()))
    return spans, unreached


def drained(house: House, waiting: int, *, since: float = float("inf")) -> Broker:
    """Looks at the state server when all is calm, or when that does not come.

    Then queues are empty, so many clients wait for more, and nothing that was taken ``since`` then is held.
    """
    url = house.system.settings.state_url
    seen = [look(url)]

    def calm() -> bool:
        seen.append(look(url))
        held = any(taken > since for taken in seen[-1].unacked)
        return not held and not any(seen[-1].queues.values()) and seen[-1].waiting >= waiting

    house.until(calm, seconds=60)
    return seen[-1]


@contextmanager
def watched(house: House) -> Iterator[list[Sample]]:
    """Asks for readiness again and again while the block runs."""
    samples: list[Sample] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            at = time.time()
            samples.append(Sample(at=at, ready=house.ready()))

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield samples
    finally:
        over.set()


@contextmanager
def counted(house: House, run: str) -> Iterator[set[str]]:
    """Compares what jobs count with what is there, again and again while the block runs; gives what differed."""
    wrong: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.3):
            with suppress(psycopg.Error), closing(Rows(house.system.settings.database_url, run)) as rows:
                while not over.wait(0.05):  # a server that is away is asked anew when it is back
                    wrong.update(rows.miscounted())

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield wrong
    finally:
        over.set()


def verdict(fault: str, jobs: int, history: History) -> Verdict:
    """Judges a history."""
    failed: dict[str, int] = {}
    for job in history.jobs:
        if job.state == "failed":
            failed[job.code] = failed.get(job.code, 0) + 1
    return Verdict(
        fault=fault,
        jobs=jobs,
        lost=len(lost(history)),
        doubled=len(doubled(history)),
        stuck=len(stuck(history)),
        violations=judge(history),
        failed=failed,
        unanswered=len(history.orders.keys() - {job.label for job in history.jobs}),
    )
