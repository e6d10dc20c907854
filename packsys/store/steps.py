"""Steps of jobs, and the claims under which they are worked on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from packsys.language.invocation import Invocation
from packsys.model import Claim, Step, StepState
from packsys.store import tables
from packsys.store.database import Database
from packsys.store.queries import QUERIES
from packsys.values import ErrorValue, Value


class PostgresSteps:
    """Keeps steps in PostgreSQL.

    A claim's fencing number is the step's ``attempt``: whoever claims a step again makes every earlier claim write
    nothing.
    """

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def add(self, job: str, invocations: Sequence[Invocation]) -> Sequence[Step]:
        """Keeps the calls that are new to a live job as one queued wave, and gives back the new ones only.

        Of several waves that are added at the same time one comes after the other, so that a call is new once.
        """
        calls = {invocation.key: invocation for invocation in invocations}
        if not calls:
            return ()
        with self._database.begin() as connection:
            held = connection.execute(QUERIES["hold"], {"job": job}).one_or_none()
            if held is None:
                return ()
            rows = connection.execute(QUERIES["add"], {"job": job, **held._mapping, **_columns(calls)}).all()
        return tuple(map(_step, rows))

    def of(self, job: str) -> Sequence[Step]:
        """Lists a job's steps by number."""
        asked = select(tables.step).where(tables.step.c.job == job).order_by(tables.step.c.number)
        with self._database.connect() as connection:
            return tuple(map(_step, connection.execute(asked)))

    def claim(self, job: str, key: str, *, worker: str, lease: float) -> Claim | None:
        """Takes a due step of a live job for ``lease`` seconds; None when it is held, kept, not due or ended."""
        terms = {"job": job, "key": key, "worker": worker, "lease": lease}
        row = self._one("claim", terms)
        return None if row is None else _claim(row)

    def renew(self, claim: Claim, *, lease: float) -> bool:
        """Holds a claim for ``lease`` more seconds; False when it was lost."""
        return self._one("renew", {**_held(claim), "lease": lease}) is not None

    def keep(self, claim: Claim, outcome: Value, *, cached: bool = False) -> bool:
        """Commits a step's outcome once; False, and nothing written, when the claim was lost.

        The outcome of a job that has meanwhile ended is kept too, and changes nothing: an ended job tells no more
        events and nobody reads its steps to go on.
        """
        if isinstance(outcome, ErrorValue):
            state, code = StepState.FAILED, {"code": outcome.code}
        else:
            state, code = StepState.DONE, {}
        return self._leave(claim, state, outcome=outcome, cached=cached, detail={"cached": cached, **code})

    def postpone(self, claim: Claim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost."""
        detail: dict[str, Value] = {"cause": cause, "seconds": delay, **({} if tried else {"tried": False})}
        return self._leave(claim, StepState.WAITING, delay=delay, detail=detail)

    def rouse(self, places: Sequence[tuple[str, str]]) -> Sequence[Step]:
        """Makes waiting steps of live jobs, named by job and key, due now, and gives them."""
        if not places:
            return ()
        terms = {"jobs": [job for job, _ in places], "keys": [key for _, key in places]}
        with self._database.connect() as connection:
            return tuple(map(_step, connection.execute(QUERIES["rouse"], terms)))

    def _leave(
        self,
        claim: Claim,
        state: StepState,
        *,
        detail: dict[str, Value],
        outcome: Value = None,
        cached: bool = False,
        delay: float | None = None,
    ) -> bool:
        terms = {"state": state, "outcome": outcome, "cached": cached, "delay": delay, "detail": detail}
        return self._one("leave", {**_held(claim), **terms}) is not None

    def _one(self, query: str, terms: dict[str, Any]) -> Row[Any] | None:
        with self._database.connect() as connection:
            return connection.execute(QUERIES[query], terms).one_or_none()


def _columns(calls: dict[str, Invocation]) -> dict[str, list[Any]]:
    return {
        "keys": list(calls),
        "invocations": list(calls.values()),
        "calls": [invocation.name for invocation in calls.values()],
    }


def _held(claim: Claim) -> dict[str, Any]:
    return {"job": claim.step.job, "key": claim.step.key, "attempt": claim.attempt}


def _claim(row: Row[Any]) -> Claim:
    return Claim(
        step=_step(row),
        workspace=row.workspace,
        timezone=row.timezone,
        attempt=row.attempt,
        seconds_left=row.seconds,
        parked=row.parked,
    )


def _step(row: Row[Any]) -> Step:
    return Step(
        job=row.job,
        key=row.key,
        number=row.number,
        wave=row.wave,
        invocation=row.invocation,
        state=StepState(row.state),
        attempt=row.attempt,
        cached=row.cached,
        outcome=row.outcome,
        queued_at=row.queued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        not_before=row.not_before,
    )
