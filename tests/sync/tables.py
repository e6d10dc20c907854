"""Schemas, and services' rows that fit them or do not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from packsys.sdk import (
    Anything,
    Boolean,
    Date,
    DateTime,
    Duration,
    Kind,
    Number,
    ObjectSchema,
    Property,
    Text,
    Type,
    Url,
)

User = ObjectSchema("User", id="Id", display="Name", properties={"id": Property(Number, required=True), "name": Text})
Task = ObjectSchema(
    "Task",
    id="Id",
    display="Title",
    properties={
        "Id": Property(Number, from_key="id", required=True),
        "title": Property(Text, required=True),
        "done": Boolean,
        "Points": Property(Number, from_key="story_points"),
        "due": Date,
        "changed_at": DateTime,
        "took": Duration,
        "labels": Text.list(),
        "author": User,
        "Assignee": Property(User.reference(), from_key="assignee"),
        "extra": Anything,
    },
)

TASK: dict[str, Any] = {
    "id": 7,
    "title": "Boil water",
    "done": False,
    "story_points": 2.5,
    "due": "2026-01-31",
    "changed_at": "2026-01-30T09:00:00+01:00",
    "took": 0.5,
    "labels": ["tea", "water"],
    "author": {"id": 1, "name": "Ada", "unknown": True},
    "assignee": {"id": 2, "name": "Bo"},
    "extra": {"b": [1, None], "a": "x"},
    "unknown": 1,
}


def of_type(declared: Type) -> ObjectSchema:
    """Makes a schema of rows with an id and one property ``Value``."""
    return ObjectSchema("Probe", id="Id", properties={"Id": Property(Text, from_key="id"), "Value": declared})


def row(value: object) -> dict[str, Any]:
    """Makes a row of such a schema, as the service writes it."""
    return {"id": "1", "Value": value}


KINDS = {
    Kind.TEXT: Text,
    Kind.NUMBER: Number,
    Kind.BOOLEAN: Boolean,
    Kind.DATE: Date,
    Kind.DATETIME: DateTime,
    Kind.DURATION: Duration,
    Kind.ANY: Anything,
}
ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-8))])
NUMBERS = st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from([0, 1, 1.0, -0.0, 1e22, 10**22, 2**1100])
TEXTS = st.text(max_size=5) | st.sampled_from(
    [
        "1",
        "1.0",
        " 2e3",
        "true",
        "FALSE",
        "2026-01-31",
        "2026-01-31T08:00",
        "2026-01-31T08:00:00Z",
        "a\0b",
        "\ud83d",
        "",
    ]
)
MOMENTS = st.datetimes(timezones=ZONES) | st.dates() | st.timedeltas()
PLAIN = st.none() | st.booleans() | NUMBERS | TEXTS
FOUND = st.recursive(
    PLAIN | MOMENTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)
DECLARED: st.SearchStrategy[Type] = st.recursive(
    st.sampled_from([*KINDS.values(), Url]),
    lambda inner: (
        inner.map(lambda item: item.list())
        | inner.map(
            lambda each: Type(kind=Kind.OBJECT, schema=ObjectSchema("Inner", properties={"a": each, "b": Text}))
        )
    ),
    max_leaves=3,
)
SAMPLES = (date(2026, 1, 31), datetime(2026, 1, 31, 8, tzinfo=UTC), timedelta(hours=12))
