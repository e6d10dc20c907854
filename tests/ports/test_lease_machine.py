"""Whatever becomes of messages and workers, a step is held by one worker at a time and its outcome is kept once.

Messages come twice, in any order, or not at all (the broker was flushed); workers beat, commit, give back, or die with
a claim in their hands, and dead ones come back to commit. A dict says what must come of it: it knows nothing of how a
store works. How claims are asked for is written in one place, at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from packsys.model import Claim
from packsys.store.database import Database
from tests.ports.house import House, empty, in_memory, in_postgres
from tests.ports.samples import call, job
from tests.ports.single import claim_one, keep_one

CALLS = {each.key: each for each in map(call, ("Repos", "User", "Repo", "Topics"))}
KEYS = tuple(CALLS)
LEASE, GRACE, ATTEMPTS = 30.0, 10.0, 3
PLACE = st.integers(0, 1_000)


@dataclass(frozen=True)
class Model:
    """Is what must be true of one step: whether it is held, until when, how often it was taken, and its outcome."""

    state: str = "queued"
    attempt: int = 0
    until: float = 0.0
    outcome: Any = None

    def due(self, now: float) -> bool:
        """Tells whether whoever asks gets it."""
        return self.state == "queued" or (self.state in ("running", "waiting") and self.until <= now)

    def holds(self, attempt: int) -> bool:
        """Tells whether the claim of that number is the one that counts."""
        return self.state == "running" and self.attempt == attempt


class Leases(RuleBasedStateMachine):
    """Is a broker that loses and doubles, workers that die, and one job of four calls."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house, self.now = house, 0.0
        self.model: dict[str, Model] = {}
        self.messages: list[str] = []
        self.working: list[Claim] = []  # by workers that live
        self.dead: list[Claim] = []  # in the hands of workers that died, or are long replaced

    @initialize()
    def begin(self) -> None:
        asked = job(timeout=10_000_000.0)
        self.job = asked.id
        self.house.jobs.accept(asked)
        self.add(*KEYS[:2])

    @rule(key=st.sampled_from(KEYS))
    def add(self, *keys: str, key: str = "") -> None:
        """Sends calls; those that are known are not sent again."""
        asked = [each for each in (*keys, key) if each]
        new = {step.key for step in self.house.steps.add(self.job, [CALLS[each] for each in asked])}
        assert new == set(asked) - set(self.model)
        self.model |= dict.fromkeys(new, Model())
        self.messages += sorted(new)

    @precondition(lambda self: self.messages)
    @rule(at=PLACE, again=st.booleans())
    def deliver(self, at: int, again: bool) -> None:
        """Gives any message to a worker, and perhaps keeps it for another."""
        key = self.messages[at % len(self.messages)]
        if not again:
            self.messages.remove(key)
        self.take(key)

    def take(self, key: str) -> None:
        """Asks for a step: who gets it is the dict's to say."""
        expected, claim = self.model[key], claimed(self.house, self.job, key)
        assert (claim is not None) == expected.due(self.now)
        if claim is not None:
            attempt = expected.attempt + 1
            assert claim.attempt == attempt
            self.model[key] = replace(expected, state="running", attempt=attempt, until=self.now + LEASE)
            self.working.append(claim)

    @precondition(lambda self: self.working)
    @rule(at=PLACE)
    def beat(self, at: int) -> None:
        """Holds a claim for longer, if it is still held."""
        claim = self.working[at % len(self.working)]
        expected = self.model[claim.step.key]
        assert renewed(self.house, claim) == expected.holds(claim.attempt)
        if expected.holds(claim.attempt):
            self.model[claim.step.key] = replace(expected, until=self.now + LEASE)

    @precondition(lambda self: self.working)
    @rule(at=PLACE)
    def commit(self, at: int) -> None:
        """Keeps an outcome that tells which attempt it is of."""
        self.end(self.working.pop(at % len(self.working)))

    def end(self, claim: Claim) -> None:
        """Commits a claim; it is in nobody's hands then, but may be used again."""
        expected, outcome = self.model[claim.step.key], f"{claim.step.key} by {claim.attempt}"
        assert committed(self.house, claim, outcome) == expected.holds(claim.attempt)
        if expected.holds(claim.attempt):
            self.model[claim.step.key] = replace(expected, state="done", outcome=outcome)
        self.dead.append(claim)

    @precondition(lambda self: self.working)
    @rule(at=PLACE, delay=st.sampled_from([0.0, 20.0]))
    def give_back(self, at: int, delay: float) -> None:
        """Puts a step off; its message is sent again."""
        claim = self.working.pop(at % len(self.working))
        expected = self.model[claim.step.key]
        assert postponed(self.house, claim, delay) == expected.holds(claim.attempt)
        if expected.holds(claim.attempt):
            self.model[claim.step.key] = replace(expected, state="waiting", until=self.now + delay)
            self.messages.append(claim.step.key)

    @precondition(lambda self: self.working)
    @rule(at=PLACE)
    def crash(self, at: int) -> None:
        """Kills a worker with a claim in its hands."""
        self.dead.append(self.working.pop(at % len(self.working)))

    @precondition(lambda self: self.dead)
    @rule(at=PLACE)
    def come_back(self, at: int) -> None:
        """Lets one that was thought dead commit after all: it may, as long as nobody took its place."""
        self.end(self.dead.pop(at % len(self.dead)))

    @rule()
    def flush(self) -> None:
        """Loses every message."""
        self.messages.clear()

    @rule(seconds=st.sampled_from([10.0, 50.0]))
    def wait(self, seconds: float) -> None:
        self.house.wait(seconds)
        self.now += seconds

    @rule()
    def repair(self) -> None:
        """Sends what stands still again: what lost its worker, and what nobody took."""
        lost = {key for key, step in self.model.items() if step.state == "running" and step.until <= self.now}
        over = {key for key in lost if self.model[key].attempt >= ATTEMPTS}
        assert released(self.house) == lost - over
        for key in lost:
            ended = replace(self.model[key], state="failed" if key in over else "queued")
            self.model[key] = ended
        again = untaken(self.house)
        assert {self.model[key].state for key in again} <= {"queued", "waiting"}
        self.messages += sorted((lost - over) | again)

    @invariant()
    def the_dict_is_right(self) -> None:
        for step in self.house.steps.of(self.job) if self.model else ():
            expected = self.model[step.key]
            assert (step.state, step.attempt) == (expected.state, expected.attempt)
            assert expected.outcome is None or step.outcome == expected.outcome

    def teardown(self) -> None:
        """Whatever has happened, the reconciler and one worker bring every step to its end."""
        for _ in range(10):
            if all(step.state in ("done", "failed") for step in self.model.values()):
                break
            self.wait(100_000.0)
            self.repair()
            for key in tuple(self.messages):
                self.take(key)
            self.messages.clear()
            while self.working:
                self.end(self.working.pop())
        assert {step.state for step in self.model.values()} <= {"done", "failed"}


def claimed(house: House, of: str, key: str) -> Claim | None:
    return claim_one(house.steps, of, key, worker="w", lease=LEASE)


def renewed(house: House, claim: Claim) -> bool:
    return bool(house.steps.renew([claim], lease=LEASE))


def committed(house: House, claim: Claim, outcome: str) -> bool:
    return bool(keep_one(house.steps, claim, outcome))


def postponed(house: House, claim: Claim, delay: float) -> bool:
    return house.steps.postpone(claim, delay=delay, cause="Api")


def released(house: House) -> set[str]:
    return {key for stall in house.upkeep.release(attempts=ATTEMPTS) for key in stall.steps}


def untaken(house: House) -> set[str]:
    return {key for stall in house.upkeep.stalled(grace=GRACE) for key in stall.steps}


def search(house: Callable[[], House], *, examples: int) -> None:
    """Looks for an order of things that breaks the machine."""
    terms = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: Leases(house()), settings=terms)


def test_in_memory() -> None:
    search(in_memory, examples=25)


@pytest.mark.slow
def test_in_postgres(database: Database) -> None:
    def emptied() -> House:
        empty(database)
        return in_postgres(database)

    search(emptied, examples=8)
