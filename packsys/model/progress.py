"""How far a job is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packsys.model.jobs import Step, StepState


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Is what some steps of a job wait for: why, how many they are, and in how many seconds the next is due."""

    cause: str
    steps: int
    seconds: float


def waiting_by_cause(waits: Iterable[tuple[str, float]]) -> Sequence[Waiting]:
    """Gathers steps, each with its cause and its seconds, by cause."""
    by_cause: dict[str, list[float]] = {}
    for cause, seconds in waits:
        by_cause.setdefault(cause, []).append(seconds)
    return tuple(
        Waiting(cause=cause, steps=len(of_it), seconds=min(of_it)) for cause, of_it in sorted(by_cause.items())
    )


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Is how far a job is: its steps by state, those from the cache among the done ones, and the waves so far."""

    queued: int = 0
    running: int = 0
    waiting: int = 0
    done: int = 0
    failed: int = 0
    cached: int = 0
    waves: int = 0
    waits: Sequence[Waiting] = ()

    @classmethod
    def counted(cls, steps: Sequence[Step]) -> Progress | None:
        """Counts steps of which none waits; None where one does, since a step does not know why."""
        states = [step.state for step in steps]
        if StepState.WAITING in states:
            return None
        return cls(
            queued=states.count(StepState.QUEUED),
            running=states.count(StepState.RUNNING),
            done=states.count(StepState.DONE),
            failed=states.count(StepState.FAILED),
            cached=sum(step.cached for step in steps),
            waves=max((step.wave for step in steps), default=0),
        )

    @property
    def total(self) -> int:
        """Counts the steps that are known so far; more may follow from what they give."""
        return self.queued + self.running + self.waiting + self.done + self.failed
