"""Every line of the page about formulas is true, and its reference is what the functions declare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from packsys.language.limits import MAX_ARGUMENTS, MAX_CHAIN, MAX_LENGTH, MAX_NESTING, MAX_TEXT, MAX_TOKENS, Budget
from packsys.language.reference import BEGIN, reference
from packsys.language.regexes import MAX_PATTERN, MAX_SEARCHED
from packsys.values import ErrorValue
from tests.language.catalogue import value_of

PAGE = Path(__file__).parents[2] / "docs" / "formulas.md"
BLOCK = re.compile(r"^```formula\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRITTEN, REFERENCE = PAGE.read_text("utf-8").split(BEGIN)
LINES = [line for block in BLOCK.findall(WRITTEN + REFERENCE) for line in block.splitlines()]


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_true(line: str) -> None:
    formula, wanted = line.split(" → ")
    value = value_of(formula)
    if wanted.startswith("error "):
        assert isinstance(value, ErrorValue)
        assert f"error {value.code}: {value.message}" == wanted
    else:
        assert (value, type(value)) == (value_of(wanted), type(value_of(wanted)))


def test_the_reference_is_what_the_functions_declare() -> None:
    """Run ``python -c "…; packsys.language.reference.update(Path('docs/formulas.md'))"`` after a change."""
    assert REFERENCE.strip() == reference().strip()


def test_the_limits_are_the_ones_in_force() -> None:
    budget = Budget()
    limits = (MAX_LENGTH, MAX_TOKENS, MAX_NESTING, MAX_ARGUMENTS, MAX_CHAIN, MAX_TEXT, MAX_PATTERN, MAX_SEARCHED)
    for limit in (*limits, budget.nodes, budget.width, budget.calls):
        assert f"{limit:,}" in WRITTEN
