"""The twin of jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from packsys.errors import IdempotencyMismatch, NotFound
from packsys.memory.ledger import JobFile, Ledger
from packsys.memory.ledger import settled as copied
from packsys.memory.steps import add, answer, keep, record
from packsys.model import EventKind, Job, JobState
from packsys.turns import NOTHING, Ahead, Opening, Settled, Start
from packsys.values import ErrorValue, Value


class MemoryJobs:
    """Keeps jobs in a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def accept(
        self, job: Job, *, idempotency_key: str | None = None, fingerprint: str = "", opening: Opening = NOTHING
    ) -> Job:
        """Keeps a new job and what it begins with, or gives back the one that this key was accepted with.

        Its times are the ledger's.
        """
        with self._ledger.open() as files:
            if job.id in files:
                return _same(files[job.id], fingerprint)
            for file in files.values():
                if idempotency_key is not None and _asked(file) == (job.workspace, idempotency_key):
                    return _same(file, fingerprint)
            now = self._ledger.now()
            variables = {name: copied(value) for name, value in job.variables.items()}
            kept = replace(job, variables=variables, accepted_at=now, deadline=now + (job.deadline - job.accepted_at))
            file = JobFile(job=kept, moved_at=now, idempotency_key=idempotency_key, fingerprint=fingerprint)
            files[job.id] = file
            self._ledger.tell(file, EventKind.JOB_ACCEPTED)
            begin(self._ledger, file, opening)
            return file.job

    def accept_many(self, starts: Sequence[Start]) -> Sequence[Job | IdempotencyMismatch]:
        """Keeps new jobs as ``accept`` does each, and gives what became of each."""
        return [self._tried(start) for start in starts]

    def keeping(self, starts: Sequence[Start]) -> Callable[[], Sequence[Job | IdempotencyMismatch]]:
        """Does what ``accept_many`` does, and gives what tells of it."""
        kept = self.accept_many(starts)
        return lambda: kept

    def _tried(self, start: Start) -> Job | IdempotencyMismatch:
        key, fingerprint = start.idempotency_key, start.fingerprint
        try:
            return self.accept(start.job, idempotency_key=key, fingerprint=fingerprint, opening=start.opening)
        except IdempotencyMismatch as mismatch:
            return mismatch

    def get(self, job: str, *, workspace: str | None = None) -> Job:
        """Finds a job; raises NotFound when it is absent or another workspace's."""
        with self._ledger.open() as files:
            file = files.get(job)
        if file is None or workspace not in (None, file.job.workspace):
            raise NotFound(f"There is no job {job!r} here: look at its id.")
        return file.job

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
        ``ahead`` of that.
        """
        with self._ledger.open() as files:
            file = files.get(job)
            if file is None or file.final < known:
                return False
            if len(keep(self._ledger, files, settled)) < len(settled) or not file.live:
                return False
            record(self._ledger, file, ahead, worker)
            self._ledger.end(file, _state(outcome), outcome)
            return True

    def cancel(self, job: str) -> bool:
        """Ends a live job as cancelled; False when it had ended."""
        with self._ledger.open() as files:
            file = files.get(job)
            if file is None or not file.live:
                return False
            self._ledger.end(file, JobState.CANCELLED)
            return True


def begin(ledger: Ledger, file: JobFile, opening: Opening) -> None:
    """Keeps what a job begins with."""
    if opening.answered:
        calls = [invocation for invocation, _ in opening.answered]
        add(ledger, file, calls, look_at=0)
        for invocation, value in opening.answered:
            answer(ledger, file, invocation.key, value)
    if opening.wave:
        add(ledger, file, opening.wave, look_at=opening.look_at)
    if opening.outcome:
        ledger.end(file, _state(opening.outcome[0]), opening.outcome[0])


def _state(outcome: Value) -> JobState:
    return JobState.FAILED if isinstance(outcome, ErrorValue) else JobState.DONE


def _asked(file: JobFile) -> tuple[str, str | None]:
    return file.job.workspace, file.idempotency_key


def _same(file: JobFile, fingerprint: str) -> Job:
    if file.fingerprint != fingerprint:
        raise IdempotencyMismatch()
    return file.job
