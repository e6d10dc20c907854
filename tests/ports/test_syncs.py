"""What every store of sync tables promises: a page's rows and where to go on are one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packsys.errors import Conflict, EndlessPages, NotFound
from packsys.store.database import Database
from packsys.syncmodel import Counts, Mode, PageRows, Phase, RunState, SyncTable
from packsys.values import ErrorValue
from tests.ports.house import empty
from tests.ports.synchouse import SyncHouse, page, reject, row, strict, syncs_in_memory, syncs_in_postgres
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


# Instances.


def test_an_instance_is_found_as_it_was_kept(house: SyncHouse) -> None:
    kept = house.table(
        name="Ours",
        version="1.0.0",
        account="8e11cd1b",
        parameters={"Owner": "hereisfun", "Names": ["a", None]},
        dynamic_url="https://x.example/测试",
        timezone="Europe/Oslo",
        guard=strict(rows=3, share=0.5),
        weight=2.5,
        schedule="s1",
    )
    found = house.tables.get(kept.id, workspace="default")
    assert found == kept
    assert found.created_at is not None
    assert list(house.tables.list(workspace="default")) == [kept]


def test_an_id_is_taken_once(house: SyncHouse, table: SyncTable) -> None:
    with pytest.raises(Conflict, match="another id"):
        house.tables.add(table)


@pytest.mark.parametrize("nobodys", ["absent", "nul\0nul"])
def test_what_is_not_there_is_not_found(house: SyncHouse, table: SyncTable, nobodys: str) -> None:
    with pytest.raises(NotFound):
        house.tables.get(nobodys)
    with pytest.raises(NotFound):
        house.tables.get(table.id, workspace="other")
    with pytest.raises(NotFound):
        house.runs.get(nobodys)
    assert house.work.claim(nobodys, page=0, worker="w", lease=1) is None
    assert list(house.rows.rows(nobodys)) == list(house.rows.changes(nobodys)) == list(house.runs.of(nobodys)) == []
    assert not house.runs.move(nobodys, to=RunState.CANCELLED)
    assert not house.tables.forget(nobodys)


def test_a_forgotten_instance_leaves_nothing(house: SyncHouse, table: SyncTable) -> None:
    run = house.sync(table, page({"a": 1}, rejects=[reject()]))
    assert house.tables.forget(table.id)
    with pytest.raises(NotFound):
        house.runs.get(run.id)
    assert house.values(table) == {}
    again = house.tables.add(table)
    assert list(house.rows.dead_letters(again.id)) == list(house.rows.changes(again.id)) == []


# Runs.


def test_a_table_has_one_live_run(house: SyncHouse, table: SyncTable) -> None:
    first = house.start(table)
    assert house.start(table) == first
    assert house.start(house.table()) != first


def test_of_many_starts_at_once_one_makes_a_run(house: SyncHouse, table: SyncTable) -> None:
    assert len({house_run.id for house_run in at_once(lambda _: house.start(table))}) == 1
    assert len(house.runs.of(table.id)) == 1


def test_a_paused_table_starts_no_run(house: SyncHouse, table: SyncTable) -> None:
    house.tables.pause(table.id, paused=True)
    with pytest.raises(Conflict, match="paused"):
        house.start(table)
    house.tables.pause(table.id, paused=False)
    assert house.start(table).state is RunState.QUEUED


def test_a_run_without_a_completion_is_a_full_one(house: SyncHouse, table: SyncTable) -> None:
    first = house.sync(table, page({"a": 1}, completion={"since": 1}), mode=Mode.INCREMENTAL)
    assert (first.mode, first.previous) == (Mode.FULL, None)
    second = house.sync(table, page({"b": 1}, completion={"since": 2}), mode=Mode.INCREMENTAL)
    assert (second.mode, second.previous) == (Mode.INCREMENTAL, {"since": 1})
    third = house.start(table, mode=Mode.FULL)
    assert (third.mode, third.previous) == (Mode.FULL, None)
    assert house.tables.get(table.id).completion == {"since": 2}


@pytest.mark.parametrize("completion", [None, {"since": 2}])
def test_after_an_incomplete_run_or_a_reset_the_next_one_is_a_full_one(
    house: SyncHouse, table: SyncTable, completion: dict[str, int] | None
) -> None:
    house.sync(table, page(completion={"since": 1}))
    house.sync(table, page(completion=completion, incomplete=completion is not None), mode=Mode.INCREMENTAL)
    assert house.start(table, mode=Mode.INCREMENTAL).mode is Mode.FULL
    other = house.table()
    house.sync(other, page(completion={"since": 1}))
    house.tables.reset(other.id)
    assert house.start(other, mode=Mode.INCREMENTAL).mode is Mode.FULL


def test_runs_are_listed_newest_first(house: SyncHouse, table: SyncTable) -> None:
    runs = [house.sync(table, page({"a": number})) for number in range(3)]
    assert [run.id for run in house.runs.of(table.id, limit=2)] == [runs[2].id, runs[1].id]


# Pages.


def test_rows_and_continuation_are_kept_together(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    first = house.read(run, page({"b": 1, "a": 1}, leads=1))
    assert (first.state, first.phase, first.page, first.continuation) == (RunState.QUEUED, Phase.PAGES, 1, {"at": 1})
    last = house.read(run, page({"c": 1}, completion={"since": 7}))
    assert (last.phase, last.page, last.continuation, last.completion) == (Phase.FINISH, 2, None, {"since": 7})
    assert list(house.values(table)) == ["a", "b", "c"]
    assert house.story(table) == [("add", "a"), ("add", "b"), ("add", "c")]
    assert [(each.number, each.counts.added) for each in house.runs.pages(run.id)] == [(0, 2), (1, 1)]


def test_every_row_is_counted_once(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page({"same": 1, "other": 1, "gone": 1, "back": 1}))
    house.sync(table, page({"same": 1, "other": 1, "gone": 1}))
    rows = [row("same", 1), row("other", 0), row("new", 0), row("new", 1), row("back", 1), row("other", 2)]
    stored = house.work.apply(
        house.claim(house.start(table)), PageRows(rows=rows, rejects=[reject(), reject("gone")], deleted=["gone", "no"])
    )
    assert stored is not None
    counts = stored.counts
    assert counts == Counts(rows=8, added=1, updated=1, revived=1, unchanged=1, rejected=2, repeated=2, deleted=1)
    assert house.values(table)["new"] == {"Id": "new", "Value": 1}
    assert house.values(table)["other"] == {"Id": "other", "Value": 2}
    assert house.story(table)[-4:] == [("add", "new"), ("delete", "gone"), ("revive", "back"), ("update", "other")]
    assert house.runs.of(table.id)[0].counts == counts


def test_an_unchanged_row_is_not_rewritten(house: SyncHouse, table: SyncTable) -> None:
    first = house.sync(table, page({"a": 1, "b": 1}))
    house.sync(table, page({"a": 1, "b": 2}))
    a, b = house.rows.rows(table.id)
    assert (a.version, a.run, b.version) == (1, first.id, 2)
    assert b.run != first.id
    assert house.story(table) == [("add", "a"), ("add", "b"), ("update", "b")]


def test_a_row_says_which_page_wrote_it(house: SyncHouse, table: SyncTable) -> None:
    run = house.sync(table, page({"a": 1}, leads=1), page({"b": 1}))
    assert [(each.run, each.page) for each in house.rows.rows(table.id)] == [(run.id, 0), (run.id, 1)]


def test_a_row_that_is_given_and_called_deleted_stays(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page({"a": 1}, deleted=["a"]))
    assert list(house.values(table)) == ["a"]


def test_rows_of_different_instances_do_not_meet(house: SyncHouse, table: SyncTable) -> None:
    other = house.table(parameters={"Owner": "inkstone"})
    house.sync(table, page({"a": 1}))
    house.sync(other, page({"a": 2}))
    assert house.values(table) == {"a": {"Id": "a", "Value": 1}}
    assert house.values(other) == {"a": {"Id": "a", "Value": 2}}


@pytest.mark.parametrize("key", ["测试", "back\\slash", "nul\0nul", "half \ud83d", "'; drop table", " ", "x" * 1024])
def test_a_key_is_kept_as_it_is(house: SyncHouse, table: SyncTable, key: str) -> None:
    made = row("a")._replace(key=key)
    house.sync(table, PageRows(rows=[made]))
    house.sync(table, PageRows(rows=[made]))
    assert [each.key for each in house.rows.rows(table.id)] == [key]
    assert house.story(table) == [("add", key)]
    house.sync(table, PageRows(deleted=[key]))
    assert house.values(table) == {}


def test_a_page_of_many_rows(house: SyncHouse, table: SyncTable) -> None:
    rows = {f"{number:05}": number for number in range(1_001)}
    house.sync(table, page(rows))
    run = house.sync(table, page(rows))
    assert run.counts == Counts(rows=1_001, unchanged=1_001)
    assert [each.key for each in house.rows.rows(table.id, after="00499", limit=2)] == ["00500", "00501"]


def test_pages_that_lead_back_are_refused(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    house.read(run, page({"a": 1}, leads=1), page({"b": 1}, leads=2))
    claim = house.claim(run)
    with pytest.raises(EndlessPages, match="Page 3 of Repos"):
        house.work.apply(claim, page({"c": 1}, leads=1))
    assert list(house.values(table)) == ["a", "b"]
    assert house.work.fail(claim, ERROR)


# Claims.


def test_a_held_page_is_not_given_away(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    house.claim(run)
    assert house.work.claim(run.id, page=0, worker="w", lease=30) is None


def test_of_many_workers_one_gets_the_page(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    claims = at_once(lambda n: house.work.claim(run.id, page=0, worker=f"w{n}", lease=30))
    assert sum(claim is not None for claim in claims) == 1


def test_a_message_of_a_kept_page_does_nothing(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    house.read(run, page({"a": 1}, leads=1))
    assert house.work.claim(run.id, page=0, worker="w", lease=30) is None
    assert house.work.claim(run.id, page=2, worker="w", lease=30) is None


def test_a_zombie_writes_nothing(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    zombie = house.claim(run, lease=10)
    house.wait(20)
    heir = house.claim(run)
    assert heir.fence == zombie.fence + 1
    assert house.work.apply(zombie, page({"zombie": 1})) is None
    assert not house.work.renew([zombie], lease=30)
    assert not house.work.park(zombie, delay=0, cause="x")
    assert not house.work.fail(zombie, ERROR)
    assert house.work.apply(heir, page({"heir": 1})) is not None
    assert house.work.apply(heir, page({"twice": 1})) is None
    assert house.work.apply(zombie, page({"late": 1})) is None
    assert list(house.values(table)) == ["heir"]


def test_a_claim_is_good_for_one_page(house: SyncHouse, table: SyncTable) -> None:
    """A crash of the server may take a page back with the claim on the next one, and give its fence out again."""
    claim = house.claim(house.start(table))
    forgotten = replace(claim, run=replace(claim.run, page=1))
    assert house.work.apply(forgotten, page({"b": 1})) is None
    assert not house.work.renew([forgotten], lease=30)
    assert not house.work.park(forgotten, delay=0, cause="x")
    assert not house.work.fail(forgotten, ERROR)
    assert house.work.apply(claim, page({"a": 1}, leads=1)) is not None
    assert list(house.values(table)) == ["a"]


def test_a_renewed_claim_is_not_lost(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    claim = house.claim(run, lease=10)
    house.wait(5)
    assert house.work.renew([claim], lease=30)
    house.wait(20)
    assert house.work.claim(run.id, page=0, worker="w", lease=30) is None
    assert house.work.apply(claim, page({"a": 1})) is not None


def test_of_many_that_keep_one_page_with_one_claim_one_succeeds(house: SyncHouse, table: SyncTable) -> None:
    claim = house.claim(house.start(table))
    counts = at_once(lambda n: house.work.apply(claim, page({f"a{n}": n, "b": n}, leads=1)))
    assert sum(count is not None for count in counts) == 1
    assert len(house.values(table)) == 2


def test_a_page_that_is_kept_takes_the_next_one(house: SyncHouse, table: SyncTable) -> None:
    claim = house.claim(house.start(table))
    stored = house.work.apply(claim, page({"a": 1}, leads=1), lease=30)
    assert stored is not None
    assert stored.next is not None
    assert (stored.due, stored.next.run.page, stored.next.fence) == ((), 1, claim.fence + 1)
    assert house.work.claim(claim.run.id, page=1, worker="w", lease=30) is None
    assert house.work.apply(claim, page({"twice": 1}), lease=30) is None
    last = house.work.apply(stored.next, page({"b": 1}), lease=30)
    assert last is not None
    assert (last.next, [(each.phase, each.page) for each in last.due]) == (None, [(Phase.FINISH, 2)])
    assert list(house.values(table)) == ["a", "b"]


def test_tries_are_counted_before_the_work_and_begin_anew_with_each_page(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    house.claim(run, lease=0)
    second = house.claim(run)
    assert second.run.tries == 2
    house.work.apply(second, page({"a": 1}, leads=1))
    assert house.claim(run).run.tries == 1


def test_a_parked_page_is_due_later_and_its_wait_is_counted_by_cause(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    assert house.work.park(house.claim(run), delay=60, cause="rate_limit", tried=False)
    parked = house.runs.get(run.id)
    assert (parked.state, parked.cause, parked.tries) == (RunState.WAITING, "rate_limit", 0)
    assert house.work.claim(run.id, page=0, worker="w", lease=30) is None
    assert house.work.turn() is None
    house.wait(70)
    claim = house.claim(run)
    assert round(claim.run.waits["rate_limit"], -1) == 70
    house.work.park(claim, delay=0, cause="Upstream")
    assert house.claim(run).run.tries == 2


def test_a_failed_run_is_resumed_where_it_was(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    house.read(run, page({"a": 1}, leads=1))
    assert house.work.fail(house.claim(run), ERROR)
    failed = house.runs.get(run.id)
    assert (failed.state, failed.error, failed.continuation) == (RunState.FAILED, ERROR, {"at": 1})
    assert house.work.claim(run.id, page=1, worker="w", lease=30) is None
    assert house.runs.move(run.id, to=RunState.QUEUED)
    resumed = house.read(run, page({"b": 1}))
    assert (resumed.state, resumed.error, resumed.finished_at) == (RunState.QUEUED, None, None)
    assert house.conclude(run).counts.deleted == 0


def test_a_run_is_not_resumed_after_a_later_one(house: SyncHouse, table: SyncTable) -> None:
    """What it has met would be no evidence any more."""
    run = house.start(table)
    house.work.fail(house.claim(run), ERROR)
    house.sync(table, page({"a": 1}))
    assert not house.runs.move(run.id, to=RunState.QUEUED)


@pytest.mark.parametrize("to", [RunState.PAUSED, RunState.CANCELLED])
def test_what_is_under_way_is_lost_when_a_run_is_stopped(house: SyncHouse, table: SyncTable, to: RunState) -> None:
    run = house.start(table)
    house.read(run, page({"a": 1}, leads=1))
    claim = house.claim(run)
    assert house.runs.move(run.id, to=to)
    assert house.work.apply(claim, page({"b": 1})) is None
    assert house.work.claim(run.id, page=1, worker="w", lease=30) is None
    assert not house.runs.move(run.id, to=to)
    assert house.runs.move(run.id, to=RunState.QUEUED)
    house.read(run, page({"b": 1}))
    assert list(house.values(table)) == ["a", "b"]


def test_a_cancelled_run_makes_room_for_another(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    assert house.runs.move(run.id, to=RunState.CANCELLED)
    assert house.start(table) != run
    assert not house.runs.move(run.id, to=RunState.QUEUED)


# Deletes.


def test_what_a_complete_run_has_not_met_is_deleted(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page({"a": 1, "b": 1}, leads=1), page({"c": 1, "d": 1}))
    run = house.start(table)
    house.read(run, page({"a": 1}, leads=1), page({"c": 2}))
    claim = house.claim(run)
    found = house.finish.evidence(claim)
    assert (found.live, found.missing, found.doomed, found.nameless) == (4, 2, 2, 0)
    assert house.finish.sweep(claim, limit=1) == Counts(deleted=1)
    assert house.finish.sweep(claim, limit=9) == Counts(deleted=1)
    assert house.finish.sweep(claim, limit=9) == Counts()
    assert house.finish.conclude(claim, swept=True)
    assert list(house.values(table)) == ["a", "c"]
    assert house.story(table)[-3:] == [("update", "c"), ("delete", "b"), ("delete", "d")]
    assert [each.key for each in house.rows.rows(table.id, deleted=True) if each.deleted_at] == ["b", "d"]
    assert house.runs.get(run.id).counts.deleted == 2


def test_a_finish_that_was_killed_goes_on(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page({"a": 1, "b": 1, "c": 1}))
    run = house.start(table)
    house.read(run, page({"a": 1}))
    killed = house.claim(run, lease=0)
    assert house.finish.accept(killed)
    assert house.finish.sweep(killed, limit=1) == Counts(deleted=1)
    heir = house.claim(run)
    assert heir.run.approved
    assert house.finish.sweep(killed, limit=9) is None
    assert not house.finish.conclude(killed, swept=True)
    assert house.finish.sweep(heir, limit=9) == Counts(deleted=1)
    assert house.finish.conclude(heir, swept=True)
    assert house.runs.get(run.id).counts.deleted == 2
    assert house.story(table)[-2:] == [("delete", "b"), ("delete", "c")]


def test_a_finish_that_gets_on_is_not_tried_in_vain(house: SyncHouse, table: SyncTable) -> None:
    """Else the finish of a large table would fail at its third loss of a worker, however far it had come."""
    house.sync(table, page(dict.fromkeys("abcdef", 1)))
    run = house.start(table)
    house.read(run, page({"a": 1}))
    for _ in range(5):
        claim = house.claim(run, lease=0)
        assert claim.run.tries == 1
        assert house.finish.sweep(claim, limit=1) == Counts(deleted=1)
    assert house.finish.sweep(house.claim(run, lease=0), limit=1) == Counts()
    assert house.claim(run, lease=0).run.tries == 2


def test_a_row_is_deleted_when_two_runs_in_a_row_have_missed_it(house: SyncHouse) -> None:
    table = house.table()
    house.sync(table, page({"a": 1, "b": 1}))
    first = house.sync(table, page({"a": 1}))
    assert (first.counts.deleted, first.counts.missed) == (0, 1)
    assert list(house.values(table)) == ["a", "b"]
    house.sync(table, page({"a": 1, "b": 1}))
    third = house.sync(table, page({"a": 1}))
    assert third.counts.missed == 1
    fourth = house.sync(table, page({"a": 1}))
    assert (fourth.counts.deleted, fourth.counts.missed) == (1, 0)
    assert house.story(table)[2:] == [("delete", "b")]


def test_a_run_without_complete_evidence_breaks_no_row(house: SyncHouse) -> None:
    table = house.table()
    house.sync(table, page({"a": 1, "b": 1}))
    house.sync(table, page({"a": 1}))
    run = house.start(table)
    house.read(run, page({"a": 1}, rejects=[reject()]))
    assert house.finish.evidence(house.claim(run)).nameless == 1


def test_a_rejected_row_whose_key_is_known_is_met(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page({"a": 1, "b": 1}))
    run = house.sync(table, page({"a": 1}, rejects=[reject("b"), reject("unknown")]))
    assert (run.counts.rejected, run.counts.deleted) == (2, 0)
    assert list(house.values(table)) == ["a", "b"]


def test_an_incremental_run_has_met_nothing_but_deletes_what_it_is_told(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page({"a": 1, "b": 1}, completion={"since": 1}))
    run = house.start(table, mode=Mode.INCREMENTAL)
    house.read(run, page({"c": 1}, deleted=["a"], completion={"since": 2}))
    claim = house.claim(run)
    assert house.finish.conclude(claim, swept=False)
    assert list(house.values(table)) == ["b", "c"]
    assert house.story(table)[2:] == [("add", "c"), ("delete", "a")]


def test_a_run_waits_for_approval(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page({"a": 1}))
    run = house.start(table)
    house.read(run, page())
    assert house.finish.ask(house.claim(run), "It would delete everything.")
    asked = house.runs.get(run.id)
    assert (asked.state, asked.cause, asked.phase) == (
        RunState.NEEDS_APPROVAL,
        "It would delete everything.",
        Phase.FINISH,
    )
    assert house.start(table).id == run.id
    assert house.runs.move(run.id, to=RunState.QUEUED, approved=False)
    claim = house.claim(run)
    assert claim.run.approved is False
    assert house.finish.conclude(claim, swept=False)
    assert list(house.values(table)) == ["a"]


# The feed.


def test_the_numbers_of_changes_have_no_gaps(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page({"a": 1, "b": 1}))
    claim = house.claim(house.start(table), lease=0)
    house.work.apply(claim, page({"zzz": 1}))
    house.runs.move(claim.run.id, to=RunState.CANCELLED)
    house.sync(table, page({"a": 2, "c": 1}))
    changes = house.rows.changes(table.id)
    assert [change.number for change in changes] == list(range(1, len(changes) + 1))
    assert list(house.rows.changes(table.id, after=3, limit=2)) == list(changes[3:5])


def test_the_feed_is_the_same_in_bites_of_any_size(house: SyncHouse, table: SyncTable) -> None:
    """Hundreds of changes of several kinds: 250 rows come, 120 of them go, 130 change, and 120 others come."""
    house.sync(table, page({f"{number:03}": 1 for number in range(250)}))
    house.sync(table, page({f"{number:03}": 2 for number in range(120, 370)}, deleted=["000", "001"]))
    changes = list(house.rows.changes(table.id, limit=10_000))
    assert [change.number for change in changes] == list(range(1, 620 + 1))
    for after in (0, 1, 99, 100, 101, 249, 250, 369, 370, 371, 372, 400, 502, 619, 620):
        for limit in (1, 3, 100, 1000):
            assert list(house.rows.changes(table.id, after=after, limit=limit)) == changes[after : after + limit]


# Rows that were set aside.


def test_a_rejected_row_is_kept_with_its_reasons(house: SyncHouse, table: SyncTable) -> None:
    run = house.sync(table, page({"a": 1}, rejects=[reject("b"), reject()]))
    first, second = house.rows.dead_letters(table.id)
    assert (first.reject, second.reject, first.run, first.page) == (reject("b"), reject(), run.id, 0)
    assert list(house.rows.dead_letters(table.id, after=first.id)) == [second]
    assert house.rows.discard(table.id, [first.id, 10**9]) == 1
    assert list(house.rows.dead_letters(table.id)) == [second]


def test_a_rejected_row_is_forgotten_when_it_comes_again(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page(rejects=[reject("a"), reject("b"), reject()]))
    house.sync(table, page({"a": 1}, rejects=[reject("b")]))
    letters = [(each.reject.key, each.run) for each in house.rows.dead_letters(table.id)]
    first, last = (run.id for run in reversed(house.runs.of(table.id)))
    assert letters == [(None, first), ("b", last)]


def test_rows_that_were_set_aside_are_kept_in_a_run_of_their_own(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page({"a": 1}, rejects=[reject("b"), reject()]))
    letters = [letter.id for letter in house.rows.dead_letters(table.id)]
    counts = house.rows.replay(table.id, page({"b": 2}, rejects=[reject()]), letters=letters, run="again")
    assert counts == Counts(rows=2, added=1, rejected=1)
    assert [letter.run for letter in house.rows.dead_letters(table.id)] == ["again"]
    assert (house.values(table)["b"], house.story(table)[-1]) == ({"Id": "b", "Value": 2}, ("add", "b"))
    run = house.runs.of(table.id)[0]
    assert (run.id, run.state, run.trigger, run.counts) == ("again", RunState.SUCCEEDED, "replay", counts)
    house.start(table)
    with pytest.raises(Conflict, match="under way"):
        house.rows.replay(table.id, page({"c": 1}), letters=[], run="never")


# A rehearsal.


def test_a_rehearsal_counts_and_leaves_nothing(house: SyncHouse, table: SyncTable) -> None:
    house.sync(table, page({"a": 1, "b": 1}))
    live = house.start(table)
    counts = house.rows.rehearse(table.id, page({"a": 1, "b": 2, "c": 1}, rejects=[reject()]))
    assert counts == Counts(rows=4, added=1, updated=1, unchanged=1, rejected=1)
    assert len(house.story(table)) == 2
    assert list(house.values(table)) == ["a", "b"]
    assert house.runs.of(table.id, limit=1)[0].id == live.id
    assert len(house.runs.of(table.id)) == 2
    house.sync(table, page({"d": 1}))
    assert house.story(table)[2:] == [("add", "d"), ("delete", "a"), ("delete", "b")]


# Turns.


def test_the_account_that_has_had_the_least_is_next(house: SyncHouse) -> None:
    """Who comes later begins where the others are: it has saved up nothing."""
    many = [house.table(account="greedy") for _ in range(3)]
    for table in many:
        house.start(table)
    house.work.serve(many[0].id, seconds=10)
    house.start(house.table(account="modest"))
    turns = []
    for _ in range(4):
        turn = house.work.turn()
        assert turn is not None
        claim = house.work.claim(turn[0], page=turn[1], worker="w", lease=30)
        assert claim is not None
        turns.append(claim.table.account)
        house.work.serve(claim.table.id, seconds=1)
    assert turns == ["greedy", "modest", "greedy", "greedy"]


def test_an_account_of_twice_the_weight_has_twice_the_turns(house: SyncHouse) -> None:
    heavy, light = house.table(account="heavy", weight=2.0), house.table(account="light")
    house.start(heavy), house.start(light)
    served = []
    for number in range(9):
        turn = house.work.turn()
        assert turn is not None
        claim = house.work.claim(turn[0], page=turn[1], worker="w", lease=30)
        assert claim is not None
        house.work.apply(claim, page({"a": number}, leads=number))
        house.work.serve(claim.table.id, seconds=1)
        served.append(claim.table.account)
    assert (served.count("heavy"), served.count("light")) == (6, 3)


# Upkeep.


def test_a_lost_worker_is_noticed_and_too_many_end_the_run(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    house.claim(run, lease=10)
    assert list(house.upkeep.release(attempts=2)) == []
    house.wait(20)
    (stall,) = house.upkeep.release(attempts=2)
    assert (stall.run.id, stall.run.state, stall.cause) == (run.id, RunState.QUEUED, "worker.lost")
    house.claim(run, lease=0)
    assert list(house.upkeep.release(attempts=2)) == []
    ended = house.runs.get(run.id)
    assert ended.state is RunState.FAILED
    assert ended.error is not None
    assert ended.error.code == "WorkerLost"


def test_a_run_that_nobody_took_is_sent_again_ever_more_slowly(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    assert list(house.upkeep.unsent(grace=10)) == []
    house.wait(10)
    assert [(stall.run.id, stall.cause) for stall in house.upkeep.unsent(grace=10)] == [(run.id, "page.untaken")]
    house.wait(10)
    assert list(house.upkeep.unsent(grace=10)) == []
    house.wait(10)
    assert len(house.upkeep.unsent(grace=10)) == 1


def test_a_parked_run_is_sent_when_it_is_due(house: SyncHouse, table: SyncTable) -> None:
    run = house.start(table)
    house.work.park(house.claim(run), delay=100, cause="rate_limit")
    house.wait(90)
    assert list(house.upkeep.unsent(grace=1)) == []
    house.wait(10)
    assert [(stall.run.id, stall.cause) for stall in house.upkeep.unsent(grace=10)] == [(run.id, "parked.rate_limit")]
    assert list(house.upkeep.unsent(grace=10)) == []


def test_paused_runs_and_those_that_wait_for_a_person_do_not_stall(house: SyncHouse, table: SyncTable) -> None:
    house.runs.move(house.start(table).id, to=RunState.PAUSED)
    other = house.table()
    run = house.start(other)
    house.read(run, page())
    house.finish.ask(house.claim(run), "Why?")
    house.wait(10_000)
    assert list(house.upkeep.unsent(grace=1)) == list(house.upkeep.release(attempts=1)) == []
