"""What a crash of PostgreSQL takes back: pages do not wait for the disk, and whoever reads the change feed does."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from packsys.embedded import EmbeddedServers
from packsys.store.database import Database, open_database
from packsys.store.schema import migrate
from packsys.syncmodel import SyncRun
from tests.ports.synchouse import SyncHouse, page, strict, syncs_in_postgres

PAGES = [page({"a": 1}, leads=1), page({"b": 1}, leads=2), page({"c": 1})]

pytestmark = pytest.mark.slow


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[EmbeddedServers]:
    """Gives servers whose log reaches the disk when somebody waits for it, and by itself ten seconds later."""
    with EmbeddedServers(tmp_path, durable=False) as started:
        migrate(started.database_url)
        with open_database(started.database_url).connect() as connection:
            connection.execute(text("alter system set wal_writer_delay = '10s'"))
            connection.execute(text("select pg_reload_conf()"))
        yield started


@pytest.fixture
def database(servers: EmbeddedServers) -> Iterator[Database]:
    """Gives the way to their database."""
    opened = open_database(servers.database_url)
    yield opened
    opened.close()


@pytest.fixture
def house(database: Database) -> SyncHouse:
    """Gives the stores."""
    return syncs_in_postgres(database)


def crash(servers: EmbeddedServers) -> None:
    """Ends PostgreSQL at once, with what it has not written yet, and starts it again."""
    servers.kill_postgres(signal.SIGQUIT)
    servers.start_postgres()


def rest(house: SyncHouse, run: SyncRun) -> SyncRun:
    """Reads what a run has not kept, after all leases have ended, and finishes it."""
    house.wait(3600)
    house.read(run, *PAGES[house.runs.get(run.id).page :])
    return house.conclude(run)


def test_a_change_that_was_read_outlives_a_crash(servers: EmbeddedServers, house: SyncHouse) -> None:
    """Else the next change would get its number, and who goes on from there would miss it."""
    table = house.table(guard=strict())
    run = house.start(table)
    house.work.apply(house.claim(run), PAGES[0], lease=30)
    read = house.rows.changes(table.id)
    crash(servers)
    assert list(house.rows.changes(table.id)) == list(read) != []
    rest(house, run)
    assert house.story(table) == [("add", "a"), ("add", "b"), ("add", "c")]


def test_a_page_that_a_crash_took_back_is_read_again(servers: EmbeddedServers, house: SyncHouse) -> None:
    """Its worker had the next one already, under a fence that is given out again: it keeps nothing there."""
    table = house.table(guard=strict())
    run = house.start(table)
    claim = house.claim(run)
    house.table()  # which waits for the disk, so that the claim is there after the crash
    stored = house.work.apply(claim, PAGES[0], lease=30)
    assert stored is not None
    assert stored.next is not None
    crash(servers)
    house.wait(3600)
    house.work.claim(run.id, page=0, worker="heir", lease=30)
    house.work.apply(stored.next, PAGES[1])
    assert rest(house, run).counts.added == len(PAGES)
    assert house.story(table) == [("add", "a"), ("add", "b"), ("add", "c")]
