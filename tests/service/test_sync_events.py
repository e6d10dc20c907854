"""The stream of a sync run."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator

import httpx
import pytest
from httpx_sse import ServerSentEvent, connect_sse

from packsys.client import Packsys
from packsys.errors import RateLimited
from tests.service.syncs import Synced, synced
from tests.sync.source import Source
from tests.waiting import until


@pytest.fixture
def source() -> Source:
    return Source(rows={"a": 3, "b": 1, "c": 2})


@pytest.fixture
def house(source: Source) -> Iterator[Synced]:
    with synced(source) as started:
        yield started


def stream(http: httpx.Client, run: str, **options: object) -> list[ServerSentEvent]:
    with connect_sse(http, "GET", f"/v1/sync-runs/{run}/events", **options) as source:
        assert source.response.status_code == 200, source.response.read()
        return list(source.iter_sse())


def test_a_stream_tells_everything_and_ends_with_the_run(house: Synced) -> None:
    run = house.run(house.create())["id"]
    events = stream(house.http, run)
    assert [int(event.id) for event in events] == [1, 2, 3, 4, 5]
    assert [event.event for event in events] == [
        "run.queued",
        "run.running",
        "page.kept",
        "page.kept",
        "run.succeeded",
    ]
    data = json.loads(events[3].data)
    assert data.keys() == {"run", "number", "at", "kind", "detail"}
    assert (data["run"], data["number"], data["detail"]["page"], data["detail"]["added"]) == (run, 4, 1, 1)


def test_a_stream_goes_on_after_any_number(house: Synced) -> None:
    run = house.run(house.create())["id"]
    assert [event.id for event in stream(house.http, run, headers={"Last-Event-ID": "3"})] == ["4", "5"]
    assert [event.id for event in stream(house.http, run, params={"after": 4})] == ["5"]


def test_who_knows_the_end_is_told_not_to_come_back(house: Synced) -> None:
    run = house.run(house.create())["id"]
    answer = house.http.get(f"/v1/sync-runs/{run}/events", params={"after": 5})
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_number_that_is_none_is_a_problem(house: Synced) -> None:
    run = house.run(house.create())["id"]
    answer = house.http.get(f"/v1/sync-runs/{run}/events", headers={"Last-Event-ID": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequest")


def test_events_are_told_as_they_happen(house: Synced, source: Source) -> None:
    source.faults = deque([RateLimited("Slowly.", retry_after=60)])
    sync = house.create()
    run = house.http.post(f"/v1/syncs/{sync}/runs", json={"mode": "full"}).json()["id"]
    with connect_sse(house.http, "GET", f"/v1/sync-runs/{run}/events") as told:
        events = told.iter_sse()
        assert next(events).event == "run.queued"
        house.world.settle()
        assert [next(events).event for _ in range(2)] == ["run.running", "run.waiting"]
        assert house.stranger.post(f"/v1/sync-runs/{run}/cancel").status_code == 404
        with httpx.Client(base_url=house.url, headers={"Authorization": f"Bearer {house.key}"}) as other:
            assert other.post(f"/v1/sync-runs/{run}/cancel").status_code == 200
        assert [event.event for event in events] == ["run.cancelled"]


def test_the_client_follows_a_run_to_its_end(house: Synced) -> None:
    run = house.run(house.create())["id"]
    with Packsys(house.url, house.key) as client:
        assert [event["number"] for event in client.syncs.events(run, after=2)] == [3, 4, 5]
        assert list(client.syncs.events(run, after=5)) == []


def test_who_waits_for_a_run_is_answered_when_it_ends(house: Synced) -> None:
    sync = house.create()
    run = house.http.post(f"/v1/syncs/{sync}/runs", json={"mode": "full"}).json()["id"]
    with connect_sse(house.http, "GET", f"/v1/sync-runs/{run}/events") as told:
        next(told.iter_sse())
        house.world.settle()
    answer = house.http.get(f"/v1/sync-runs/{run}", params={"wait": 20})
    assert answer.json()["state"] == "succeeded"


def test_who_leaves_is_rung_for_no_more(house: Synced) -> None:
    sync = house.create()
    run = house.http.post(f"/v1/syncs/{sync}/runs", json={"mode": "full"}).json()["id"]
    with connect_sse(house.http, "GET", f"/v1/sync-runs/{run}/events") as told:
        next(told.iter_sse())
    until(lambda: not house.world.rings.listening(run))


def test_another_workspace_is_told_nothing(house: Synced) -> None:
    run = house.run(house.create())["id"]
    answer = house.stranger.get(f"/v1/sync-runs/{run}/events")
    assert (answer.status_code, answer.json()["code"]) == (404, "NotFound")
