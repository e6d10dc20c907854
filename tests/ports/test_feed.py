"""What every Feed promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Event as Bell

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packsys.kvstore.feed import RedisFeed
from packsys.memory import MemoryFeed
from packsys.model import Event, EventKind
from packsys.ports import Feed
from tests.ports.samples import NOBODYS
from tests.ports.threads import at_once

_JOBS = count(1)


def new_job() -> str:
    return f"job {next(_JOBS)} of the feed"


def event(job: str, number: int, kind: EventKind = EventKind.STEP_DONE) -> Event:
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(microseconds=number)
    return Event(job=job, number=number, at=at, kind=kind, step="a step", detail={"cached": False, "text": "测试 \0"})


def told(job: str, *numbers: int) -> Sequence[Event]:
    return [event(job, number) for number in numbers]


@pytest.fixture(scope="module")
def redis_feed(servers: object, request: pytest.FixtureRequest) -> Iterator[RedisFeed]:
    with closing(RedisFeed.at(request.getfixturevalue("servers").state_url)) as opened:
        yield opened


@pytest.fixture(params=["memory", "redis"])
def feed(request: pytest.FixtureRequest) -> Feed:
    """Gives each implementation of the feed."""
    made: Feed = MemoryFeed() if request.param == "memory" else request.getfixturevalue("redis_feed")
    return made


def passed_on(feed: Feed) -> None:
    """Waits until what was published has come through."""
    if isinstance(feed, RedisFeed):
        assert feed.flush()


def test_what_is_published_comes_out_as_it_was(feed: Feed) -> None:
    job = new_job()
    feed.publish(told(job, 1, 2, 3))
    passed_on(feed)
    assert feed.since(job, 0) == tuple(told(job, 1, 2, 3))
    assert feed.since(job, 2) == tuple(told(job, 3))


def test_a_job_that_ended_with_its_acceptance_has_no_stream(feed: Feed) -> None:
    """Nobody can have followed it, and the store had its events first."""
    ended, going = new_job(), new_job()
    feed.publish([*told(ended, 1, 2), event(ended, 3, EventKind.JOB_DONE), *told(going, 1, 2)])
    feed.publish([event(going, 3, EventKind.JOB_DONE)])
    passed_on(feed)
    assert feed.since(ended, 0) is None
    assert len(feed.since(going, 0) or ()) == 3


def test_who_knows_everything_is_told_nothing(feed: Feed) -> None:
    job = new_job()
    feed.publish(told(job, 1, 2))
    passed_on(feed)
    assert feed.since(job, 2) == ()
    assert feed.since(job, 10**30) == ()


def test_of_a_job_that_it_does_not_know_it_says_so(feed: Feed) -> None:
    assert feed.since(new_job(), 0) is None


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_an_absent_job_is_not_known(feed: Feed, nobodys: str) -> None:
    assert feed.since(nobodys, 0) is None


def test_what_begins_in_the_middle_is_known_from_there(feed: Feed) -> None:
    """As after the server forgot everything."""
    job = new_job()
    feed.publish(told(job, 7, 8))
    passed_on(feed)
    assert feed.since(job, 0) is None
    assert feed.since(job, 6) == tuple(told(job, 7, 8))
    assert feed.since(job, -5) is None


def test_events_of_several_workers_may_come_in_any_order(feed: Feed) -> None:
    job = new_job()
    for number in (1, 3, 4):
        feed.publish(told(job, number))
    passed_on(feed)
    assert feed.since(job, 1) is None
    feed.publish(told(job, 2))
    passed_on(feed)
    assert feed.since(job, 1) == tuple(told(job, 2, 3, 4))


def test_an_event_that_is_published_twice_is_one(feed: Feed) -> None:
    job = new_job()
    for _ in range(3):
        feed.publish(told(job, 1, 2))
    passed_on(feed)
    assert feed.since(job, 0) == tuple(told(job, 1, 2))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(1, 9)), st.lists(st.integers(1, 8), max_size=4), st.integers(0, 9))
def test_it_never_leaves_a_gap(feed: Feed, order: list[int], lost: list[int], after: int) -> None:
    """Whatever comes twice, late or never: what it says is the next events in their order, or that it cannot."""
    job = new_job()
    for number in (each for each in order if each not in lost):
        feed.publish(told(job, number))
    passed_on(feed)
    said = feed.since(job, after)
    if said is not None:
        assert [each.number for each in said] == list(range(after + 1, after + 1 + len(said)))
    if not lost and order[0] == 1:
        assert said == tuple(told(job, *range(after + 1, 9)))


def test_jobs_are_told_apart_and_published_at_once(feed: Feed) -> None:
    first, second = new_job(), new_job()
    feed.publish([*told(first, 1), *told(second, 1, 2), *told(first, 2)])
    passed_on(feed)
    assert feed.since(first, 0) == tuple(told(first, 1, 2))
    assert feed.since(second, 0) == tuple(told(second, 1, 2))


def test_many_threads_may_publish(feed: Feed) -> None:
    job = new_job()
    feed.publish(told(job, 1))
    at_once(lambda thread: [feed.publish(told(job, number)) for number in range(2 + thread, 98, 8)])
    passed_on(feed)
    assert feed.since(job, 0) == tuple(told(job, *range(1, 98)))


# Listening.


@pytest.fixture
def listened(feed: Feed) -> Iterator[Callable[[str], Bell]]:
    """Gives what listens to a job, already heard once: it rings when it begins."""
    stops = []

    def listen(job: str) -> Bell:
        bell = Bell()
        stops.append(feed.listen(job, bell.set))
        assert bell.wait(10), "the bell did not ring"
        bell.clear()
        return bell

    yield listen
    for stop in stops:
        stop()


def test_the_bell_rings_after_each_event(feed: Feed, listened: Callable[[str], Bell]) -> None:
    job = new_job()
    bell = listened(job)
    for number in (1, 2, 3):
        feed.publish(told(job, number))
        assert bell.wait(10), "the bell did not ring"
        bell.clear()
        passed_on(feed)
        assert feed.since(job, number - 1) == tuple(told(job, number))


def test_whoever_begins_to_listen_is_rung_for_what_they_may_have_missed(feed: Feed) -> None:
    """Also one who joins another, and one who comes back."""
    job = new_job()
    for hearers in (1, 2, 1):
        bells = [Bell() for _ in range(hearers)]
        stops = [feed.listen(job, bell.set) for bell in bells]
        assert all(bell.wait(10) for bell in bells)
        for stop in stops:
            stop()


def test_every_listener_hears_its_own_job(feed: Feed, listened: Callable[[str], Bell]) -> None:
    ours, theirs = new_job(), new_job()
    first, other = listened(ours), listened(theirs)
    second = Bell()
    stop = feed.listen(ours, second.set)
    feed.publish(told(ours, 1))
    assert first.wait(10)
    assert second.wait(10)
    feed.publish(told(theirs, 1))
    assert other.wait(10)
    stop()


def test_who_stopped_listening_is_left_alone(feed: Feed, listened: Callable[[str], Bell]) -> None:
    job, stopped = new_job(), Bell()
    listening = listened(job)
    stop = feed.listen(job, stopped.set)
    stop()
    stop()
    stopped.clear()  # it rang when it began
    feed.publish(told(job, 1))
    assert listening.wait(10)
    assert not stopped.is_set()


def test_who_comes_back_hears_again(feed: Feed, listened: Callable[[str], Bell]) -> None:
    job, bell = new_job(), listened(new_job())
    feed.listen(job, bell.set)()
    stop = feed.listen(job, bell.set)
    feed.publish(told(job, 1))
    assert bell.wait(10)
    stop()
