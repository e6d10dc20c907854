"""What a formula may hold, and the forms in which it travels."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.errors import Actor, RequestError
from packsys.values import (
    MAX_DEPTH,
    Account,
    ErrorValue,
    Failure,
    Origin,
    Value,
    canonical,
    equal,
    from_json,
    from_plain,
    is_blank,
    kept_text,
    number_of,
    order,
    plain,
    text_of,
    tidy,
    to_json,
    truth_of,
)

ERROR = ErrorValue("RateLimited", "Later.", Actor.TIME, retryable=True, retry_after=2.5, origin=Origin(3, 9, "A::B"))

numbers = st.integers(-(2**200), 2**200) | st.floats(allow_nan=False, allow_infinity=False)
zones = st.none() | st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
scalars = (
    st.none()
    | st.booleans()
    | numbers
    | st.text(st.characters())
    | st.dates()
    | st.datetimes(timezones=zones)
    | st.timedeltas()
    | st.text().map(Account)
    | st.builds(
        ErrorValue, st.text(), st.text(st.characters(exclude_categories=())), st.sampled_from(Actor), st.booleans()
    )
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("$"), inner), max_leaves=20
)


@given(values)
def test_the_kept_form_loses_nothing(value: Value) -> None:
    kept = json.loads(json.dumps(to_json(value)))
    assert from_json(kept) == value
    assert to_json(from_json(kept)) == kept


@given(values)
def test_every_value_can_be_shown_to_a_client_in_utf_8(value: Value) -> None:
    assert json.dumps(plain(value), ensure_ascii=False).encode("utf-8")


def even(value: Value) -> Value:
    """Makes whole numbers of floats that are."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [even(item) for item in value]
        case dict():
            return {key: even(item) for key, item in value.items()}
    return value


@given(values)
def test_the_text_that_is_kept_is_that_of_the_kept_form(value: Value) -> None:
    kept = kept_text(value).encode()
    assert json.dumps(json.loads(kept)) == json.dumps(to_json(value))


@given(values)
def test_the_canonical_form_is_the_kept_one_of_whole_numbers_in_order(value: Value) -> None:
    kept = json.dumps(to_json(even(value)), sort_keys=True, separators=(",", ":"))
    assert canonical(value) == kept.encode("ascii")


@given(values)
def test_the_canonical_form_is_made_of_the_value_and_nothing_else(value: Value) -> None:
    assert canonical(from_json(to_json(value))) == canonical(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (-0.0, 0), (10**22, 1e22), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([1, 2], (1, 2))],
)
def test_equal_values_have_one_canonical_form(one: Value, other: Value) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, "1"),
        (None, ""),
        ([], {}),
        ("2026-01-02", date(2026, 1, 2)),
        (date(2026, 1, 2), datetime(2026, 1, 2)),
        ("x", Account("x")),
        ({"$": "account", "v": "x"}, Account("x")),
    ],
)
def test_different_values_have_different_canonical_forms(one: Value, other: Value) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize("write", [to_json, kept_text, canonical, plain])
@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        10**400,
        pytest.param(10**2_000_000, id="two million digits"),
        [1, {"a": math.nan}],
        pytest.param({1, 2}, id="set"),
    ],
)
def test_what_no_formula_may_hold_is_refused(write: object, value: Value) -> None:
    with pytest.raises(Failure):
        write(value)  # type: ignore[operator]


def _nested(levels: int) -> Value:
    value: Value = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("write", [to_json, kept_text, canonical, plain])
def test_nesting_has_a_limit_that_is_named(write: object) -> None:
    write(_nested(MAX_DEPTH))  # type: ignore[operator]
    with pytest.raises(Failure, match="64 levels"):
        write(_nested(MAX_DEPTH + 1))  # type: ignore[operator]


@pytest.mark.parametrize(
    "data", [{"$": "unknown", "v": 1}, {"$": "date"}, {"$": "date", "v": "x"}, {"$": ["a"], "v": 1}]
)
def test_a_damaged_kept_form_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(Failure):
        from_json(data)


def test_a_client_reads_iso_texts_accounts_and_errors() -> None:
    value: Value = {
        "day": date(2026, 1, 2),
        "moment": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        "wait": timedelta(days=1, hours=2, seconds=3.5),
        "account": Account("a-1"),
        "failed": ERROR,
    }
    assert plain(value) == {
        "day": "2026-01-02",
        "moment": "2026-01-02T03:04:00+00:00",
        "wait": "P1DT2H3.5S",
        "account": {"account": "a-1"},
        "failed": {
            "error": {
                "code": "RateLimited",
                "message": "Later.",
                "advice": "Wait: there will be room again. Ask less often, or for more at once.",
                "category": "rate_limit",
                "actor": "time",
                "retryable": True,
                "retry_after": 2.5,
                "origin": {"start": 3, "end": 9, "call": "A::B"},
            }
        },
    }


def test_a_client_sends_an_account_by_its_id() -> None:
    assert from_plain({"c": {"account": "a-1"}, "d": {"account": 1}, "e": {"account": "x", "more": 1}}) == {
        "c": Account("a-1"),
        "d": {"account": 1},
        "e": {"account": "x", "more": 1},
    }


@pytest.mark.parametrize("data", [math.nan, 10**400, {"a": [math.inf]}, _nested(65)])
def test_a_client_cannot_send_what_no_formula_may_hold(data: object) -> None:
    with pytest.raises(RequestError):
        from_plain(data)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (1.0, "1"),
        (-2.5, "-2.5"),
        (1e-7, "0.0000001"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (timedelta(0), "PT0S"),
        (timedelta(hours=-1), "-PT1H"),
        (Account("a-1"), "a-1"),
        ([1, "a", None], "1, a, "),
        ({"a": [1]}, '{"a": [1]}'),
    ],
)
def test_values_as_text(value: Value, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (None, 0),
        (True, 1),
        (" 1.50 ", 1.5),
        ("15%", 0.15),
        ("-.5e2", -50),
        (date(1899, 12, 31), 1),
        (datetime(1900, 1, 1, 12), 2.5),
        (timedelta(hours=12), 0.5),
    ],
)
def test_values_as_numbers(value: Value, number: float) -> None:
    assert number_of(value) == number


@pytest.mark.parametrize(
    "value",
    ["", "a", "1,5", "1e999", pytest.param("9" * 2_000_000, id="long"), [1], {"a": 1}, Account("x"), ERROR],
)
def test_what_does_not_read_as_a_number_fails(value: Value) -> None:
    with pytest.raises(Failure):
        number_of(value)


def test_an_error_fails_as_itself() -> None:
    for reads in (number_of, text_of, truth_of):
        with pytest.raises(Failure) as failed:
            reads(ERROR)
        assert failed.value.error == ERROR


@pytest.mark.parametrize(
    ("value", "truth"),
    [(None, False), ("", False), ([], False), (0, False), (0.5, True), (True, True), ("TRUE", True), ("false", False)],
)
def test_values_as_conditions(value: Value, truth: bool) -> None:
    assert truth_of(value) is truth


@pytest.mark.parametrize("value", ["cows", [1], {"a": 1}, date(2026, 1, 1)])
def test_what_is_no_condition_fails(value: Value) -> None:
    with pytest.raises(Failure):
        truth_of(value)


@pytest.mark.parametrize("value", [None, "", [], ()])
def test_blank_values(value: Value) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, False, " ", {}, [None]])
def test_values_that_are_something(value: Value) -> None:
    assert not is_blank(value)


NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (None, "", True),
        (None, None, True),
        (None, 0, False),
        (1, 1.0, True),
        (1, True, False),
        (1, "1", False),
        ("a", "A", False),
        ([1, [None]], (1.0, [""]), True),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False),
        (date(2026, 1, 2), datetime(2026, 1, 2), True),
        (NOON, NOON.astimezone(timezone(timedelta(hours=5))), True),
        (NOON, datetime(2026, 1, 2, 12), True),
        (Account("x"), Account("x"), True),
        (Account("x"), "x", False),
    ],
)
def test_equality(left: Value, right: Value, same: bool) -> None:
    assert equal(left, right) is same
    assert equal(right, left) is same


@pytest.mark.parametrize(
    ("left", "right", "sign"),
    [
        (1, 2.5, -1),
        ("b", "a", 1),
        (False, True, -1),
        (date(2026, 1, 2), datetime(2026, 1, 2, 1), -1),
        (timedelta(1), timedelta(1), 0),
        (None, 1, None),
        ("a", None, None),
    ],
)
def test_order(left: Value, right: Value, sign: int | None) -> None:
    assert order(left, right) == sign


@pytest.mark.parametrize(("left", "right"), [(1, "1"), (True, 1), ([1], [2]), (date(2026, 1, 2), 1)])
def test_different_kinds_have_no_order(left: Value, right: Value) -> None:
    with pytest.raises(Failure, match="no order"):
        order(left, right)


@given(numbers)
def test_a_tidy_number_stays_tidy(number: float) -> None:
    tidied = tidy(number)
    assert tidy(tidied) == tidied
    assert tidied == pytest.approx(number, rel=1e-14)


def test_a_tenth_and_a_fifth_are_three_tenths() -> None:
    assert tidy(0.1 + 0.2) == 0.3
    assert tidy(0.5 + 0.5).__class__ is int
