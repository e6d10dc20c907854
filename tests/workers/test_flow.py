"""The thread that keeps messages flowing."""

from __future__ import annotations

import threading
from collections.abc import Callable

from packsys.errors import NotReady
from workers.flow import Flow


def looks(answers: list[Callable[[], int]]) -> int:
    """Lets it look so often, and gives how often it did."""
    left, over = iter(answers), threading.Event()
    seen: list[int] = []

    def flow() -> int:
        answer = next(left, None)
        if answer is None:
            over.set()
            return 0
        seen.append(1)
        return answer()

    Flow(flow).start()
    assert over.wait(20)
    return len(seen)


def away() -> int:
    raise NotReady("The broker is away.")


def test_it_looks_again_and_again() -> None:
    assert looks([lambda: 3, lambda: 1, lambda: 0]) == 3


def test_a_broker_that_is_away_does_not_end_it() -> None:
    assert looks([away, lambda: 1, away]) == 3
