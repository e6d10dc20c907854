"""What is printed is read back as the same tree, with no bracket too many."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings

from packsys.errors import FormulaError
from packsys.language.parser import parse_formula, parse_template
from packsys.language.printer import printed
from packsys.language.syntax import Number, Prefix, Syntax, Template, Text
from tests.language.trees import trees, unplaced


def again(formula: str) -> str:
    """Reads a formula and writes it."""
    return printed(parse_formula(formula).tree)


@settings(max_examples=100, deadline=None)
@given(trees())
@example(Template((Text("a", 0, 0),), 0, 0))
@example(Template((Text("a\\", 0, 0), Number(1, 0, 0), Text("{", 0, 0), Text("=", 0, 0), Text("", 0, 0)), 0, 0))
@example(Prefix("-", Prefix("-", Number(1, 0, 0), 0, 0), 0, 0))
def test_a_tree_is_printed_and_read_back(tree: Syntax) -> None:
    assert unplaced(parse_formula(printed(tree)).tree) == unplaced(tree)


@settings(max_examples=80, deadline=None)
@given(trees())
def test_no_pair_of_brackets_is_needless(tree: Syntax) -> None:
    _needed(tree)


@pytest.mark.long
@settings(max_examples=2_000, deadline=None)
@given(trees())
def test_two_thousand_trees_are_read_back_and_have_no_needless_brackets(tree: Syntax) -> None:
    assert unplaced(parse_formula(printed(tree)).tree) == unplaced(tree)
    _needed(tree)


def _needed(tree: Syntax) -> None:
    text = printed(tree)
    for opened, closed in _groups(text):
        without = f"{text[:opened]} {text[opened + 1 : closed]} {text[closed + 1 :]}"
        try:
            assert unplaced(parse_formula(without).tree) != unplaced(tree)
        except FormulaError:
            continue


def _groups(text: str) -> list[tuple[int, int]]:
    # Brackets that close around a value, and not around arguments: a text between quotes has none that count here.
    if any(sign in text for sign in "\"'[$"):
        return []
    pairs, stack = list[tuple[int, int]](), list[int]()
    for at, sign in enumerate(text):
        if sign == "(":
            stack.append(at)
        elif sign == ")":
            opened = stack.pop()
            if not text[:opened] or not (text[opened - 1].isalnum() or text[opened - 1] == "_"):
                pairs.append((opened, at))
    return pairs


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("=1+2*3", "1 + 2 * 3"),
        ("(1+2)*3", "(1 + 2) * 3"),
        ("((a))", "a"),
        ("(a+b)+c", "(a + b) + c"),
        ("a-(b-c)", "a - (b - c)"),
        ("-(2^2)", "-2^2"),
        ("(-2)^2", "(-2)^2"),
        ("2^(3^2)", "2^3^2"),
        ("2^-1", "2^-1"),
        ("not (a) = b", "not(a) = b"),
        ("not a = b", "not a = b"),
        ("a and (not b)", "a and not b"),
        ("(not a) = b", "(not a) = b"),
        ("x . F( a ,b : 1 )", "x.F(a, b: 1)"),
        ("(a or b).Sum()", "(a or b).Sum()"),
        ("'it''s'", '"it\'s"'),
        (r'"\d+\\n"', r'"\d+\\n"'),
        ("'a {=b} c'", '"a {=b} c"'),
        ("15%", "0.15"),
        ("GitHub::Repos([my account]) // all", "GitHub::Repos([my account])"),
        (r"[a\]b]", r"[a\]b]"),
    ],
)
def test_how_formulas_are_printed(formula: str, text: str) -> None:
    assert again(formula) == text
    assert again(text) == text


def test_the_text_of_a_document_is_printed_as_a_text_with_holes() -> None:
    assert printed(parse_template('Hello, "{=name}"!').tree) == r'"Hello, \"{=name}\"!"'


def test_a_formula_of_any_height_is_printed() -> None:
    formula = "-" * 199 + "a" + ".b" * 256
    assert again(formula) == formula
