"""Rows are checked one by one: what fits is adapted, and what does not is set aside with the reason."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.sdk import Anything, Number, ObjectSchema, Property, Text, Type
from packsys.sdk.fitting import Misfit, fit
from packsys.sync.checking import LARGEST_ROW, LONGEST_KEY, Checker, coercions
from packsys.sync.reading import reading
from packsys.syncmodel import NewRow
from packsys.values import Failure, to_json
from tests.sync.tables import DECLARED, FOUND, TASK, Task, of_type, row

check = Checker(Task)


def checked(**changed: Any) -> NewRow:
    found = check([{**TASK, **changed}])
    assert found.rejects == []
    return found.rows[0]


def stored(**changed: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(checked(**changed).document)
    return document


def test_a_row_is_stored_under_the_names_of_its_properties() -> None:
    assert stored() == {
        "Id": 7,
        "Title": "Boil water",
        "Done": False,
        "Points": 2.5,
        "Due": "2026-01-31",
        "ChangedAt": "2026-01-30T08:00:00.000000+00:00",
        "Took": 43_200_000_000,
        "Labels": ["tea", "water"],
        "Author": {"Id": 1, "Name": "Ada"},
        "Assignee": {"Id": 2, "Name": "Bo"},
        "Extra": {"a": "x", "b": [1, None]},
    }
    assert checked().key == "7"
    assert checked().notes == {}


def test_a_stored_row_is_read_as_the_values_of_formulas() -> None:
    read = reading(Task)(stored(labels=None))
    assert (read["Due"], read["Took"]) == (date(2026, 1, 31), timedelta(hours=12))
    assert read["ChangedAt"] == datetime(2026, 1, 30, 8, tzinfo=UTC)
    assert read["Labels"] is None
    assert list(read) == list(Task.properties)


def test_blanks_are_left_out() -> None:
    few = check([{"id": 1, "title": "", "done": None, "author": {"id": 1, "name": None}}]).rows[0]
    assert json.loads(few.document) == {"Id": 1, "Title": "", "Author": {"Id": 1}}


# Coercion.

COERCED = {
    "a number that came as text": ({"story_points": "3"}, "Points", 3, "the text '3', read as a number"),
    "a text that came as a number": ({"title": 12.0}, "Title", "12", "the number 12, read as text"),
    "a boolean that came as text": ({"done": "True"}, "Done", True, "the text 'True', read as true or false"),
    "a day with a time": (
        {"due": "2026-01-31T10:00Z"}, "Due", "2026-01-31", "the text '2026-01-31T10:00Z', read as a date",
    ),
    "a time without a zone": (
        {"changed_at": "2026-01-30T09:00"}, "ChangedAt", "2026-01-30T09:00:00.000000+00:00",
        "the text '2026-01-30T09:00', read as a date with a time",
    ),
    "seconds since 1970": (
        {"changed_at": 86_400}, "ChangedAt", "1970-01-02T00:00:00.000000+00:00",
        "the number 86400, read as a date with a time",
    ),
    "one of a list": ({"labels": ["a", 5]}, "Labels[]", None, "the number 5, read as text"),
    "inside an object": ({"author": {"id": "1"}}, "Author.Id", None, "the text '1', read as a number"),
    "a NUL": ({"title": "a\0b"}, "Title", "a\ufffdb", "characters that PostgreSQL cannot keep, replaced by U+FFFD"),
    "half a surrogate pair": (
        {"title": "a\ud83d"}, "Title", "a\ufffd", "characters that PostgreSQL cannot keep, replaced by U+FFFD",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COERCED)
def test_what_came_as_another_kind_is_adapted_and_noted(name: str) -> None:
    changed, path, value, note = COERCED[name]
    assert checked(**changed).notes == {path: note}
    if value is not None:
        assert stored(**changed)[path] == value


NATURAL: tuple[dict[str, Any], ...] = (
    {"story_points": 3.0},
    {"story_points": 2**80},
    {"due": date(2026, 1, 31)},
    {"changed_at": datetime(2026, 1, 31, tzinfo=UTC)},
    {"took": timedelta(1)},
    {"title": "about \\u0000"},
)


@pytest.mark.parametrize("changed", NATURAL)
def test_what_came_as_its_kind_has_no_note(changed: dict[str, Any]) -> None:
    assert checked(**changed).notes == {}


def test_coercions_are_counted_with_an_example() -> None:
    rows = check([{**TASK, "story_points": str(number)} for number in range(5)] + [TASK]).rows
    (found,) = coercions(rows)
    assert (found.path, found.count, found.example) == ("Points", 5, "the text '0', read as a number")


def test_times_without_a_zone_are_taken_in_that_of_the_check() -> None:
    from zoneinfo import ZoneInfo

    oslo = Checker(Task, zone=ZoneInfo("Europe/Oslo"))([{**TASK, "changed_at": "2026-07-01T12:00"}]).rows[0]
    assert json.loads(oslo.document)["ChangedAt"] == "2026-07-01T10:00:00.000000+00:00"


# What does not fit.

REJECTED: dict[str, tuple[object, str, str, str | None]] = {
    "a wrong kind": ({**TASK, "story_points": "many"}, "Points", "type", "7"),
    "a required one that is missing": ({"id": 7}, "Title", "required", "7"),
    "a required one that is null": ({**TASK, "title": None}, "Title", "required", "7"),
    "inside a list": ({**TASK, "labels": ["a", {}]}, "Labels[2]", "type", "7"),
    "inside an object": ({**TASK, "author": {"id": []}}, "Author.Id", "type", "7"),
    "required inside an object": ({**TASK, "author": {}}, "Author.Id", "type", "7"),
    "no id": ({"title": "x"}, "Id", "required", None),
    "a wrong id": ({**TASK, "id": "seven"}, "Id", "id", None),
    "no object": ("a text", "", "type", None),
    "nothing": (None, "", "type", None),
    "too large": ({**TASK, "title": "x" * LARGEST_ROW}, "", "row", "7"),
    "a number beyond all bounds": ({**TASK, "story_points": 10**400}, "Points", "type", "7"),
    "one inside a list beyond all bounds": ({**TASK, "extra": [10**400]}, "Extra", "type", "7"),
    "not a number": ({**TASK, "story_points": float("nan")}, "Points", "type", "7"),
    "a time that UTC has not": ({**TASK, "changed_at": "0001-01-01T00:00:00+10:00"}, "ChangedAt", "type", "7"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_row_that_does_not_fit_is_set_aside_with_the_reason(name: str) -> None:
    raw, path, rule, key = REJECTED[name]
    found = check([raw])
    assert found.rows == []
    (reject,) = found.rejects
    assert (reject.reasons[0].path.split("[")[0], reject.reasons[0].rule) == (path.split("[")[0], rule)
    assert reject.key == key
    assert reject.raw == (raw if isinstance(raw, dict) else {"": raw})
    assert reject.reasons[0].message.endswith(".")


def test_a_reason_says_what_was_expected_and_found() -> None:
    (reject,) = check([{**TASK, "story_points": "many", "labels": 3}]).rejects
    assert [reason.message for reason in reject.reasons] == [
        "Points must be a number, but is the text 'many'.",
        "Labels must be a list of texts, but is the number 3.",
    ]


def test_a_bad_row_spoils_no_other() -> None:
    found = check([{**TASK, "id": 1}, {"id": 2}, None, {**TASK, "id": 3}])
    assert [good.key for good in found.rows] == ["1", "3"]
    assert [bad.key for bad in found.rejects] == ["2", None]


# Keys.

Named = Checker(ObjectSchema("Named", id="Id", properties={"Id": Property(Anything, from_key="id")}))


@pytest.mark.parametrize(
    ("id", "key"),
    [(0, "0"), (7, "7"), (7.0, "7"), (7.5, "7.5"), ("7", "7"), (" a ", " a "), ("测试", "测试"), (2**80, str(2**80))],
)
def test_an_id_is_a_key(id: object, key: str) -> None:
    assert Named([{"id": id}]).rows[0].key == key
    assert Named.key(id) == key


@pytest.mark.parametrize("id", [None, "", True, [], {}, "a\0b", "\ud83d", "x" * (LONGEST_KEY + 1), date(2026, 1, 1)])
def test_what_cannot_be_an_id_is_refused(id: object) -> None:
    assert [reject.key for reject in Named([{"id": id}]).rejects] == [None]
    with pytest.raises((Misfit, Failure)):
        Named.key(id)


# Laws.


@given(declared=DECLARED, value=FOUND)
def test_the_check_takes_what_a_result_of_the_type_may_be(declared: Type, value: object) -> None:
    """The compiled check and the SDK agree on what fits, but for what rows cannot keep, which is set aside."""
    found = Checker(of_type(declared))([row(value)])
    try:
        fitted = fit(value, declared)
        to_json(fitted)  # type: ignore[arg-type]
    except (Misfit, Failure):
        assert len(found.rejects) == 1
        return
    if found.rejects:  # the first and last hours of the calendar
        assert "9999" in repr(value) or "datetime.datetime(1, " in repr(value) or "0001" in repr(value)


@given(declared=DECLARED, values=st.lists(FOUND, max_size=4))
def test_rows_are_checked_together_as_they_are_one_by_one(declared: Type, values: list[object]) -> None:
    """What comes as another mapping than a dict is looked at by itself."""
    checker, rows = Checker(of_type(declared)), [row(value) for value in values]
    assert checker(rows) == checker([MappingProxyType(each) for each in rows])


@given(declared=DECLARED, value=FOUND)
def test_a_document_is_json_that_postgresql_takes(declared: Type, value: object) -> None:
    for good in Checker(of_type(declared))([row(value)]).rows:
        good.document.encode()
        assert "\0" not in repr(json.loads(good.document))


@given(declared=DECLARED, value=FOUND)
def test_what_was_read_is_stored_as_before(declared: Type, value: object) -> None:
    """A kept row that is read and checked again is the same row: nothing wears off."""
    checker = Checker(of_type(declared))
    for good in checker([row(value)]).rows:
        read = reading(checker.schema)(json.loads(good.document))
        again = checker([{**_by_key(read), "id": read["Id"]}]).rows
        assert [each.digest for each in again] == [good.digest]


def _by_key(read: Any) -> dict[str, Any]:
    match read:
        case dict():
            return {{"A": "a", "B": "b"}.get(name, name): _by_key(value) for name, value in read.items()}
        case list():
            return [_by_key(value) for value in read]  # type: ignore[return-value]
    return read  # type: ignore[no-any-return]


def test_an_open_schema_keeps_what_is_not_declared() -> None:
    opened = Checker(ObjectSchema("Open", id="Id", properties={"Id": Text, "Size": Number}, open=True))
    (good,) = opened([{"Id": "1", "Size": 2.0, "more": {"b": 1.0, "a": None}}]).rows
    assert json.loads(good.document) == {"Id": "1", "Size": 2, "more": {"a": None, "b": 1}}
    assert reading(opened.schema)(json.loads(good.document))["more"] == {"a": None, "b": 1}
