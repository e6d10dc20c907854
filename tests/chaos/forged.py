"""A small history in which everything is as it should be, and the ways to spoil it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from tests.chaos.history import Broker, EventRow, History, JobRow, Order, Sample, StepRow, Told, Visit
from tests.chaos.orders import SUM, concluded, single, stamp

READ, STAMP, ACT, CANCELLED = "run-0", "run-1", "run-2", "run-3"
READS = ("r1", "r2", "r3", "r4", "r5")
Row = TypeVar("Row")


def story(job: str, *steps: str, end: str = "job.done", at: float = 10.0) -> Sequence[EventRow]:
    """Tells a job's events: steps as ``name kind``, after the beginning of every job."""
    told = ["job.accepted", "job.running", *steps, end]
    return [_event(job, number, at + number / 10, said) for number, said in enumerate(told, 1)]


def _event(job: str, number: int, at: float, said: str) -> EventRow:
    step, _, kind = said.rpartition(" ")
    kind, _, attempt = kind.partition(":")
    detail: Mapping[str, Any] = {"attempt": int(attempt or 1)} if kind == "step.running" else {}
    return EventRow(job=job, number=number, at=at, kind=kind, step=step or None, detail=detail)


def made(step: str) -> tuple[str, str, str]:
    """Tells a step that was made at the first try."""
    return f"{step} step.queued", f"{step} step.running", f"{step} step.done"


def _job(name: str, label: str, value: Any, **more: Any) -> JobRow:
    terms = {"state": "done", "accepted_at": 10.0, "deadline": 100.0, "finished_at": 20.0, **more}
    return JobRow(id=name, label=label, value=value, **terms)


def _step(job: str, key: str, number: int, value: Any, **more: Any) -> StepRow:
    return StepRow(
        **{"job": job, "key": key, "number": number, "state": "done", "attempt": 1, "started_at": 11.0, **more},
        value=value,
    )


def visit(number: int, call: str, label: str, n: float, **more: Any) -> Visit:
    return Visit(**{"at": 15.0, "key": f"{label}:{n}", **more}, number=number, call=call, label=label, n=n)


def sound() -> History:
    """Gives the history of a read, a stamp, five reads with an action behind them, and a cancelled read."""
    orders = {
        READ: single(READ, 2),
        STAMP: stamp(STAMP, 0),
        ACT: concluded(ACT, 0),
        CANCELLED: replace(single(CANCELLED, 3), cancelled=True),
    }
    act = [line for key in (*READS, "act") for line in made(key)]
    return History(
        orders=orders,
        told=[told for number, order in enumerate(orders.values()) for told in _told(number, order)],
        visits=[
            visit(1, "read", READ, 2),
            visit(2, "stamp", STAMP, 0),
            *(visit(2 + n, "read", ACT, n) for n in range(1, 6)),
            visit(8, "act", ACT, SUM, effect=True),
        ],
        jobs=[
            _job("j0", READ, 5.0),
            _job("j1", STAMP, 2.0),
            _job("j2", ACT, SUM * SUM + 1),
            _job("j3", CANCELLED, None, state="cancelled"),
        ],
        steps=[
            _step("j0", "read", 1, 5.0),
            _step("j1", "stamp", 1, 2.0),
            *(_step("j2", key, number, float(number * number + 1)) for number, key in enumerate(READS, 1)),
            _step("j2", "act", 6, SUM * SUM + 1),
            _step("j3", "read", 1, None, state="queued", attempt=0, started_at=None),
        ],
        events={
            "j0": story("j0", *made("read")),
            "j1": story("j1", *made("stamp")),
            "j2": story("j2", *act),
            "j3": story("j3", "read step.queued", end="job.cancelled"),
        },
        before=Broker(lasting=5, waiting=2),
        after=Broker(queues={"formulas": 0}, unacked=[29.0], lasting=6, waiting=2),
        samples=[Sample(at=25.5, ready=False), Sample(at=27.0, ready=True)],
        outages=[(25.0, 26.0)],
        emptied=frozenset({"cache", "state"}),
        excuses=frozenset({"OutcomeUnknown"}),
        healed=30.0,
    )


def _told(number: int, order: Order) -> Sequence[Told]:
    value = {STAMP: 2.0, ACT: SUM * SUM + 1}.get(order.label, order.value)
    ended: dict[str, Any] = {"state": "cancelled"} if order.cancelled else {"state": "done", "value": value}
    return [
        Told(at=10.0, label=order.label, what="accepted", job=f"j{number}", state="accepted"),
        Told(at=20.0, label=order.label, what="seen", job=f"j{number}", **ended),
        Told(at=40.0, label=order.label, what="other", code="IdempotencyMismatch"),
    ]


def changed(rows: Sequence[Row], index: int, **more: Any) -> Sequence[Row]:
    """Gives the rows with one of them changed."""
    return [replace(row, **more) if number == index else row for number, row in enumerate(rows)]  # type: ignore[type-var]
