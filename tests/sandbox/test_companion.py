"""Work that may take too long is done beside the one who asks."""

from __future__ import annotations

import contextvars
import gc
import threading
from collections.abc import Callable

import pytest

from packsys.sandbox.companion import Companions, Failed, Succeeded

LONG = 30.0
ID = contextvars.ContextVar("ID", default="none")


def eventually(holds: Callable[[], bool]) -> bool:
    """Waits until something holds, for ten seconds at most."""
    turn = threading.Event()
    return any(holds() or turn.wait(0.01) for _ in range(1000)) and holds()


def test_work_gives_what_it_gives() -> None:
    assert Companions().within(LONG, lambda: 42) == Succeeded(42)


def test_what_work_raises_is_told() -> None:
    match Companions().within(LONG, lambda: 1 // 0):
        case Failed(error):
            assert isinstance(error, ZeroDivisionError)
        case other:
            pytest.fail(str(other))


def test_one_thread_does_the_work_of_one_that_asks() -> None:
    companions = Companions()
    assert len({companions.within(LONG, threading.get_ident) for _ in range(20)}) == 1


def test_work_that_takes_too_long_is_left_behind_and_the_next_is_done() -> None:
    companions, enough = Companions(), threading.Event()
    assert companions.within(0.0, enough.wait) is None
    assert companions.within(LONG, lambda: "next") == Succeeded("next")
    enough.set()


def test_work_sees_the_context_of_who_asked() -> None:
    companions = Companions()
    for name in ("first", "second"):
        ID.set(name)
        assert companions.within(LONG, ID.get) == Succeeded(name)


def test_a_companion_ends_with_the_thread_that_it_was_lent_to() -> None:
    companions, lent = Companions(), list[threading.Thread]()
    asking = threading.Thread(target=lambda: companions.within(LONG, lambda: lent.append(threading.current_thread())))
    asking.start()
    asking.join()
    gc.collect()
    assert eventually(lambda: not lent[0].is_alive())
