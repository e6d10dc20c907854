"""Sends waves to the queues that workers read, each wave in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from packsys.dispatch.app import before, queue_of
from packsys.dispatch.envelope import Envelope
from packsys.model import Route, Step
from packsys.ports import Due, Queues


@dataclass(frozen=True, kw_only=True)
class QuickDispatcher:
    """Sends every step as a Celery task of its own; no barrier stands in the broker.

    Who ends the last step that a job waits for moves the job on, so that a wave needs neither chord counters nor a
    result store. Messages carry the job's id and the step's key; the task's id is the job's with the step's number.
    They wait in the lane of their workspace, in the queue of their priority. Raises NotReady when the queue does not
    take them; the reconciler then sends what is missing.
    """

    queues: Queues
    steps: Envelope
    advances: Envelope
    now: Callable[[], datetime]
    joins: bool = False

    def wave(self, steps: Sequence[Step], *, route: Route) -> None:
        """Sends the steps side by side."""
        self._push(self._messages(steps, route), route)

    def waves(self, waves: Sequence[tuple[Sequence[Step], Route]]) -> None:
        """Sends waves of several jobs, in one round trip for all of a route."""
        for route in dict.fromkeys(route for _, route in waves):
            sent = (self._messages(steps, route) for steps, own in waves if own == route)
            self._push([message for messages in sent for message in messages], route)

    def again(self, step: Step, *, route: Route, delay: float = 0.0) -> None:
        """Sends one step, which no worker begins before ``delay`` seconds have passed."""
        eta = (self.now() + timedelta(seconds=delay)).isoformat() if delay else None
        self._push([self._message(step, route, eta=eta)], route)

    def rouse(self, steps: Sequence[tuple[Step, Route]]) -> None:
        """Sends steps of any jobs."""
        for route in {route for _, route in steps}:
            self.wave([step for step, own in steps if own == route], route=route)

    def advance(self, job: str, *, route: Route) -> None:
        """Sends an advance."""
        self._push([self.advances.write(id=str(uuid4()), arguments=[job], queue=queue_of(route))], route)

    def along(self, job: str, call: str, *, queue: str, most: int) -> Sequence[str]:
        """Takes the messages at the head of a queue that are for steps of a job with the same call and due now.

        They are gone then, as those that a worker takes without acknowledgement.
        """
        found = self.queues.along(queue, self.steps.marks(shadow=call, begins=f"{job}."), most=most)
        return [key for (_, key), _ in map(self.steps.read, found)]

    def next(self, queue: str, *, wait: float = 0.0) -> Due | None:
        """Takes the message at the head of a queue if it is for a step and due now; it may ``wait`` seconds for one.

        It is gone then, as above. What waits in the queues that workers look into before this one comes first, except
        while it waits.
        """
        marks = self.steps.marks()
        found = next(iter(self.queues.along(queue, marks, most=1, after=before(queue))), None)
        if found is None and wait:
            found = self.queues.wait(queue, marks, seconds=wait)
        return None if found is None else self._due(found, queue)

    def _due(self, message: bytes, queue: str) -> Due:
        (job, key), headers = self.steps.read(message)
        return Due(job, key, headers["shadow"] or "", queue, alone=headers["group"] is None)

    def _push(self, messages: Sequence[bytes], route: Route) -> None:
        self.queues.push(queue_of(route), messages, lane=route.workspace)

    def _messages(self, steps: Sequence[Step], route: Route) -> Sequence[bytes]:
        group = f"{steps[0].job}.{steps[0].wave}" if len(steps) > 1 else None
        return [self._message(step, route, group=group) for step in steps]

    def _message(self, step: Step, route: Route, *, eta: str | None = None, group: str | None = None) -> bytes:
        return self.steps.write(
            id=task_id(step),
            arguments=[step.job, step.key],
            queue=queue_of(route),
            shadow=step.invocation.name,
            eta=eta,
            group=group,
        )


def task_id(step: Step) -> str:
    """Gives the id under which a step's task stands in Flower."""
    return f"{step.job}.{step.number}"
