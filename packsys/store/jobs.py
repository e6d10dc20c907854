"""Jobs, from acceptance to outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select

from packsys.errors import IdempotencyMismatch, NotFound
from packsys.model import Event, Job, JobState, Priority
from packsys.store import tables
from packsys.store.batch import BATCH, batch_terms, in_order
from packsys.store.database import Database
from packsys.store.direct import TURNS
from packsys.store.light import Light
from packsys.store.queries import QUERIES
from packsys.store.telling import before, ended, opened
from packsys.store.writing import ahead_terms, code_of, end_of, left, texts, value_text
from packsys.turns import NOTHING, Ahead, Opening, Settled, Start
from packsys.values import ErrorValue, Value

_COLUMNS = tables.job.c
_BY_ID = Light(select(tables.job).where(_COLUMNS.id == bindparam("id")))
_EARLIER = Light(QUERIES["earlier"])


class PostgresJobs:
    """Keeps jobs in PostgreSQL."""

    def __init__(self, database: Database, *, told: Callable[[Sequence[Event]], None]) -> None:
        """Takes the way to the database, and who is told of events once they are committed."""
        self._database, self._told = database, told

    def accept(
        self, job: Job, *, idempotency_key: str | None = None, fingerprint: str = "", opening: Opening = NOTHING
    ) -> Job:
        """Keeps a new job and what it begins with, or gives back the one that this key was accepted with.

        Its times are the database's: the job is accepted now, and has as long as it was given. Of several requests
        with one key at the same time, one is kept and the others wait for it.
        """
        start = Start(job=job, opening=opening, idempotency_key=idempotency_key, fingerprint=fingerprint)
        (kept,) = self.accept_many([start])
        if isinstance(kept, IdempotencyMismatch):
            raise kept
        return kept

    def accept_many(self, starts: Sequence[Start]) -> Sequence[Job | IdempotencyMismatch]:
        """Keeps new jobs as :meth:`accept` does each, in one transaction, and gives what became of each.

        Of several with the same key the first is kept, and the others are that job or a mismatch.
        """
        ordered = in_order(starts)
        rows = self._database.direct.rows(BATCH["accept"], batch_terms(ordered)) if starts else ()
        return self._kept(starts, ordered, rows)

    def keeping(self, starts: Sequence[Start]) -> Callable[[], Sequence[Job | IdempotencyMismatch]]:
        """Begins what :meth:`accept_many` does, and gives what waits for its end, which is to be called once."""
        if not starts:
            return tuple
        ordered = in_order(starts)
        end = self._database.direct.later(BATCH["accept"], batch_terms(ordered))
        return lambda: self._kept(starts, ordered, end())

    def _kept(
        self, starts: Sequence[Start], ordered: Sequence[Start], found: Sequence[Any]
    ) -> Sequence[Job | IdempotencyMismatch]:
        rows = {row.id: row for row in found}
        fresh = [(each, rows[texts(each.job.id)]) for each in ordered if texts(each.job.id) in rows]
        self._told([event for each, row in fresh for event in opened(each, row)])
        known: dict[str, Job | IdempotencyMismatch]
        known = {each.job.id: _begun(each.job, each.opening, row) for each, row in fresh}
        known |= self._found([each for each in ordered if each.job.id not in known])
        return [known[each.job.id] for each in starts]

    def get(self, job: str, *, workspace: str | None = None) -> Job:
        """Finds a job; raises NotFound when it is absent or another workspace's."""
        found = _BY_ID.alone(self._database.direct, {"id": job})
        if not found or workspace not in (None, found[0].workspace):
            raise NotFound(f"There is no job {job!r} here: look at its id.")
        return _job(found[0])

    def finish(
        self,
        job: str,
        outcome: Value,
        *,
        settled: Sequence[Settled] = (),
        ahead: Sequence[Ahead] = (),
        worker: str = "",
        known: int = 0,
    ) -> bool:
        """Ends a live job as done, or as failed when the outcome is an error value; False when it had ended.

        With ``settled`` it commits those steps' outcomes in the same moment, and the calls that ``worker`` made
        ``ahead`` of that; False, and no end, when one of the claims was lost.
        """
        state, code = end_of(outcome), code_of(outcome)
        if not settled:
            return self._end(job, state, outcome, known=known)
        final = {"final_state": state, "final_outcome": value_text(outcome), "code": texts(code)}
        terms = {**left(settled), **ahead_terms(ahead, worker), **final}
        row = self._database.direct.row(TURNS["keep_and_finish"], terms)
        self._told((*before(settled, ahead, worker, row), *ended(job, state, code, row)))
        return row.number is not None

    def cancel(self, job: str) -> bool:
        """Ends a live job as cancelled; False when it had ended."""
        return self._end(job, JobState.CANCELLED)

    def _end(self, job: str, state: JobState, outcome: Value = None, *, known: int = 0) -> bool:
        code = code_of(outcome)
        terms = {"job": texts(job), "state": state, "outcome": value_text(outcome), "code": texts(code), "known": known}
        row = self._database.direct.row(TURNS["finish"], terms)
        self._told(ended(job, state, code, row))
        return row.number is not None

    def _found(self, starts: Sequence[Start]) -> Mapping[str, Job | IdempotencyMismatch]:
        """Finds for jobs that were not kept, by their ids, those that have their keys.

        A job finds itself where the statement that kept it was repeated.
        """
        if not starts:
            return {}
        keyed = [_place(each) for each in starts if each.idempotency_key is not None]
        terms = {"workspaces": [workspace for workspace, _ in keyed], "keys": [key for _, key in keyed]}
        rows = _EARLIER.alone(self._database.direct, {"jobs": [each.job.id for each in starts], **terms})
        by_id = {row.id: row for row in rows}
        by_key = {(row.workspace, row.idempotency_key): row for row in rows}
        return {each.job.id: _same(by_id.get(each.job.id) or by_key[_place(each)], each) for each in starts}


def _place(start: Start) -> tuple[str, str | None]:
    return start.job.workspace, start.idempotency_key


def _same(row: Row[Any], start: Start) -> Job | IdempotencyMismatch:
    return _job(row) if row.fingerprint == start.fingerprint else IdempotencyMismatch()


def _begun(job: Job, opening: Opening, row: Any) -> Job:
    come_to: dict[str, Any] = {"accepted_at": row.accepted_at, "deadline": row.deadline}
    if opening.answered or opening.wave:
        come_to |= {"state": JobState.RUNNING, "started_at": row.accepted_at}
    if opening.outcome:
        (outcome,) = opening.outcome
        name = "error" if isinstance(outcome, ErrorValue) else "value"
        come_to |= {"state": end_of(outcome), name: outcome, "finished_at": row.ended_at}
    return Job(**{**vars(job), **come_to})  # as "replace" does, in half the time


def _job(row: Row[Any]) -> Job:
    error = row.outcome if isinstance(row.outcome, ErrorValue) else None
    return Job(
        id=row.id,
        workspace=row.workspace,
        formula=row.formula,
        tree=row.tree,
        variables=row.variables,
        asked_by=row.asked_by,
        timezone=row.timezone,
        locale=row.locale,
        priority=Priority(row.priority),
        asked_at=row.asked_at,
        accepted_at=row.accepted_at,
        deadline=row.deadline,
        state=JobState(row.state),
        started_at=row.started_at,
        finished_at=row.finished_at,
        value=None if error else row.outcome,
        error=error,
        callback=row.callback,
    )
