"""What every RateLimiter promises, in memory and in Redis, by a clock that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks.upstream import most_within
from packsys.kvstore.address import connect
from packsys.kvstore.limiter import RedisLimiter
from packsys.limits.advice import Advice
from packsys.limits.demand import Asker, Demand, demand
from packsys.limits.policy import DEFAULTS, Cost, Policy, Rate, Scope, Slots
from packsys.limits.verdict import Cause, Permit, Refusal
from packsys.memory import MemoryLimiter
from packsys.ports import RateLimiter
from tests.limits.judge import had_room

PACKS = count(1)
START = 1_700_000_000.0


@dataclass
class Clock:
    """Counts seconds, whole microseconds at a time."""

    microseconds: int = round(START * 1e6)

    def __call__(self) -> float:
        return self.microseconds / 1e6

    def wait(self, seconds: float) -> None:
        self.microseconds += round(seconds * 1e6)


@pytest.fixture
def clock() -> Clock:
    """Gives the time."""
    return Clock()


@pytest.fixture(scope="module")
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[Clock], RateLimiter]]:
    """Gives what makes a limiter."""
    if request.param == "memory":
        yield MemoryLimiter
        return
    servers = request.getfixturevalue("servers")
    with connect(servers.state_url, timeout=60) as client:
        made = list[RedisLimiter]()

        def limiter(clock: Clock) -> RateLimiter:
            made.append(RedisLimiter(client, alone=MemoryLimiter(clock), now=clock))
            return made[-1]

        yield limiter
        assert sum(each.decided_alone for each in made) == 0, "the server was slow, and its twin answered"
        for key in client.scan_iter("packsys:limit:*"):
            client.delete(key)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Asks both."""
    if "make" in metafunc.fixturenames:
        metafunc.parametrize("make", ["memory", "redis"], indirect=True)


@pytest.fixture
def limiter(make: Callable[[Clock], RateLimiter], clock: Clock) -> RateLimiter:
    """Gives each implementation."""
    return make(clock)


def asker(**more: str) -> Asker:
    """Gives an asker of a pack that no other test has."""
    return Asker(pack=next(PACKS), **more)


def needs(*policies: Policy, who: Asker | None = None, path: str = "/") -> Demand:
    return demand(who or asker(), policies, path=path)


def taken(limiter: RateLimiter, wanted: Demand, times: int) -> Sequence[Permit | Refusal]:
    return [limiter.take(wanted, lease=30) for _ in range(times)]


def granted(limiter: RateLimiter, wanted: Demand, times: int) -> int:
    return sum(isinstance(each, Permit) for each in taken(limiter, wanted, times))


def refused(limiter: RateLimiter, wanted: Demand) -> Refusal:
    answer = limiter.take(wanted, lease=30)
    assert isinstance(answer, Refusal)
    return answer


# Windows.


def test_a_limit_lets_through_what_it_allows_and_says_when_to_come_back(limiter: RateLimiter, clock: Clock) -> None:
    wanted = needs(Rate(limit=3, window=10))
    assert granted(limiter, wanted, 5) == 3
    clock.wait(4)
    answer = refused(limiter, wanted)
    assert (answer.seconds, answer.cause, answer.limit, answer.window) == (6, Cause.RATE, 3, 10)
    clock.wait(answer.seconds)
    assert granted(limiter, wanted, 5) == 3


def test_the_defaults_are_ten_a_second_a_hundred_a_minute_a_thousand_an_hour(
    limiter: RateLimiter, clock: Clock
) -> None:
    wanted, seen = needs(*DEFAULTS), []
    for _ in range(4000):
        match limiter.take(wanted, lease=1):
            case Refusal(seconds=seconds, cause=Cause.RATE):
                clock.wait(seconds)
            case _:
                seen.append(clock())
    assert [most_within(seen, window) for window in (1, 60, 3600)] == [10, 100, 1000]
    assert len(seen) > 3000


def test_all_permits_are_taken_or_none(limiter: RateLimiter, clock: Clock) -> None:
    """What a narrow limit refuses is not counted against the wide one."""
    who = asker()
    wide, narrow = Rate(limit=5, window=60), Rate(limit=1, window=60, endpoint="/search")
    assert granted(limiter, needs(wide, narrow, who=who, path="/search"), 10) == 1
    assert granted(limiter, needs(wide, narrow, who=who, path="/other"), 10) == 4


def test_askers_share_what_is_limited_for_the_pack_and_nothing_else(limiter: RateLimiter) -> None:
    pack = next(PACKS)
    policies = (Rate(limit=3, window=60), Rate(limit=5, window=60, scope=Scope.PACK))
    one, other = (needs(*policies, who=Asker(pack=pack, workspace="w", connection=name)) for name in "ab")
    assert [granted(limiter, one, 9), granted(limiter, other, 9)] == [3, 2]


def test_connections_of_one_account_share_what_is_limited_for_the_account(limiter: RateLimiter) -> None:
    pack, policy = next(PACKS), Rate(limit=3, window=60, scope=Scope.ACCOUNT)
    one, other = (needs(policy, who=Asker(pack=pack, connection=name, account="octo")) for name in "ab")
    stranger = needs(policy, who=Asker(pack=pack, connection="c", account="cat"))
    assert [granted(limiter, each, 2) for each in (one, other, stranger)] == [2, 1, 2]


def test_workspaces_share_no_connection(limiter: RateLimiter) -> None:
    pack = next(PACKS)
    one, other = (needs(Rate(limit=1, window=9), who=Asker(pack=pack, workspace=w, connection="c")) for w in "ab")
    assert granted(limiter, one, 2) == granted(limiter, other, 2) == 1


def test_a_dear_request_takes_more_permits(limiter: RateLimiter, clock: Clock) -> None:
    who, policies = asker(), (Rate(limit=10, window=60), Cost(weight=4, endpoint="/dear"))
    dear, cheap = (needs(*policies, who=who, path=path) for path in ("/dear", "/cheap"))
    assert granted(limiter, dear, 5) == 2
    clock.wait(10)
    assert granted(limiter, cheap, 5) == 2
    assert refused(limiter, dear).seconds == 50


@pytest.mark.slow
@given(
    rates=st.lists(
        st.builds(
            Rate,
            limit=st.integers(1, 6) | st.integers(990, 1010) | st.just(2500),
            window=st.integers(1, 4000).map(lambda tenths: tenths / 10),
        ),
        min_size=1,
        max_size=3,
    ),
    arrivals=st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 1500)), min_size=1, max_size=8),
    weight=st.integers(1, 3),
)
@example([Rate(limit=1, window=0.1)], [(0, 3), (1, 2), (10, 2)], 1)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_window_is_exceeded_and_nothing_is_refused_that_had_room(
    make: Callable[[Clock], RateLimiter], rates: list[Rate], arrivals: list[tuple[int, int]], weight: int
) -> None:
    """Up to a thousand permits the log is exact; above, a thousandth may stay unused."""
    clock, weight = Clock(), min([weight, *(rate.limit for rate in rates)])
    limiter, seen = make(clock), list[int]()
    wanted = needs(*rates, Cost(weight=weight, endpoint="/"))
    for pause, burst in arrivals:
        clock.wait(pause / 10)
        for _ in range(burst):
            answer = limiter.take(wanted, lease=1)
            if isinstance(answer, Refusal):
                later = clock.microseconds + round(answer.seconds * 1e6)
                assert _full(rates, seen, clock.microseconds, weight)
                assert not _full(rates, seen, later, weight) or any(rate.grain > 1 for rate in rates)
                break
            seen.extend([clock.microseconds] * weight)
    assert all(most_within(seen, rate.window * 1e6) <= rate.limit for rate in rates)


def _full(rates: Sequence[Rate], seen: Sequence[int], at: int, weight: int) -> bool:
    """Tells whether a window has no room; a coarse log may keep a little less than a grain of it unused."""
    return not all(
        had_room(seen, at, limit=rate.limit, window=round(rate.window * 1e6), weight=weight + rate.grain - 1)
        for rate in rates
    )


@pytest.mark.slow
def test_a_large_limit_keeps_few_times_and_uses_all_but_a_thousandth(limiter: RateLimiter, clock: Clock) -> None:
    rate = Rate(limit=5000, window=60)
    wanted, seen = needs(rate), list[float]()
    assert wanted.logs[0].kept <= 1001
    for _ in range(15_000):
        match limiter.take(wanted, lease=1):
            case Refusal(seconds=seconds):
                clock.wait(seconds)
            case _:
                seen.append(clock())
                clock.wait(0.001)
    assert 4995 <= most_within(seen, 60) <= 5000


# Slots.


def test_slots_come_back_with_the_answer(limiter: RateLimiter) -> None:
    wanted = needs(Slots(limit=2))
    first, second = taken(limiter, wanted, 2)
    assert isinstance(first, Permit)
    assert isinstance(second, Permit)
    assert refused(limiter, wanted).cause is Cause.SLOTS
    limiter.give_back(wanted, first)
    assert granted(limiter, wanted, 2) == 1


def test_the_slot_of_a_worker_that_died_comes_back(limiter: RateLimiter, clock: Clock) -> None:
    wanted = needs(Slots(limit=1))
    assert granted(limiter, wanted, 2) == 1
    clock.wait(29.9)
    assert granted(limiter, wanted, 1) == 0
    clock.wait(0.1)
    assert granted(limiter, wanted, 2) == 1


def test_a_slot_that_came_back_late_is_not_freed_again(limiter: RateLimiter, clock: Clock) -> None:
    wanted = needs(Slots(limit=1))
    (late,) = taken(limiter, wanted, 1)
    clock.wait(31)
    assert granted(limiter, wanted, 1) == 1
    assert isinstance(late, Permit)
    limiter.give_back(wanted, late)
    assert granted(limiter, wanted, 1) == 0


# What the service says.


def test_one_refusal_of_the_service_stops_everybody_for_as_long_as_it_says(limiter: RateLimiter, clock: Clock) -> None:
    wanted = needs(Rate(limit=100, window=1))
    limiter.learn(wanted, Advice(refused=True, pause=30))
    answer = refused(limiter, wanted)
    assert (answer.seconds, answer.cause) == (30, Cause.SERVICE)
    clock.wait(29.9)
    assert granted(limiter, wanted, 1) == 0


def test_a_shorter_pause_does_not_end_a_longer_one(limiter: RateLimiter) -> None:
    wanted = needs(Rate(limit=100, window=1))
    for pause in (30, 2):
        limiter.learn(wanted, Advice(refused=True, pause=pause))
    assert refused(limiter, wanted).seconds == 30


def test_recovery_is_gradual(limiter: RateLimiter, clock: Clock) -> None:
    """One request in the first second, twice as many every five seconds, all of them after half a minute."""
    wanted = needs(Rate(limit=100, window=1))
    limiter.learn(wanted, Advice(refused=True, pause=10))
    clock.wait(10)
    seen = [0] * 8
    for tick in range(4000):
        seen[tick // 500] += granted(limiter, wanted, 1)
        clock.wait(0.01)
    assert seen[0] in range(5, 9)
    assert all(later >= 1.5 * former for former, later in pairwise(seen[:6]))
    assert seen[-1] == 500


def test_refusals_without_a_pause_hold_longer_each_time(limiter: RateLimiter, clock: Clock) -> None:
    wanted, pauses = needs(Rate(limit=100, window=1)), []
    for _ in range(8):
        limiter.learn(wanted, Advice(refused=True))
        limiter.learn(wanted, Advice(refused=True))  # was under way at the same time
        pauses.append(refused(limiter, wanted).seconds)
        clock.wait(pauses[-1])
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_what_was_refused_long_ago_is_forgotten(limiter: RateLimiter, clock: Clock) -> None:
    wanted = needs(Rate(limit=100, window=1))
    limiter.learn(wanted, Advice(refused=True, pause=8))
    clock.wait(8 + 35)
    assert granted(limiter, wanted, 100) == 100
    limiter.learn(wanted, Advice(refused=True))
    assert refused(limiter, wanted).seconds == 1


def test_what_is_left_is_used_up_and_no_more_until_the_reset(limiter: RateLimiter, clock: Clock) -> None:
    wanted = needs(Rate(limit=100, window=1))
    limiter.learn(wanted, Advice(left=2, reset=50))
    assert granted(limiter, wanted, 5) == 2
    answer = refused(limiter, wanted)
    assert (answer.seconds, answer.cause) == (50, Cause.SERVICE)
    clock.wait(50)
    assert granted(limiter, wanted, 5) == 5


def test_an_answer_that_was_overtaken_gives_nothing_back(limiter: RateLimiter, clock: Clock) -> None:
    wanted = needs(Rate(limit=100, window=1))
    limiter.learn(wanted, Advice(left=3, reset=50))
    assert granted(limiter, wanted, 2) == 2
    limiter.learn(wanted, Advice(left=3, reset=50.5))
    assert granted(limiter, wanted, 5) == 1
    limiter.learn(wanted, Advice(left=4, reset=3600))
    assert granted(limiter, wanted, 9) == 4


def test_what_is_said_about_one_connection_holds_for_no_other(limiter: RateLimiter) -> None:
    pack, policy = next(PACKS), Rate(limit=10, window=1)
    one, other = (needs(policy, who=Asker(pack=pack, connection=name)) for name in "ab")
    limiter.learn(one, Advice(refused=True, pause=60))
    assert granted(limiter, one, 1) == 0
    assert granted(limiter, other, 1) == 1


def test_what_is_said_about_an_endpoint_holds_for_no_other(limiter: RateLimiter) -> None:
    who, policies = asker(), (Rate(limit=9, window=1), Rate(limit=5, window=1, endpoint="/search"))
    search, rest = (needs(*policies, who=who, path=path) for path in ("/search", "/rest"))
    limiter.learn(search, Advice(refused=True, pause=60))
    assert [granted(limiter, search, 1), granted(limiter, rest, 1)] == [0, 1]
    limiter.learn(rest, Advice(refused=True, pause=90))
    assert refused(limiter, search).seconds == 90


# Turns.


def test_who_must_wait_long_is_given_a_turn_so_that_not_all_come_back_at_once(
    limiter: RateLimiter, clock: Clock
) -> None:
    wanted = needs(Rate(limit=10, window=60))
    assert granted(limiter, wanted, 10) == 10
    turns = [refused(limiter, wanted).turn for _ in range(25)]
    assert turns == [60.0] * 10 + [120.0] * 10 + [180.0] * 5


def test_who_waits_for_a_formula_stands_in_nobody_elses_way(limiter: RateLimiter) -> None:
    who, wide = asker(), Rate(limit=10, window=60)
    plain, search = (needs(*each, who=who) for each in ((wide,), (wide, Rate(limit=1, window=60, formula="Search"))))
    assert granted(limiter, search, 30) == 1
    assert granted(limiter, plain, 9) == 9
    assert refused(limiter, plain).turn == 60.0


def test_who_waits_a_moment_takes_no_turn(limiter: RateLimiter) -> None:
    wanted = needs(Rate(limit=1, window=1))
    assert [type(each) for each in taken(limiter, wanted, 4)] == [Permit, Refusal, Refusal, Refusal]
    assert refused(limiter, wanted).turn == 1.0
