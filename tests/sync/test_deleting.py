"""A table may be deleted at any time: nothing of it is left, and whoever works for it stops."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, text

from packsys.errors import NotFound
from packsys.store.database import Database
from packsys.store.staging import written
from packsys.store.syncqueries import LIGHT
from packsys.store.tables import metadata
from packsys.syncmodel import Mode, SyncTable
from tests.ports.house import empty
from tests.ports.synchouse import SyncHouse, page, strict, syncs_in_memory, syncs_in_postgres
from tests.sync.source import Source
from tests.sync.world import World, world


@pytest.fixture(params=["memory", "postgres"])
def house(request: pytest.FixtureRequest) -> SyncHouse:
    """Gives each implementation."""
    if request.param == "memory":
        return syncs_in_memory()
    database: Database = request.getfixturevalue("database")
    empty(database)
    return syncs_in_postgres(database)


def gone(made: World, table: SyncTable, run: str) -> None:
    """Looks whether nothing is left, and nobody is rung for."""
    assert not made.bells.waiting
    made.house.wait(10_000)
    assert made.reconcile() == 0
    with pytest.raises(NotFound):
        made.house.runs.get(run)
    again = made.house.tables.add(table)
    assert list(made.house.rows.changes(again.id)) == list(made.house.rows.rows(again.id, deleted=True)) == []
    assert made.sync(again).counts.added == len(made.source.rows)


@pytest.mark.parametrize("asked", [1, 2])
@pytest.mark.parametrize("slice", [0.0, 10.0])
def test_a_table_may_be_deleted_while_its_service_is_asked(house: SyncHouse, asked: int, slice: float) -> None:
    """The page that comes then is kept nowhere, and no other page is asked for but one that was begun already."""
    source = Source(rows={f"{number}": number for number in range(7)})
    made = world(source, house=house, slice=slice)
    table = made.table(guard=strict())

    def meanwhile() -> None:
        if len(source.asked) == asked:
            made.house.tables.forget(table.id)

    source.meanwhile = meanwhile
    run = made.start(table.id, mode=Mode.FULL)
    made.settle()
    assert len(source.asked) <= asked + 1
    gone(made, table, run.id)


def test_a_table_may_be_deleted_before_its_finish(house: SyncHouse) -> None:
    made = world(Source(rows={"a": 1}), house=house)
    table = made.table(guard=strict())
    run = made.start(table.id, mode=Mode.FULL)
    made.serve(*made.bells.waiting.popleft())
    claim = house.work.claim(run.id, page=1, worker="w", lease=30.0)
    assert claim is not None
    assert made.house.tables.forget(table.id)
    made.serve.finish(claim)
    assert not house.work.renew([claim], lease=30.0)
    made.settle()
    gone(made, table, run.id)


def test_an_incomplete_run_of_a_table_that_is_gone_begins_no_other(house: SyncHouse) -> None:
    made = world(Source(), house=house)
    table = made.table()
    run = house.start(table)
    assert made.house.tables.forget(table.id)
    made.serve(run.id, 0)
    gone(made, table, run.id)


def test_what_is_being_kept_when_its_table_is_deleted_is_deleted_too(database: Database) -> None:
    """The deletion waits for the page, and then sees its rows, which were not there when it was asked for."""
    empty(database)
    house = syncs_in_postgres(database)
    table = house.table()
    claim = house.claim(house.start(table))
    with database.direct.begin() as connection:
        held = {"run_id": claim.run.id, "fence": claim.fence, "page": claim.run.page}
        terms = {**held, **written(page({"a": 1, "b": 2})), "parts": [], "beginnings": []}
        assert LIGHT["keep_page"].row(connection, terms) is not None
        deletion = Thread(target=house.tables.forget, args=(table.id,))
        deletion.start()
        while not waiting(database):
            assert deletion.is_alive()
    deletion.join(10)
    assert left(database) == {}


def waiting(database: Database) -> bool:
    """Tells whether anybody waits for a lock."""
    with database.connect() as connection:
        return bool(connection.execute(text("select count(*) from pg_locks where not granted")).scalar_one())


def left(database: Database) -> dict[str, Any]:
    """Gives all that is kept of any table, but who has had how much of the workers."""
    with database.connect() as connection:
        found = {
            table.name: connection.execute(select(table)).all()
            for table in metadata.sorted_tables
            if table.name.startswith("sync_") and table.name != "sync_lane"
        }
    return {name: rows for name, rows in found.items() if rows}
