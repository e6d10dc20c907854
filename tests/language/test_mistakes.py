"""Wrong formulas, and what their authors are told."""

from __future__ import annotations

import contextlib

import pytest

from packsys.errors import FormulaError
from packsys.language.parser import parse_formula

# formula, column of the caret, message
SYNTAX = [
    ("=GitHub::Repo(GitHub::Repos([c]).First().Url", 14, "This '(' is never closed: a ')' is missing"),
    ("1 +", 4, "Expected a value but found the end of the formula"),
    ("a b", 3, "Expected an operator but found 'b'"),
    ("Foo(1,,2)", 7, "Expected a value but found ','"),
    ("Foo(1, 2", 4, "This '(' is never closed: a ')' is missing"),
    ("Foo(1 2)", 7, "Expected an operator, ',' or ')' but found '2'"),
    ('"abc', 1, 'This text is never closed: a " is missing'),
    ('"""', 1, 'This text is never closed: a " is missing'),
    ("[Col", 1, "This reference is never closed: a ']' is missing"),
    ("$$[pack:1013:::false:false:GitHub::Repo()", 1, "This reference is never closed: a ']' is missing"),
    (
        "$$[pack:1013]",
        1,
        "A $$[…] reference has seven fields, type:id:id:id:true|false:true|false:name, and this one has not",
    ),
    ("GitHub::", 9, "Expected a name after '::' but found the end of the formula"),
    ("GitHub::Repos", 9, "A formula of a pack is called with parentheses: write …::Name(…)"),
    ("a : b", 3, "':' only stands after the name of an argument, as in Repo(url, account: …)"),
    ("(1, 2)", 3, "',' separates arguments, and this is no call: use List(a, b) for a list"),
    ("1, 2", 2, "',' separates arguments, and this is no call: use List(a, b) for a list"),
    ("Foo(1))", 7, "There is no '(' for this ')'"),
    ("(1]", 3, "There is no '[' for this ']'"),
    ("1}", 2, "There is no '{=' for this '}'"),
    ("{a: 1}", 1, "'{' means nothing here: objects are made with Object(key, value, …)"),
    ('"Hi {=Name"', 5, "This '{=' is never closed: a '}' is missing"),
    ('"Hi {=Name} and', 1, 'This text is never closed: a " is missing'),
    ('"Hi {=Foo(1}"', 10, "This '(' is not closed before the '}': a ')' is missing"),
    ('"Hi {=}"', 7, "Expected a value but found '}'"),
    ("= 1 + * 2", 7, "Expected a value but found '*'"),
    ("x.", 3, "Expected a name after '.' but found the end of the formula"),
    ("x.(1)", 3, "Expected a name after '.' but found '('"),
    ("Repos(account: , 1)", 16, "Expected a value but found ','"),
    ("1 ? 2", 3, "The character '?' means nothing in a formula"),
    ("a | b", 3, "One '|' means nothing: write || or 'or'"),
    ("Foo(1; 2)", 6, "';' means nothing in a formula: separate arguments with ','"),
    ("Foo(1；2)", 6, "';' means nothing in a formula: separate arguments with ','"),
    ("0x55", 2, "The number 0 is directly followed by 'x55'"),
    ("1e", 2, "The number 1 is directly followed by 'e'"),
    ("1e999", 1, "The number is too large: a formula reckons with at most 309 digits"),
    ("5 % 3", 3, "There is no % operator: write Remainder(a, b), or glue '%' to a number for percent"),
    ("15%3", 3, "There is no % operator: write Remainder(a, b), or glue '%' to a number for percent"),
    ("1 < x < 5", 1, "Comparisons do not chain: write 1 < x and x < 5"),
    ("a = not b", 5, "'not' binds looser than the operator before it: put it in parentheses, (not …)"),
    ("a and or b", 7, "Expected a value but found 'or'"),
    ("1 /* one", 3, "This comment is never closed: '*/' is missing"),
    ("a\0b", 2, "The formula holds U+0000, which is no character of a text"),
    ("", 1, "The formula is empty"),
    (" // nothing", 12, "The formula is empty"),
    ("=", 2, "The formula is empty"),
]


def mistake(formula: str) -> FormulaError:
    """Gives the error of a wrong formula."""
    with pytest.raises(FormulaError) as caught:
        parse_formula(formula)
    return caught.value


@pytest.mark.parametrize(("formula", "column", "message"), SYNTAX)
def test_a_mistake_is_named_where_it_is(formula: str, column: int, message: str) -> None:
    error = mistake(formula)
    assert (error.kind, error.column, error.message) == ("Syntax", column, message)


def test_a_mistake_is_drawn_with_its_line_and_a_caret() -> None:
    assert mistake("1 +\nFoo(1, 2").render() == (
        "This '(' is never closed: a ')' is missing (line 2, column 4)\n  Foo(1, 2\n     ^"
    )


def test_a_mistake_says_what_was_expected_and_found() -> None:
    error = mistake("Foo(1 2)")
    assert error.expected == ("an operator", "','", "')'")
    assert error.found == "'2'"
    assert mistake("(1").expected == (")",)


def test_a_chain_of_comparisons_comes_with_its_cure() -> None:
    assert mistake("1 < x <= 5").fix == "1 < x and x <= 5"


@pytest.mark.parametrize(
    ("formula", "kind", "message"),
    [
        ("(" * 10_000 + ")" * 10_000, "TooDeep", "The formula is nested more than 200 levels deep"),
        ("(" * 300 + "1" + ")" * 300, "TooDeep", "The formula is nested more than 200 levels deep"),
        ("-" * 201 + "1", "TooDeep", "The formula is nested more than 200 levels deep"),
        ("2^" * 201 + "1", "TooDeep", "The formula is nested more than 200 levels deep"),
        ("f(" * 201 + ")" * 201, "TooDeep", "The formula is nested more than 200 levels deep"),
        ('"{=' * 21 + "1" + '}"' * 21, "TooDeep", "More than 20 holes '{=' are open inside each other"),
        ("1 + " * 250_000 + "1", "TooLong", "The formula has 1,000,001 characters: at most 65,536 are allowed"),
        ("1+" * 2_500 + "1", "TooLong", "The formula has more than 5,000 words and signs"),
        ("f(" + "1," * 255 + "1)", "TooLong", "The call has more than 255 arguments"),
        ("a" + ".a" * 257, "TooLong", "The chain has more than 256 steps"),
        ("a" + ".a()" * 257, "TooLong", "The chain has more than 256 steps"),
    ],
    ids=lambda value: value[:12],
)
def test_every_limit_is_named(formula: str, kind: str, message: str) -> None:
    error = mistake(formula)
    assert (error.kind, error.message) == (kind, message)
    assert len(error.render()) < 500


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 200 + "1" + ")" * 200,
        "-" * 200 + "1",
        "2^" * 200 + "1",
        "f(" * 200 + ")" * 200,
        '"{=' * 20 + "1" + '}"' * 20,
        "f(" + "1," * 254 + "1)",
        "a" + ".a" * 256,
        "a" + ".a()" * 256,
        "1+" * 2_499 + "1",
        " " * 65_535 + "1",
    ],
    ids=lambda value: value[:12],
)
def test_what_is_just_within_a_limit_is_read(formula: str) -> None:
    parse_formula(formula)


@pytest.mark.parametrize(
    "piece",
    [
        "(",
        "[",
        "$$[",
        "{=",
        '"',
        "'",
        "“",
        '"{=',
        "/*",
        "/*/",
        "//",
        "*",
        "\\",
        " ",
        "1",
        "a",
        ".",
        "-",
        "a.",
        '\\"',
        '""',
    ],
)
@pytest.mark.parametrize("end", ["", "?", "\n?", '"', "}"])
def test_long_nonsense_is_refused_or_read_at_once(piece: str, end: str) -> None:
    """Hangs, and is ended by the suite's time limit, where a token pattern is not linear."""
    formula = (piece * 65_536)[:65_000] + end
    with contextlib.suppress(FormulaError):
        parse_formula(formula)
