"""Steps of jobs, and the claims under which they are worked on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, select

from packsys.language.invocation import Invocation
from packsys.model import Claim, Event, EventKind, Priority, Route, Step, StepState
from packsys.store import tables
from packsys.store.database import Database
from packsys.store.direct import TURNS
from packsys.store.queries import QUERIES
from packsys.store.telling import added, claimed, kept, told
from packsys.store.types import dump
from packsys.store.writing import held, left, read_invocation, read_text, read_value, texts, wave_terms
from packsys.turns import Committed, Settled, Standing, Taken
from packsys.values import Value, to_json


class PostgresSteps:
    """Keeps steps in PostgreSQL.

    A claim's fencing number is the step's ``attempt``: whoever claims a step again makes every earlier claim write
    nothing.
    """

    def __init__(self, database: Database, *, told: Callable[[Sequence[Event]], None]) -> None:
        """Takes the way to the database, and who is told of events once they are committed."""
        self._database, self._told = database, told

    def add(self, job: str, invocations: Sequence[Invocation], *, look_at: int = 0) -> Sequence[Step]:
        """Keeps the calls that are new to a live job as one queued wave, and gives back the new ones only.

        Of several waves that are added at the same time one comes after the other, so that a call is new once.
        """
        calls = _distinct(invocations)
        if not calls:
            return ()
        row = self._row("add", {**_wave(job, calls, look_at), "worker": None, "lease": None})
        steps = _added(job, calls, row)
        self._told(added(job, steps, row))
        return steps

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
        """Adds a wave and claims its first new step, in one moment.

        With ``settled`` it commits that step's outcome before; None, and nothing written, when the claim was lost.
        """
        calls = _distinct(invocations)
        terms = {**_wave(job, calls, look_at), "worker": texts(worker), "lease": lease}
        row = self._row("keep_and_add", {**terms, **left(settled)}) if settled else self._row("add", terms)
        steps = _added(job, calls, row)
        claim = _taken(steps[0], row) if steps and row.attempt is not None else None
        before = _before(settled, row) if settled else ()
        after = claimed(claim.step, worker, number=row.claim_event, at=row.claimed_at) if claim else ()
        self._told((*before, *added(job, steps, row), *after))
        return None if settled and not row.kept else Taken(steps=steps, claim=claim)

    def of(self, job: str) -> Sequence[Step]:
        """Lists a job's steps by number."""
        asked = select(tables.step).where(tables.step.c.job == job).order_by(tables.step.c.number)
        with self._database.connect() as connection:
            return tuple(map(_step, connection.execute(asked)))

    def claim(self, job: str, key: str, *, worker: str, lease: float) -> Claim | None:
        """Takes a due step of a live job for ``lease`` seconds; None when it is held, kept, not due or ended."""
        row = self._row("claim", {"job": texts(job), "key": texts(key), "worker": texts(worker), "lease": lease})
        if row.attempt is None:
            return None
        claim = _claim(job, key, row)
        self._told(claimed(claim.step, worker, number=row.number, at=row.at))
        return claim

    def renew(self, claims: Sequence[Claim], *, lease: float) -> Sequence[Claim]:
        """Holds claims for ``lease`` more seconds, and lists those that were not lost."""
        columns = [held(claim) for claim in claims]
        terms = {f"{name}s": [each[name] for each in columns] for name in ("job", "key", "attempt")}
        rows = self._database.direct.rows(TURNS["renew"], {**terms, "lease": lease})
        renewed = {(row.job, row.key) for row in rows}
        return [claim for claim, each in zip(claims, columns, strict=True) if (each["job"], each["key"]) in renewed]

    def keep(self, claim: Claim, outcome: Value, *, cached: bool = False) -> Committed | None:
        """Commits a step's outcome once; None, and nothing written, when the claim was lost.

        The outcome of a job that has meanwhile ended is kept too, and changes nothing: an ended job tells no more
        events and nobody reads its steps to go on.
        """
        settled = Settled(claim=claim, outcome=outcome, cached=cached)
        row = self._row("leave", {**left(settled), "delay": None, "tried": True, "look": True})
        if row.number is not None:
            self._told(kept(settled, number=row.number, at=row.at))
        return Committed(standing=_standing(claim.step.job, row)) if row.kept else None

    def postpone(self, claim: Claim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost."""
        detail: dict[str, Value] = {"cause": cause, "seconds": delay, **({} if tried else {"tried": False})}
        terms = {"state": StepState.WAITING, "outcome": None, "cached": False, "delay": delay, "tried": tried}
        row = self._row("leave", {**held(claim), **terms, "detail": dump(to_json(detail)), "look": False})
        if row.number is not None:
            self._told(
                told(claim.step.job, EventKind.STEP_WAITING, claim.step.key, number=row.number, at=row.at, **detail)
            )
        return bool(row.kept)

    def rouse(self, places: Sequence[tuple[str, str]]) -> Sequence[tuple[Step, Route]]:
        """Makes waiting steps of live jobs, named by job and key, due now, and gives them with their routes."""
        if not places:
            return ()
        terms = {"jobs": [job for job, _ in places], "keys": [key for _, key in places]}
        with self._database.connect() as connection:
            rows = connection.execute(QUERIES["rouse"], terms).all()
        return tuple((_step(row), Route(row.workspace, Priority(row.priority))) for row in rows)

    def _row(self, query: str, terms: dict[str, Any]) -> Any:
        return self._database.direct.row(TURNS[query], terms)


def _distinct(invocations: Sequence[Invocation]) -> dict[str, Invocation]:
    return {invocation.key: invocation for invocation in invocations}


def _wave(job: str, calls: dict[str, Invocation], look_at: int) -> dict[str, Any]:
    return {"job": texts(job), **wave_terms(tuple(calls.values())), "look_at": look_at}


def _added(job: str, calls: dict[str, Invocation], row: Any) -> tuple[Step, ...]:
    return tuple(
        Step(job=job, key=key, number=number, wave=row.wave, invocation=calls[key], queued_at=row.at)
        for key, number in zip(map(read_text, row.keys), row.numbers, strict=True)
    )


def _before(settled: Settled, row: Any) -> Sequence[Event]:
    return () if row.kept_event is None else kept(settled, number=row.kept_event, at=row.kept_at)


def _taken(step: Step, row: Any) -> Claim:
    return _claim_of(
        Step(
            job=step.job,
            key=step.key,
            number=step.number,
            wave=step.wave,
            invocation=step.invocation,
            state=StepState.RUNNING,
            attempt=row.attempt,
            queued_at=step.queued_at,
            started_at=row.started_at,
        ),
        row,
    )


def _claim(job: str, key: str, row: Any) -> Claim:
    return _claim_of(
        Step(
            job=job,
            key=key,
            number=row.step_number,
            wave=row.wave,
            invocation=read_invocation(row.invocation),
            state=StepState.RUNNING,
            attempt=row.attempt,
            queued_at=row.queued_at,
            started_at=row.started_at,
        ),
        row,
    )


def _claim_of(step: Step, row: Any) -> Claim:
    return Claim(
        step=step,
        workspace=read_text(row.workspace),
        timezone=read_text(row.timezone),
        locale=read_text(row.locale),
        priority=Priority(row.priority),
        attempt=row.attempt,
        seconds_left=row.seconds,
        parked=row.parked,
    )


def _standing(job: str, row: Any) -> Standing | None:
    if row.tree is None:
        return None
    return Standing(
        job=job,
        tree=read_text(row.tree),
        variables=read_value(row.variables) or {},
        asked_at=row.asked_at,
        timezone=read_text(row.timezone),
        locale=read_text(row.locale),
        route=Route(read_text(row.workspace), Priority(row.priority)),
        waves=row.waves,
        open=row.open,
        bytes=row.bytes,
        outcomes={read_text(key): read_value(outcome) for key, outcome in zip(row.keys, row.outcomes, strict=True)},
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
