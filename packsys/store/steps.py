"""Steps of jobs, and the claims under which they are worked on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import BoundedSemaphore
from typing import Any

from sqlalchemy import Row, bindparam, select

from packsys.language.invocation import Invocation
from packsys.model import Claim, Event, EventKind, Priority, Route, Step, StepState
from packsys.store import tables
from packsys.store.database import Database
from packsys.store.direct import TURNS
from packsys.store.light import Light
from packsys.store.queries import QUERIES
from packsys.store.telling import added, before, claimed, kept, told
from packsys.store.types import array, dump
from packsys.store.writing import (
    ahead_terms,
    held,
    left,
    read_invocation,
    read_text,
    read_value,
    texts,
    those,
    wave_terms,
)
from packsys.turns import Ahead, Claimed, Committed, Settled, Standing, Taken
from packsys.values import Value, to_json

_OF_JOB = Light(select(tables.step).where(tables.step.c.job == bindparam("job")).order_by(tables.step.c.number))

AT_ONCE = 2
"""Statements of one process that move steps at the same time. With more of them the pool opens connections for a
moment, which costs a server more than the statements do, and they only wait there for each other and for the row of
their job: on two cores, two processes of eight slots end most jobs with two."""


class PostgresSteps:
    """Keeps steps in PostgreSQL.

    A claim's fencing number is the step's ``attempt``: whoever claims a step again makes every earlier claim write
    nothing.
    """

    def __init__(self, database: Database, *, told: Callable[[Sequence[Event]], None]) -> None:
        """Takes the way to the database, and who is told of events once they are committed."""
        self._database, self._told = database, told
        self._turns = BoundedSemaphore(AT_ONCE)

    def add(self, job: str, invocations: Sequence[Invocation], *, look_at: int = 0, known: int = 0) -> Sequence[Step]:
        """Keeps the calls that are new to a live job as one queued wave, and gives back the new ones only.

        Of several waves that are added at the same time one comes after the other, so that a call is new once.
        """
        calls = _distinct(invocations)
        if not calls:
            return ()
        row = self._row("add", {**_wave(job, calls, look_at), "known": known, "worker": None, "lease": None})
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
        settled: Sequence[Settled] = (),
        ahead: Sequence[Ahead] = (),
        known: int = 0,
    ) -> Taken | None:
        """Adds a wave and claims its first new step, in one moment.

        With ``settled`` it commits those steps' outcomes before, and the calls that were made ``ahead`` of that; None,
        and no wave, when one of the claims was lost.
        """
        calls = _distinct(invocations)
        terms = {**_wave(job, calls, look_at), "worker": texts(worker), "lease": lease}
        if settled:
            row = self._row("keep_and_add", {**terms, **left(settled), **ahead_terms(ahead, worker)})
        else:
            row = self._row("add", {**terms, "known": known})
        steps = _added(job, calls, row)
        claim = _taken(steps[0], row) if steps and row.attempts else None
        earlier = before(settled, ahead, worker, row) if settled else ()
        after = claimed((claim,), worker, number=row.claim_event, at=row.claimed_at) if claim else ()
        self._told((*earlier, *added(job, steps, row), *after))
        return None if settled and len(row.kept) < len(settled) else Taken(steps=steps, claim=claim)

    def of(self, job: str) -> Sequence[Step]:
        """Lists a job's steps by number."""
        return tuple(map(_step, _OF_JOB.alone(self._database.direct, {"job": job})))

    def claim(self, job: str, keys: Sequence[str], *, worker: str, lease: float, look: bool = True) -> Claimed:
        """Takes those due steps of a live job for ``lease`` seconds that are not held, kept or ended.

        Actions it takes only one at a time: none where several steps are asked for. ``look`` asks for the job where
        nothing else of it is open.
        """
        asked = {"job": texts(job), "keys": array(sorted(map(texts, keys))), "acting": len(keys) == 1}
        row = self._row("claim", {**asked, "worker": texts(worker), "lease": lease, "look": look})
        claims = tuple(_claim(job, row, place) for place in range(len(row.keys)))
        self._told(claimed(claims, worker, number=row.number, at=row.at))
        return Claimed(claims=claims, standing=_standing(job, row))

    def renew(self, claims: Sequence[Claim], *, lease: float, wait: bool = True) -> Sequence[Claim]:
        """Holds claims for ``lease`` more seconds, and lists those that were not lost.

        Who does not ``wait`` leaves out those on whose rows somebody is at work, and is given them as they are.
        """
        columns = [held(claim) for claim in claims]
        terms = {f"{name}s": array([each[name] for each in columns]) for name in ("job", "key", "attempt")}
        rows = self._database.direct.rows(TURNS["renew" if wait else "renew_free"], {**terms, "lease": lease})
        renewed = {(row.job, row.key) for row in rows}
        return [claim for claim, each in zip(claims, columns, strict=True) if (each["job"], each["key"]) in renewed]

    def keep(self, settled: Sequence[Settled]) -> Committed:
        """Commits the outcomes of some steps of one job, each once: those whose claims were not lost.

        The outcome of a job that has meanwhile ended is kept too, and changes nothing: an ended job tells no more
        events and nobody reads its steps to go on.
        """
        row = self._row("leave", left(settled))
        committed = those(settled, row.keys)
        self._told(kept(committed, number=row.number, at=row.at))
        return Committed(settled=committed, standing=_standing(settled[0].claim.step.job, row))

    def postpone(self, claim: Claim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost."""
        detail: dict[str, Value] = {"cause": cause, "seconds": delay, **({} if tried else {"tried": False})}
        terms = {"delay": delay, "tried": tried, "detail": dump(to_json(detail))}
        row = self._row("postpone", {**held(claim), **terms})
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
        with self._turns:
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


def _taken(step: Step, row: Any) -> Claim:
    (attempt,), (started_at,), (parked,) = row.attempts, row.started_at, row.parked
    begun = replace(step, state=StepState.RUNNING, attempt=attempt, started_at=started_at)
    return _claim_of(begun, row, parked)


def _claim(job: str, row: Any, place: int) -> Claim:
    step = Step(
        job=job,
        key=read_text(row.keys[place]),
        number=row.numbers[place],
        wave=row.step_waves[place],
        invocation=read_invocation(row.invocations[place]),
        state=StepState.RUNNING,
        attempt=row.attempts[place],
        queued_at=row.queued_at[place],
        started_at=row.started_at[place],
    )
    return _claim_of(step, row, row.parked[place])


def _claim_of(step: Step, row: Any, parked: int) -> Claim:
    return Claim(
        step=step,
        workspace=read_text(row.workspace),
        timezone=read_text(row.timezone),
        locale=read_text(row.locale),
        priority=Priority(row.priority),
        attempt=step.attempt,
        seconds_left=row.seconds,
        parked=parked,
    )


def _standing(job: str, row: Any) -> Standing | None:
    if row.tree is None:
        return None
    final = zip(row.final_keys or (), row.outcomes or (), strict=True)
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
        outcomes={read_text(key): read_value(outcome) for key, outcome in final},
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
