"""What is handed over when a job moves: from acceptance to its first wave, from an outcome to the next call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from packsys.language.invocation import Invocation
from packsys.model import Claim, Job, Route, Step, StepState
from packsys.values import Value, to_json


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Is what a job begins with: calls whose results are known already, its first wave, or its outcome.

    ``look_at`` is said in :class:`Standing`. ``outcome`` is in a tuple, so that a blank can be told from nothing.
    """

    answered: tuple[tuple[Invocation, Value], ...] = ()
    wave: tuple[Invocation, ...] = ()
    look_at: int = 0
    outcome: tuple[Value] | None = None

    def steps(self, job: str) -> Sequence[Step]:
        """Gives the steps that a job begins with: those that are answered, then its first wave."""
        calls = [*(invocation for invocation, _ in self.answered), *self.wave]
        known = len(self.answered)
        return [
            Step(job=job, key=call.key, number=number, wave=2 if 0 < known < number else 1, invocation=call)
            for number, call in enumerate(calls, start=1)
        ]


NOTHING = Opening()
"""What a job begins with of which nothing is known."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Is a job that is to be accepted, what it begins with, and the key under which it was asked for."""

    job: Job
    opening: Opening = NOTHING
    idempotency_key: str | None = None
    fingerprint: str = ""

    @cached_property
    def steps(self) -> Sequence[Step]:
        """Lists the steps that the job begins with."""
        return self.opening.steps(self.job.id)

    def begun(self, job: Job) -> Job:
        """Gives the job with its steps if it was accepted just now; one that was there before may have come further."""
        if job.id != self.job.id or job.state.final is (self.opening.outcome is None):
            return job
        at, answered = job.accepted_at, self.opening.answered
        known, new = self.steps[: len(answered)], self.steps[len(answered) :]
        ended: dict[str, Any] = {"state": StepState.DONE, "cached": True, "started_at": at, "finished_at": at}
        done = [
            replace(step, outcome=value, queued_at=at, **ended)
            for step, (_, value) in zip(known, answered, strict=True)
        ]
        steps = (*done, *(replace(step, queued_at=at) for step in new))
        return Job(**{**vars(job), "steps": steps})  # as "replace" does, in half the time


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Is a job as far as it has come: all that decides how it goes on.

    ``asked_at`` is what the formula takes for now. ``outcomes`` are those of its final steps, by key. ``open`` counts
    the others, ``waves`` and ``bytes`` what was sent and what came back. A job is looked at when no more than
    ``look_at`` steps are open: 0 is a barrier, more lets calls begin whose arguments are there while others of their
    wave still run.
    """

    job: str
    tree: str
    variables: Mapping[str, Value]
    asked_at: datetime
    timezone: str
    locale: str
    route: Route
    waves: int
    open: int
    bytes: int
    outcomes: Mapping[str, Value]


def weight(outcome: Value) -> int:
    """Gives about how many bytes an outcome takes."""
    return 0 if outcome is None else len(json.dumps(to_json(outcome)))


@dataclass(frozen=True, kw_only=True)
class Settled:
    """Is a claim with the outcome that ends it."""

    claim: Claim
    outcome: Value
    cached: bool = False


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """Is a call that was made before anything told of it: it followed from outcomes that were not committed yet.

    Its claim is what the step would have; the claims on those outcomes kept others from making it. ``began`` and
    ``ended`` are seconds before it is kept.
    """

    settled: Settled
    began: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """Is the claims that were taken; where nothing else of the job is open, it comes with them."""

    claims: tuple[Claim, ...] = ()
    standing: Standing | None = None


@dataclass(frozen=True, kw_only=True)
class Committed:
    """Is the outcomes that were committed; where the job is to be looked at, it comes with them."""

    settled: tuple[Settled, ...] = ()
    standing: Standing | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Is a wave that was added: its new steps, and the claim on the first of them."""

    steps: tuple[Step, ...] = ()
    claim: Claim | None = None
