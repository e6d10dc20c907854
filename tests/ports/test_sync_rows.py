"""What every store of rows promises about finding them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from packsys.store.database import Database
from packsys.syncmodel import NewRow, PageRows, SyncTable
from packsys.syncquery import Column, Compare, Place, RowQuery, Term
from tests.ports.house import empty
from tests.ports.synchouse import SyncHouse, strict, syncs_in_memory, syncs_in_postgres

NAME, SIZE, DONE = Column("Name"), Column("Size", numeric=True), Column("Done")
BIG = 2**70
ROWS: Mapping[str, Mapping[str, Any]] = {
    "a": {"Name": "Zoe", "Size": 10, "Done": True},
    "b": {"Name": "ada", "Size": 9, "Done": False},
    "c": {"Name": "Émile", "Size": 0.1},
    "d": {"Name": "", "Size": BIG},
    "e": {"Size": BIG + 1, "Done": True},
    "f": {"Name": "Zoe", "Size": "no number"},
    "g": {"Name": "%_'\"\\测试"},
    "Z": {"Name": "Bo", "Size": -1e300},
}


@pytest.fixture(params=["memory", "postgres"])
def house(request: pytest.FixtureRequest) -> SyncHouse:
    """Gives each implementation."""
    if request.param == "memory":
        return syncs_in_memory()
    database: Database = request.getfixturevalue("database")
    empty(database)
    return syncs_in_postgres(database)


def came(rows: Mapping[str, Mapping[str, Any]]) -> PageRows:
    return PageRows(
        rows=[NewRow(key=key, document=json.dumps(values), digest=key.encode()) for key, values in rows.items()]
    )


@pytest.fixture
def table(house: SyncHouse) -> SyncTable:
    """Gives a table with rows, one of which is gone."""
    kept = house.table(guard=strict(rows=99))
    house.sync(kept, came({**ROWS, "gone": {"Name": "Zoe", "Size": 10}}))
    house.sync(kept, came(ROWS))
    return kept


def keys(house: SyncHouse, table: SyncTable, **terms: Any) -> str:
    return " ".join(row.key for row in house.rows.find(table.id, RowQuery(**terms)))


WHERE = {
    "equal texts": (Term(NAME, Compare.IS, "Zoe"), "a f"),
    "blank, or empty": (Term(NAME, Compare.IS, None), "d e"),
    "not blank": (Term(NAME, Compare.NOT, None), "Z a b c f g"),
    "a blank is not a value": (Term(NAME, Compare.NOT, "Zoe"), "Z b c d e g"),
    "what SQL would stumble over": (Term(NAME, Compare.IS, "%_'\"\\测试"), "g"),
    "texts by code points": (Term(NAME, Compare.ABOVE, "Zoe"), "b c"),
    "numbers": (Term(SIZE, Compare.LEAST, 10), "a d e"),
    "numbers as numbers": (Term(SIZE, Compare.BELOW, 10), "Z b c"),
    "fractions": (Term(SIZE, Compare.IS, 0.1), "c"),
    "huge numbers, to the last digit": (Term(SIZE, Compare.MOST, BIG), "Z a b c d"),
    "what is no number": (Term(SIZE, Compare.IS, None), "f g"),
    "true and false": (Term(DONE, Compare.IS, "true"), "a e"),
}


@pytest.mark.parametrize("name", WHERE)
def test_rows_are_found_by_their_values(house: SyncHouse, table: SyncTable, name: str) -> None:
    term, found = WHERE[name]
    assert keys(house, table, where=[term]) == found


def test_all_terms_must_hold(house: SyncHouse, table: SyncTable) -> None:
    both = [Term(NAME, Compare.IS, "Zoe"), Term(SIZE, Compare.IS, 10)]
    assert keys(house, table, where=both) == "a"


def test_what_is_gone_is_found_where_it_is_asked_for(house: SyncHouse, table: SyncTable) -> None:
    assert keys(house, table, where=[Term(NAME, Compare.IS, "Zoe")], deleted=True) == "a f gone"


def test_another_table_has_other_rows(house: SyncHouse, table: SyncTable) -> None:
    assert keys(house, house.table()) == ""
    assert house.rows.find("none", RowQuery()) == ()


SORTED = {
    "by key": (None, False, "Z a b c d e f g"),
    "by key, backwards": (None, True, "g f e d c b a Z"),
    "by text": (NAME, False, "g Z a f b c d e"),
    "by text, backwards": (NAME, True, "c b f a Z g e d"),
    "by number": (SIZE, False, "Z c b a d e f g"),
    "by number, backwards": (SIZE, True, "e d a b c Z g f"),
    "by true and false": (DONE, False, "b a e Z c d f g"),
}


@pytest.mark.parametrize("name", SORTED)
def test_rows_come_in_order_on_pages_of_any_size(house: SyncHouse, table: SyncTable, name: str) -> None:
    """A blank comes last, in either direction."""
    column, descending, order = SORTED[name]
    query = RowQuery(sort=column, descending=descending)
    for size in (1, 3, 100):
        assert " ".join(walked(house, table, replace(query, limit=size))) == order


def walked(house: SyncHouse, table: SyncTable, query: RowQuery) -> list[str]:
    """Turns page after page."""
    found: list[str] = []
    while rows := house.rows.find(table.id, query):
        found += [row.key for row in rows]
        value = rows[-1].values.get(query.sort.name) if query.sort else None
        numeric = query.sort is not None and query.sort.numeric
        fits = isinstance(value, (int, float)) if numeric else value not in (None, "")
        text = str(value).lower() if isinstance(value, bool) else value
        query = replace(query, after=Place(rows[-1].key, text if fits else None))
    return found
