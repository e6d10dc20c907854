"""Texts and values that PostgreSQL would refuse lie in it all the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import dialect as postgresql

from packsys.store.database import Database
from packsys.store.types import AnyText, ValueText, dump, long_array

DIALECT = postgresql()
ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
@example("\\u0000")
@example("\\\\u005c\0\\")
def test_any_text_comes_back(kept: str) -> None:
    lies = AnyText().process_bind_param(kept, DIALECT)
    assert lies is not None
    assert "\0" not in lies
    assert AnyText().process_result_value(lies.encode().decode(), DIALECT) == kept


@given(ANY_TEXT, ANY_TEXT)
def test_different_texts_lie_differently(one: str, other: str) -> None:
    lie = [AnyText().process_bind_param(kept, DIALECT) for kept in (one, other)]
    assert (lie[0] == lie[1]) == (one == other)


def test_ordinary_text_lies_as_it_is() -> None:
    formula = "=GitHub::Repos().First().Url + '测试'"
    assert AnyText().process_bind_param(formula, DIALECT) == formula


@given(st.recursive(st.none() | st.booleans() | st.integers() | ANY_TEXT, st.lists))
def test_json_is_text_that_any_column_takes(data: object) -> None:
    lies = dump(data)  # type: ignore[arg-type]
    assert "\0" not in lies
    assert json.dumps(json.loads(lies.encode())) == json.dumps(json.loads(json.dumps(data)))


@pytest.mark.parametrize(
    "texts", [[], [None], ["", None, '{"a": "b\\\\u0000"}', "测试", "null", "a" * 70_000], ["{}", ",", '"', " "] * 100]
)
def test_a_list_of_texts_comes_through_as_it_is(database: Database, texts: list[str | None]) -> None:
    (row,) = database.direct.rows("select %(texts)s::text[] as texts", {"texts": long_array(texts)})
    assert row.texts == texts


def test_a_blank_is_null() -> None:
    assert ValueText().process_bind_param(None, DIALECT) is None
    assert ValueText().process_result_value(None, DIALECT) is None


def test_postgres_takes_every_character(database: Database) -> None:
    every = "".join(map(chr, range(0x110000)))
    asked = text("select :every").bindparams(every=AnyText().process_bind_param(every, DIALECT))
    with database.connect() as connection:
        said = connection.execute(asked).scalar_one()
    assert AnyText().process_result_value(said, DIALECT) == every
