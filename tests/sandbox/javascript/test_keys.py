"""Names and keys are each other's inverse where the schema knows both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.sandbox.javascript.keys import to_keys, to_names

INNER = {"type": "object", "properties": {"IsOn": {"type": "boolean", "fromKey": "is_on"}}}
ROW = {
    "type": "object",
    "properties": {
        "FullName": {"type": "string", "fromKey": "full_name"},
        "Plain": {"type": "string"},
        "Parts": {"type": "array", "fromKey": "parts", "items": INNER},
    },
}
parts = st.lists(st.fixed_dictionaries({}, optional={"is_on": st.booleans()}))
rows = st.fixed_dictionaries({}, optional={"full_name": st.text(), "Plain": st.none() | st.text(), "parts": parts})


@given(rows)
def test_what_was_named_gets_its_keys_back(row: dict[str, Any]) -> None:
    assert to_keys(to_names(row, ROW), ROW) == row


@pytest.mark.parametrize(
    ("value", "schema", "named"),
    [
        ({"full_name": "a", "other": 1}, ROW, {"FullName": "a"}),
        ({"full_name": "a", "other": 1}, {**ROW, "includeUnknownProperties": True}, {"FullName": "a", "other": 1}),
        ([{"full_name": "a"}], {"type": "array", "items": ROW}, [{"FullName": "a"}]),
        ([{"full_name": "a"}], ROW, [{"FullName": "a"}]),
        (None, ROW, None),
        ("text", ROW, "text"),
        ({"a": 1}, None, {"a": 1}),
    ],
)
def test_keys_become_names(value: Any, schema: Any, named: Any) -> None:
    assert to_names(value, schema) == named
