"""Takes the time of pack calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from packsys.errors import HouseError, PacksysError
from packsys.metrics.process import ProcessFigures
from packsys.ports import Call, Inquiry, PackRunner
from packsys.values import Value


@dataclass(frozen=True, kw_only=True)
class TimedRunner:
    """Runs pack code as another runner does, and notes how long each call of a formula took; ``clock`` is in seconds.

    The outcome is ``done``, or the code of the error: where it is none of packsys's own, that of a mistake of ours.
    """

    runner: PackRunner
    figures: ProcessFigures
    clock: Callable[[], float] = time.perf_counter

    def run(self, call: Call) -> Value:
        """Gives the call's result."""
        began, outcome = self.clock(), HouseError.code
        self.figures.begun()
        try:
            found = self.runner.run(call)
            outcome = "done"
            return found
        except PacksysError as error:
            outcome = error.code
            raise
        finally:
            invocation = call.invocation
            self.figures.executed(invocation.pack, invocation.formula, outcome, self.clock() - began)

    def ask(self, inquiry: Inquiry) -> Any:
        """Gives what a pack answers to anything but a formula."""
        return self.runner.ask(inquiry)
