"""A short search for formulas that break a law; ``python -m tests.language.fuzz --seconds 3600`` is the long one."""

from __future__ import annotations

import pytest

from tests.language.fuzz import search
from tests.language.laws import check, formula_of

FOUND = ["//Log10(", "", "=", "/*", '"{="', "GitHub::", "x.", "Get(@Blank(account: Date(AddRow("]
"""What a search has found, or might have."""


@pytest.mark.parametrize("formula", FOUND)
def test_no_law_is_broken_by_what_was_found(formula: str) -> None:
    check(formula, len(formula))


def test_bytes_make_formulas() -> None:
    assert formula_of(b"\x00Max(1)") == "Max(1)"
    assert formula_of(b"") == ""
    assert len(formula_of(bytes([255, 0, 0] * 60))) > 10_000


@pytest.mark.slow
def test_a_search_of_ten_seconds_finds_nothing() -> None:
    assert search(10, seed=2026) > 50
