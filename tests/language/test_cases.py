"""Cases of others: formulas and their values, taken from the test suites of eight projects.

They are read from ``../shared/data/cases.json``, where the licences, notices and lines of the sources stand.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from packsys.errors import FormulaError
from packsys.language.scope import FixedScope
from packsys.values import ErrorValue, Value, text_of
from tests.language.catalogue import value_of
from tests.language.decisions import DECIDED, DISPUTED

SOURCE = Path(__file__).parents[2] / ".." / "shared" / "data" / "cases.json"
DIFFERENT = {case: rule for rule, cases in DECIDED.items() for case in cases} | DISPUTED

pytestmark = pytest.mark.skipif(not SOURCE.exists(), reason="The cases are not part of a clone: ../shared is missing.")


def cases(profile: str) -> list[Mapping[str, Any]]:
    """Reads the cases of a profile, none where the file is missing."""
    known = json.loads(SOURCE.read_text("utf-8"))["cases"] if SOURCE.exists() else []
    return [case for case in known if case["profile"] == profile]


def agrees(value: Value, kind: str, wanted: Any) -> bool:
    """Compares a value with the one of a case: numbers to seven digits, as many as the sources print."""
    match kind:
        case "error":
            return isinstance(value, ErrorValue)
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool) and near(value, wanted)
        case "date":
            return isinstance(value, date) and not isinstance(value, datetime) and value.isoformat() == wanted
        case "list":
            return isinstance(value, Sequence) and [*value] == wanted
    return type(value) is type(wanted) and value == wanted


def near(value: float, wanted: float) -> bool:
    return math.isclose(value, wanted, rel_tol=1e-6, abs_tol=1e-12)


def value_in(formula: str) -> Value:
    try:
        return value_of(formula, scope=FixedScope())
    except FormulaError as problem:
        return ErrorValue.of(problem)


def shown(value: Value) -> str:
    return value.message if isinstance(value, ErrorValue) else text_of(value)


def surprises(profile: str, different: Collection[str]) -> Iterator[str]:
    """Tells of every case that differs and is not listed, and of every one that is listed and does not differ."""
    for case in cases(profile):
        value, expected = value_in(case["formula"]), case["expected"]
        if agrees(value, expected["type"], expected["value"]) == (case["id"] in different):
            yield f"{case['id']}: {case['formula']} gives {shown(value)}, and the case is {expected['value']!r}"


def test_the_core_cases_hold() -> None:
    assert [*surprises("core", DISPUTED)] == []


def test_the_cases_that_need_a_decision_hold_or_are_decided() -> None:
    assert [*surprises("decide", DIFFERENT)] == []


def test_a_case_that_does_not_hold_would_be_told_of() -> None:
    assert [told.split(":")[0] for told in surprises("core", ())] == [*DISPUTED]
    assert not agrees(value_in("1 + 1"), "number", 3)
    assert not agrees(value_in("1 + 1"), "error", "#VALUE!")


def test_all_cases_are_there() -> None:
    assert (len(cases("core")), len(cases("decide"))) == (1642, 428)


def test_what_is_decided_is_a_case() -> None:
    assert set(DIFFERENT) <= {case["id"] for case in cases("core") + cases("decide")}
