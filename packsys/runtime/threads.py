"""Does some work beside the one who asks, in threads that are kept."""

from __future__ import annotations

import contextvars
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, TypeAlias, TypeVar

Done = TypeVar("Done")
Inbox: TypeAlias = SimpleQueue[Callable[[], None] | None]


@dataclass(frozen=True)
class Succeeded(Generic[Done]):
    """Holds what some work gave."""

    value: Done


@dataclass(frozen=True)
class Failed:
    """Holds what some work raised."""

    error: BaseException


class Begun(Generic[Done]):
    """Is some work that was begun; what nobody waits for ends by itself."""

    def __init__(self) -> None:
        """Knows of no outcome yet."""
        self._outcome: SimpleQueue[Succeeded[Done] | Failed] = SimpleQueue()

    def __call__(self) -> Done:
        """Waits for its end; gives its result, or raises what it raised."""
        outcome = self._wait(None)
        if isinstance(outcome, Failed):
            raise outcome.error
        return outcome.value

    def within(self, seconds: float) -> Succeeded[Done] | Failed | None:
        """Gives the outcome, or None when it is not there in time; the work goes on alone then."""
        try:
            return self._wait(max(seconds, 0.0))
        except Empty:
            return None

    def end(self, outcome: Succeeded[Done] | Failed) -> None:
        """Tells the outcome."""
        self._outcome.put(outcome)

    def _wait(self, seconds: float | None) -> Succeeded[Done] | Failed:
        outcome = self._outcome.get(timeout=seconds)
        self._outcome.put(outcome)  # for who asks again
        return outcome


class Threads:
    """Does work in threads that rest when it is done, as many as were ever busy at once.

    To wake one takes a fraction of the time that it takes to start one. A process that was forked has its own.
    """

    def __init__(self) -> None:
        """Starts nothing yet."""
        self._resting: dict[int, deque[_Thread]] = {}

    def __call__(self, work: Callable[[], Done]) -> Begun[Done]:
        """Begins some work."""
        begun: Begun[Done] = Begun()
        resting = self._resting.setdefault(os.getpid(), deque())
        try:
            thread = resting.pop()
        except IndexError:
            thread = _Thread()
        # A copy of the context lets log lines carry the ids that are bound to the task.
        thread.inbox.put(partial(contextvars.copy_context().run, _do, work, partial(resting.append, thread), begun.end))
        return begun


class _Thread:
    """Is a thread that does what is put into its inbox, and ends when nobody can put anything there any more."""

    def __init__(self) -> None:
        self.inbox: Inbox = SimpleQueue()
        threading.Thread(target=_serve, args=(self.inbox,), daemon=True, name="beside").start()

    def __del__(self) -> None:
        self.inbox.put(None)


def _serve(inbox: Inbox) -> None:
    while (do := inbox.get()) is not None:
        do()
        del do  # what it holds must not outlive it


def _do(work: Callable[[], Done], rest: Callable[[], None], tell: Callable[[Succeeded[Done] | Failed], None]) -> None:
    """Does the work; whoever waits for it finds its thread at rest already."""
    outcome: Succeeded[Done] | Failed
    try:
        outcome = Succeeded(work())
    except BaseException as error:
        outcome = Failed(error)
    rest()
    tell(outcome)
