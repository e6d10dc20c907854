"""The file of statements."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

import packsys.store
from packsys.store.database import Database
from packsys.store.queries import QUERIES, load
from packsys.store.tables import metadata

FOLDER = Path(packsys.store.__file__).parent
FILES = sorted(FOLDER.glob("*.sql"))
PARTS = [
    part for file in FILES for part in re.split(r"^-- name: ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.split("\n")[0])
def test_a_sentence_stands_above_each_statement(part: str) -> None:
    sentence = part.split("\n")[1]
    assert re.match(r"-- [A-Z].*\S$", sentence)


def test_every_statement_is_used() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))
    assert [name for file in FILES for name in load(file) if f'"{name}"' not in code] == []


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


@pytest.mark.parametrize("name", ["finish", "hold", "add", "claim", "renew", "leave"])
def test_a_row_is_found_by_its_key(database: Database, name: str) -> None:
    """However many jobs are unfinished: PostgreSQL must not walk through them to find one."""
    asked = str(QUERIES[name].compile(database.engine))
    given = dict.fromkeys(QUERIES[name].compile().params) | {"job": "a", "key": "a", "attempt": 1, "keys": ["a"]}
    with closing(database.dial()) as connection:
        plan = "\n".join(row[0] for row in connection.execute(f"explain {asked}".encode(), given))
    assert "job_pk" in plan or "step_pk" in plan
    assert "unfinished" not in plan
    assert not re.search("Seq Scan on (job|step)", plan)
