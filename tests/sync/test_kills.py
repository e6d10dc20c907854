"""Whatever is killed, stalls, comes twice or gets lost: no row is lost and none is doubled."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packsys.store.database import Database
from packsys.syncmodel import Counts, Mode, Operation, SyncTable
from tests.ports.house import empty
from tests.ports.synchouse import SyncHouse, strict, syncs_in_memory, syncs_in_postgres
from tests.sync.fate import edit, survive
from tests.sync.source import Source
from tests.sync.world import World, world

KEYS = st.sampled_from([f"{number:02}" for number in range(12)])
EDIT = st.tuples(KEYS, st.one_of(st.none(), st.integers(0, 3)))
EDITS = st.lists(EDIT, max_size=6)
BLOW = st.tuples(st.integers(1, 14), st.booleans(), st.booleans(), EDITS)
SLICES = st.sampled_from([0.0, 1.0])
BOUNDLESS = strict(rows=10**6)


def agree(made: World, table: SyncTable) -> None:
    """Compares the rows with the feed, the versions and the counters."""
    changes = made.house.rows.changes(table.id, limit=10**6)
    assert [change.number for change in changes] == list(range(1, len(changes) + 1))
    live: set[str] = set()
    for change in changes:
        assert (change.key in live) == (change.operation in (Operation.UPDATE, Operation.DELETE))
        (live.discard if change.operation is Operation.DELETE else live.add)(change.key)
    rows = made.house.rows.rows(table.id, limit=10**6, deleted=True)
    assert live == {row.key for row in rows if row.deleted_at is None}
    assert Counter(change.key for change in changes) == Counter({row.key: row.version for row in rows})
    counted = sum((run.counts for run in made.house.runs.of(table.id, limit=10**6)), Counts())
    told = Counter(change.operation for change in changes)
    assert (counted.added, counted.updated, counted.revived, counted.deleted) == tuple(told[op] for op in Operation)


def history(
    house: SyncHouse, first: Any, blows: list[list[Any]], modes: list[Mode], slice: float, *, parted: bool
) -> None:
    """Syncs a changing source several times under blows, and once in peace: then it is all there."""
    made = world(Source(size=1 if parted else 2), house=house, slice=slice)
    edit(made.source, first)
    table = made.table(guard=BOUNDLESS, table="PartedThings" if parted else "Things")
    for strokes, mode in zip(blows, modes, strict=True):
        run = survive(made, made.start(table.id, mode=mode), strokes)
        assert run.state.final
        kept = made.house.runs.pages(run.id)
        assert [page.number for page in kept] == list(range(run.pages))
        assert sum((page.counts for page in kept), Counts()).rows == run.counts.rows
        agree(made, table)
    run = made.sync(table)
    if run.counts.rows or not made.house.values(table):
        assert made.values(table) == made.source.rows
    agree(made, table)
    again = made.sync(table)
    assert (again.counts.added, again.counts.updated, again.counts.revived, again.counts.deleted) == (0, 0, 0, 0)


Runs = st.lists(st.tuples(st.lists(BLOW, max_size=5), st.sampled_from(Mode)), min_size=1, max_size=3)


@given(first=EDITS, runs=Runs, slice=SLICES, parted=st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_row_is_lost_or_doubled(first: Any, runs: Any, slice: float, parted: bool) -> None:
    house = syncs_in_memory()
    history(house, first, [blows for blows, _ in runs], [mode for _, mode in runs], slice, parted=parted)


@pytest.mark.slow
@pytest.mark.parametrize("histories", [10, pytest.param(40, marks=pytest.mark.long)])
def test_no_row_is_lost_or_doubled_in_postgres(database: Database, histories: int) -> None:
    @given(first=EDITS, runs=Runs, slice=SLICES, parted=st.booleans())
    @settings(max_examples=histories, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def law(first: Any, runs: Any, slice: float, parted: bool) -> None:
        empty(database)
        house = syncs_in_postgres(database)
        history(house, first, [blows for blows, _ in runs], [mode for _, mode in runs], slice, parted=parted)

    law()


@pytest.mark.parametrize("moment", range(1, 30))
@pytest.mark.parametrize("late", [None, 0, 1, 2])
@pytest.mark.parametrize("name", ["Things", "PartedThings"])
def test_a_worker_may_be_killed_at_any_call(moment: int, late: int | None, name: str) -> None:
    """The table, the feed and the counters are those of a run that nothing disturbed."""
    told: list[Any] = []
    for blow in ((0, False, False, []), (moment, late is not None, True, [("absent", None)] * (late or 0))):
        made = world(Source(), slice=1.0)
        edit(made.source, [(f"0{number}", number) for number in range(5)])
        table = made.table(guard=BOUNDLESS, table=name)
        made.sync(table)
        edit(made.source, [("00", None), ("02", 7), ("08", 9)])
        run = survive(made, made.start(table.id, mode=Mode.FULL), [blow])
        # Which partition is read first after a loss is not said, so that the order of the feed is not either.
        story = made.house.story(table) if name == "Things" else sorted(made.house.story(table))
        told.append((made.values(table), story, run.counts, run.pages))
    assert told[0] == told[1]
