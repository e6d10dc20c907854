"""A thread beside the one that asks, for work that may take too long."""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Result = TypeVar("Result")
Work = Callable[[], object]


@dataclass(frozen=True)
class Succeeded(Generic[Result]):
    """Holds what some work gave."""

    value: Result


@dataclass(frozen=True)
class Failed:
    """Holds what some work raised."""

    error: BaseException


class Companions:
    """Lends each thread that asks a companion of its own, and a new one when it had to leave one behind.

    To wake a thread takes a fraction of the time that it takes to start one.
    """

    def __init__(self) -> None:
        """Starts nothing yet."""
        self._own = threading.local()

    def within(self, seconds: float, work: Callable[[], Result]) -> Succeeded[Result] | Failed | None:
        """Gives the outcome of some work, or None when it is not there in time; the work goes on alone then."""
        outcomes: SimpleQueue[Succeeded[Result] | Failed] = SimpleQueue()

        def run() -> None:
            try:
                outcomes.put(Succeeded(work()))
            except BaseException as error:
                outcomes.put(Failed(error))

        # A copy of the context lets the pack's log lines carry the ids that are bound to the job.
        self._companion().inbox.put(partial(contextvars.copy_context().run, run))
        try:
            return outcomes.get(timeout=max(seconds, 0.0))
        except Empty:
            self._own.companion = None
            return None

    def _companion(self) -> _Companion:
        known: _Companion | None = getattr(self._own, "companion", None)
        if known is None or known.process != os.getpid():
            known = self._own.companion = _Companion()
        return known


class _Companion:
    """Is a thread that does what is put into its inbox, and ends when nobody can put anything there any more."""

    def __init__(self) -> None:
        self.inbox: SimpleQueue[Work | None] = SimpleQueue()
        self.process = os.getpid()
        threading.Thread(target=_serve, args=(self.inbox,), daemon=True, name="pack").start()

    def __del__(self) -> None:
        self.inbox.put(None)


def _serve(inbox: SimpleQueue[Work | None]) -> None:
    while (work := inbox.get()) is not None:
        work()
        del work  # what it holds must not outlive it
