"""Sends waves as Celery chains and chords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from celery import Celery, chain, chord
from kombu.exceptions import OperationalError

from packsys.dispatch.app import ADVANCE, STEP, queue_of
from packsys.errors import NotReady
from packsys.model import Route, Step
from packsys.ports import Due


@dataclass(frozen=True)
class CanvasDispatcher:
    """Sends a wave of one call as a chain, of several as one flat chord, both ending in one advance.

    Messages carry the job's id and the step's key. Each step appears in Flower and in logs under the name of
    its call, such as ``GitHub::Repos``. Raises NotReady when the broker does not take a message; the
    reconciler then sends what is missing.
    """

    app: Celery
    joins: bool = True

    def wave(self, steps: Sequence[Step], *, route: Route) -> None:
        """Sends the steps side by side, and one advance when all have ended."""
        body = self._advance(steps[0].job, route)
        # Celery would listen for ever for the results of a list: these never come.
        header = (self._step(step, route) for step in steps)
        self._send(chain(*header, body, app=self.app) if len(steps) == 1 else chord(header, body, app=self.app))

    def waves(self, waves: Sequence[tuple[Sequence[Step], Route]]) -> None:
        """Sends waves of several jobs, one after the other."""
        for steps, route in waves:
            self.wave(steps, route=route)

    def again(self, step: Step, *, route: Route, delay: float = 0.0) -> None:
        """Sends one step after ``delay`` seconds, and an advance behind it."""
        both = chain(self._step(step, route), self._advance(step.job, route), app=self.app)
        self._send(both, countdown=delay or None)

    def rouse(self, steps: Sequence[tuple[Step, Route]]) -> None:
        """Sends steps of any jobs, each with an advance behind it."""
        for step, route in steps:
            self.again(step, route=route)

    def advance(self, job: str, *, route: Route) -> None:
        """Sends an advance."""
        self._send(self._advance(job, route))

    def along(self, job: str, call: str, *, queue: str, most: int) -> Sequence[str]:
        """Takes nothing: the chord would wait for it."""
        return ()

    def next(self, queue: str, *, wait: float = 0.0) -> Due | None:
        """Takes nothing, as above."""
        return None

    def _step(self, step: Step, route: Route) -> Any:
        signature = self.app.signature(STEP, args=(step.job, step.key), immutable=True, app=self.app)
        return signature.set(shadow=step.invocation.name, queue=queue_of(route), ignore_result=True)

    def _advance(self, job: str, route: Route) -> Any:
        signature = self.app.signature(ADVANCE, args=(job,), immutable=True, app=self.app)
        return signature.set(queue=queue_of(route), ignore_result=True)

    def _send(self, canvas: Any, **options: Any) -> None:
        try:
            canvas.apply_async(**options)
        except (OperationalError, OSError) as error:
            raise NotReady("The broker does not take messages: the job is kept and goes on when it does.") from error
