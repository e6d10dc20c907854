"""What every ResultCache promises."""

from __future__ import annotations

import pytest

from packsys.ports import ResultCache
from packsys.values import Value
from tests.ports.samples import NOBODYS, VALUES


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_kept_value_is_found_as_it_was(results: ResultCache, value: Value) -> None:
    results.put("kept", value, ttl=60)
    assert results.get("kept") == (value,)


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_what_was_not_kept_is_not_found(results: ResultCache, nobodys: str) -> None:
    assert results.get("not kept" + nobodys) is None


@pytest.mark.parametrize("text", NOBODYS)
def test_any_text_is_a_key(results: ResultCache, text: str) -> None:
    results.put(text, text, ttl=60)
    assert results.get(text) == (text,)


def test_the_newest_value_counts(results: ResultCache) -> None:
    results.put("replaced", 1, ttl=60)
    results.put("replaced", 2, ttl=60)
    assert results.get("replaced") == (2,)


@pytest.mark.parametrize("ttl", [0, -1])
def test_a_value_without_time_to_live_is_not_kept(results: ResultCache, ttl: float) -> None:
    results.put("short-lived", 1, ttl=ttl)
    assert results.get("short-lived") is None


def test_what_was_kept_cannot_be_changed_from_outside(results: ResultCache) -> None:
    value: list[Value] = [1]
    results.put("list", value, ttl=60)
    value.append(2)
    assert results.get("list") == ([1],)
