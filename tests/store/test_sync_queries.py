"""The file of statements of sync tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import packsys.store
from packsys.store.database import Database
from packsys.store.syncqueries import SYNC
from packsys.syncmodel import PageRows
from tests.ports.synchouse import row, syncs_in_postgres

FOLDER = Path(packsys.store.__file__).parent
PARTS = re.split(r"^-- name: ", (FOLDER / "sync.sql").read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("part", PARTS[1:], ids=lambda part: part.split("\n")[0])
def test_a_sentence_stands_above_each_statement(part: str) -> None:
    assert re.match(r"-- [A-Z].*\S$", part.split("\n")[1])


def test_every_statement_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))
    assert [name for name in SYNC if f'"{name}"' not in code] == []


def test_no_transaction_and_no_setting_outlives_a_page(database: Database) -> None:
    """How a page joins is said for its transaction only; the connection goes back to the pool as it was."""
    house = syncs_in_postgres(database)
    house.sync(house.table(), PageRows(rows=[row("a")]))
    with database.connect() as connection:
        shown = [connection.exec_driver_sql(f"show enable_{kind}").scalar() for kind in ("hashjoin", "nestloop")]
        under_way = connection.exec_driver_sql(
            "select count(*) from pg_stat_activity"
            " where state like 'idle in transaction%%' and datname = current_database()"
        ).scalar()
    assert (shown, under_way) == (["on", "on"], 0)
