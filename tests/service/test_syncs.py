"""Sync tables over HTTP."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from packsys.errors import RateLimited
from packsys.model import Scope
from tests.service.conftest import serving
from tests.service.house import SmallHouse
from tests.service.syncs import Synced, synced
from tests.sync.source import Source


@pytest.fixture
def source() -> Source:
    return Source(rows={"a": 3, "b": 1, "c": 2})


@pytest.fixture
def house(source: Source) -> Iterator[Synced]:
    with synced(source) as started:
        yield started


def keys(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["key"] for row in answer.json()["rows"]]


def test_a_table_is_made_run_read_and_deleted(house: Synced) -> None:
    sync = house.create(parameters={"kind": "all"}, schedule={"every": 3600}, guard={"strikes": 1})
    run = house.run(sync)
    assert (run["state"], run["counts"]["added"], run["page"], run["error"]) == ("succeeded", 3, 2, None)
    shown = house.http.get(f"/v1/syncs/{sync}").json()
    assert (shown["table"], shown["parameters"], shown["guard"]["strikes"]) == ("Things", {"kind": "all"}, 1)
    assert [each["name"] for each in shown["columns"]] == ["Id", "Value"]
    assert (shown["schedule"]["every"], shown["last_run"]["id"]) == (3600, run["id"])
    assert keys(house.http.get(f"/v1/syncs/{sync}/rows")) == ["a", "b", "c"]
    assert house.http.delete(f"/v1/syncs/{sync}").json()["id"] == sync
    for path in ("", "/rows", "/changes", "/runs", "/rejects"):
        assert house.http.get(f"/v1/syncs/{sync}{path}").status_code == 404


def test_rows_come_filtered_and_sorted_page_by_page(house: Synced, source: Source) -> None:
    source.put("d", None)
    sync = house.create()
    house.run(sync)
    rows = f"/v1/syncs/{sync}/rows"
    assert keys(house.http.get(rows, params={"where": ["Value>=2", "Id!=c"]})) == ["a"]
    assert keys(house.http.get(rows, params={"where": "value="})) == ["d"]
    assert keys(house.http.get(rows, params={"sort": "-Id", "limit": 2})) == ["d", "c"]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = house.http.get(rows, params={"sort": "Value", "limit": 1, **cursor})
        found += keys(page)
        if page.json()["next"] is None:
            break
        cursor = {"cursor": page.json()["next"]}
    assert found == ["b", "c", "a", "d"]


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "an unknown property": ({"where": "Colour=red"}, 400, "has no property 'Colour'"),
    "a value of another kind": ({"where": "Value=many"}, 400, "is compared with a number"),
    "below a blank": ({"where": "Value<"}, 400, "above or below a blank"),
    "no term": ({"where": "Value"}, 422, "does not fit"),
    "an unknown order": ({"sort": "Colour"}, 400, "has no property 'Colour'"),
    "a cursor of nobody's": ({"cursor": "abcd"}, 400, "begin at the first page"),
    "a page without end": ({"limit": 10**6}, 422, "does not fit"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_asked_of_rows_is_said(house: Synced, name: str) -> None:
    params, status, said = REFUSED[name]
    sync = house.create()
    house.run(sync)
    answer = house.http.get(f"/v1/syncs/{sync}/rows", params=params)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text


def test_a_cursor_of_another_order_is_refused(house: Synced) -> None:
    sync = house.create()
    house.run(sync)
    rows = f"/v1/syncs/{sync}/rows"
    cursor = house.http.get(rows, params={"limit": 1, "sort": "Value"}).json()["next"]
    assert house.http.get(rows, params={"cursor": cursor, "sort": "-Value"}).status_code == 400


MADE_WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "no such pack": ({"pack": "Sauce"}, 404, "There is no pack 'Sauce'"),
    "no such table": ({"table": "Thingies"}, 404, "did you mean 'Things'?"),
    "no such parameter": ({"parameters": {"kinds": "x"}}, 400, "did you mean 'kind'?"),
    "a parameter of another kind": ({"parameters": {"kind": {"a": 1}}}, 400, "must be text"),
    "no such account": ({"account": str(uuid4())}, 404, "There is no connection"),
    "no such time zone": ({"timezone": "Mars/Olympus"}, 400, "There is no time zone"),
    "no such cron": ({"schedule": {"cron": "often"}}, 400, "is no line of cron"),
    "two rhythms": ({"schedule": {"cron": "* * * * *", "every": 5}}, 422, "not both"),
    "an unknown field": ({"colour": "red"}, 422, "does not fit"),
    "a callback that is no address": ({"callback": "caller"}, 422, "does not fit"),
    "a callback to no host": ({"callback": "https://[:::::]/"}, 422, "does not fit"),
}


@pytest.mark.parametrize("name", MADE_WRONG)
def test_what_cannot_be_made_is_said_and_not_kept(house: Synced, name: str) -> None:
    terms, status, said = MADE_WRONG[name]
    answer = house.http.post("/v1/syncs", json={"pack": "Source", "table": "Things", **terms})
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert house.http.get("/v1/syncs").json() == []


DIFFERENT: dict[str, dict[str, Any]] = {
    "name": {"name": "others"},
    "parameters": {"parameters": {"kind": "other"}},
    "guard": {"guard": {"strikes": 1}},
    "table": {"table": "AnyThings", "parameters": {}},
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_an_id_is_taken_once(house: Synced, what: str) -> None:
    sync = house.create(parameters={"kind": "all"})
    asked = {"pack": "Source", "table": "Things", "name": "things", "parameters": {"kind": "all"}, "id": sync}
    again = house.http.post("/v1/syncs", json={**asked, **DIFFERENT[what]})
    assert (again.status_code, again.json()["code"]) == (409, "Conflict")
    assert "give the new one another id" in again.json()["detail"]
    assert house.stranger.post("/v1/syncs", json=asked).status_code == 409
    assert [each["name"] for each in house.http.get("/v1/syncs").json()] == ["things"]


def test_what_was_made_is_made_once_however_often_it_is_asked_for(house: Synced) -> None:
    """Who got no answer asks again under the same id; what has become of the table since is not undone."""
    asked = {"pack": "Source", "table": "things", "parameters": {"kind": "all"}, "id": str(uuid4())}
    made = [house.http.post("/v1/syncs", json={**asked, "schedule": {"every": 60}}) for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201]
    house.run(asked["id"])
    assert house.http.put(f"/v1/syncs/{asked['id']}/schedule", json={"every": 3600}).status_code == 200
    house.http.post(f"/v1/syncs/{asked['id']}/pause")
    again = house.http.post("/v1/syncs", json={**asked, "schedule": {"every": 60}}).json()
    assert (again["schedule"]["every"], again["paused"], again["last_run"]["state"]) == (3600, True, "succeeded")
    assert len(house.http.get("/v1/syncs").json()) == 1


def test_a_table_that_is_deleted_during_its_run_ends_it(house: Synced, source: Source) -> None:
    sync = house.create()
    run = house.http.post(f"/v1/syncs/{sync}/runs", json={"mode": "full"}).json()["id"]
    source.meanwhile = lambda: deleted.append(house.http.delete(f"/v1/syncs/{sync}").status_code)
    deleted: list[int] = []
    house.world.settle()
    assert deleted[0] == 200
    assert house.http.get(f"/v1/sync-runs/{run}").status_code == 404
    assert house.http.get("/v1/syncs").json() == []


def test_another_workspace_sees_nothing_of_it(house: Synced) -> None:
    sync = house.create()
    run = house.run(sync)["id"]
    assert house.stranger.get("/v1/syncs").json() == []
    for path in ("", "/rows", "/changes", "/runs", "/rejects"):
        assert house.stranger.get(f"/v1/syncs/{sync}{path}").status_code == 404
    for path in ("", "/pages"):
        assert house.stranger.get(f"/v1/sync-runs/{run}{path}").status_code == 404
    for verb in ("pause", "resume", "reset"):
        assert house.stranger.post(f"/v1/syncs/{sync}/{verb}").status_code == 404
    assert house.stranger.post(f"/v1/syncs/{sync}/runs", json={}).status_code == 404
    assert house.stranger.post(f"/v1/syncs/{sync}/rejects/discard", json={"ids": [1]}).status_code == 404
    assert house.stranger.delete(f"/v1/syncs/{sync}").status_code == 404
    assert house.http.get(f"/v1/syncs/{sync}").status_code == 200


def test_a_key_without_the_scope_is_refused(house: Synced) -> None:
    own = SmallHouse()
    token = own.token(scopes=[Scope.JOBS, Scope.CONNECTIONS])
    with serving(own) as url:
        answer = house.http.get(f"{url}/v1/syncs", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "MissingScope")


def test_an_incremental_run_brings_what_changed(house: Synced, source: Source) -> None:
    sync = house.create()
    house.run(sync)
    source.put("b", 9)
    run = house.run(sync, mode="incremental")
    assert (run["mode"], run["counts"]["updated"], run["counts"]["rows"]) == ("incremental", 1, 1)
    changes = house.http.get(f"/v1/syncs/{sync}/changes", params={"after": 3}).json()
    assert [(each["number"], each["operation"], each["key"]) for each in changes] == [(4, "update", "b")]
    runs = house.http.get(f"/v1/syncs/{sync}/runs").json()
    assert [each["mode"] for each in runs] == ["incremental", "full"]


def test_the_pages_of_a_run_say_how_long_they_took(house: Synced) -> None:
    run = house.run(house.create())["id"]
    pages = house.http.get(f"/v1/sync-runs/{run}/pages").json()
    assert [(each["number"], each["counts"]["added"]) for each in pages] == [(0, 2), (1, 1)]
    assert {"fetch", "check"} <= pages[0]["timings"].keys()
    assert [each["number"] for each in house.http.get(f"/v1/sync-runs/{run}/pages?after=0").json()] == [1]


def test_a_run_that_waits_says_why(house: Synced, source: Source) -> None:
    source.faults = deque([RateLimited("Slowly.", retry_after=60)])
    sync = house.create()
    run = house.run(sync)
    assert (run["state"], run["cause"]) == ("waiting", "rate_limit")
    assert run["not_before"] is not None


def test_a_run_is_paused_resumed_and_cancelled(house: Synced) -> None:
    sync = house.create()
    run = house.http.post(f"/v1/syncs/{sync}/runs", json={}).json()["id"]

    def state(verb: str) -> tuple[int, str]:
        answer = house.http.post(f"/v1/sync-runs/{run}/{verb}")
        return answer.status_code, answer.json().get("state", "")

    assert [state(verb) for verb in ("pause", "resume", "cancel")] == [
        (200, "paused"),
        (200, "queued"),
        (200, "cancelled"),
    ]
    assert state("cancel") == (409, "")
    assert state("resume") == (200, "queued")
    house.world.settle()
    ended = house.http.get(f"/v1/sync-runs/{run}", params={"wait": 5}).json()
    assert (ended["state"], ended["counts"]["added"]) == ("succeeded", 3)


def test_a_table_that_is_paused_starts_no_run(house: Synced) -> None:
    sync = house.create()
    house.http.post(f"/v1/syncs/{sync}/runs", json={})
    paused = house.http.post(f"/v1/syncs/{sync}/pause").json()
    assert (paused["paused"], paused["last_run"]["state"]) == (True, "paused")
    resumed = house.http.post(f"/v1/syncs/{sync}/resume").json()
    assert (resumed["paused"], resumed["last_run"]["state"]) == (False, "queued")
    house.world.settle()
    house.http.post(f"/v1/syncs/{sync}/pause")
    assert house.http.post(f"/v1/syncs/{sync}/runs", json={}).status_code == 409


def test_a_run_that_would_delete_everything_asks(house: Synced, source: Source) -> None:
    sync = house.create(guard={"strikes": 1, "rows": 0, "share": 0})
    house.run(sync)
    source.rows.clear()
    run = house.run(sync)
    assert (run["state"], "would delete 3 of 3 rows" in run["cause"]) == ("needs_approval", True)
    assert house.http.post(f"/v1/sync-runs/{run['id']}/resume").status_code == 409
    house.http.post(f"/v1/sync-runs/{run['id']}/approve", json={"approved": True})
    house.world.settle()
    assert house.http.get(f"/v1/sync-runs/{run['id']}").json()["counts"]["deleted"] == 3
    assert keys(house.http.get(f"/v1/syncs/{sync}/rows")) == []
    assert keys(house.http.get(f"/v1/syncs/{sync}/rows?deleted=true")) == ["a", "b", "c"]


def test_after_a_reset_everything_is_read(house: Synced) -> None:
    sync = house.create()
    house.run(sync)
    assert house.http.post(f"/v1/syncs/{sync}/reset").status_code == 200
    assert house.run(sync, mode="incremental")["mode"] == "full"


def test_a_preview_keeps_nothing(house: Synced, source: Source) -> None:
    source.bad = [{"id": "x", "value": "many"}]
    sync = house.create()
    shown = house.http.post(f"/v1/syncs/{sync}/preview", json={"pages": 5}).json()
    assert (shown["counts"]["added"], shown["counts"]["rejected"], shown["pages"]) == (3, 1, 2)
    assert (shown["complete"], shown["keys"]) == (True, ["a", "b", "c"])
    assert shown["rejects"][0]["reasons"][0]["path"] == "Value"
    assert keys(house.http.get(f"/v1/syncs/{sync}/rows")) == []
    assert house.http.get(f"/v1/syncs/{sync}/runs").json() == []


def test_rows_that_do_not_fit_are_shown_replayed_and_discarded(house: Synced, source: Source) -> None:
    source.bad = [{"id": "x", "value": "many"}, {"id": "y", "value": "few"}]
    sync = house.create()
    assert house.http.post(f"/v1/syncs/{sync}/rejects/replay", json={}).status_code == 409
    house.run(sync)
    rejects = house.http.get(f"/v1/syncs/{sync}/rejects").json()
    assert [(each["key"], each["raw"]["value"]) for each in rejects] == [("x", "many"), ("y", "few")]
    assert house.http.post(f"/v1/syncs/{sync}/rejects/replay", json={}).json()["rejected"] == 2
    ids = [each["id"] for each in house.http.get(f"/v1/syncs/{sync}/rejects").json()]
    assert house.http.post(f"/v1/syncs/{sync}/rejects/discard", json={"ids": ids}).json() == {"count": 2}
    assert house.http.get(f"/v1/syncs/{sync}/rejects").json() == []


def test_a_schedule_is_changed(house: Synced) -> None:
    sync = house.create()
    assert house.http.get(f"/v1/syncs/{sync}").json()["schedule"]["next_due"] is None
    terms = {"cron": "30 6 * * *", "timezone": "Europe/Oslo", "jitter": 60}
    kept = house.http.put(f"/v1/syncs/{sync}/schedule", json=terms)
    assert kept.status_code == 200
    shown = house.http.get(f"/v1/syncs/{sync}").json()["schedule"]
    assert shown == kept.json()
    assert (shown["cron"], shown["timezone"], shown["next_due"] is None) == ("30 6 * * *", "Europe/Oslo", False)
    assert house.http.put(f"/v1/syncs/{sync}/schedule", json={"cron": "often"}).status_code == 400
