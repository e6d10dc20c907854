"""What every ResultCache promises."""

from __future__ import annotations

import pytest

from packsys.ports import Kept, Lead
from packsys.values import Value
from tests.ports.halls import Hall, asked
from tests.ports.samples import ERROR, NOBODYS, VALUES


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_kept_value_is_found_as_it_was(hall: Hall, value: Value) -> None:
    hall.keep("kept", value)
    found = hall.results.ask(asked("kept"), lease=30)
    assert isinstance(found, Kept)
    assert found.value == value
    assert hall.results.get("kept").value == value


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_what_was_not_kept_is_not_found(hall: Hall, nobodys: str) -> None:
    assert hall.results.get("not kept" + nobodys) is None
    assert isinstance(hall.results.ask(asked("not asked for" + nobodys), lease=30), Lead)


@pytest.mark.parametrize("text", NOBODYS)
def test_any_text_is_a_name_and_a_tag(hall: Hall, text: str) -> None:
    name = "named " + text
    question = asked(name, text, step=text)
    lead = hall.results.ask(question, lease=30)
    assert isinstance(lead, Lead)
    hall.results.land(question, text, stamp=lead.stamp, ttl=60)
    assert hall.results.get(name, tags=[text]).value == text


def test_the_newest_value_counts(hall: Hall) -> None:
    hall.keep("replaced", 1)
    hall.keep("replaced", 2)
    assert hall.results.get("replaced").value == 2


@pytest.mark.parametrize("ttl", [0, -1])
def test_a_value_without_time_to_live_is_not_kept(hall: Hall, ttl: float) -> None:
    hall.keep("short-lived", 1, ttl=ttl)
    assert hall.results.get("short-lived") is None


def test_a_value_is_fresh_for_its_time(hall: Hall) -> None:
    hall.keep("fresh", 1, ttl=60, stale=60)
    hall.wait(59)
    assert hall.results.get("fresh").value == 1
    hall.wait(2)
    assert hall.results.get("fresh") is None


def test_an_error_is_not_kept(hall: Hall) -> None:
    hall.keep("failed", ERROR)
    assert hall.results.get("failed") is None
    assert isinstance(hall.results.ask(asked("failed"), lease=30), Lead)


def test_what_was_kept_cannot_be_changed_from_outside(hall: Hall) -> None:
    value: list[Value] = [1]
    hall.keep("list", value)
    value.append(2)
    assert hall.results.get("list").value == [1]


# Forgetting.


def land(hall: Hall, name: str, *tags: str) -> None:
    """Keeps a value that depends on tags."""
    lead = hall.results.ask(asked(name, *tags), lease=30)
    assert isinstance(lead, Lead)
    hall.results.land(asked(name, *tags), name, stamp=lead.stamp, ttl=60)


def test_what_has_a_forgotten_tag_is_forgotten_and_nothing_else(hall: Hall) -> None:
    land(hall, "of both", "pack", "account")
    land(hall, "of the pack", "pack", "another account")
    hall.results.forget(["account"])
    assert hall.results.get("of both", tags=["pack", "account"]) is None
    assert hall.results.get("of the pack", tags=["pack", "another account"]).value == "of the pack"
    assert isinstance(hall.results.ask(asked("of both", "pack", "account"), lease=30), Lead)


def test_what_was_on_its_way_is_forgotten_too(hall: Hall) -> None:
    lead = hall.results.ask(asked("on its way", "way"), lease=30)
    hall.results.forget(["way"])
    assert isinstance(lead, Lead)
    hall.results.land(asked("on its way", "way"), "too late", stamp=lead.stamp, ttl=60)
    assert hall.results.get("on its way", tags=["way"]) is None


def test_what_was_made_anew_is_found(hall: Hall) -> None:
    land(hall, "anew", "again")
    hall.results.forget(["again"])
    land(hall, "anew", "again")
    assert hall.results.get("anew", tags=["again"]).value == "anew"


# Counting.


def test_counts_add_up(hall: Hall) -> None:
    before = hall.results.counts()
    hall.results.count({"hits": 2, "misses": 1})
    hall.results.count({"hits": 3})
    after = hall.results.counts()
    assert {name: after[name] - before.get(name, 0) for name in ("hits", "misses")} == {"hits": 5, "misses": 1}
