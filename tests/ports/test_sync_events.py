"""What happens to sync runs is told once, in order, the same in PostgreSQL as in memory."""

from __future__ import annotations

from typing import Any

import pytest

from packsys.errors import EndlessPages
from packsys.store.database import Database
from packsys.syncmodel import RunState, SyncRun, SyncTable
from packsys.values import ErrorValue
from tests.ports.house import empty
from tests.ports.synchouse import SyncHouse, page, strict, syncs_in_memory, syncs_in_postgres


@pytest.fixture(params=["memory", "postgres"])
def house(request: pytest.FixtureRequest) -> SyncHouse:
    """Gives each implementation."""
    if request.param == "memory":
        return syncs_in_memory()
    database: Database = request.getfixturevalue("database")
    empty(database)
    return syncs_in_postgres(database)


@pytest.fixture
def table(house: SyncHouse) -> SyncTable:
    """Gives an instance that deletes at the first miss."""
    return house.table(guard=strict())


def kinds(house: SyncHouse, run: SyncRun) -> list[str]:
    return [event.kind.value for event in house.events.since(run.id, 0)]


def details(house: SyncHouse, run: SyncRun) -> list[dict[str, Any]]:
    """Gives the details, but no counts of 0 and no seconds."""
    told = [event.detail for event in house.events.since(run.id, 0)]
    return [{name: value for name, value in each.items() if value != 0 and name != "seconds"} for each in told]


def test_a_run_tells_its_pages_and_its_end(house: SyncHouse, table: SyncTable) -> None:
    run = house.sync(table, page({"a": 1, "b": 2}, leads=1), page({"c": 3}))
    events = house.events.since(run.id, 0)
    assert [event.number for event in events] == [1, 2, 3, 4, 5]
    assert {event.run for event in events} == {run.id}
    assert kinds(house, run) == ["run.queued", "run.running", "page.kept", "page.kept", "run.succeeded"]
    assert details(house, run) == [
        {"mode": "full", "trigger": "manual"},
        {},
        {"rows": 2, "added": 2},
        {"page": 1, "rows": 1, "added": 1},
        {"rows": 3, "added": 3},
    ]


def test_events_are_read_from_any_number(house: SyncHouse, table: SyncTable) -> None:
    run = house.sync(table, page({"a": 1}))
    assert [event.number for event in house.events.since(run.id, 2)] == [3, 4]
    assert [event.number for event in house.events.since(run.id, 1, limit=2)] == [2, 3]
    assert list(house.events.since(run.id, 4)) == []
    assert list(house.events.since("run-of-nobody", 0)) == []


def test_a_wait_is_told_with_its_cause(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    assert house.work.park(house.claim(run), delay=60, cause="rate_limit", tried=False)
    house.wait(61)
    house.read(run, page({"a": 1}))
    assert kinds(house, run) == ["run.queued", "run.running", "run.waiting", "run.running", "page.kept"]
    waiting = house.events.since(run.id, 0)[2].detail
    assert (waiting["cause"], waiting["seconds"]) == ("rate_limit", pytest.approx(60, abs=1))


def test_a_lost_worker_is_told(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    house.claim(run, lease=5)
    house.wait(6)
    house.upkeep.release(attempts=2)
    house.claim(run, lease=5)
    house.wait(6)
    house.upkeep.release(attempts=2)
    assert kinds(house, run) == ["run.queued", "run.running", "run.queued", "run.failed"]
    assert [each.get("cause", each.get("code")) for each in details(house, run)] == [None, None, *["WorkerLost"] * 2]


def test_a_run_that_is_resumed_goes_on_counting(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    assert house.work.fail(house.claim(run), ErrorValue("Api", "The service said no."))
    assert house.runs.move(run.id, to=RunState.QUEUED)
    house.read(run, page({"a": 1}))
    house.conclude(run)
    ending = [(event.number, event.kind.value) for event in house.events.since(run.id, 2)]
    assert ending == [(3, "run.failed"), (4, "run.queued"), (5, "page.kept"), (6, "run.succeeded")]
    assert details(house, run)[2] == {"code": "Api"}


def test_what_people_do_is_told(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    for state in (RunState.PAUSED, RunState.QUEUED, RunState.CANCELLED):
        assert house.runs.move(run.id, to=state)
    assert kinds(house, run) == ["run.queued", "run.paused", "run.queued", "run.cancelled"]


def test_an_approval_is_asked_for_with_its_cause(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    house.read(run, page({"a": 1}))
    assert house.finish.ask(house.claim(run), "It would delete 3 of 4 rows.")
    last = house.events.since(run.id, 0)[-1]
    assert (last.kind.value, last.detail) == ("run.needs_approval", {"cause": "It would delete 3 of 4 rows."})


def test_what_is_not_kept_is_not_told(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    house.read(run, page({"a": 1}, leads=1))
    with pytest.raises(EndlessPages):
        house.work.apply(house.claim(run), page({"b": 1}, leads=1))
    house.rows.rehearse(table.id, page({"z": 1}))
    assert kinds(house, run) == ["run.queued", "run.running", "page.kept"]


def test_events_go_with_their_table(house: SyncHouse, table: SyncTable) -> None:
    run = house.sync(table, page({"a": 1}))
    assert house.tables.forget(table.id)
    assert list(house.events.since(run.id, 0)) == []
