"""Accepts many formulas at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from packsys.errors import HouseError, IdempotencyMismatch, NotReady, PacksysError, RequestError
from packsys.language.compile import Compiled
from packsys.model import Job, Submission
from packsys.runtime.submit import Submit
from packsys.turns import Start

MOST = 1_000
"""Formulas of one batch."""

PART = 25
"""Formulas whose jobs are kept in one transaction: to make as many others ready takes about as long."""

WIDEST = 5_000
"""Calls with which the jobs of one transaction begin, before the next transaction takes the others."""

Answer = Job | PacksysError
"""What became of one submission: its job, or why there is none."""


@dataclass(frozen=True, kw_only=True)
class SubmitMany:
    """Keeps the jobs of many formulas in a few transactions, and sends the first waves of each together.

    While the store keeps some, the next are made ready, and those before are sent. Each formula is answered as
    :class:`~packsys.runtime.submit.Submit` answers it alone, and none troubles another: where a mistake of ours hits
    one before it is kept, its answer is that.
    ``compiling`` gives what compiles the formulas of one batch. ``telling`` has accepted jobs come with their steps.
    """

    submit: Submit
    compiling: Callable[[], Callable[[Submission], Compiled]]
    telling: bool = False

    def __call__(self, submissions: Sequence[Submission]) -> Sequence[Answer]:
        """Gives for each submission its accepted job, the earlier one with its idempotency key, or its error.

        Raises RequestError for more than :data:`MOST`, Overloaded where there is no room for more work, and NotReady.
        Overloaded comes before anything is kept. After NotReady some may be kept: those are sent, and found again
        under their keys.
        """
        if len(submissions) > MOST:
            raise RequestError(
                f"There are {len(submissions)} formulas at once: send {MOST} at most, and then the next."
            )
        submit = replace(self.submit, compile=self.compiling(), may_call_back=cache(self.submit.may_call_back))
        submit.pressure.check()
        answers: dict[int, Answer] = {}
        keeping = _Keeping(submit, answers, telling=self.telling)
        try:
            for part in _parts(_started(submit, submissions, answers)):
                keeping.next(part)
        finally:
            keeping.next({})
        return [answers[place] for place in range(len(submissions))]


def _started(
    submit: Submit, submissions: Sequence[Submission], answers: dict[int, Answer]
) -> Iterator[tuple[int, Start]]:
    """Gives what can be accepted, by its place; the errors of the others are put down as their answers."""
    for first in range(0, len(submissions), PART):
        read = _read(submit, submissions[first : first + PART], answers, first)
        for place, start in zip(read, _opened(submit, [*read.values()]), strict=True):
            if isinstance(start, PacksysError):
                answers[place] = start
            else:
                yield place, start


def _read(
    submit: Submit, submissions: Sequence[Submission], answers: dict[int, Answer], first: int
) -> dict[int, tuple[Submission, Compiled]]:
    read: dict[int, tuple[Submission, Compiled]] = {}
    for place, submission in enumerate(submissions, start=first):
        try:
            asked = submit.checked(submission)
            read[place] = asked, submit.compile(asked)
        except NotReady:
            raise
        except PacksysError as error:
            answers[place] = error
        except Exception as error:
            answers[place] = _ours(error)
    return read


def _opened(submit: Submit, read: Sequence[tuple[Submission, Compiled]]) -> Sequence[Start | PacksysError]:
    """Looks how far formulas come; one by one where a mistake of ours stands between, so that it hits one only."""
    try:
        return submit.starts(read)
    except PacksysError:
        raise
    except Exception as error:
        return [_ours(error)] if len(read) == 1 else [start for each in read for start in _opened(submit, [each])]


def _ours(error: Exception) -> HouseError:
    fault = HouseError("packsys failed at this formula: tell its operator.")
    fault.__cause__ = error
    return fault


def _parts(started: Iterator[tuple[int, Start]]) -> Iterator[dict[int, Start]]:
    """Gathers as many as one transaction takes."""
    part: dict[int, Start] = {}
    calls = 0
    for place, start in started:
        part[place] = start
        calls += len(start.opening.answered) + len(start.opening.wave)
        if calls >= WIDEST or len(part) >= PART:
            yield part
            part, calls = {}, 0
    if part:
        yield part


class _Keeping:
    """Keeps parts one after the other: while the store is at one, the next is made ready, and that before is sent."""

    def __init__(self, submit: Submit, answers: dict[int, Answer], *, telling: bool) -> None:
        self._submit, self._answers, self._telling = submit, answers, telling
        self._part: dict[int, Start] = {}
        self._end: Callable[[], Sequence[Job | IdempotencyMismatch]] = tuple

    def next(self, part: dict[int, Start]) -> None:
        """Waits for the part before, begins to keep this one, and sends that."""
        before, end = self._part, self._end
        self._part, self._end = {}, tuple
        kept = end()
        try:
            if part:
                self._part, self._end = part, self._submit.jobs.keeping([*part.values()])
        finally:
            self._send(before, kept)

    def _send(self, part: dict[int, Start], kept: Sequence[Job | IdempotencyMismatch]) -> None:
        pairs = [*zip(part.values(), kept, strict=True)]
        ours = [start for start, job in pairs if isinstance(job, Job) and job.id == start.job.id]
        if sent := [start for start in ours if start.opening.wave]:
            self._submit.send(sent)
        told = [start.begun(job) if self._telling and isinstance(job, Job) else job for start, job in pairs]
        self._answers |= dict(zip(part, told, strict=True))
