"""Some work is done beside the one who asks, in threads that are kept."""

from __future__ import annotations

import contextvars
import gc
import os
from collections.abc import Callable
from threading import Barrier, Event, Thread, current_thread, get_ident

import pytest

from packsys.runtime.threads import Failed, Succeeded, Threads

LONG = 30.0
ID = contextvars.ContextVar("ID", default="none")


def eventually(holds: Callable[[], bool]) -> bool:
    """Waits until something holds, for ten seconds at most."""
    turn = Event()
    return any(holds() or turn.wait(0.01) for _ in range(1000)) and holds()


def test_it_is_done_in_another_thread() -> None:
    assert Threads()(get_ident)() != get_ident()


def test_what_comes_later_is_done_in_the_same_thread() -> None:
    beside = Threads()
    assert len({beside(get_ident)() for _ in range(20)}) == 1


def test_what_comes_meanwhile_is_done_in_another() -> None:
    beside, both = Threads(), Barrier(2, timeout=30)

    def meet() -> int:
        both.wait()
        return get_ident()

    first, second = beside(meet), beside(meet)
    assert first() != second()


def test_who_asks_again_is_told_again() -> None:
    begun = Threads()(lambda: 42)
    assert (begun(), begun(), begun.within(0.0)) == (42, 42, Succeeded(42))


def test_what_it_raised_is_raised_where_it_is_waited_for() -> None:
    beside = Threads()
    with pytest.raises(ZeroDivisionError):
        beside(lambda: 1 // 0)()
    assert beside(lambda: 7)() == 7


def test_who_waits_for_so_long_is_told_what_it_gave_or_raised() -> None:
    beside = Threads()
    assert beside(lambda: 42).within(LONG) == Succeeded(42)
    match beside(lambda: 1 // 0).within(LONG):
        case Failed(error):
            assert isinstance(error, ZeroDivisionError)
        case other:
            pytest.fail(str(other))


def test_what_takes_too_long_is_left_behind_and_its_thread_comes_back_to_rest() -> None:
    beside, enough = Threads(), Event()
    slow = beside(lambda: enough.wait() and get_ident())
    assert slow.within(0.0) is None
    other = beside(get_ident)()
    enough.set()
    assert {slow(), other} == {beside(get_ident)(), other} != {other}


def test_it_sees_the_context_of_who_asked() -> None:
    beside = Threads()
    for name in ("first", "second"):
        ID.set(name)
        assert beside(ID.get)() == name


def test_its_threads_end_with_it() -> None:
    lent: list[Thread] = [Threads()(current_thread)()]
    gc.collect()
    assert eventually(lambda: not lent[0].is_alive())


def test_a_process_that_was_forked_has_threads_of_its_own() -> None:
    beside = Threads()
    beside(get_ident)()
    if not (child := os.fork()):
        code = 1
        try:
            code = 0 if beside(lambda: True).within(LONG) else 1
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
