"""What holds when many do everything at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from packsys.model import Claim, StepState
from tests.ports.house import House
from tests.ports.samples import ERROR, call, job
from tests.ports.single import claim_one, keep_one
from tests.ports.threads import at_once

CALLS = [call(f"Call {number}") for number in range(6)]


def test_in_a_storm_every_promise_holds(house: House) -> None:
    """Nobody waits for one who waits for him, and the events of a job make sense whoever wrote them."""
    jobs = [house.jobs.accept(job()).id for _ in range(6)]
    at_once(lambda seed: Actor(house, jobs, Random(seed)).act(times=40))
    for of in jobs:
        house.jobs.cancel(of)
        events = house.events.since(of, 0)
        assert [event.number for event in events] == list(range(1, len(events) + 1))
        about_the_job = [event.kind for event in events if event.step is None]
        assert about_the_job in (["job.accepted", "job.running", events[-1].kind], ["job.accepted", events[-1].kind])
        assert house.jobs.get(of).state == events[-1].kind.removeprefix("job.")
    assert any(step.state.final for of in jobs for step in house.steps.of(of))


def test_in_a_storm_each_step_has_one_outcome_and_each_attempt_one_worker(house: House) -> None:
    of = house.jobs.accept(job()).id
    at_once(lambda seed: Actor(house, [of], Random(seed), ending=0).act(times=40))
    for step in house.steps.of(of):
        told = [event for event in house.events.since(of, 0) if event.step == step.key]
        attempts = [event.detail["attempt"] for event in told if event.kind == "step.running"]
        outcomes = [event.kind for event in told if event.kind in ("step.done", "step.failed")]
        assert attempts == list(range(1, step.attempt + 1))
        assert outcomes == ([f"step.{step.state}"] if step.state.final else [])
        assert step.state is StepState.QUEUED or told[-1].kind == f"step.{step.state}"


@dataclass
class Actor:
    """Does things at random; ``ending`` is how likely it ends a job, where adding a wave is 4."""

    house: House
    jobs: list[str]
    random: Random
    ending: float = 0.5
    claims: list[Claim] = field(default_factory=list)

    def act(self, *, times: int) -> None:
        weights = {self.add: 4, self.take: 8, self.keep: 4, self.postpone: 3, self.look: 4, self.finish: self.ending}
        for act in self.random.choices(list(weights), list(weights.values()), k=times):
            act()

    def add(self) -> None:
        self.house.steps.add(self.random.choice(self.jobs), self.random.sample(CALLS, 3))

    def take(self) -> None:
        of, key, lease = self.random.choice(self.jobs), self.random.choice(CALLS).key, self.random.choice([0, 0, 60])
        claim = claim_one(self.house.steps, of, key, worker="w", lease=lease)
        self.claims += [claim] if claim else []

    def keep(self) -> None:
        if self.claims:
            keep_one(self.house.steps, self.random.choice(self.claims), self.random.choice([1, ERROR]))

    def postpone(self) -> None:
        if self.claims:
            self.house.steps.postpone(self.random.choice(self.claims), delay=0, cause="Api")

    def look(self) -> None:
        self.house.upkeep.expire()
        self.house.upkeep.release(attempts=3)
        self.house.upkeep.stalled(grace=0)

    def finish(self) -> None:
        self.house.jobs.finish(self.random.choice(self.jobs), 1)
