"""Does some work beside what goes on."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

_Done = TypeVar("_Done")


def in_a_thread(work: Callable[[], _Done]) -> Callable[[], _Done]:
    """Begins some work in a thread of its own, and gives what waits for it; what nobody waits for ends by itself."""
    future: Future[_Done] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    # A copy of the context lets log lines carry the ids that are bound to the task.
    Thread(target=contextvars.copy_context().run, args=(run,), daemon=True, name="ahead").start()
    return future.result


def at_once(work: Callable[[], _Done]) -> Callable[[], _Done]:
    """Does some work now, and gives its result, or raises what it raised, when that is asked for."""
    future: Future[_Done] = Future()
    try:
        future.set_result(work())
    except Exception as error:
        future.set_exception(error)
    return future.result
