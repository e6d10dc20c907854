"""What every store of sync tables promises of partitions: they are read side by side, and a run is all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from packsys.errors import EndlessPages
from packsys.store.database import Database
from packsys.syncmodel import SIDE_BY_SIDE, Counts, Mode, PageRows, Phase, RunState, SyncClaim, SyncRun, SyncTable
from packsys.values import ErrorValue
from tests.ports.house import empty
from tests.ports.synchouse import SyncHouse, page, strict, syncs_in_memory, syncs_in_postgres
from tests.ports.threads import at_once

ERROR = ErrorValue("Api", "The service said no.")


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


def parts(*names: str, **terms: Any) -> PageRows:
    """Makes a page that names partitions."""
    return page(partitions={name: {"of": name} for name in names}, **terms)


def begun(house: SyncHouse, table: SyncTable, *names: str, mode: Mode = Mode.FULL) -> tuple[SyncRun, list[SyncRun]]:
    """Starts a run whose only page names partitions; gives it and those that are due."""
    run = house.start(table, mode=mode)
    stored = house.work.apply(house.claim(run), parts(*names, completion={"since": 1}))
    assert stored is not None
    return house.runs.get(run.id), list(stored.due)


def claimed(house: SyncHouse, run: SyncRun, *, lease: float = 30) -> SyncClaim:
    """Claims the first page of a partition."""
    claim = house.work.claim(run.id, page=run.page, worker="w", lease=lease)
    assert claim is not None
    return claim


def test_a_run_is_complete_when_all_partitions_are(house: SyncHouse, table: SyncTable) -> None:
    run, due = begun(house, table, "x", "y")
    assert (run.state, run.phase, run.partitions, run.partitions_read) == (RunState.QUEUED, Phase.PARTITIONS, 2, 0)
    assert [(each.partition, each.continuation) for each in due] == [("x", {"of": "x"}), ("y", {"of": "y"})]
    assert house.work.claim(run.id, page=run.page, worker="w", lease=30) is None
    first, second = (claimed(house, each) for each in due)
    assert house.work.apply(second, page({"y1": 1})).due == ()  # type: ignore[union-attr]
    stored = house.work.apply(first, page({"x1": 1}, leads=1))
    assert stored is not None
    assert [(each.id, each.page) for each in stored.due] == [(due[0].id, 1)]
    last = house.work.apply(claimed(house, stored.due[0]), page({"x2": 1}))
    assert last is not None
    assert [(each.id, each.phase) for each in last.due] == [(run.id, Phase.FINISH)]
    ended = house.conclude(run)
    assert (ended.state, ended.completion, ended.partitions_read) == (RunState.SUCCEEDED, {"since": 1}, 2)
    assert ended.counts == Counts(rows=3, added=3)
    assert ended.pages == 4
    assert [each.number for each in house.runs.pages(run.id)] == [0, 1, 2, 3]
    assert {(each.key, each.run, each.page) for each in house.rows.rows(table.id)} == {
        ("y1", run.id, 1),
        ("x1", run.id, 2),
        ("x2", run.id, 3),
    }
    assert [each.id for each in house.runs.of(table.id)] == [run.id]


def test_what_no_partition_has_met_is_deleted(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page({"x1": 1, "y1": 1, "gone": 1}))
    run, _ = begun(house, table, "x", "y")
    house.read_partition(page({"x1": 1}))
    house.read_partition(page({"y1": 1}))
    assert house.conclude(run).counts == Counts(rows=2, unchanged=2, deleted=1)
    assert list(house.values(table)) == ["x1", "y1"]


def test_few_partitions_are_open_at_a_time(house: SyncHouse, table: SyncTable) -> None:
    names = [f"{number:02}" for number in range(SIDE_BY_SIDE + 2)]
    run, due = begun(house, table, *names)
    assert [each.partition for each in due] == names[:SIDE_BY_SIDE]
    opened = [each for _ in names for each in house.read_partition(page({})).due if each.partition]
    assert [each.partition for each in opened] == names[SIDE_BY_SIDE:]
    assert house.conclude(run).partitions_read == len(names)


def test_the_pages_of_a_run_go_on_beside_its_partitions(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    first = house.work.apply(house.claim(run), parts("x", leads=1), lease=30)
    assert first is not None
    assert first.next is not None
    assert (first.next.run.page, [each.partition for each in first.due]) == (1, ["x"])
    house.read_partition(page({"x": 1}))
    second = house.work.apply(first.next, parts("x", "z", leads=2), lease=30)
    assert second is not None
    assert [each.partition for each in second.due] == ["z"]
    third = house.work.apply(second.next, page({"own": 1}))  # type: ignore[arg-type]
    assert third is not None
    assert (third.due, house.runs.get(run.id).phase) == ((), Phase.PARTITIONS)
    house.read_partition(page({"z": 1}))
    assert house.conclude(run).counts.added == 3


def test_a_partition_may_name_others(house: SyncHouse, table: SyncTable) -> None:
    run, _ = begun(house, table, "x")
    assert [each.partition for each in house.read_partition(parts("x/1", "x/2")).due] == ["x/1", "x/2"]
    house.read_partition(page({"a": 1}))
    house.read_partition(page({"b": 1}))
    assert house.conclude(run).partitions_read == 3


def test_a_zombie_of_a_partition_writes_nothing(house: SyncHouse, table: SyncTable) -> None:
    run, due = begun(house, table, "x", "y")
    zombie = claimed(house, due[0], lease=10)
    house.wait(20)
    heir = claimed(house, due[0])
    assert house.work.apply(zombie, page({"zombie": 1})) is None
    assert house.work.apply(heir, page({"heir": 1})) is not None
    assert house.work.apply(heir, page({"twice": 1})) is None
    assert not house.work.renew([zombie], lease=30)
    assert not house.work.park(zombie, delay=0, cause="x")
    assert not house.work.fail(zombie, ERROR)
    assert list(house.values(table)) == ["heir"]
    assert house.runs.get(run.id).partitions_read == 1


def test_partitions_are_kept_side_by_side(house: SyncHouse, table: SyncTable) -> None:
    run, due = begun(house, table, *(f"{number}" for number in range(6)))
    claims = [claimed(house, each) for each in due]
    kept = at_once(lambda n: house.work.apply(claims[n % 6], page({f"{n % 6}": n, "shared": 1})))
    assert sum(each is not None for each in kept) == 6
    assert [each.number for each in house.runs.pages(run.id)] == list(range(7))
    assert house.conclude(run).counts.added == 7


def test_a_failed_partition_ends_its_run_which_goes_on_where_it_was(house: SyncHouse, table: SyncTable) -> None:
    run, due = begun(house, table, "x", "y")
    stored = house.work.apply(claimed(house, due[0]), page({"x1": 1}, leads=1))
    assert stored is not None
    other = claimed(house, due[1])
    assert house.work.fail(claimed(house, stored.due[0]), ERROR)
    failed = house.runs.get(run.id)
    assert (failed.state, failed.error) == (RunState.FAILED, ERROR)
    assert house.work.turn() is None
    assert house.work.apply(other, page({"late": 1})) is None
    house.wait(60)
    assert list(house.upkeep.unsent(grace=1)) == []
    assert house.runs.move(run.id, to=RunState.QUEUED)
    house.upkeep.release(attempts=3)
    due_again = {(each.run.partition, each.run.page) for each in house.upkeep.unsent(grace=-1000)}
    assert due_again == {("x", 1), ("y", 0)}
    house.read_partition(page({"a": 1}))
    house.read_partition(page({"b": 1}))
    assert house.conclude(run).counts.added == 3


@pytest.mark.parametrize("to", [RunState.PAUSED, RunState.CANCELLED])
def test_partitions_rest_with_their_run(house: SyncHouse, table: SyncTable, to: RunState) -> None:
    run, due = begun(house, table, "x", "y")
    claim = claimed(house, due[0], lease=1)
    assert house.runs.move(run.id, to=to)
    assert house.work.apply(claim, page({"x": 1})) is None
    assert house.work.claim(due[1].id, page=0, worker="w", lease=30) is None
    assert house.work.turn() is None
    assert not house.runs.move(due[1].id, to=RunState.CANCELLED)
    house.wait(10)
    assert house.runs.move(run.id, to=RunState.QUEUED)
    house.upkeep.release(attempts=3)
    house.read_partition(page({"x": 1}))
    house.read_partition(page({"y": 1}))
    assert house.conclude(run).counts.added == 2


def test_a_later_run_forgets_the_partitions_of_one_that_was_cancelled(house: SyncHouse, table: SyncTable) -> None:
    first, due = begun(house, table, "x")
    house.runs.move(first.id, to=RunState.CANCELLED)
    run, again = begun(house, table, "x")
    assert house.work.claim(due[0].id, page=0, worker="w", lease=30) is None
    assert [each.partition for each in again] == ["x"]
    house.read_partition(page({"a": 1}))
    assert house.conclude(run).counts.added == 1


def test_a_partition_that_loses_its_workers_ends_its_run_with_its_next_claim(
    house: SyncHouse, table: SyncTable
) -> None:
    run, due = begun(house, table, "x")
    for tries in (1, 2):
        assert claimed(house, due[0], lease=1).run.tries == tries
        house.wait(2)
        (stall,) = house.upkeep.release(attempts=1)
        assert (stall.run.partition, stall.cause) == ("x", "worker.lost")
    assert house.work.fail(claimed(house, due[0]), ERROR)
    assert house.runs.get(run.id).state is RunState.FAILED


def test_each_partition_goes_on_with_what_it_completed_itself(house: SyncHouse, table: SyncTable) -> None:
    for names, mode, wanted in (
        (("x", "y"), Mode.FULL, [None, None]),
        (("y", "new"), Mode.INCREMENTAL, [{"of": "y"}, None]),
        (("x", "y"), Mode.INCREMENTAL, [{"of": "x"}, {"of": "y"}]),
        (("x",), Mode.FULL, [None]),
        (("x", "y"), Mode.INCREMENTAL, [{"of": "x"}, None]),
    ):
        run, due = begun(house, table, *names, mode=mode)
        assert [each.previous for each in due] == wanted
        for name in names:
            house.read_partition(page({name: 1}, completion={"of": name}))
        house.conclude(run, swept=False)


def test_one_incomplete_partition_makes_its_run_incomplete(house: SyncHouse, table: SyncTable) -> None:
    run, _ = begun(house, table, "x", "y")
    house.read_partition(page(incomplete=True))
    house.read_partition(page())
    assert house.runs.get(run.id).incomplete
    house.conclude(run, swept=False)
    assert house.start(table, mode=Mode.INCREMENTAL).mode is Mode.FULL


def test_partitions_may_give_the_same_continuations_each_once(house: SyncHouse, table: SyncTable) -> None:
    _, due = begun(house, table, "x", "y")
    for each in due:
        assert house.work.apply(claimed(house, each), page(leads=1)) is not None
    with pytest.raises(EndlessPages, match="Page 2 of Repos"):
        house.work.apply(claimed(house, replace(due[0], page=1)), page(leads=1))


def test_the_waits_of_partitions_are_those_of_their_run(house: SyncHouse, table: SyncTable) -> None:
    run, due = begun(house, table, "x")
    assert house.work.park(claimed(house, due[0]), delay=60, cause="rate_limit", tried=False)
    house.wait(70)
    house.read_partition(page())
    assert round(house.runs.get(run.id).waits["rate_limit"], -1) == 70


def test_a_forgotten_table_leaves_no_partitions(house: SyncHouse, table: SyncTable) -> None:
    _, due = begun(house, table, "x")
    assert house.tables.forget(table.id)
    assert house.work.turn() is None
    assert house.work.claim(due[0].id, page=0, worker="w", lease=30) is None
