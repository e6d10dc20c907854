"""Two rows have one digest exactly when nothing that counts differs between them."""

from __future__ import annotations

import json
import math
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.sdk import Anything, DateTime, Duration, Number, ObjectSchema, PackDeclarationError, Property, Text, Type
from packsys.sync.checking import Checker
from tests.sync.tables import DECLARED, FOUND, TASK, Task, of_type, row

Signed = ObjectSchema("Signed", properties={"url": Property(Text, volatile=True), "size": Number})
Measured = ObjectSchema(
    "Measured",
    id="Id",
    properties={
        "Id": Text,
        "fetched_at": Property(DateTime, volatile=True),
        "price": Property(Number, precision=0.01),
        "seen_at": Property(DateTime, precision=60),
        "took": Property(Duration, precision=1),
        "files": Signed.list(),
    },
)


def digest(raw: dict[str, Any], schema: ObjectSchema = Task) -> bytes:
    (good,) = Checker(schema)([raw]).rows
    return good.digest


SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "keys in another order": ({}, dict(reversed(TASK.items()))),
    "keys of an inner object in another order": ({}, {"extra": {"a": "x", "b": [1, None]}}),
    "1 and 1.0": ({"story_points": 1}, {"story_points": 1.0}),
    "1 and 1.0 deep inside": ({"extra": [{"n": 1}]}, {"extra": [{"n": 1.0}]}),
    "0 and -0.0": ({"story_points": 0}, {"story_points": -0.0}),
    "1e22 and its digits": ({"story_points": 1e22}, {"story_points": 10**22}),
    "one instant in two zones": ({}, {"changed_at": "2026-01-30T08:00:00Z"}),
    "a null and nothing": ({"due": None}, {"due": None, "done": False}),
    "a number as text": ({"story_points": 3}, {"story_points": "3"}),
    "what is not declared": ({}, {"unknown": 2}),
}
DIFFERENT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "true and 1": ({"extra": True}, {"extra": 1}),
    "1 and its text": ({"extra": 1}, {"extra": "1"}),
    "blank and empty": ({"title": " "}, {"title": ""}),
    "empty and null": ({"labels": []}, {"labels": None}),
    "composed and decomposed letters": ({"title": "\u00e9"}, {"title": "e\u0301"}),
    "lists in another order": ({"labels": ["a", "b"]}, {"labels": ["b", "a"]}),
    "neighbours among floats": ({"story_points": 0.1}, {"story_points": 0.1 + 2**-56}),
    "neighbours beyond floats": ({"story_points": 2**53}, {"story_points": 2**53 + 1}),
    "neighbours beyond 64 bits": ({"story_points": 2**80}, {"story_points": 2**80 + 1}),
}


@pytest.mark.parametrize("name", SAME)
def test_rows_that_say_the_same_have_one_digest(name: str) -> None:
    one, other = SAME[name]
    assert digest({**TASK, **one}) == digest({**TASK, **other})


@pytest.mark.parametrize("name", DIFFERENT)
def test_rows_that_differ_have_two(name: str) -> None:
    one, other = DIFFERENT[name]
    assert digest({**TASK, **one}) != digest({**TASK, **other})


@given(declared=DECLARED, one=FOUND, other=FOUND)
def test_digests_are_equal_exactly_when_the_documents_are(declared: Type, one: object, other: object) -> None:
    rows = Checker(of_type(declared))([row(one), row(other)]).rows
    assert len({each.digest for each in rows}) == len({each.document for each in rows})
    assert len({each.digest for each in rows}) == len({typed(json.loads(each.document)) for each in rows})


def typed(value: Any) -> Any:
    """Gives what is equal to that of another value only if both are of one kind: 1 is not true."""
    match value:
        case dict():
            return "object", frozenset((name, typed(each)) for name, each in value.items())
        case list():
            return "list", tuple(map(typed, value))
        case bool():
            return "boolean", value
    return "scalar", value


@given(inner=FOUND, seed=st.randoms())
def test_the_order_of_keys_never_counts(inner: object, seed: Random) -> None:
    checker = Checker(of_type(Anything))
    assert [each.digest for each in checker([row(inner)]).rows] == [
        each.digest for each in checker([row(shuffled(inner, seed))]).rows
    ]


def shuffled(value: Any, seed: Random) -> Any:
    if isinstance(value, dict):
        names = list(value)
        seed.shuffle(names)
        return {name: shuffled(value[name], seed) for name in names}
    return [shuffled(each, seed) for each in value] if isinstance(value, list) else value


# Volatile properties and precision.

BASE: dict[str, Any] = {
    "Id": "1",
    "fetched_at": "2026-01-01T00:00Z",
    "price": 1.204,
    "seen_at": "2026-01-01T00:00:10Z",
    "took": 1.0,
    "files": [{"url": "https://a.example?sig=1", "size": 1}, None],
}
COUNTS_NOT: tuple[dict[str, Any], ...] = (
    {"fetched_at": "2027-01-01T00:00Z"},
    {"fetched_at": None},
    {"price": 1.196},
    {"seen_at": "2026-01-01T00:00:29Z"},
    {"took": 1.0 + 0.4 / 86_400},
    {"files": [{"url": "https://a.example?sig=2", "size": 1}, None]},
)
COUNTS: tuple[dict[str, Any], ...] = (
    {"price": 1.21},
    {"price": 1e308},
    {"seen_at": "2026-01-01T00:01:10Z"},
    {"took": 1.0 + 2 / 86_400},
    {"files": [{"url": "https://a.example?sig=1", "size": 2}, None]},
    {"files": [None, {"url": "https://a.example?sig=1", "size": 1}]},
)


@pytest.mark.parametrize("changed", COUNTS_NOT, ids=str)
def test_what_is_volatile_or_below_the_precision_does_not_count(changed: dict[str, Any]) -> None:
    assert digest({**BASE, **changed}, Measured) == digest(BASE, Measured)


@pytest.mark.parametrize("changed", COUNTS, ids=str)
def test_the_rest_counts(changed: dict[str, Any]) -> None:
    assert digest({**BASE, **changed}, Measured) != digest(BASE, Measured)


def test_a_property_that_is_added_changes_no_row_that_lacks_it() -> None:
    wider = ObjectSchema("Task", id="Id", properties={**Task.properties, "Estimate": Number})
    assert digest(TASK, wider) == digest(TASK)


def test_properties_in_another_order_change_no_row() -> None:
    turned = ObjectSchema("Task", id="Id", properties=dict(reversed(Task.properties.items())))
    assert digest(TASK, turned) == digest(TASK)


@pytest.mark.parametrize(("declared", "precision"), [(Text, 0.1), (Number, -1.0), (Number, math.nan)])
def test_a_precision_that_makes_no_sense_is_refused(declared: Type, precision: float) -> None:
    with pytest.raises(PackDeclarationError, match="precision"):
        ObjectSchema("Wrong", properties={"a": Property(declared, precision=precision)})


def test_an_id_is_never_volatile() -> None:
    with pytest.raises(PackDeclarationError, match="volatile"):
        ObjectSchema("Wrong", id="a", properties={"a": Property(Text, volatile=True)})
