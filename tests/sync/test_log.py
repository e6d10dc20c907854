"""What a sync costs PostgreSQL's log."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from packsys.store.database import Database
from packsys.syncmodel import PageRows
from tests.ports.synchouse import row, strict, syncs_in_postgres

ROWS = 5_000


def position(database: Database) -> str:
    """Tells how far the log has been written."""
    with database.connect() as connection:
        return str(connection.execute(text("select pg_current_wal_insert_lsn()")).scalar())


@pytest.mark.slow
@pytest.mark.parametrize("size", [100, 1_000])
def test_an_unchanged_row_costs_few_bytes(database: Database, size: int) -> None:
    """Fewer than 50, claims and ledger counted in; where each row is stamped it is about 500."""
    house = syncs_in_postgres(database)
    rows = [row(f"{number:06}", "x" * 100) for number in range(ROWS)]
    pages = [
        PageRows(rows=rows[begin : begin + size], continuation={"at": begin} if begin + size < ROWS else None)
        for begin in range(0, ROWS, size)
    ]
    table = house.table(guard=strict())
    house.sync(table, *pages)
    with database.connect() as connection:
        connection.execute(text("vacuum (freeze, analyze)"))
    run, before = house.start(table), position(database)
    house.read(run, *pages)
    with database.connect() as connection:
        written = connection.execute(
            text("select pg_current_wal_insert_lsn() - cast(:before as pg_lsn)"), {"before": before}
        ).scalar_one()
    assert house.runs.get(run.id).counts.unchanged == ROWS
    assert float(written) / ROWS < 50
