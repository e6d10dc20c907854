"""Claims are renewed as long as somebody works under them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from packsys.errors import NotReady
from packsys.sync.heartbeat import Heartbeats

LEASE = 3600.0


def renewing(heard: list[str], name: str, *, kept: bool = True) -> Callable[[], bool]:
    """Gives what notes that a claim is renewed."""

    def renew() -> bool:
        heard.append(name)
        return kept

    return renew


def test_what_is_held_is_renewed_and_what_has_ended_is_not() -> None:
    beats, heard = Heartbeats(lease=LEASE), list[str]()
    with beats.holding(renewing(heard, "a")):
        with beats.holding(renewing(heard, "b")):
            beats.beat()
        beats.beat()
    beats.beat()
    assert heard == ["a", "b", "a"]


def test_what_was_lost_is_renewed_no_more() -> None:
    beats, heard = Heartbeats(lease=LEASE), list[str]()
    with beats.holding(renewing(heard, "lost", kept=False)), beats.holding(renewing(heard, "kept")):
        beats.beat()
        beats.beat()
    assert heard == ["lost", "kept", "kept"]


def test_a_database_that_is_away_loses_nothing() -> None:
    beats, heard = Heartbeats(lease=LEASE), list[str]()

    def away() -> bool:
        heard.append("away")
        raise NotReady("The database does not answer.")

    with beats.holding(away):
        beats.beat()
        beats.beat()
    assert heard == ["away", "away"]


def test_the_first_that_is_held_has_the_beats_begin() -> None:
    heard = list[str]()
    with Heartbeats(lease=0.03).holding(renewing(heard, "a")):
        until(lambda: bool(heard))


def until(holds: Callable[[], bool]) -> None:
    """Waits for a condition."""
    pause, patience = Event(), 1000
    while not holds():
        patience -= 1
        assert patience, "It does not come to hold."
        pause.wait(0.01)
