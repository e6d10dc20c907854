"""What a function returned becomes what was declared, or is refused with its place."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.sdk import Anything, Boolean, Date, DateTime, Duration, Number, ObjectSchema, Property, Text, Type, Url
from packsys.sdk.fitting import Bounds, Misfit, fit

Owner = ObjectSchema("Owner", properties={"login": Property(Text, required=True)})
Repo = ObjectSchema(
    "Repo",
    properties={
        "full_name": Property(Text, required=True),
        "Stars": Property(Number, from_key="stargazers_count"),
        "owner": Owner,
        "topics": Text.list(),
    },
)
REPO = Repo.list().item or Anything
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "declared", "fitted"),
    [
        ("text", Text, "text"),
        ("", Url, ""),
        (7, Text, "7"),
        (1.5, Text, "1.5"),
        (7, Number, 7),
        (1.5, Number, 1.5),
        ("42", Number, 42),
        (" -1.5e3 ", Number, -1500.0),
        ("+.5", Number, 0.5),
        (True, Boolean, True),
        ("False", Boolean, False),
        ("2026-11-22", Date, date(2026, 11, 22)),
        ("2026-11-22T23:59:00Z", Date, date(2026, 11, 22)),
        (NOON, Date, date(2026, 11, 22)),
        (date(2026, 11, 22), Date, date(2026, 11, 22)),
        ("2026-11-22T12:00:00Z", DateTime, NOON),
        ("2026-11-22T13:00:00+01:00", DateTime, NOON),
        ("2026-11-22 12:00", DateTime, NOON),
        (date(2026, 11, 22), DateTime, datetime(2026, 11, 22, tzinfo=UTC)),
        (NOON.timestamp(), DateTime, NOON),
        (timedelta(hours=2), Duration, timedelta(hours=2)),
        (1.5, Duration, timedelta(days=1, hours=12)),
        (["1", 2], Number.list(), [1, 2]),
        ((), Number.list(), []),
        ([None, 1], Number.list(), [None, 1]),
        (None, Number, None),
        (None, REPO, None),
        ({"a": [1, {"b": None}]}, Anything, {"a": [1, {"b": None}]}),
        (NOON, Anything, NOON),
    ],
)
def test_a_value_fits(raw: Any, declared: Type, fitted: Any) -> None:
    found = fit(raw, declared)
    assert found == fitted
    assert type(found) is type(fitted)


def test_an_object_keeps_its_declared_properties_under_their_names() -> None:
    raw = {"full_name": "a/b", "stargazers_count": "7", "owner": {"login": "a", "id": 1}, "node_id": "x"}
    assert fit(raw, REPO) == {"FullName": "a/b", "Stars": 7, "Owner": {"Login": "a"}, "Topics": None}


@pytest.mark.parametrize(
    ("raw", "declared", "sentence"),
    [
        (True, Text, "result must be text, but is true"),
        (["a"], Text, "result must be text, but is a list of 1"),
        ("many", Number, "result must be a number, but is the text 'many'"),
        ("", Number, "result must be a number, but is the text ''"),
        ("1_000", Number, "result must be a number, but is the text '1_000'"),
        (True, Number, "result must be a number, but is true"),
        (float("nan"), Number, "result must be a number, but is the number nan"),
        (float("inf"), Number, "result must be a number, but is the number inf"),
        (10**400, Number, "result must be a number, but is a huge number"),
        (1, Boolean, "result must be true or false, but is the number 1"),
        ("soon", Date, "result must be a date, but is the text 'soon'"),
        (5, Date, "result must be a date, but is the number 5"),
        ("22.11.2026", DateTime, "result must be a date with a time, but is the text '22.11.2026'"),
        (1e30, DateTime, "result must be a date with a time, but is the number 1e+30"),
        ("2 days", Duration, "result must be a duration, but is the text '2 days'"),
        (1e30, Duration, "result must be a duration, but is the number 1e+30"),
        ("abc", Text.list(), "result must be a list of texts, but is the text 'abc'"),
        ({"a": 1}, Number.list(), "result must be a list of numbers, but is an object with a"),
        ([1, "x"], Number.list(), "result[2] must be a number, but is the text 'x'"),
        ("a/b", REPO, "result must be an object (Repo), but is the text 'a/b'"),
        ({}, REPO, "result.FullName must be text, but is missing: there is no 'full_name'"),
        ({"full_name": None}, REPO, "result.FullName must be text, but is blank"),
        (
            [{"full_name": "a/b"}, {"full_name": "c/d", "owner": {"login": ["x"]}}],
            Repo.list(),
            "result[2].Owner.Login must be text, but is a list of 1",
        ),
        (object(), Anything, "result must be any value, but is a Python object"),
        ({"a": {1: 2}}, Anything, "result.a must be an object with text as its keys, but is one with the key"),
        ({"a": [set()]}, Anything, "result.a[1] must be any value, but is a Python set"),
    ],
)
def test_a_value_does_not_fit(raw: Any, declared: Type, sentence: str) -> None:
    with pytest.raises(Misfit) as caught:
        fit(raw, declared)
    assert str(caught.value).startswith(sentence)


def test_a_moment_without_a_zone_is_in_the_zone_of_the_job() -> None:
    moment = fit("2026-11-22T12:00:00", DateTime, zone=ZoneInfo("Asia/Shanghai"))
    assert moment == datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=8)))


@pytest.mark.parametrize(
    ("raw", "declared", "bounds"),
    [
        (["a"] * 11, Text.list(), Bounds(values=11)),
        (["a" * 6, "b" * 6], Text.list(), Bounds(characters=10)),
        ({"key" * 4: 1}, Anything, Bounds(characters=10)),
        ([[[[1]]]], Anything, Bounds(depth=3)),
    ],
)
def test_a_result_that_is_too_large_is_refused(raw: Any, declared: Type, bounds: Bounds) -> None:
    with pytest.raises(Misfit):
        fit(raw, declared, bounds=bounds)


def test_an_endless_nest_is_refused() -> None:
    nest: list[Any] = []
    nest.append(nest)
    with pytest.raises(Misfit, match="less deeply nested"):
        fit(nest, Anything)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_what_json_holds_passes_unchanged_where_anything_is_declared(value: Any) -> None:
    assert fit(value, Anything) == value


@given(json_values, st.sampled_from([Text, Number, Boolean, Date, DateTime, Duration, Text.list(), REPO, Repo.list()]))
def test_a_fitted_value_fits_again(value: Any, declared: Type) -> None:
    """Fitting refuses a value or gives one of the declared kind, which then stays as it is."""
    try:
        fitted = fit(value, declared)
    except Misfit:
        return
    if declared.schema is None and (declared.item is None or declared.item.schema is None):
        assert fit(fitted, declared) == fitted
