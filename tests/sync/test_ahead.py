"""Work that is done ahead is done beside what goes on, in threads that are kept."""

from __future__ import annotations

from threading import Barrier, get_ident

import pytest

from packsys.sync.ahead import Threads


def test_it_is_done_in_another_thread() -> None:
    assert Threads()(get_ident)() != get_ident()


def test_what_comes_later_is_done_in_the_same_thread() -> None:
    beside = Threads()
    assert beside(get_ident)() == beside(get_ident)()


def test_what_comes_meanwhile_is_done_in_another() -> None:
    beside, both = Threads(), Barrier(2, timeout=30)

    def meet() -> int:
        both.wait()
        return get_ident()

    first, second = beside(meet), beside(meet)
    assert first() != second()


def test_what_it_raised_is_raised_where_it_is_waited_for() -> None:
    beside = Threads()

    def fail() -> None:
        raise LookupError("fake")

    with pytest.raises(LookupError, match="fake"):
        beside(fail)()
    assert beside(lambda: 7)() == 7
