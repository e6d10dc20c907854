"""A call that must wait for a rate limit waits in a row, not in a worker."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from packsys.errors import UpstreamError
from packsys.limits.policy import Policy, Rate, Rules, Slots
from packsys.memory import MemoryLimiter
from packsys.model import Connection, Event, EventKind, JobState, PackVersion, Route, StepState, Submission
from packsys.ports import Request, Response
from packsys.runtime.permits import CallGate, Permits
from tests.ports.single import claim_one
from tests.runtime.world import World, world

OK = Response(status=200, headers={}, body=b"{}")


@dataclass
class Upstream:
    """Is a service, the way to it, and a clock that moves when somebody sleeps; ``naps`` are how long they did."""

    rules: Rules
    at: float = 1000.0
    naps: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    answers: deque[Response] = field(default_factory=deque)
    permits: Permits = field(init=False)

    def __post_init__(self) -> None:
        self.permits = Permits(
            limiter=MemoryLimiter(self.clock),
            rules=self.rules,
            slack=0.0,
            now=self.clock,
            monotonic=self.clock,
            sleep=self.sleep,
        )

    def clock(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.at += seconds

    def open(self, pack: PackVersion, connection: Connection | None, *, formula: str = "", **more: object) -> Line:
        return Line(self, self.permits.gate(pack, connection, formula=formula))

    def send(self, seconds: float) -> Response:
        self.asked.append(self.at)
        return self.answers.popleft() if self.answers else OK


@dataclass
class Line:
    """Carries requests through a gate."""

    upstream: Upstream
    gate: CallGate

    def fetch(self, request: Request) -> Response:
        return self.gate.carry(self.upstream.send, method=request.method, path=request.url, timeout=request.timeout)


@dataclass
class Scene:
    """Is a house and the service that its packs ask."""

    here: World
    upstream: Upstream

    def wait(self, seconds: float) -> None:
        """Lets time pass for both, and sends what the reconciler would."""
        self.upstream.at += seconds
        self.here.house.wait(seconds)

    def again(self, job: str) -> None:
        """Delivers every step that is not final once more."""
        for step in self.here.house.steps.of(job):
            if not step.state.final:
                self.here.messages.again(step, route=Route())
        self.here.settle()

    def waits(self, job: str) -> Sequence[Event]:
        return [each for each in self.here.house.events.since(job, 0) if each.kind is EventKind.STEP_WAITING]


def scene(*policies: Policy, answers: Sequence[Response] = (), random: float = 0.0) -> Scene:
    upstream = Upstream(Rules(default=policies), answers=deque(answers))
    return Scene(world(egress=upstream, random=lambda: random), upstream)


def test_a_call_that_must_wait_long_is_parked_with_its_cause_and_the_seconds() -> None:
    at = scene(Rate(limit=1, window=60))
    at.here.run("Asking::Pages()")
    job = at.here.run("Asking::Pages()")
    (step,) = at.here.house.steps.of(job.id)
    assert step.state is StepState.WAITING
    assert step.not_before is not None
    assert [each.detail for each in at.waits(job.id)] == [{"cause": "rate_limit", "seconds": 60.0, "tried": False}]
    assert at.upstream.naps == []


def test_it_goes_on_when_its_time_has_come() -> None:
    at = scene(Rate(limit=1, window=60))
    at.here.run("Asking::Pages()")
    job = at.here.run("Asking::Pages()")
    at.wait(60)
    at.again(job.id)
    assert at.here.house.jobs.get(job.id).value == 1
    assert at.upstream.asked == [1000.0, 1060.0]


def test_a_call_that_must_wait_a_moment_waits_in_the_worker() -> None:
    at = scene(Rate(limit=1, window=0.5))
    at.here.run("Asking::Pages()")
    job = at.here.run("Asking::Pages()")
    assert job.value == 1
    assert at.upstream.naps == [0.5]
    assert at.waits(job.id) == []


def test_every_request_takes_a_permit_and_a_call_that_asks_for_nothing_takes_none() -> None:
    at = scene(Rate(limit=3, window=60))
    assert at.here.run("Asking::Pages(3)").value == 3
    assert at.here.run("Asking::Nothing()").value == 0
    assert at.here.run("Asking::Pages()").state is JobState.RUNNING


def test_a_call_that_has_begun_waits_as_long_as_it_has_time() -> None:
    """To begin again would take the permits of its first pages a second time."""
    at = scene(Rate(limit=2, window=10))
    assert at.here.run("Asking::Pages(4)").value == 4
    assert at.upstream.naps == [10.0]


def test_a_call_that_has_begun_and_has_no_time_left_is_tried_again() -> None:
    at = scene(Rate(limit=2, window=40))
    job = at.here.run("Asking::Pages(3)")
    (waited,) = at.waits(job.id)
    assert waited.detail == {"cause": "rate_limit", "seconds": 40.0}
    assert at.upstream.naps == []


def test_parking_is_no_attempt() -> None:
    """Six times it comes and finds no room; then the service fails four times, which are all of its attempts."""
    at = scene(Rate(limit=1, window=60), answers=[OK])
    at.here.run("Asking::Pages()")
    job = at.here.submit(Submission(formula="Asking::Pages()", timeout=3600))
    at.here.settle()
    for _ in range(5):
        at.wait(60)
        at.upstream.permits.gate(_pack(), None).carry(at.upstream.send, method="GET", path="/", timeout=1)
        at.again(job.id)
    assert [each.detail["cause"] for each in at.waits(job.id)] == ["rate_limit"] * 6
    for _ in range(4):
        at.upstream.answers.append(Response(status=503, headers={}, body=b""))
        at.wait(90)
        at.again(job.id)
    ended = at.here.house.jobs.get(job.id)
    assert ended.state is JobState.FAILED
    assert [each.detail["cause"] for each in at.waits(job.id)][6:] == ["Upstream"] * 3


def test_an_action_is_parked_before_it_begins_and_then_done_once() -> None:
    at = scene(Rate(limit=1, window=60))
    at.here.run("Asking::Pages()")
    job = at.here.submit(Submission(formula="RunActions(Asking::Send())", actions=True))
    at.here.settle()
    assert len(at.waits(job.id)) == 1
    at.wait(60)
    at.again(job.id)
    assert at.here.house.jobs.get(job.id).state is JobState.DONE
    assert len(at.upstream.asked) == 2


def test_an_action_that_has_begun_is_not_begun_again() -> None:
    at = scene(Rate(limit=1, window=60))
    job = at.here.submit(Submission(formula="RunActions(Asking::Send(2))", actions=True))
    at.here.settle()
    ended = at.here.house.jobs.get(job.id)
    assert ended.error is not None
    assert (ended.error.code, ended.error.retry_after) == ("RateLimited", 60.0)
    assert ended.error.message == "Asking may be asked once in 60 seconds, and that is used up."


def test_an_action_whose_worker_died_after_it_was_parked_is_not_repeated() -> None:
    at = scene(Rate(limit=1, window=60))
    at.here.run("Asking::Pages()")
    job = at.here.submit(Submission(formula="RunActions(Asking::Send())", actions=True))
    at.here.settle()
    (step,) = at.here.house.steps.of(job.id)
    at.wait(60)
    claim_one(at.here.house.steps, job.id, step.key, worker="dead", lease=1.0)
    at.wait(5)
    at.again(job.id)
    ended = at.here.house.jobs.get(job.id)
    assert ended.error is not None
    assert ended.error.code == "OutcomeUnknown"


def test_a_call_whose_turn_comes_after_its_deadline_fails_and_says_why() -> None:
    at = scene(Rate(limit=1, window=3600))
    at.here.run("Asking::Pages()")
    job = at.here.run("Asking::Pages()", timeout=300)
    assert job.error is not None
    assert (job.error.code, job.error.retryable, job.error.retry_after) == ("RateLimited", True, 3600.0)


def test_one_429_parks_every_other_call_of_the_connection() -> None:
    limited = Response(status=429, headers={"retry-after": "20"}, body=b"")
    at = scene(Rate(limit=100, window=1), answers=[limited])
    first, other = at.here.run("Asking::Pages()"), at.here.run("Asking::Pages(2)")
    assert [each.detail for each in at.waits(first.id)] == [{"cause": "rate_limit", "seconds": 20.0}]
    assert [each.detail["cause"] for each in at.waits(other.id)] == ["rate_limit"]
    assert len(at.upstream.asked) == 1


def test_those_who_are_parked_together_come_back_one_after_the_other() -> None:
    at = scene(Rate(limit=1, window=60), random=0.5)
    at.here.run("Asking::Pages()")
    jobs = [at.here.run("Asking::Pages()", timeout=900) for _ in range(3)]
    assert [at.waits(job.id)[0].detail["seconds"] for job in jobs] == [63.0, 126.0, 189.0]


def test_a_slot_is_given_back_when_the_request_fails() -> None:
    at = scene(Slots(limit=1))
    gate = at.upstream.permits.gate(_pack(), None)

    def fail(seconds: float) -> Response:
        raise UpstreamError

    with pytest.raises(UpstreamError):
        gate.carry(fail, method="GET", path="/", timeout=1)
    assert gate.carry(at.upstream.send, method="GET", path="/", timeout=1) is OK


def test_the_time_of_a_nap_is_taken_from_the_request() -> None:
    at, left = scene(Rate(limit=1, window=0.5)), []
    gate = at.upstream.permits.gate(_pack(), None)

    def send(seconds: float) -> Response:
        left.append(seconds)
        return OK

    for _ in range(2):
        gate.carry(send, method="GET", path="/", timeout=30)
    assert left == [30.0, 29.5]


def test_a_pack_is_limited_as_it_declares_and_as_its_operator_says() -> None:
    own, operators = Rate(limit=1, window=60), Rate(limit=2, window=60)
    assert Rules().for_pack(7, (own,)) == (own,)
    assert Rules(packs={7: (operators,)}).for_pack(7, (own,)) == (operators,)
    assert Rules(packs={8: (operators,)}, default=(operators,)).for_pack(7) == (operators,)


def test_a_formulas_own_limit_holds_besides_those_of_its_pack() -> None:
    at = scene(Rate(limit=3, window=60))
    assert at.here.run('Asking::Search("a")').value == 200
    parked = at.here.run('Asking::Search("b")')
    assert [each.detail for each in at.waits(parked.id)] == [{"cause": "rate_limit", "seconds": 60.0, "tried": False}]
    assert at.here.run("Asking::Pages(2)").value == 2
    assert len(at.waits(at.here.run("Asking::Pages()").id)) == 1


def test_an_operator_who_speaks_of_a_pack_lifts_its_formulas_limits_too() -> None:
    own, operators = Rate(limit=1, window=60, formula="Search"), Rate(limit=2, window=60)
    assert Rules().for_pack(7, (operators,), besides=(own,)) == (operators, own)
    assert Rules(packs={7: (operators,)}).for_pack(7, besides=(own,)) == (operators,)


def _pack() -> PackVersion:
    return PackVersion(id=9003, name="Asking", version="1.0.0", description="", domains=(), formulas={})
