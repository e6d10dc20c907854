"""Does some work beside what goes on."""

from __future__ import annotations

import contextvars
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

_Done = TypeVar("_Done")
_Inbox = SimpleQueue[Callable[[], None]]


class Threads:
    """Does work in threads that rest when it is done, as many as were ever busy at once.

    To wake one takes a fraction of the time that it takes to start one. A process that was forked has its own.
    """

    def __init__(self) -> None:
        """Starts nothing yet."""
        self._resting: dict[int, deque[_Inbox]] = {}

    def __call__(self, work: Callable[[], _Done]) -> Callable[[], _Done]:
        """Begins some work, and gives what waits for it; what nobody waits for ends by itself."""
        future: Future[_Done] = Future()
        resting = self._resting.setdefault(os.getpid(), deque())
        try:
            inbox = resting.pop()
        except IndexError:
            inbox = _started(resting)
        # A copy of the context lets log lines carry the ids that are bound to the task.
        inbox.put(partial(contextvars.copy_context().run, _fulfil, future, work, partial(resting.append, inbox)))
        return future.result


def _started(resting: deque[_Inbox]) -> _Inbox:
    inbox: _Inbox = SimpleQueue()
    Thread(target=_serve, args=(inbox,), daemon=True, name="ahead").start()
    return inbox


def _serve(inbox: _Inbox) -> None:
    while True:
        inbox.get()()


def _fulfil(future: Future[_Done], work: Callable[[], _Done], rest: Callable[[], None]) -> None:
    """Does the work; whoever waits for it finds its thread at rest already."""
    try:
        done = work()
    except BaseException as error:
        rest()
        future.set_exception(error)
    else:
        rest()
        future.set_result(done)


def at_once(work: Callable[[], _Done]) -> Callable[[], _Done]:
    """Does some work now, and gives its result, or raises what it raised, when that is asked for."""
    future: Future[_Done] = Future()
    try:
        future.set_result(work())
    except Exception as error:
        future.set_exception(error)
    return future.result


def when_asked(work: Callable[[], _Done]) -> Callable[[], _Done]:
    """Does some work when its result is asked for."""
    return work
