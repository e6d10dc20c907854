"""Whatever a stranger sends as an answer, the host makes a sound one of it or refuses it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.catalog.types import read_schema
from packsys.errors import ResultMismatch
from packsys.ports import World
from packsys.sandbox.answers import LONGEST_TEXT, read
from packsys.sandbox.errand import Errand
from packsys.sandbox.protocol import Foreign
from packsys.sdk import Page, TableAddress, UserVisibleError
from packsys.sdk.targets import Aim, Target
from tests.sandbox.calls import Script

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(Foreign("object"))
_OF_PAGES = ("rows", "continuation", "completion", "incomplete", "deleted")
_OF_OTHERS = ("row", "raised", "display", "value", "url", "name", "has_tables")
_OF_SCHEMAS = ("id", "properties", "featured", "description", "type", "from_key", "required", "kind")
KEYS = st.sampled_from([*_OF_PAGES, *_OF_OTHERS, *_OF_SCHEMAS])
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=30
)
PAGES = st.fixed_dictionaries(
    {"rows": ANYTHING, "deleted": ANYTHING, "incomplete": ANYTHING},
    optional={"continuation": ANYTHING, "completion": ANYTHING},
)


def answer(aim: Aim, message: Any) -> Any:
    """Reads a message as the answer to a question, or gives the sentence with which it is refused."""
    errand = Errand(
        pack_id=1,
        version="1.0.0",
        name="A::B",
        target=Target(aim=aim, name="B"),
        arguments={"updates": [{}, {}]},
        account=None,
        world=World(fetcher=Script(), timeout=1.0),
    )
    try:
        return read(message, errand, said=str)
    except ResultMismatch as refused:
        return refused


@given(ANYTHING | PAGES)
def test_a_page_is_one_or_is_refused(message: Any) -> None:
    match answer(Aim.PAGE, message):
        case Page() as page:
            assert all(isinstance(row, dict) for row in page.rows)
            json.dumps([page.continuation, page.completion, list(page.deleted)], allow_nan=False)
        case other:
            assert isinstance(other, ResultMismatch)


@given(ANYTHING)
def test_updates_are_as_many_as_were_sent_or_are_refused(message: Any) -> None:
    match answer(Aim.UPDATE, message):
        case list() as outcomes:
            assert len(outcomes) == 2
            assert all(isinstance(each, (dict, UserVisibleError)) for each in outcomes)
        case other:
            assert isinstance(other, ResultMismatch)


@given(st.sampled_from([Aim.AUTOCOMPLETE, Aim.OPTIONS, Aim.ENDPOINTS]), ANYTHING)
def test_choices_are_plain_or_are_refused(aim: Aim, message: Any) -> None:
    match answer(aim, message):
        case list() as choices:
            assert all(each.keys() == {"display", "value"} for each in choices)
            json.dumps(choices, allow_nan=False)
        case other:
            assert isinstance(other, ResultMismatch)


@given(st.sampled_from([Aim.TABLES, Aim.SEARCH_TABLES]), ANYTHING)
def test_tables_are_addresses_or_are_refused(aim: Aim, message: Any) -> None:
    match answer(aim, message):
        case list() as tables:
            assert all(isinstance(each, TableAddress) for each in tables)
        case other:
            assert isinstance(other, ResultMismatch)


@given(ANYTHING)
def test_a_schema_is_one_or_is_refused(message: Any) -> None:
    match answer(Aim.TABLE_SCHEMA, message):
        case dict() as schema:
            assert read_schema(schema).id
        case other:
            assert isinstance(other, ResultMismatch)


@given(st.sampled_from([Aim.CONNECTION_NAME, Aim.CONNECTION_USER_ID, Aim.TABLE_NAME, Aim.TABLE_PAGE]), ANYTHING)
def test_a_name_is_a_text_or_is_refused(aim: Aim, message: Any) -> None:
    match answer(aim, message):
        case str() as text:
            assert len(text) <= LONGEST_TEXT
            assert "\0" not in text
        case other:
            assert isinstance(other, ResultMismatch)


@pytest.mark.parametrize("value", ["\ud800", ["\ud800"], {"\udfff": 1}, {"a": {"b": "\ud800"}}])
def test_a_choice_that_no_reader_could_be_sent_is_refused(value: Any) -> None:
    assert "not plain JSON" in str(answer(Aim.AUTOCOMPLETE, [{"display": "x", "value": value}]))


def test_a_schema_with_more_than_anybody_needs_is_refused() -> None:
    assert "more than 20000 members" in str(answer(Aim.TABLE_SCHEMA, {"properties": [[]] * 20_001}))
