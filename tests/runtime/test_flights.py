"""Equal calls of different jobs are made once, whatever becomes of the one who makes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, TypeAlias

import pytest

from packsys.errors import NotReady
from packsys.kvstore.results import RedisResults
from packsys.memory import MemoryResults
from packsys.model import Event, EventKind, Job, JobState, Route, StepState, Submission
from packsys.ports import Kept
from packsys.runtime.connect import NewConnection
from packsys.runtime.flights import Flights
from packsys.runtime.forget import Forget
from packsys.runtime.nearby import Nearby
from packsys.runtime.recall import connection_tag, pack_tag
from packsys.runtime.retries import Retries
from packsys.sdk import Context, HeaderBearerToken, Pack, Response, StatusCodeError
from tests.ports.single import claim_one
from tests.runtime.world import World, secret, world

What: TypeAlias = Annotated[str, "What to ask."]
ASK = 'Counted::Ask("x")'


@dataclass
class Service:
    """Counts what it is asked, does something in the meantime, once, and then answers or fails."""

    calls: Counter[str] = field(default_factory=Counter)
    meanwhile: Callable[[], object] = lambda: None
    status: int = 200

    def ask(self, what: str) -> str:
        self.calls[what] += 1
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        if self.status != 200:
            raise StatusCodeError(Response(status=self.status), url="https://counted.example")
        return f"{what} {self.calls[what]}"


@dataclass(frozen=True)
class Scene:
    here: World
    service: Service

    def submit(self, formula: str, **terms: object) -> str:
        return self.here.submit(Submission(formula=formula, **terms)).id  # type: ignore[arg-type]

    def job(self, job: str) -> Job:
        return self.here.house.jobs.get(job)

    def meet(self, formula: str, others: int, **terms: object) -> list[str]:
        """Submits a formula, and while its call is made the same for others, whose messages are all delivered then."""
        jobs: list[str] = []

        def come() -> None:
            jobs.extend(self.submit(formula, **terms) for _ in range(others))
            self.here.settle()

        self.service.meanwhile = come
        jobs.append(self.submit(formula, **terms))
        self.here.settle()
        self.here.messages.advance(jobs[0], route=Route())  # its own came while its call was made
        self.here.settle()
        return jobs

    def waits(self, job: str) -> Sequence[Event]:
        return [each for each in self.here.house.events.since(job, 0) if each.kind is EventKind.STEP_WAITING]

    def pass_time(self, seconds: float) -> None:
        """Lets time pass, and does what the reconciler does then."""
        self.here.house.wait(seconds)
        self.here.reconcile()
        self.here.settle()


def owned(service: Service) -> Pack:
    """Makes a pack whose calls need an account."""
    pack = Pack(
        id=9401,
        name="Owned",
        version="1.0.0",
        description="For a test.",
        authentication=HeaderBearerToken(),
        domains=["a.example"],
    )

    @pack.formula(cache_ttl=60)
    def read(context: Context, what: What) -> str:
        """Reads with an account."""
        return service.ask(what)

    @pack.formula(is_action=True)
    def write(context: Context, what: What) -> str:
        """Writes with an account."""
        return service.ask(what)

    @pack.formula(cache_ttl=7200)
    def read_for_long(context: Context, what: What) -> str:
        """Reads with an account what is good for long."""
        return service.ask(what)

    return pack


def still(service: Service) -> Pack:
    """Makes a pack without actions."""
    pack = Pack(id=9402, name="Still", version="1.0.0", description="Has no actions.")

    @pack.formula(cache_ttl=60)
    def look(context: Context, what: What) -> str:
        """Looks."""
        return service.ask(what)

    return pack


@pytest.fixture
def at() -> Scene:
    """Gives a world with a pack whose calls are counted."""
    service = Service()
    pack = Pack(id=9400, name="Counted", version="1.0.0", description="For a test.")

    @pack.formula(cache_ttl=60)
    def ask(context: Context, what: What) -> str:
        """Asks."""
        return service.ask(what)

    @pack.formula(cache_ttl=60, attempts=1)
    def try_once(context: Context, what: What) -> str:
        """Asks once."""
        return service.ask(what)

    @pack.formula(cache_ttl=0.5)
    def briefly(context: Context, what: What) -> str:
        """Asks, for a moment."""
        return service.ask(what)

    @pack.formula()
    def each_time(context: Context, what: What) -> str:
        """Asks each time."""
        return service.ask(what)

    @pack.formula(cache_ttl=60, cache_stale=600)
    def patiently(context: Context, what: What) -> str:
        """Asks, and puts up with what is old."""
        return service.ask(what)

    @pack.formula(cache_ttl=7200)
    def long(context: Context, what: What) -> str:
        """Asks for long."""
        return service.ask(what)

    @pack.formula(is_action=True)
    def do(context: Context, what: What) -> str:
        """Does."""
        return service.ask(what)

    return Scene(world(pack, owned(service), still(service)), service)


def test_equal_calls_of_many_jobs_are_made_once(at: Scene) -> None:
    jobs = at.meet(ASK, 50)
    assert at.service.calls == {"x": 1}
    assert {at.job(job).value for job in jobs} == {"x 1"}
    assert at.here.messages.roused == [50]


def test_who_waits_is_a_parked_step_and_that_is_no_attempt(at: Scene) -> None:
    _, job = at.meet(ASK, 1)
    (waited,) = at.waits(job)
    assert waited.detail == {"cause": "in_flight", "seconds": 30.0, "tried": False}
    (step,) = at.here.house.steps.of(job)
    assert (step.cached, step.state) == (True, StepState.DONE)
    assert at.here.messages.delays == []


@pytest.mark.parametrize("formula", ['Counted::EachTime("x")', 'RunActions(Counted::Do("x"))'])
def test_what_wants_to_be_done_each_time_is_done_each_time(at: Scene, formula: str) -> None:
    jobs = at.meet(formula, 3, actions=True)
    assert at.service.calls == {"x": 4}
    assert [at.waits(job) for job in jobs] == [[]] * 4


def test_what_is_read_after_an_action_is_no_ones_flight(at: Scene) -> None:
    at.meet('RunActions(Counted::Do("a"), Counted::Do(Counted::Ask("x")))', 2, actions=True)
    assert at.service.calls["x"] == 3


def test_workspaces_and_time_zones_share_no_flight(at: Scene) -> None:
    here: list[str] = []

    def come() -> None:
        here.append(at.submit(ASK, workspace="other"))
        here.append(at.submit(ASK, timezone="Europe/Oslo"))
        at.here.settle()

    at.service.meanwhile = come
    at.submit(ASK)
    at.here.settle()
    assert at.service.calls == {"x": 3}
    assert [at.waits(job) for job in here] == [[], []]


def test_accounts_share_no_result_and_no_flight(at: Scene) -> None:
    """Nor does an account of the same id in another workspace."""
    mine, yours = (connect(at, name) for name in ("mine", "yours"))
    connect(at, "mine", workspace="other", id=mine)
    jobs: list[str] = []

    def come() -> None:
        for account, workspace in ((yours, "default"), (mine, "other")):
            jobs.append(at.submit(reading(account), workspace=workspace))
        at.here.settle()

    at.service.meanwhile = come
    at.submit(reading(mine))
    at.here.settle()
    assert [at.waits(job) for job in jobs] == [[], []]
    assert at.service.calls == {"x": 3}
    assert len({at.here.run(reading(account)).value for account in (mine, yours)}) == 2
    assert at.service.calls == {"x": 3}


def connect(at: Scene, name: str, **terms: str) -> str:
    return at.here.connect(NewConnection(pack_id=9401, name=name, token=secret(), **terms)).id  # type: ignore[arg-type]


def reading(account: str, formula: str = "Read") -> str:
    """Writes a formula that reads with an account."""
    return f'Owned::{formula}("x", account: $$[packConnectionReference:{account}:9401:1.0.0:false:false:any])'


def act(at: Scene, call: str) -> Job:
    """Lets a job do something, and nothing else."""
    return at.here.run(f"RunActions({call})", actions=True)


@pytest.mark.parametrize("formula", ["Read", "ReadForLong"])
@pytest.mark.parametrize("status", [200, 500], ids=["succeeds", "fails"])
def test_after_an_action_no_job_is_answered_from_before_it(at: Scene, formula: str, status: int) -> None:
    """Nor after one that failed, which may have changed something all the same. Other accounts are not its business."""
    mine, yours = (connect(at, name) for name in ("mine", "yours"))
    assert [at.here.run(reading(each, formula)).value for each in (mine, yours)] == ["x 1", "x 2"]
    at.service.status = status
    assert act(at, reading(mine, "Write")).state is (JobState.DONE if status == 200 else JobState.FAILED)
    at.service.status = 200
    assert [at.here.run(reading(each, formula)).value for each in (mine, yours)] == ["x 4", "x 2"]


def test_after_an_action_without_an_account_its_pack_is_read_anew_in_its_workspace(at: Scene) -> None:
    terms = [{}, {"workspace": "other"}]
    assert [at.here.run(ASK, **each).value for each in terms] == ["x 1", "x 2"]
    act(at, 'Counted::Do("y")')
    assert [at.here.run(ASK, **each).value for each in terms] == ["x 3", "x 2"]


def test_what_is_read_while_an_action_runs_answers_nobody_after_it(at: Scene) -> None:
    def come() -> None:
        assert at.here.run(ASK).value == "x 2"

    at.service.meanwhile = come
    act(at, 'Counted::Do("x")')
    assert at.here.run(ASK).value == "x 3"


def test_what_was_read_is_forgotten_before_the_actions_outcome_is_told(at: Scene) -> None:
    """Its worker dies before the commit: who is told that the outcome is unknown reads anew."""
    at.here.run(ASK)
    job = at.submit('RunActions(Counted::Do("y"))', actions=True)
    at.here.messages.waiting.clear()
    (step,) = at.here.house.steps.of(job)
    claim_one(at.here.house.steps, job, step.key, worker="dead", lease=30.0)
    assert at.here.run(ASK).value == "x 1"
    at.pass_time(31)
    ended = at.job(job).error
    assert ended is not None
    assert ended.code == "OutcomeUnknown"
    assert at.here.run(ASK).value == "x 2"


def test_no_process_believes_what_it_read_before_an_action(at: Scene) -> None:
    flights = replace(at.here.execute.make.flights, nearby=Nearby(clock=lambda: 0.0))
    near = flying(at, flights)
    assert [near.run(ASK).value for _ in range(3)] == ["x 1"] * 3
    act(at, 'Counted::Do("y")')
    assert near.run(ASK).value == "x 2"


@dataclass(frozen=True)
class Noting:
    """Is a cache that notes what it is to forget, and may be away then."""

    results: MemoryResults | RedisResults
    away: bool = False
    asked: list[Sequence[str]] = field(default_factory=list)

    def get(self, name: str, *, tags: Sequence[str] = ()) -> Kept | None:
        return self.results.get(name, tags=tags)

    def get_many(self, asked: Mapping[str, Sequence[str]]) -> Mapping[str, Kept]:
        return self.results.get_many(asked)

    def count(self, counts: Mapping[str, int]) -> None:
        self.results.count(counts)

    def counts(self) -> Mapping[str, int]:
        return self.results.counts()

    def forget(self, tags: Sequence[str]) -> None:
        self.asked.append(tags)
        if self.away:
            raise NotReady
        self.results.forget(tags)


@pytest.mark.slow
def test_a_cache_that_is_away_costs_an_action_two_seconds_and_not_its_outcome(
    at: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    away = Noting(at.here.results, away=True)
    job = flying(at, replace(at.here.execute.make.flights, cache=away)).run(
        'RunActions(Counted::Do("y"))', actions=True
    )
    assert job.state is JobState.DONE
    assert len(away.asked) > 2
    assert "cache.unforgotten" in [record.getMessage() for record in caplog.records]


def test_an_action_forgets_one_tag(at: Scene) -> None:
    noting, mine = Noting(at.here.results), connect(at, "mine")
    at = Scene(flying(at, replace(at.here.execute.make.flights, cache=noting)), at.service)
    act(at, reading(mine, "Write"))
    assert noting.asked == [[connection_tag("default", mine)]]
    at.here.run(ASK)
    assert len(noting.asked) == 1


def test_forgetting_an_account_forgets_what_was_read_with_it_alone(at: Scene) -> None:
    mine, yours = (connect(at, name) for name in ("mine", "yours"))
    assert [at.here.run(reading(each)).value for each in (mine, yours)] == ["x 1", "x 2"]
    Forget(cache=at.here.results, lasting=at.here.lasting)([connection_tag("default", mine)])
    assert [at.here.run(reading(each)).value for each in (mine, yours)] == ["x 3", "x 2"]


def test_what_is_kept_for_a_moment_reaches_all_who_waited(at: Scene) -> None:
    jobs = at.meet('Counted::Briefly("x")', 5)
    assert at.service.calls == {"x": 1}
    assert {at.job(job).value for job in jobs} == {"x 1"}


def test_an_error_reaches_all_who_waited_each_with_its_own_place_and_nobody_else(at: Scene) -> None:
    at.service.status = 404
    first, *others = at.meet(f"1 + {ASK}", 3)
    assert at.service.calls == {"x": 1}
    assert {at.job(job).state for job in (first, *others)} == {JobState.FAILED}
    error = at.job(first).error
    assert error is not None
    assert error.origin is not None
    assert (error.code, error.origin.start) == ("Api", 4)
    assert at.here.run(ASK).state is JobState.FAILED
    assert at.service.calls == {"x": 2}


def test_a_leader_that_tries_again_goes_on_leading(at: Scene) -> None:
    at.service.status = 503
    leader, *others = at.meet(ASK, 3)
    assert {at.waits(job)[-1].detail["cause"] for job in others} == {"in_flight"}
    assert at.here.messages.delays == [0.75]
    at.service.status = 200
    at.here.house.wait(1)
    at.here.messages.again(at.here.house.steps.of(leader)[0], route=Route())
    at.here.settle()
    assert at.service.calls == {"x": 2}
    assert {at.job(job).value for job in (*others, leader)} == {"x 2"}


def test_a_last_failure_reaches_all_who_waited(at: Scene) -> None:
    at.service.status = 503
    jobs = at.meet('Counted::TryOnce("x")', 3)
    assert at.service.calls == {"x": 1}
    assert {at.job(job).state for job in jobs} == {JobState.FAILED}


@pytest.mark.parametrize(("formula", "timeout"), [("Ask", 0.5), ("TryOnce", 20.0)])
def test_a_leader_that_has_no_time_left_hands_on_no_failure(at: Scene, formula: str, timeout: float) -> None:
    """Its own deadline cuts the call short, or keeps it from another try; another has more time, and leads then."""
    others: list[str] = []

    def come() -> None:
        others.extend(at.submit(f'Counted::{formula}("x")') for _ in range(3))
        at.here.settle()

    at.service.status, at.service.meanwhile = 503, come
    leader = at.submit(f'Counted::{formula}("x")', timeout=timeout)
    at.here.settle()
    at.here.advance(leader)
    assert at.job(leader).state is JobState.FAILED
    assert at.service.calls == {"x": 2}
    assert {at.waits(job)[0].detail["cause"] for job in others} == {"in_flight"}


def test_a_leader_whose_next_attempt_is_far_lets_another_try_after_a_while(at: Scene) -> None:
    """Its own turn would come after a thousand seconds; the other comes back after the longest hold, and the lease."""
    retries = Retries(random=lambda: 0.0, first=2000.0, longest=2000.0)
    at = Scene(at.here.calling(retries=retries), at.service)
    at.service.status = 503
    leader, other = at.meet(ASK, 1, timeout=5000)
    assert at.service.calls == {"x": 1}
    at.pass_time(41)
    assert at.service.calls == {"x": 1}
    at.service.status = 200
    at.pass_time(80)
    assert (at.job(leader).state, at.job(other).value) == (JobState.RUNNING, "x 2")


def test_when_nobody_has_time_each_is_woken_once(at: Scene) -> None:
    """One after the other learns that there is no room: that nobody wakes all for the sake of one."""
    others: list[str] = []

    def come() -> None:
        others.extend(at.submit(ASK, timeout=0.5) for _ in range(20))
        at.here.settle()

    at.service.status, at.service.meanwhile = 503, come
    at.submit(ASK, timeout=0.5)
    at.here.settle()
    assert at.here.messages.roused == [1] * 20
    assert {at.job(job).state for job in others} == {JobState.FAILED}


def test_who_leaves_wakes_one_whose_job_still_wants_the_result(at: Scene) -> None:
    others: list[str] = []

    def come() -> None:
        others.extend(at.submit(ASK) for _ in range(10))
        at.here.settle()
        for job in others[:9]:
            at.here.house.jobs.cancel(job)

    at.service.status, at.service.meanwhile = 503, come
    at.submit(ASK, timeout=0.5)
    at.here.settle()
    assert at.service.calls == {"x": 2}
    assert [each.detail["cause"] for each in at.waits(others[9])] == ["in_flight", "Upstream"]


def claimed(at: Scene, job: str) -> None:
    """Lets a worker take a job's step and make its call, and die."""
    (step,) = at.here.house.steps.of(job)
    claim = claim_one(at.here.house.steps, job, step.key, worker="dead", lease=30.0)
    assert claim is not None
    pack = at.here.execute.make.packs.release(9400, "1.0.0")
    assert pack is not None
    assert at.here.execute.make.flights.board(claim, pack, pack.formulas["Ask"]) is not None
    at.here.messages.waiting.clear()


def test_a_leader_that_dies_strands_nobody(at: Scene) -> None:
    """Its step is given to another worker, which goes on leading and rouses those who wait."""
    leader = at.submit(ASK)
    claimed(at, leader)
    others = [at.submit(ASK) for _ in range(5)]
    at.here.settle()
    assert {at.job(job).state for job in others} == {JobState.RUNNING}
    assert at.service.calls == {}
    at.pass_time(31)
    assert {at.job(job).value for job in (*others, leader)} == {"x 1"}


def test_a_leader_that_dies_and_whose_job_has_ended_strands_nobody(at: Scene) -> None:
    leader = at.submit(ASK)
    claimed(at, leader)
    others = [at.submit(ASK) for _ in range(5)]
    at.here.settle()
    at.here.house.jobs.cancel(leader)
    at.pass_time(31)
    at.pass_time(11)
    assert at.service.calls == {"x": 1}
    assert {at.job(job).value for job in others} == {"x 1"}


def test_those_who_wait_come_back_when_the_cache_forgot_them(at: Scene) -> None:
    leader = at.submit(ASK)
    claimed(at, leader)
    others = [at.submit(ASK) for _ in range(5)]
    at.here.settle()
    at.here.results.clear()
    at.pass_time(31)
    at.pass_time(11)
    assert {at.job(job).value for job in (*others, leader)} == {"x 1"}


# What is kept.


def test_a_result_that_is_old_answers_while_one_makes_it_anew(at: Scene) -> None:
    formula = 'Counted::Patiently("x")'
    assert at.here.run(formula).value == "x 1"
    at.here.house.wait(100)
    leader, *others = at.meet(formula, 5)
    assert {at.job(job).value for job in others} == {"x 1"}
    assert at.job(leader).value == "x 2"
    assert at.here.run(formula).value == "x 2"
    at.here.house.wait(700)
    assert at.here.run(formula).value == "x 3"


@pytest.mark.parametrize(("status", "value"), [(503, "x 1"), (404, None)])
def test_a_result_that_is_old_answers_when_it_cannot_be_made_anew_for_a_time(
    at: Scene, status: int, value: str | None
) -> None:
    formula = 'Counted::Patiently("x")'
    at.here.run(formula)
    at.here.house.wait(100)
    at.service.status = status
    assert at.here.run(formula).value == value
    assert at.service.calls == {"x": 2}


def flying(at: Scene, flights: Flights) -> World:
    """Gives the same world with other flights."""
    opening = replace(at.here.submit.open, flights=flights)
    submit = replace(at.here.submit, open=opening)
    return replace(at.here.calling(flights=flights), submit=submit)


def test_a_result_is_made_anew_before_its_time_is_over(at: Scene) -> None:
    """It took ten seconds to make; who asks when it has nine left makes it anew if the dice say so."""
    at.service.meanwhile = lambda: at.here.house.wait(10)
    at.here.run(ASK)
    at.here.house.wait(51)
    assert at.here.run(ASK).value == "x 1"
    rolled = replace(at.here.execute.make.flights, random=lambda: 0.9)
    assert flying(at, rolled).run(ASK).value == "x 2"


def test_what_is_good_for_long_outlives_the_cache(at: Scene) -> None:
    formula = 'Counted::Long("x")'
    at.here.run(formula)
    at.here.run(ASK)
    at.here.results.clear()
    job = at.here.run(formula)
    assert (job.value, [step.cached for step in at.here.house.steps.of(job.id)]) == ("x 1", [True])
    assert at.here.run(ASK).value == "x 3"


@pytest.mark.parametrize("tag", [pack_tag(9400), pack_tag(9400, "1.0.0"), "workspace:default"])
@pytest.mark.parametrize("formula", ["Ask", "Long"])
def test_what_was_forgotten_is_asked_for_anew(at: Scene, tag: str, formula: str) -> None:
    at.here.run(f'Counted::{formula}("x")')
    forget = Forget(cache=at.here.results, lasting=at.here.lasting)
    forget([connection_tag("default", "any"), pack_tag(9401), pack_tag(9400, "2.0.0"), "workspace:other"])
    assert at.here.run(f'Counted::{formula}("x")').value == "x 1"
    forget([tag])
    assert at.here.run(f'Counted::{formula}("x")').value == "x 2"


def test_a_process_asks_nobody_for_what_it_was_given_a_moment_ago(at: Scene) -> None:
    flights = replace(at.here.execute.make.flights, nearby=Nearby(clock=lambda: 0.0))
    near = flying(at, flights)
    assert [near.run('Still::Look("x")').value for _ in range(4)] == ["x 1"] * 4
    assert counted(at) == {"misses": 1, "flights_led": 1, "l1_misses": 2, "l2_hits": 1, "l1_hits": 2}


def counted(at: Scene) -> dict[str, int]:
    return dict(at.here.results.counts())


def test_each_asking_is_counted_by_what_answered_it(at: Scene) -> None:
    at.meet(ASK, 2)
    at.here.run(ASK)
    at.here.run('Counted::EachTime("x")')
    assert counted(at) == {"misses": 1, "flights_led": 1, "flights_joined": 2, "l2_hits": 3, "l1_misses": 6}
