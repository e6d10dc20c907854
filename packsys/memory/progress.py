"""The twin of progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from packsys.memory.ledger import JobFile, Ledger
from packsys.model import EventKind, Progress, StepState, waiting_by_cause


class MemoryProgress:
    """Counts the steps in a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Takes the ledger."""
        self._ledger = ledger

    def of(self, job: str) -> Progress:
        """Tells how far a job is."""
        with self._ledger.open() as files:
            return self._of(files[job]) if job in files else Progress()

    def _of(self, file: JobFile) -> Progress:
        steps = [held.step for held in file.steps.values()]
        return Progress(
            **Counter(step.state.value for step in steps),
            cached=sum(step.cached for step in steps),
            waves=max((step.wave for step in steps), default=0),
            waits=waiting_by_cause(self._waits(file)),
        )

    def _waits(self, file: JobFile) -> Iterable[tuple[str, float]]:
        now = self._ledger.now()
        told = {each.step: each.detail for each in file.events if each.kind is EventKind.STEP_WAITING}
        for held in file.steps.values():
            if held.step.state is StepState.WAITING:
                due = held.step.not_before or now
                yield str(told[held.step.key]["cause"]), max(0.0, (due - now).total_seconds())
