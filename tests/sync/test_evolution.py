"""What becomes of a table whose schema differs from the one before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.sdk import Card, Image, Number, ObjectSchema, Property, Text
from packsys.sync.evolution import Movement, Policy, differences, evolve, merged
from tests.sync.tables import KINDS

INNER = ObjectSchema("Inner", properties={"a": Text})
BASE: dict[str, Any] = {
    "Id": Property(Text, from_key="id", required=True),
    "Name": Property(Text, from_key="name"),
    "Size": Property(Number, from_key="size", required=True),
    "Inner": INNER,
    "Parts": INNER.list(),
}


def schema(*without: str, id: str = "Id", identity: str = "", open: bool = False, **changed: Any) -> ObjectSchema:
    properties = {name: each for name, each in {**BASE, **changed}.items() if name not in without}
    return ObjectSchema("Thing", id=id, identity=identity, properties=properties, open=open)


WIDER = ObjectSchema("Inner", properties={"a": Text, "b": Text})
FOUND: dict[str, tuple[ObjectSchema, list[str]]] = {
    "nothing": (schema(), []),
    "other words": (schema(Name=Property(Text, from_key="name", description="New words.")), []),
    "a new one": (schema(Colour=Text), ["Colour is new: text"]),
    "one that is gone": (schema("Size"), ["Size is gone: it was required, a number"]),
    "another type": (
        schema(Name=Property(Number, from_key="name")),
        ["Name was text, from the key 'name' and is now a number, from the key 'name'"],
    ),
    "another key": (
        schema(Name=Property(Text, from_key="title")),
        ["Name was text, from the key 'name' and is now text, from the key 'title'"],
    ),
    "a new one inside": (schema(Inner=WIDER), ["Inner.B is new: text"]),
    "a new one inside a list": (schema(Parts=WIDER.list()), ["Parts[].B is new: text"]),
    "openness": (schema(open=True), ["the row was closed and is now open to what is not declared"]),
}


@pytest.mark.parametrize("name", FOUND)
def test_differences_are_said(name: str) -> None:
    new, said = FOUND[name]
    assert list(map(str, differences(schema(), new))) == said


@pytest.mark.parametrize("name", [name for name in FOUND if FOUND[name][1]])
def test_a_frozen_table_stops_at_any_difference(name: str) -> None:
    old = schema()
    verdict = evolve(old, FOUND[name][0], Policy.FREEZE)
    assert (verdict.halted, verdict.schema) == (True, old)


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize("name", ["nothing", "other words"])
def test_the_same_schema_stops_nothing(name: str, policy: Policy) -> None:
    new = FOUND[name][0]
    verdict = evolve(schema(), new, policy)
    assert not verdict.halted
    assert verdict.schema.properties["Name"].description == new.properties["Name"].description or policy == "freeze"


@pytest.mark.parametrize("name", FOUND)
def test_report_follows_the_service(name: str) -> None:
    new = FOUND[name][0]
    verdict = evolve(schema(), new, Policy.REPORT)
    assert (verdict.halted, verdict.schema) == (False, new)


def test_additive_takes_what_is_new_and_keeps_what_was() -> None:
    new = schema("Size", Name=Property(Number, from_key="called"), Colour=Text, Inner=WIDER)
    verdict = evolve(schema(), new)
    assert not verdict.halted
    properties = verdict.schema.properties
    assert set(properties) == {*BASE, "Colour"}
    assert properties["Size"].required is False
    assert (properties["Name"].value_type, properties["Name"].from_key) == (Text, "called")
    inner = properties["Inner"].value_type.schema
    assert inner is not None
    assert set(inner.properties) == {"A", "B"}


BREAKING: dict[str, ObjectSchema] = {
    "another id": schema(id="Name"),
    "no id": schema(id=""),
    "the id is gone": schema("Id", id="Name"),
    "the id has another type": schema(Id=Property(Number, from_key="id", required=True)),
    "the id has another key": schema(Id=Property(Text, from_key="uuid", required=True)),
    "another identity": schema(identity="Other"),
}


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize("name", BREAKING)
def test_what_tells_rows_apart_never_changes_unseen(name: str, policy: Policy) -> None:
    verdict = evolve(schema(), BREAKING[name], policy)
    assert verdict.halted
    assert any(each.breaking for each in verdict.differences)


def test_looks_that_fit_the_new_types_only_are_not_taken() -> None:
    shown = ObjectSchema("Thing", id="Id", properties={**BASE, "Size": Image}, card=Card(image="Size"))
    assert merged(schema(), shown).card is None


PROPERTIES = st.dictionaries(
    st.sampled_from(["Name", "Size", "Colour", "Inner"]),
    st.builds(
        Property,
        st.sampled_from([*KINDS.values(), Text.list(), Number.list(), INNER, WIDER]),
        required=st.booleans(),
        from_key=st.sampled_from(["", "key"]),
    ),
)


@given(old=PROPERTIES, new=PROPERTIES)
def test_a_merged_schema_has_what_either_has(old: Any, new: Any) -> None:
    id = {"Id": Property(Text, required=True)}
    first, second = (ObjectSchema("Thing", id="Id", properties={**id, **each}) for each in (old, new))
    both = merged(first, second)
    assert set(both.properties) == {*first.properties, *second.properties}
    assert {each.movement for each in differences(first, both)} <= {Movement.ADDED, Movement.CHANGED}
    assert list(differences(both, merged(both, second))) == []
    for name, each in first.properties.items():
        assert both.properties[name].value_type.kind is each.value_type.kind


def test_a_difference_reads_as_a_sentence() -> None:
    (found,) = differences(schema(), schema(Colour=Text))
    assert str(replace(found, path="Hue")) == "Hue is new: text"
