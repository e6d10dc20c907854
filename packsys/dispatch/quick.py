"""Sends waves into the lists that workers read, each wave in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from packsys.dispatch.envelope import Envelope
from packsys.model import Step
from packsys.ports import Queues


@dataclass(frozen=True, kw_only=True)
class QuickDispatcher:
    """Sends every step as a Celery task of its own; no barrier stands in the broker.

    Who ends the last step that a job waits for moves the job on, so that a wave needs neither chord counters nor a
    result store. Messages carry the job's id and the step's key; the task's id is the job's with the step's number.
    Raises NotReady when the queue does not take them; the reconciler then sends what is missing.
    """

    queues: Queues
    step: Envelope
    advances: Envelope
    now: Callable[[], datetime]
    joins: bool = False

    def wave(self, job: str, steps: Sequence[Step]) -> None:
        """Sends the steps side by side."""
        self.queues.push(self.step.queue, [self._message(step) for step in steps])

    def again(self, step: Step, *, delay: float = 0.0) -> None:
        """Sends one step, which no worker begins before ``delay`` seconds have passed."""
        eta = (self.now() + timedelta(seconds=delay)).isoformat() if delay else None
        self.queues.push(self.step.queue, [self._message(step, eta)])

    def advance(self, job: str) -> None:
        """Sends an advance."""
        self.queues.push(self.advances.queue, [self.advances.write(id=str(uuid4()), arguments=[job])])

    def _message(self, step: Step, eta: str | None = None) -> bytes:
        name = step.invocation.name
        return self.step.write(id=task_id(step), arguments=[step.job, step.key], shadow=name, eta=eta)


def task_id(step: Step) -> str:
    """Gives the id under which a step's task stands in Flower."""
    return f"{step.job}.{step.number}"
