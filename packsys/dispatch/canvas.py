"""Sends waves as Celery chains and chords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from celery import Celery, chain, chord
from kombu.exceptions import OperationalError

from packsys.dispatch.app import ADVANCE, STEP
from packsys.errors import NotReady
from packsys.model import Step


@dataclass(frozen=True)
class CanvasDispatcher:
    """Sends a wave of one call as a chain, of several as one flat chord, both ending in one advance.

    Messages carry the job's id and the step's key. Each step appears in Flower and in logs under the name of
    its call, such as ``GitHub::Repos``. Raises NotReady when the broker does not take a message; the
    reconciler then sends what is missing.
    """

    app: Celery

    def wave(self, job: str, steps: Sequence[Step]) -> None:
        """Sends the steps side by side, and one advance when all have ended."""
        if len(steps) == 1:
            self._send(chain(self._step(steps[0]), self._advance(job), app=self.app))
        else:
            self._send(chord([self._step(step) for step in steps], self._advance(job), app=self.app))

    def again(self, step: Step, *, delay: float = 0.0) -> None:
        """Sends one step after ``delay`` seconds, and an advance behind it."""
        self._send(chain(self._step(step), self._advance(step.job), app=self.app), countdown=delay or None)

    def rouse(self, steps: Sequence[Step]) -> None:
        """Sends steps of any jobs, each with an advance behind it."""
        for step in steps:
            self.again(step)

    def advance(self, job: str) -> None:
        """Sends an advance."""
        self._send(self._advance(job))

    def _step(self, step: Step) -> Any:
        signature = self.app.signature(STEP, args=(step.job, step.key), immutable=True, app=self.app)
        return signature.set(shadow=step.invocation.name)

    def _advance(self, job: str) -> Any:
        return self.app.signature(ADVANCE, args=(job,), immutable=True, app=self.app)

    def _send(self, canvas: Any, **options: Any) -> None:
        try:
            canvas.apply_async(**options)
        except (OperationalError, OSError) as error:
            raise NotReady("The broker does not take messages: the job is kept and goes on when it does.") from error
