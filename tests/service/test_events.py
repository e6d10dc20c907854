from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from httpx_sse import ServerSentEvent, connect_sse

from packsys.errors import CallTimeout
from packsys.model import Event, EventKind
from packsys.values import ErrorValue
from tests.service.conftest import serving
from tests.service.house import SmallHouse
from tests.waiting import until


@pytest.fixture
def job(http: httpx.Client) -> str:
    return str(http.post("/v1/jobs", json={"formula": "=1"}).json()["id"])


@pytest.fixture
def ended(house: SmallHouse, job: str) -> str:
    """Gives a job with six events."""
    house.run_step(job, "a value")
    house.jobs.finish(job, 42)
    return job


@pytest.fixture
def broken(house: SmallHouse) -> Iterator[Callable[[], None]]:
    """Takes the store of events away when it is called."""

    def take() -> None:
        house.bells.broken = True

    yield take
    house.bells.broken = False


def stream(http: httpx.Client, job: str, **options: Any) -> list[ServerSentEvent]:
    with connect_sse(http, "GET", f"/v1/jobs/{job}/events", **options) as source:
        assert source.response.status_code == 200, source.response.read()
        return list(source.iter_sse())


def numbers(events: list[ServerSentEvent]) -> list[int]:
    return [int(event.id) for event in events]


def test_a_stream_tells_everything_and_ends_with_the_job(http: httpx.Client, ended: str) -> None:
    events = stream(http, ended)
    assert numbers(events) == list(range(1, len(events) + 1))
    assert [event.event for event in events] == [
        "job.accepted",
        "job.running",
        "step.queued",
        "step.running",
        "step.done",
        "job.done",
    ]


def test_an_event_carries_one_json_object(http: httpx.Client, ended: str) -> None:
    data = json.loads(stream(http, ended)[2].data)
    assert data.keys() == {"job", "number", "at", "kind", "step", "detail"}
    assert (data["job"], data["number"], data["kind"]) == (ended, 3, "step.queued")
    assert data["step"] is not None
    assert data["detail"]["call"] == "GitHub::Repos"


def test_values_stay_out_of_events(http: httpx.Client, ended: str) -> None:
    assert "a value" not in http.get(f"/v1/jobs/{ended}/events").text


def test_a_stream_goes_on_after_the_last_event_seen(http: httpx.Client, ended: str) -> None:
    assert numbers(stream(http, ended, headers={"Last-Event-ID": "4"})) == [5, 6]
    assert numbers(stream(http, ended, params={"after": 4})) == [5, 6]


def test_the_header_counts_where_both_are_given(http: httpx.Client, ended: str) -> None:
    assert numbers(stream(http, ended, params={"after": 1}, headers={"Last-Event-ID": "5"})) == [6]


@pytest.mark.parametrize("after", ["6", "999999999"])
def test_who_knows_the_last_event_is_told_not_to_come_back(http: httpx.Client, ended: str, after: str) -> None:
    """A browser reconnects for ever, unless it gets a 204 (WHATWG HTML, 9.2.3)."""
    answer = http.get(f"/v1/jobs/{ended}/events", headers={"Last-Event-ID": after})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("number", ["", "-1", "1.5", "x", "²", "1" * 10])
def test_a_last_event_id_that_is_no_number_is_a_problem(http: httpx.Client, job: str, number: str) -> None:
    answer = http.get(f"/v1/jobs/{job}/events", headers={b"Last-Event-ID": number.encode()})
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequest")


def test_events_are_told_as_they_happen(http: httpx.Client, house: SmallHouse, job: str) -> None:
    with connect_sse(http, "GET", f"/v1/jobs/{job}/events") as source:
        events = source.iter_sse()
        assert next(events).event == "job.accepted"
        house.run_step(job, ErrorValue.of(CallTimeout()))
        skip_to(events, "step.failed")
        house.jobs.cancel(job)
        skip_to(events, "job.cancelled")
        assert list(events) == []
    until(lambda: house.bells.listening[job] == 0)


def test_a_lost_bell_delays_events_and_loses_none(http: httpx.Client, house: SmallHouse, job: str, quiet: None) -> None:
    with connect_sse(http, "GET", f"/v1/jobs/{job}/events") as source:
        events = source.iter_sse()
        next(events)
        house.jobs.finish(job, 42)
        assert next(events).event == "job.done"


def test_while_the_feed_knows_the_log_is_not_read(http: httpx.Client, house: SmallHouse, job: str) -> None:
    with connect_sse(http, "GET", f"/v1/jobs/{job}/events") as source:
        events = source.iter_sse()
        next(events)
        house.run_step(job, 1)
        skip_to(events, "step.done")
        house.jobs.finish(job, 42)
        assert numbers(list(events)) == [6]
    assert house.bells.read_log[job] == 0


def test_a_feed_that_forgets_loses_and_repeats_nothing(http: httpx.Client, house: SmallHouse, job: str) -> None:
    with connect_sse(http, "GET", f"/v1/jobs/{job}/events") as source:
        events = source.iter_sse()
        told = [next(events)]
        for forgets in (True, False, True):
            if forgets:
                house.bells.feed.forget()
            house.run_step(job, 1)
        house.jobs.finish(job, 42)
        told += events
    assert numbers(told) == list(range(1, 13))


def test_a_stream_whose_store_fails_ends_early_and_leaves_nothing_behind(
    http: httpx.Client, house: SmallHouse, job: str, broken: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    """The client takes it up again: an end without a last event is none."""
    with connect_sse(http, "GET", f"/v1/jobs/{job}/events") as source:
        events = source.iter_sse()
        next(events)
        broken()
        house.jobs.finish(job, 42)
        assert list(events) == []
    until(lambda: house.bells.listening[job] == 0)
    assert [record.getMessage() for record in caplog.records] == ["stream.failed"]
    assert http.get("/health").status_code == 200


def test_the_end_is_told_where_a_killed_database_had_lost_events_that_were_told(
    http: httpx.Client, house: SmallHouse, job: str
) -> None:
    """Their numbers come again: the end has a smaller one than what was told before."""
    lost = [Event(job=job, number=number, at=datetime.now(UTC), kind=EventKind.STEP_QUEUED) for number in (2, 3, 4)]
    with connect_sse(http, "GET", f"/v1/jobs/{job}/events") as source:
        events = source.iter_sse()
        next(events)
        house.bells.feed.publish(lost)
        assert numbers([next(events) for _ in lost]) == [2, 3, 4]
        house.jobs.finish(job, 42)
        assert [(event.id, event.event) for event in events] == [("2", "job.done")]


def test_a_store_that_fails_at_once_is_a_problem(
    http: httpx.Client, house: SmallHouse, job: str, broken: Callable[[], None]
) -> None:
    broken()
    answer = http.get(f"/v1/jobs/{job}/events")
    assert (answer.status_code, answer.json()["code"]) == (503, "NotReady")
    until(lambda: house.bells.listening[job] == 0)


def test_who_hangs_up_leaves_nothing_behind(http: httpx.Client, house: SmallHouse, job: str) -> None:
    with connect_sse(http, "GET", f"/v1/jobs/{job}/events") as source:
        events = source.iter_sse()  # kept: what is collected closes its connection
        next(events)
        assert house.bells.listening[job] == 1
    until(lambda: house.bells.listening[job] == 0)


def test_who_listens_holds_no_thread(http: httpx.Client, house: SmallHouse, job: str) -> None:
    """There are 40 threads for the work of all requests (anyio's default)."""
    with ExitStack() as stack:
        sources = [stack.enter_context(connect_sse(http, "GET", f"/v1/jobs/{job}/events")) for _ in range(60)]
        assert all(source.response.status_code == 200 for source in sources)
        assert house.bells.listening[job] == 60
        assert http.get("/ready").status_code == 200
    until(lambda: house.bells.listening[job] == 0)


def test_a_server_that_stops_lets_go_of_who_listens() -> None:
    house = SmallHouse()
    with ExitStack() as stack:
        with serving(house) as url:
            http = stack.enter_context(httpx.Client(base_url=url, headers={"Authorization": f"Bearer {house.token()}"}))
            job = http.post("/v1/jobs", json={"formula": "=1"}).json()["id"]
            events = stack.enter_context(connect_sse(http, "GET", f"/v1/jobs/{job}/events")).iter_sse()
            assert next(events).event == "job.accepted"
        assert list(events) == []
    assert house.bells.listening[job] == 0


def test_a_stream_may_not_be_cached_or_held_back(http: httpx.Client, ended: str) -> None:
    headers = http.get(f"/v1/jobs/{ended}/events").headers
    assert headers["content-type"].startswith("text/event-stream")
    assert headers.get_list("cache-control") == ["no-cache"]
    assert headers["x-accel-buffering"] == "no"


def skip_to(events: Iterator[ServerSentEvent], kind: str) -> None:
    """Reads a stream up to an event; fails when it ends before."""
    assert any(event.event == kind for event in events)
