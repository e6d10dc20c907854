"""The file of statements."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

import packsys.store
from packsys.store.database import Database
from packsys.store.queries import load
from packsys.store.statements import statements
from packsys.store.tables import metadata
from packsys.turns import Opening, Settled
from tests.ports.house import House, in_postgres
from tests.ports.samples import call, job
from tests.ports.single import claim_one

FOLDER = Path(packsys.store.__file__).parent
FILES = sorted(FOLDER.glob("*.sql"))
PARTS = [
    part for file in FILES for part in re.split(r"^-- name: ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
]


@pytest.fixture
def house(database: Database) -> House:
    """Gives the real stores."""
    return in_postgres(database)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.split("\n")[0])
def test_a_sentence_stands_above_each_statement(part: str) -> None:
    sentence = part.split("\n")[1]
    assert re.match(r"-- [A-Z].*\S$", sentence)


def test_every_statement_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))
    assert [name for file in FILES for name in statements(file) if f'"{name}"' not in code] == []


def test_a_column_means_the_same_in_every_table() -> None:
    """Parameters and results are typed by their names."""
    kinds: dict[str, set[str]] = {}
    for table in metadata.sorted_tables:
        for column in table.columns:
            kinds.setdefault(column.name, set()).add(repr(column.type))
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}


def test_statements_are_split_at_their_names(tmp_path: Path) -> None:
    file = tmp_path / "two.sql"
    file.write_text("-- About the file.\n\n-- name: one\n-- Counts.\nselect 1\n\n-- name: two\nselect :state\n")
    queries = load(file)
    assert list(queries) == ["one", "two"]
    assert list(queries["two"].compile().params) == ["state"]


def test_a_parameter_without_a_type_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "one.sql"
    file.write_text("-- name: one\nselect :nonsense\n")
    with pytest.raises(KeyError, match="nonsense"):
        load(file)


def test_rows_are_found_by_their_keys(database: Database, house: House) -> None:
    """However many jobs are unfinished: PostgreSQL must not walk through them to find one."""
    for _ in range(50):
        house.steps.add(house.jobs.accept(job()).id, [call("Repos")])
    before = walks(database)
    kept = house.jobs.accept(job(), opening=Opening(wave=(call("Repos"), call("User"))))
    claim = claim_one(house.steps, kept.id, call("Repos").key, worker="w", lease=9)
    assert claim
    house.steps.renew([claim], lease=9)
    house.steps.take(kept.id, [call("Next")], worker="w", lease=9, settled=[Settled(claim=claim, outcome=1)])
    house.jobs.finish(kept.id, 1)
    assert walks(database) == before


def walks(database: Database) -> int:
    """Counts how often a table of jobs or steps was read from end to end."""
    with database.connect() as connection:
        connection.execute(text("select pg_stat_force_next_flush()"))
    asked = "select sum(seq_scan) from pg_stat_user_tables where relname in ('job', 'step')"
    with database.connect() as connection:
        return int(connection.execute(text(asked)).scalar_one())
