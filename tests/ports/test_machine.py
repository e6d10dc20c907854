"""Whatever is done in whatever order, memory and PostgreSQL end up the same.

Time passes in tens of seconds and every duration is a multiple of ten as well, so that the moments that the real
store spends on its work decide nothing: "due" and "over" include the moment itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from packsys.model import Claim, Event, Job, Step
from packsys.store.database import Database
from packsys.values import Value
from tests.ports.house import House, empty, in_memory
from tests.ports.samples import ERROR, call, job
from tests.ports.single import claim_one, keep_one

CALLS = [call(name) for name in ("Repos", "User", "Repo")]
OUTCOMES: list[Value] = [None, 1, "测试", ERROR]
SECONDS = st.sampled_from([0.0, 10.0, 30.0, 1000.0])


@dataclass(frozen=True)
class Pair:
    """Is the same claim on the same step in both houses."""

    memory: Claim
    real: Claim


class Stores(RuleBasedStateMachine):
    """Does everything twice and compares what comes back and what is left."""

    jobs = Bundle("jobs")
    claims = Bundle("claims")

    def __init__(self, database: Database, real: House) -> None:
        super().__init__()
        empty(database)
        self.memory, self.real = in_memory(), real
        self.ids: list[str] = []

    def both(self, act: Callable[[House], Any], shown: Callable[[Any], Any] = lambda result: result) -> tuple[Any, Any]:
        """Does one thing in both houses and compares what comes back."""
        memory, real = act(self.memory), act(self.real)
        assert shown(memory) == shown(real)
        return memory, real

    @initialize(target=jobs)
    def begin(self) -> Any:
        return multiple(self._accept(60.0), self._accept(10_000.0))

    @rule(target=jobs, timeout=st.sampled_from([10.0, 100.0, 10_000.0]))
    def accept(self, timeout: float) -> str:
        return self._accept(timeout)

    def _accept(self, timeout: float) -> str:
        asked = job(timeout=timeout)
        self.both(lambda house: house.jobs.accept(asked), seen_job)
        self.ids.append(asked.id)
        return asked.id

    @rule(of=jobs, calls=st.lists(st.sampled_from(CALLS), max_size=3))
    def add(self, of: str, calls: list[Any]) -> None:
        self.both(lambda house: house.steps.add(of, calls), seen_steps)

    @rule(target=claims, of=jobs, asked=st.sampled_from(CALLS), lease=SECONDS)
    def claim(self, of: str, asked: Any, lease: float) -> Any:
        memory, real = self.both(
            lambda house: claim_one(house.steps, of, asked.key, worker="w", lease=lease), seen_claim
        )
        return multiple(Pair(memory, real)) if memory else multiple()

    @rule(pair=claims, lease=SECONDS)
    def renew(self, pair: Pair, lease: float) -> None:
        self.with_claim(pair, lambda house, claim: house.steps.renew([claim], lease=lease))

    @rule(pair=claims, outcome=st.sampled_from(OUTCOMES), cached=st.booleans())
    def keep(self, pair: Pair, outcome: Value, cached: bool) -> None:
        self.with_claim(pair, lambda house, claim: keep_one(house.steps, claim, outcome, cached=cached))

    @rule(pair=consumes(claims), delay=SECONDS)
    def postpone(self, pair: Pair, delay: float) -> None:
        self.with_claim(pair, lambda house, claim: house.steps.postpone(claim, delay=delay, cause="Api"))

    @rule(of=jobs, outcome=st.sampled_from(OUTCOMES))
    def finish(self, of: str, outcome: Value) -> None:
        self.both(lambda house: house.jobs.finish(of, outcome))

    @rule(of=consumes(jobs))
    def cancel(self, of: str) -> None:
        self.both(lambda house: house.jobs.cancel(of))

    @rule(seconds=st.sampled_from([10.0, 50.0, 200.0]))
    def wait(self, seconds: float) -> None:
        self.both(lambda house: house.wait(seconds))

    @rule()
    def expire(self) -> None:
        self.both(lambda house: list(house.upkeep.expire()))

    @rule(attempts=st.integers(1, 3))
    def release(self, attempts: int) -> None:
        self.both(lambda house: list(house.upkeep.release(attempts=attempts)))

    @rule(grace=st.sampled_from([10.0, 100.0]))
    def stalled(self, grace: float) -> None:
        self.both(lambda house: list(house.upkeep.stalled(grace=grace)))

    def with_claim(self, pair: Pair, act: Callable[[House, Claim], bool]) -> None:
        """Does one thing with a claim in both houses."""
        assert act(self.memory, pair.memory) == act(self.real, pair.real)

    @invariant()
    def nothing_differs(self) -> None:
        for of in self.ids:
            self.both(lambda house, of=of: house.jobs.get(of), seen_job)
            self.both(lambda house, of=of: house.steps.of(of), seen_steps)
            memory, _ = self.both(lambda house, of=of: house.events.since(of, 0), seen_events)
            assert [event.number for event in memory] == list(range(1, len(memory) + 1))


def seen_job(kept: Job) -> dict[str, Any]:
    """Shows a job without its times, but with which it has."""
    return vars(kept) | {name: at is not None for name, at in _times(kept).items()}


def seen_steps(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Shows steps without their times, but with which they have."""
    return [vars(step) | {name: at is not None for name, at in _times(step).items()} for step in steps]


def _times(kept: Job | Step) -> dict[str, Any]:
    timed = ("accepted_at", "deadline", "started_at", "finished_at", "queued_at", "not_before")
    return {name: at for name, at in vars(kept).items() if name in timed}


def seen_claim(claim: Claim | None) -> Any:
    """Shows a claim, the seconds that are left in tens."""
    return claim and (seen_steps([claim.step]), claim.workspace, claim.attempt, round(claim.seconds_left, -1))


def seen_events(events: Sequence[Event]) -> list[Any]:
    """Shows events, how long a job took in tens of seconds."""
    return [(event.number, event.kind, event.step, {**event.detail, **_tens(event)}) for event in events]


def _tens(event: Event) -> dict[str, float]:
    seconds = event.detail.get("seconds")
    return {"seconds": round(seconds, -1)} if isinstance(seconds, (int, float)) else {}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_memory_and_postgres_agree(database: Database, real_house: House) -> None:
    run_state_machine_as_test(
        lambda: Stores(database, real_house),
        settings=settings(
            max_examples=10,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
