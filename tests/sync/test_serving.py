"""A run from its start to its end, over a service that changes and fails."""

from __future__ import annotations

import pytest

from packsys.catalog.types import describe_schema
from packsys.errors import Conflict, LimitReached, NotFound, RateLimited, UpstreamError
from packsys.sdk import Number, ObjectSchema, Property, Text
from packsys.syncmodel import Counts, Guard, Mode, PageRows, Phase, RunState
from tests.ports.synchouse import strict
from tests.ports.threads import at_once
from tests.sync.source import Source, Thing, columns
from tests.sync.world import World, world


def things(count: int) -> Source:
    """Makes a source of so many rows."""
    source = Source()
    for number in range(count):
        source.put(f"{number:03}", number)
    return source


@pytest.fixture
def five() -> World:
    """Gives a house over a source of five rows."""
    return world(things(5))


def test_a_table_is_read_page_by_page(five: World) -> None:
    table = five.table()
    run = five.sync(table)
    assert (run.state, run.page, run.counts) == (RunState.SUCCEEDED, 3, Counts(rows=5, added=5))
    assert five.values(table) == five.source.rows
    assert five.bells.rung == [(run.id, 0), (run.id, 1), (run.id, 2), (run.id, 3)]
    assert five.house.tables.get(table.id).completion == {"since": 5}


def test_within_a_time_slice_no_message_is_sent() -> None:
    quick = world(things(5), slice=1.0)
    run = quick.sync(quick.table())
    assert (run.state, run.page, run.fence) == (RunState.SUCCEEDED, 3, 4)
    assert quick.bells.rung == [(run.id, 0)]


def test_a_time_slice_ends() -> None:
    ticks = iter(range(100))
    slow = world(things(5), slice=3.0, tick=lambda: next(ticks))
    run = slow.sync(slow.table())
    assert run.state is RunState.SUCCEEDED
    assert slow.bells.rung[:2] == [(run.id, 0), (run.id, 2)]


def test_partitions_are_read_by_whoever_is_free() -> None:
    made = world(slice=1.0)
    for number in range(20):
        made.source.put(f"{number:02}", number)
    table = made.table(table="PartedThings")
    run = made.start(table.id)
    made.settle()
    assert len(made.bells.rung) > 2  # there is something to do for others
    ended = made.house.runs.get(run.id)
    assert (ended.state, ended.partitions, ended.partitions_read) == (RunState.SUCCEEDED, 3, 3)
    assert made.values(table) == made.source.rows


def test_many_partitions_of_one_account_do_not_delay_another() -> None:
    made = world(Source(size=1))
    for number in range(20):
        made.source.put(f"{number:02}", number)
    greedy = made.start(made.table(table="PartedThings", workspace="a").id)
    made.serve(*made.bells.waiting.popleft())
    made.house.work.serve(greedy.table, seconds=1.0)
    modest = made.start(made.table(workspace="b").id)
    made.house.work.serve(greedy.table, seconds=1.0)
    made.serve(*made.bells.waiting.popleft())
    assert made.house.runs.get(modest.id).page == 1


def test_a_preview_reads_partitions_too() -> None:
    made = world(Source(size=9))
    made.source.put("00", 1)
    made.source.put("18", 2)
    shown = made.preview(made.table(table="PartedThings").id, workspace="default", pages=20)
    assert (shown.counts.added, shown.pages, shown.complete) == (2, 5, True)


def test_what_changed_at_the_service_changes_here(five: World) -> None:
    table = five.table(guard=strict())
    five.sync(table)
    five.source.put("000", 100)
    five.source.put("007", 7)
    five.source.remove("003")
    run = five.sync(table)
    assert run.counts == Counts(rows=5, added=1, updated=1, unchanged=3, deleted=1)
    assert five.values(table) == five.source.rows


def test_an_incremental_run_reads_only_what_changed(five: World) -> None:
    table = five.table()
    five.sync(table)
    five.source.put("000", 100)
    five.source.remove("003")
    five.source.put("009", 9)
    run = five.sync(table, mode=Mode.INCREMENTAL)
    assert (run.mode, run.counts) == (Mode.INCREMENTAL, Counts(rows=2, added=1, updated=1, deleted=1))
    assert five.values(table) == five.source.rows
    assert five.sync(table, mode=Mode.INCREMENTAL).counts == Counts()


def test_several_instances_of_one_table_have_each_their_own_rows(five: World) -> None:
    one, other = five.table(parameters={"kind": "a"}), five.table(parameters={"kind": "b"})
    five.sync(one)
    five.source.put("zzz", 1)
    five.sync(other)
    assert set(five.values(other)) - set(five.values(one)) == {"zzz"}
    assert len(five.house.runs.of(one.id)) == len(five.house.runs.of(other.id)) == 1


# Messages.


def test_messages_that_come_twice_change_nothing(five: World) -> None:
    table = five.table()
    run = five.start(table.id)
    while five.bells.waiting:
        message = five.bells.waiting.popleft()
        five.serve(*message)
        five.serve(*message)
    ended = five.house.runs.get(run.id)
    assert (ended.state, ended.counts) == (RunState.SUCCEEDED, Counts(rows=5, added=5))


def test_a_lost_message_is_sent_again(five: World) -> None:
    table = five.table()
    run = five.start(table.id)
    five.bells.waiting.clear()
    assert five.reconcile() == 0
    five.house.wait(20)
    assert five.reconcile() == 1
    five.settle()
    assert five.house.runs.get(run.id).state is RunState.SUCCEEDED


def test_a_message_serves_the_account_that_has_had_the_least() -> None:
    house = world(things(5))
    greedy = [house.table(account=None, workspace="greedy") for _ in range(10)]
    runs = [house.start(table.id) for table in greedy]
    modest = house.start(house.table(workspace="modest").id)
    for table in greedy:
        house.house.work.serve(table.id, seconds=1.0)
    for _ in range(4):
        house.serve(*house.bells.waiting.popleft())
    assert house.house.runs.get(modest.id).state is RunState.SUCCEEDED
    house.settle()
    assert {house.house.runs.get(run.id).state for run in runs} == {RunState.SUCCEEDED}


def test_of_many_messages_at_once_each_serves_a_page() -> None:
    house = world(things(5))
    runs = [house.start(house.table().id) for _ in range(8)]
    at_once(lambda _: house.serve(*house.bells.waiting.popleft()))
    assert sum(house.house.runs.get(run.id).page for run in runs) == len(house.bells.waiting) == 8


# Faults.


def test_a_page_that_fails_for_a_while_is_tried_again(five: World) -> None:
    table = five.table()
    five.source.faults.extend([UpstreamError(), UpstreamError()])
    run = five.sync(table)
    assert (run.state, run.cause, run.page, run.tries) == (RunState.WAITING, "Upstream", 0, 1)
    for _ in range(2):
        five.house.wait(60)
        five.reconcile()
        five.settle()
    ended = five.house.runs.get(run.id)
    assert ended.state is RunState.SUCCEEDED
    assert set(ended.waits) == {"Upstream"}


def test_a_page_that_always_fails_ends_its_run_where_it_was(five: World) -> None:
    table = five.table()
    run = five.start(table.id)
    five.serve(*five.bells.waiting.popleft())
    five.source.faults.extend([UpstreamError() for _ in range(4)])
    for _ in range(4):
        five.settle()
        five.house.wait(100)
        five.reconcile()
    failed = five.house.runs.get(run.id)
    assert (failed.state, failed.page, failed.tries) == (RunState.FAILED, 1, 4)
    assert failed.error is not None
    assert failed.error.code == "Upstream"
    five.steer.resume(run.id, workspace="default")
    five.settle()
    assert five.values(table) == five.source.rows


def test_a_rate_limit_parks_the_page_for_as_long_as_it_asks(five: World) -> None:
    """It may do so any number of times: nothing was sent."""
    five.source.faults.extend([LimitReached(retry_after=3600.0, untouched=True) for _ in range(6)])
    run = five.sync(five.table())
    for _ in range(6):
        assert five.house.runs.get(run.id).cause == "rate_limit"
        five.house.wait(3000)
        assert five.reconcile() == 0
        five.house.wait(1000)
        assert five.reconcile() == 1
        five.settle()
    ended = five.house.runs.get(run.id)
    assert ended.state is RunState.SUCCEEDED
    assert ended.waits["rate_limit"] == 6 * 4000


def test_a_service_that_asks_for_less_is_waited_for(five: World) -> None:
    five.source.faults.append(RateLimited(retry_after=600.0))
    run = five.sync(five.table())
    assert (run.state, run.cause, run.tries) == (RunState.WAITING, "rate_limit", 1)
    five.house.wait(500)
    assert five.reconcile() == 0


def test_what_time_does_not_help_ends_the_run_at_once(five: World) -> None:
    run = five.sync(five.table(account="absent"))
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert run.error.code == "NotConnected"


def test_a_table_that_the_pack_has_not_ends_the_run(five: World) -> None:
    run = five.sync(five.table(table="Absent"))
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert run.error.code == "NotFound"


def test_a_page_that_leads_back_ends_the_run(five: World) -> None:
    five.source.looping = True
    run = five.sync(five.table())
    assert run.error is not None
    assert (run.state, run.error.code) == (RunState.FAILED, "EndlessPages")


def test_a_page_that_kills_its_workers_ends_at_some_time(five: World) -> None:
    run = five.start(five.table().id)
    for _ in range(4):
        assert five.house.work.claim(run.id, page=0, worker="killed", lease=0.0)
    five.settle()
    ended = five.house.runs.get(run.id)
    assert ended.error is not None
    assert (ended.state, ended.error.code) == (RunState.FAILED, "WorkerLost")


def test_a_row_that_does_not_fit_is_set_aside(five: World) -> None:
    five.source.bad = [{"id": "bad", "value": "no number"}, {"value": 1}]
    table = five.table()
    run = five.sync(table)
    assert run.counts == Counts(rows=7, added=5, rejected=2)
    assert [letter.reject.key for letter in five.house.rows.dead_letters(table.id)] == ["bad", None]


def test_a_row_that_was_set_aside_is_kept_once_it_fits(five: World) -> None:
    table = five.table(table="AnyThings")
    five.source.bad = [{"id": "bad", "value": "no number"}, {"value": 1}]
    five.sync(table)
    assert five.replay(table.id, workspace="default") == Counts(rows=2, rejected=2)
    loose = ObjectSchema("Thing", id="Id", properties=columns(Value=Property(Text, from_key="value")))
    five.house.tables.shape(table.id, describe_schema(loose))
    assert five.replay(table.id, workspace="default").added == 1
    assert five.values(table)["bad"] == "no number"
    assert [letter.reject.key for letter in five.house.rows.dead_letters(table.id)] == [None]


def test_too_many_rows_that_do_not_fit_end_the_run(five: World) -> None:
    five.source.bad = [{"id": f"bad{number}", "value": "x"} for number in range(200)]
    run = five.sync(five.table())
    assert run.error is not None
    assert (run.state, run.error.code) == (RunState.FAILED, "TooManyRejects")


# Deletes.


def test_nothing_is_deleted_after_a_run_that_does_not_know_all_rows(five: World) -> None:
    table = five.table(guard=strict())
    five.sync(table)
    five.source.remove("003")
    five.source.bad = [{"value": 1}]
    assert five.sync(table).counts.deleted == 0
    five.source.bad, five.source.incomplete = [], True
    assert five.sync(table).counts.deleted == 0
    five.source.incomplete = False
    assert five.sync(table).counts.deleted == 1


@pytest.mark.parametrize("approved", [True, False])
def test_a_run_that_would_delete_much_asks(approved: bool) -> None:
    house = world(things(200))
    table = house.table(guard=strict(rows=20))
    house.sync(table)
    for number in range(100):
        house.source.remove(f"{number:03}")
    run = house.sync(table)
    assert (run.state, run.phase) == (RunState.NEEDS_APPROVAL, Phase.FINISH)
    assert "100 of 200 rows" in run.cause
    house.steer.approve(run.id, workspace="default", approved=approved)
    house.settle()
    ended = house.house.runs.get(run.id)
    assert (ended.state, ended.counts.deleted) == (RunState.SUCCEEDED, 100 if approved else 0)
    assert len(house.values(table)) == (100 if approved else 200)


def test_a_run_that_found_nothing_asks(five: World) -> None:
    table = five.table(guard=strict())
    five.sync(table)
    five.source.rows.clear()
    assert five.sync(table).state is RunState.NEEDS_APPROVAL
    assert len(five.values(table)) == 5


def test_few_deletes_need_nobody(five: World) -> None:
    table = five.table(guard=Guard(strikes=2))
    five.sync(table)
    five.source.remove("003")
    assert five.sync(table).counts.missed == 1
    assert five.sync(table).counts.deleted == 1
    assert five.values(table) == five.source.rows


def test_an_incomplete_incremental_run_begins_a_full_one(five: World) -> None:
    table = five.table()
    five.sync(table)
    claim = five.house.claim(five.house.start(table, mode=Mode.INCREMENTAL))
    five.house.work.apply(claim, PageRows(incomplete=True, completion={"since": 5}))
    five.serve(claim.run.id, 1)
    five.settle()
    newest, incremental, _ = five.house.runs.of(table.id)
    assert (newest.mode, newest.trigger, newest.state) == (Mode.FULL, "incomplete", RunState.SUCCEEDED)
    assert incremental.state is RunState.SUCCEEDED


# What people ask for.


def test_a_paused_run_goes_on_where_it_was(five: World) -> None:
    table = five.table()
    run = five.start(table.id)
    five.serve(*five.bells.waiting.popleft())
    assert five.steer.pause(run.id, workspace="default").state is RunState.PAUSED
    five.settle()
    assert len(five.values(table)) == 2
    five.steer.resume(run.id, workspace="default")
    five.settle()
    assert five.values(table) == five.source.rows
    with pytest.raises(Conflict, match="succeeded"):
        five.steer.cancel(run.id, workspace="default")


def test_a_run_is_another_workspaces(five: World) -> None:
    run = five.start(five.table().id)
    with pytest.raises(NotFound):
        five.steer.cancel(run.id, workspace="other")
    with pytest.raises(Conflict, match="does not wait"):
        five.steer.approve(run.id, workspace="default", approved=True)


def test_after_a_reset_everything_is_read(five: World) -> None:
    table = five.table()
    five.sync(table)
    live = five.start(table.id)
    five.steer.reset(table.id, workspace="default")
    assert five.house.runs.get(live.id).state is RunState.CANCELLED
    run = five.sync(table, mode=Mode.INCREMENTAL)
    assert (run.mode, run.counts) == (Mode.FULL, Counts(rows=5, unchanged=5))


def test_a_preview_shows_what_would_change_and_changes_nothing(five: World) -> None:
    table = five.table()
    shown = five.preview(table.id, workspace="default", pages=2)
    assert (shown.counts, shown.pages, shown.complete) == (Counts(rows=4, added=4), 2, False)
    assert [row.key for row in shown.rows] == ["000", "001", "002", "003"]
    assert five.values(table) == {}
    assert five.house.tables.get(table.id).schema is None
    five.sync(table)
    five.source.put("000", 9)
    assert five.preview(table.id, workspace="default", pages=9).counts == Counts(rows=5, updated=1, unchanged=4)


# Schemas.


def test_a_dynamic_table_has_the_schema_that_its_service_tells(five: World) -> None:
    table = five.table(table="AnyThings")
    five.sync(table)
    five.source.schema = ObjectSchema("Thing", id="Id", properties=columns(More=Property(Text, from_key="more")))
    five.sync(table)
    schema = five.house.tables.get(table.id).schema
    assert schema is not None
    assert set(schema["properties"]) == {"Id", "Value", "More"}


def test_a_schema_that_cannot_tell_the_same_rows_apart_ends_the_run(five: World) -> None:
    table = five.table(table="AnyThings")
    five.sync(table)
    five.source.schema = ObjectSchema("Thing", id="Value", properties=columns(Value=Property(Number, from_key="value")))
    run = five.sync(table)
    assert run.error is not None
    assert (run.state, run.error.code) == (RunState.FAILED, "SchemaBroken")
    assert five.values(table) == five.source.rows
    five.source.schema = Thing
    assert five.sync(table).state is RunState.SUCCEEDED
