"""Who does the work says what is counted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from packsys.errors import UpstreamError
from packsys.limits.demand import Demand
from packsys.limits.verdict import Cause, Permit, Refusal
from packsys.memory import MemoryLimiter
from packsys.model import Claim, PackVersion
from packsys.ports import Response
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.permits import Permits
from packsys.runtime.reconcile import Reconcile
from tests.ports.house import House, in_memory
from tests.ports.samples import call, job
from tests.ports.single import claim_one
from tests.runtime.world import world

PACK = PackVersion(id=1, name="Mail", version="1.0.0", description="", domains=("mail.example",), formulas={})


def claimed(house: House, *, lease: float = 30) -> Claim:
    kept = house.jobs.accept(job())
    (step,) = house.steps.add(kept.id, [call("Repos")])
    claim = claim_one(house.steps, kept.id, step.key, worker="w", lease=lease)
    assert claim
    return claim


def test_a_claim_that_passed_to_another_is_counted_as_lost() -> None:
    house, lost = in_memory(), list[int]()
    claim = claimed(house, lease=5)
    beats = Heartbeats(house.steps.renew, lease=5, lost=lost.append)
    with beats.holding([claim]):
        house.wait(6)
        assert claim_one(house.steps, claim.step.job, claim.step.key, worker="another", lease=5)
        beats.beat()
        beats.beat()
    assert lost == [1]


def test_a_claim_that_is_held_or_ended_is_not() -> None:
    house, lost = in_memory(), list[int]()
    beats = Heartbeats(house.steps.renew, lease=5, lost=lost.append)
    with beats.holding([claimed(house)]):
        beats.beat()
    beats.beat()
    assert lost == []


@dataclass
class Narrow:
    """Refuses the first request for a moment."""

    refusals: list[Refusal] = field(default_factory=lambda: [Refusal(seconds=0.25, cause=Cause.RATE)])
    limiter: MemoryLimiter = field(default_factory=MemoryLimiter)

    def take(self, demand: Demand, *, lease: float) -> Permit | Refusal:
        return self.refusals.pop() if self.refusals else Permit()

    def give_back(self, demand: Demand, permit: Permit) -> None:
        """Keeps nothing."""

    def learn(self, demand: Demand, advice: object) -> None:
        """Learns nothing."""


def test_waits_and_requests_are_told() -> None:
    waits, calls = list[float](), list[tuple[str, str, float]]()
    permits = Permits(
        limiter=Narrow(),
        monotonic=lambda: 7.0,
        sleep=lambda seconds: None,
        waited=waits.append,
        called=lambda *told: calls.append(told),
    )
    gate = permits.gate(PACK, None, workspace="w")
    gate.carry(lambda timeout: Response(status=204, headers={}, body=b""), method="GET", path="/", timeout=5)
    with pytest.raises(UpstreamError):
        gate.carry(fails, method="GET", path="/", timeout=5)
    assert waits == [0.25]
    assert calls == [("Mail", "2xx", 0.0), ("Mail", "none", 0.0)]


def fails(timeout: float) -> Response:
    raise UpstreamError("mail.example did not answer: the connection was lost.")


def test_repairs_are_told_with_their_cause() -> None:
    made, causes = world(), list[str]()
    reconcile: Reconcile = replace(made.reconcile, repaired=causes.append)
    claimed(made.house, lease=5)
    made.house.wait(6)
    assert reconcile() == len(causes) > 0
    assert "worker.lost" in causes
    assert set(causes) <= {"worker.lost", "step.untaken", "job.unadvanced", "deadline"}
