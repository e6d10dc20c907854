"""What every LastingResults promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from packsys.ports import LastingResults
from packsys.values import Value
from tests.ports.samples import NOBODYS, VALUES
from tests.ports.threads import at_once

Made: TypeAlias = tuple[LastingResults, Callable[[float], None]]


def put(results: LastingResults, name: str, value: Value, *tags: str, ttl: float = 7200) -> None:
    """Keeps a value as one who asked for it just now."""
    results.put(name, value, tags=tags, stamp=results.look(name, tags=tags)[1], ttl=ttl)


def found(results: LastingResults, name: str, *tags: str) -> tuple[Value] | None:
    kept = results.look(name, tags=tags)[0]
    return None if kept is None else (kept.value,)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_kept_value_is_found_as_it_was(lasting: Made, value: Value) -> None:
    results, _ = lasting
    put(results, "kept", value, "a", "b")
    assert found(results, "kept", "a", "b") == (value,)


@pytest.mark.parametrize("text", NOBODYS)
def test_any_text_is_a_name_and_a_tag(lasting: Made, text: str) -> None:
    results, _ = lasting
    assert found(results, text, text) is None
    put(results, text, 1, text)
    assert found(results, text, text) == (1,)
    results.forget([text])
    assert found(results, text, text) is None


def test_a_value_has_its_time(lasting: Made) -> None:
    results, wait = lasting
    put(results, "timed", 1, ttl=100)
    wait(40)
    kept, _ = results.look("timed", tags=[])
    assert kept is not None
    assert 59 < kept.fresh_for <= 60
    wait(61)
    assert found(results, "timed") is None


def test_the_newest_value_counts(lasting: Made) -> None:
    results, _ = lasting
    put(results, "replaced", 1, "old")
    put(results, "replaced", 2, "new")
    assert found(results, "replaced", "new") == (2,)


def test_what_has_a_forgotten_tag_is_forgotten_and_nothing_else(lasting: Made) -> None:
    results, _ = lasting
    put(results, "of both", 1, "pack", "account")
    put(results, "of the pack", 2, "pack")
    results.forget(["account", "account", "unheard of"])
    assert found(results, "of both", "pack", "account") is None
    assert found(results, "of the pack", "pack") == (2,)
    put(results, "of both", 3, "pack", "account")
    assert found(results, "of both", "pack", "account") == (3,)


def test_what_was_on_its_way_is_forgotten_too(lasting: Made) -> None:
    results, _ = lasting
    _, stamp = results.look("on its way", tags=["way"])
    results.forget(["way"])
    results.put("on its way", "too late", tags=["way"], stamp=stamp, ttl=7200)
    assert found(results, "on its way", "way") is None


def test_tags_that_are_forgotten_at_once_are_all_forgotten(lasting: Made) -> None:
    results, _ = lasting
    _, before = results.look("any", tags=["a", "b"])
    at_once(lambda n: results.forget(["a", "b"] if n % 2 else ["b", "a"]))
    assert results.look("any", tags=["a", "b"])[1] == before + 16
