"""Two parsers that have nothing in common but the specification build the same trees."""

from __future__ import annotations

from random import Random

import pytest

from packsys.errors import FormulaError
from packsys.language.parser import parse_formula
from packsys.language.syntax import Syntax
from tests.language.second_grammar import read
from tests.language.trees import unplaced

ATOMS = (
    *(
        "1",
        "2.5",
        ".5",
        "1e3",
        "15%",
        "1E-2%",
        "a",
        "b_1",
        "测试",
        "e\u0301",
        "true",
        "FALSE",
        "[a b]",
        r"[a\]b]",
        "'it''s'",
    ),
    *(
        r'"\d+\n"',
        '"{ x }"',
        r'"\{=a}"',
        '""',
        "$$[pack:1:::false:false:P]",
        "$$[variable::::true:false:a:b]",
        "Blank()",
    ),
)
SIGNS = (
    *("+", "-", "*", "/", "^", "&", "=", "==", "!=", "<>", "<", "<=", ">", ">=", "&&", "||"),
    " and ",
    " OR ",
    " And ",
)
GAPS = ("", "", "", " ", "\n\t", " /* a ' \" ) */ ", "// b\n", "\u00a0")


def drawn(dice: Random, depth: int) -> str:
    """Writes a random formula."""
    if depth == 0 or dice.random() < 0.15:
        return dice.choice(ATOMS)
    gap, inner = dice.choice(GAPS), [drawn(dice, depth - 1) for _ in range(dice.randint(1, 3))]
    match dice.randrange(9):
        case 0 | 1 | 2:
            return dice.choice(SIGNS).join(f"{part}{gap}" for part in inner)
        case 3:
            return f"({gap}{inner[0]})"
        case 4:
            return f"{dice.choice(('-', '+', '!', 'not ', 'NOT'))}{gap}{inner[0]}"
        case 5:
            labels = (f"{dice.choice(('', '', 'x: ', '[y z]:', 'not:'))}{part}" for part in inner)
            return f"{dice.choice(('F', 'and', 'Or', 'not', 'true', '[f g]'))}({gap}{f',{gap}'.join(labels)}{gap})"
        case 6:
            return f"{inner[0]}{gap}{dice.choice(('.', '::'))}{dice.choice(('F', 'or', '[m n]'))}({gap}{inner[-1]})"
        case 7:
            return f"{inner[0]}.{gap}{dice.choice(('m', 'Not', '[o p]', '$$[variable::::true:false:U]'))}"
    quote = dice.choice("\"'")
    return quote + "".join(f"{dice.choice(('', ' t ', '{', '//'))}{{={part}{gap}}}" for part in inner) + quote


def first(formula: str) -> Syntax | None:
    try:
        return unplaced(parse_formula(formula).tree)
    except FormulaError:
        return None


def agreed(seed: int, count: int) -> int:
    """Compares the trees of random formulas, and counts those that are formulas."""
    dice, legal = Random(seed), 0
    for _ in range(count):
        formula = drawn(dice, dice.randint(1, 4))
        tree = first(formula)
        assert read(formula) == tree, formula
        legal += tree is not None
    return legal


def test_two_parsers_agree() -> None:
    assert agreed(seed=7, count=500) > 250


@pytest.mark.long
def test_two_parsers_agree_on_ten_thousand_formulas() -> None:
    assert agreed(seed=2026, count=10_000) > 5_000
