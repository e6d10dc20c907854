"""Whatever is asked of the flights of results, in whatever order: the real ones answer as their twin does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from packsys.kvstore.address import connect
from packsys.kvstore.results import PREFIX
from packsys.ports import Asked, Handed, Kept, Lead, Wait
from packsys.values import Value
from tests.ports import halls
from tests.ports.halls import Hall
from tests.ports.samples import ERROR

pytestmark = pytest.mark.slow

QUESTIONS = st.builds(
    Asked,
    name=st.sampled_from(["x", "y"]),
    tags=st.just(("pack", "account")),
    step=st.sampled_from([("job 1", "a"), ("job 2", "a"), ("job 3", "a")]),
)


class Flights(RuleBasedStateMachine):
    """Asks both the same, and compares what they say; ``flushed`` gives a real one that holds nothing."""

    flushed: Callable[[], Hall]

    def __init__(self) -> None:
        super().__init__()
        self.twin, self.real = halls.in_memory(), type(self).flushed()
        self.stamps: dict[Asked, tuple[str, str]] = {}

    @rule(asked=QUESTIONS)
    def ask(self, asked: Asked) -> None:
        here, there = (hall.results.ask(asked, lease=30) for hall in (self.twin, self.real))
        assert _said(here) == _said(there)
        if isinstance(here, Lead) and isinstance(there, Lead):
            self.stamps[asked] = here.stamp, there.stamp

    @rule(asked=QUESTIONS)
    def join(self, asked: Asked) -> None:
        assert self.twin.results.join(asked) == self.real.results.join(asked)

    @rule(asked=QUESTIONS)
    def prolong(self, asked: Asked) -> None:
        for hall in (self.twin, self.real):
            hall.results.prolong(asked, lease=40)

    @rule(asked=QUESTIONS, outcome=st.sampled_from([1, "text", None, ERROR]), ttl=st.sampled_from([0, 20, 60]))
    def land(self, asked: Asked, outcome: Value, ttl: float) -> None:
        stamps = self.stamps.pop(asked, ("", ""))
        terms: dict[str, Any] = {"ttl": ttl, "stale": ttl}
        here = self.twin.results.land(asked, outcome, stamp=stamps[0], **terms)
        there = self.real.results.land(asked, outcome, stamp=stamps[1], **terms)
        assert sorted(here) == sorted(there)

    @rule(tag=st.sampled_from(["pack", "account", "another"]))
    def forget(self, tag: str) -> None:
        for hall in (self.twin, self.real):
            hall.results.forget([tag])

    @rule(seconds=st.sampled_from([5.0, 15.0, 35.0]))
    def wait(self, seconds: float) -> None:
        for hall in (self.twin, self.real):
            hall.wait(seconds)


def _said(said: Kept | Handed | Lead | Wait) -> object:
    match said:
        case Kept():
            return "kept", said.value, said.fresh_for > 0
        case Lead():
            return "lead", said.kept and (said.kept.value, said.kept.fresh_for > 0)
        case Wait():
            return "wait", round(said.seconds)
    return said


def test_the_real_ones_answer_as_their_twin(cache_url: str) -> None:
    client = connect(cache_url, timeout=5)

    def flushed() -> Hall:
        client.delete(*client.scan_iter(f"{PREFIX}*"), "none")
        return halls.in_redis(cache_url)

    machine = type("Compared", (Flights,), {"flushed": staticmethod(flushed)})
    quiet = settings(max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=quiet)  # type: ignore[no-untyped-call]
