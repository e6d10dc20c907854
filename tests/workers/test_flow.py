"""The thread that keeps messages flowing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from packsys.errors import NotReady
from packsys.ports import Flowed
from workers.flow import LONGEST, SHORTEST, Flow, next_pause


def looks(answers: list[Callable[[], Flowed]]) -> int:
    """Lets it look so often, and gives how often it did."""
    left, over = iter(answers), threading.Event()
    seen: list[int] = []

    def flow() -> Flowed:
        answer = next(left, None)
        if answer is None:
            over.set()
            return Flowed(0)
        seen.append(1)
        return answer()

    Flow(flow).start()
    assert over.wait(20)
    return len(seen)


def away() -> Flowed:
    raise NotReady("The broker is away.")


def test_it_looks_again_and_again() -> None:
    assert looks([lambda: Flowed(3, 1), lambda: Flowed(1, 1), lambda: Flowed(0)]) == 3


def test_a_broker_that_is_away_does_not_end_it() -> None:
    assert looks([away, lambda: Flowed(1, 1), away]) == 3


@pytest.mark.parametrize(
    ("pause", "flowed", "expected"),
    [
        (0.1, Flowed(0, 50), LONGEST),  # nothing waits any more
        (0.1, Flowed(1, 16), 0.1),  # as many as wanted
        (0.1, Flowed(1, 32), 0.05),  # too many: look sooner
        (0.1, Flowed(1, 0), LONGEST),  # none: look later, twice as late at most
        (0.02, Flowed(1, 0), 0.04),
        (0.01, Flowed(1, 64), SHORTEST),
    ],
)
def test_it_looks_as_often_as_the_workers_read(pause: float, flowed: Flowed, expected: float) -> None:
    assert next_pause(pause, flowed) == pytest.approx(expected)
