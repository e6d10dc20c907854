"""What every FlightDesk promises."""

from __future__ import annotations

import pytest

from packsys.ports import Handed, Kept, Lead, Wait
from tests.ports.halls import Hall, asked
from tests.ports.samples import ERROR
from tests.ports.threads import at_once


@pytest.fixture(autouse=True)
def _nobody_has_asked(hall: Hall) -> None:
    hall.wait(1e6)


def lead(hall: Hall, step: str = "leader", *tags: str) -> Lead:
    """Lets a step ask, which must lead then."""
    said = hall.results.ask(asked("call", *tags, step=step), lease=30)
    assert isinstance(said, Lead)
    return said


def follow(hall: Hall, step: str) -> None:
    """Lets a step ask, which must wait then."""
    assert isinstance(hall.results.ask(asked("call", step=step), lease=30), Wait)
    assert hall.results.join(asked("call", step=step))


def places(*steps: str) -> list[tuple[str, str]]:
    return [asked("call", step=step).step for step in steps]


def test_of_many_who_ask_at_once_one_leads(hall: Hall) -> None:
    said = at_once(lambda n: hall.results.ask(asked("call", step=str(n)), lease=30))
    assert sum(isinstance(each, Lead) for each in said) == 1
    waits = [each.seconds for each in said if isinstance(each, Wait)]
    assert len(waits) == 7
    assert all(29 < seconds <= 30 for seconds in waits)


def test_who_leads_goes_on_leading(hall: Hall) -> None:
    assert lead(hall) == lead(hall)


def test_another_call_has_a_flight_of_its_own(hall: Hall) -> None:
    lead(hall)
    assert isinstance(hall.results.ask(asked("another call", step="b"), lease=30), Lead)


def test_those_who_waited_are_named_once_and_find_what_was_brought(hall: Hall) -> None:
    stamp = lead(hall).stamp
    follow(hall, "b")
    follow(hall, "c")
    roused = hall.results.land(asked("call", step="leader"), "value", stamp=stamp, ttl=60)
    assert sorted(roused) == places("b", "c")
    for step in "bcd":
        said = hall.results.ask(asked("call", step=step), lease=30)
        assert isinstance(said, Kept)
        assert said.value == "value"
    assert hall.results.leave(asked("call", step="leader")) is None


@pytest.mark.parametrize(("outcome", "ttl"), [(ERROR, 60.0), ("value", 0.0), ("value", 0.01)])
def test_what_is_not_kept_is_handed_once_to_each_who_waited_and_to_nobody_else(
    hall: Hall, outcome: object, ttl: float
) -> None:
    stamp = lead(hall).stamp
    follow(hall, "b")
    follow(hall, "c")
    hall.results.land(asked("call", step="leader"), outcome, stamp=stamp, ttl=ttl)  # type: ignore[arg-type]
    hall.wait(1)
    assert hall.results.ask(asked("call", step="b"), lease=30) == Handed(outcome)  # type: ignore[arg-type]
    assert isinstance(hall.results.ask(asked("call", step="stranger"), lease=30), Lead)
    assert hall.results.ask(asked("call", step="c"), lease=30) == Handed(outcome)  # type: ignore[arg-type]
    assert isinstance(hall.results.ask(asked("call", step="b"), lease=30), Wait)


def test_what_is_handed_does_not_lie_there_for_ever(hall: Hall) -> None:
    stamp = lead(hall).stamp
    follow(hall, "b")
    hall.results.land(asked("call", step="leader"), ERROR, stamp=stamp)
    hall.wait(600)
    assert isinstance(hall.results.ask(asked("call", step="b"), lease=30), Lead)


def test_a_leader_that_is_silent_for_its_lease_is_followed_by_another(hall: Hall) -> None:
    lead(hall)
    hall.wait(29)
    assert isinstance(hall.results.ask(asked("call", step="b"), lease=30), Wait)
    hall.wait(2)
    lead(hall, "b")
    assert isinstance(hall.results.ask(asked("call", step="leader"), lease=30), Wait)


def test_a_leader_that_says_so_leads_longer(hall: Hall) -> None:
    lead(hall)
    hall.wait(20)
    hall.results.prolong(asked("call", step="leader"), lease=30)
    hall.wait(20)
    assert isinstance(hall.results.ask(asked("call", step="b"), lease=30), Wait)


def test_nobody_else_prolongs_a_flight_or_begins_one_so(hall: Hall) -> None:
    hall.results.prolong(asked("call", step="b"), lease=300)
    lead(hall)
    hall.results.prolong(asked("call", step="b"), lease=300)
    hall.wait(31)
    lead(hall, "c")


def test_those_who_waited_for_a_leader_that_died_are_roused_by_the_next(hall: Hall) -> None:
    lead(hall)
    follow(hall, "b")
    hall.wait(31)
    stamp = lead(hall, "c").stamp
    assert list(hall.results.land(asked("call", step="c"), 1, stamp=stamp, ttl=60)) == places("b")


def test_who_comes_late_to_a_flight_is_told(hall: Hall) -> None:
    """Between its asking and its joining the leader landed, and roused all who had joined."""
    stamp = lead(hall).stamp
    assert isinstance(hall.results.ask(asked("call", step="b"), lease=30), Wait)
    hall.results.land(asked("call", step="leader"), 1, stamp=stamp, ttl=60)
    assert not hall.results.join(asked("call", step="b"))


def test_a_leader_that_comes_back_late_takes_nothing_from_the_next(hall: Hall) -> None:
    old = lead(hall).stamp
    hall.wait(31)
    lead(hall, "b")
    follow(hall, "c")
    assert list(hall.results.land(asked("call", step="leader"), ERROR, stamp=old)) == []
    assert hall.results.leave(asked("call", step="leader")) is None
    assert hall.results.leave(asked("call", step="b")) == asked("call", step="c").step


def test_who_leaves_brings_nothing_and_names_one_who_may_lead_next(hall: Hall) -> None:
    lead(hall)
    follow(hall, "b")
    follow(hall, "c")
    left = [hall.results.leave(asked("call", step="leader")) for _ in range(3)]
    assert sorted(step for step in left if step) == places("b", "c")
    lead(hall, "b")


# A new one before the old one is gone.


def test_while_one_makes_it_anew_the_others_are_given_what_there_is(hall: Hall) -> None:
    hall.keep("call", "old", ttl=60, stale=30)
    hall.wait(70)
    said = lead(hall)
    assert said.kept is not None
    assert said.kept.value == "old"
    assert -11 < said.kept.fresh_for <= -10
    other = hall.results.ask(asked("call", step="b"), lease=30)
    assert isinstance(other, Kept)
    assert (other.value, other.fresh_for < 0) == ("old", True)
    hall.wait(21)
    assert isinstance(hall.results.ask(asked("call", step="b"), lease=30), Wait)


def test_one_makes_it_anew_before_its_time_is_over(hall: Hall) -> None:
    """As early as it took long to make, times a number that differs from asking to asking."""
    hall.keep("call", "old", ttl=60, cost=5)
    hall.wait(54)
    assert isinstance(hall.results.ask(asked("call"), lease=30, early=1), Kept)
    said = hall.results.ask(asked("call", step="b"), lease=30, early=2)
    assert isinstance(said, Lead)
    assert said.kept is not None
    assert said.kept.fresh_for > 0
    assert isinstance(hall.results.ask(asked("call", step="c"), lease=30, early=2), Kept)


def test_nobody_waits_for_a_flight_that_began_before_something_was_forgotten(hall: Hall) -> None:
    lead(hall, "leader", "tag")
    hall.results.forget(["tag"])
    lead(hall, "b", "tag")
