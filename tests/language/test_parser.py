"""How a formula is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.errors import FormulaError
from packsys.language.parser import parse_formula, parse_template
from packsys.language.syntax import Infix, Parsed, Reference, Text
from tests.language.shown import shown


def tree(formula: str) -> str:
    """Shows how a formula is read."""
    return shown(parse_formula(formula).tree)


@pytest.mark.parametrize(
    ("formula", "read"),
    [
        ("=1", "1"),
        (" = 1 ", "1"),
        ("1.5e3", "1500"),
        (".5", "0.5"),
        ("15%", "0.15"),
        ("true and FALSE", "(True and False)"),
        ("1 // one\n + /* two */ 2", "(1 + 2)"),
        ("1\u00a0+\u30002", "(1 + 2)"),
        ("'it' & \"s\"", "('it' & 's')"),
        ("[Due Date]", "[Due Date]"),
        (r"[a\]b\\c\d]", r"[a]b\c\d]"),
        ("Größe + 名字", "(Größe + 名字)"),
        ("e\u0301te\u0301", "été"),
        ("x.And.Or", "x.And.Or"),
        ("Foo(and: 1, not: 2)", "Foo(and: 1, not: 2)"),
    ],
)
def test_tokens(formula: str, read: str) -> None:
    assert tree(formula) == read


@pytest.mark.parametrize(
    ("formula", "read"),
    [
        ("a.b::c()", "a.b::c()"),
        ("-a.b(1)", "(- a.b(1))"),
        ("2^3^4", "(2 ^ (3 ^ 4))"),
        ("-2^2", "(- (2 ^ 2))"),
        ("2^-1", "(2 ^ (- 1))"),
        ("-a * !b", "((- a) * (! b))"),
        ("+-a", "(+ (- a))"),
        ("a * b / c", "(a * b / c)"),
        ("a - b * c + d", "(a - (b * c) + d)"),
        ("a + b & c + d", "((a + b) & (c + d))"),
        ("a & b = c & d", "((a & b) = (c & d))"),
        ("a <> b", "(a <> b)"),
        ("a == b and c != d", "((a == b) and (c != d))"),
        ("not a = b", "(not (a = b))"),
        ("not not a", "(not (not a))"),
        ("Not(a) = b", "(Not(a) = b)"),
        ("not (a) = b", "(not(a) = b)"),
        ("!a = b", "((! a) = b)"),
        ("a or b and c", "(a or (b and c))"),
        ("a || b && c || d", "(a || (b && c) || d)"),
        ("a AND NOT b", "(a and (not b))"),
        ("and(a, b) and or(c)", "(and(a, b) and or(c))"),
        ("(a + b) * c", "((a + b) * c)"),
        ("a < b = false", None),
    ],
)
def test_precedence(formula: str, read: str | None) -> None:
    if read is None:
        with pytest.raises(FormulaError, match="do not chain"):
            tree(formula)
    else:
        assert tree(formula) == read


@pytest.mark.parametrize(
    ("formula", "read"),
    [
        ("GitHub.Repos(x)", "GitHub.Repos(x)"),
        ("GitHub::Repos(x)", "GitHub::Repos(x)"),
        ("Users.GetUserName", "Users.GetUserName"),
        ("x.Count", "x.Count"),
        ("x.Count()", "x.Count()"),
        ("Foo(a: b)", "Foo(a: b)"),
        ("Foo(a::B())", "Foo(a::B())"),
        ("Foo([a b]: 1)", "Foo(a b: 1)"),
        ("[a, b]", "[a, b]"),
        (r'"\{=x}"', "'{=x}'"),
        ('"{x} {"', "'{x} {'"),
        ('"{=x}"', "<x>"),
        ("""'a {="b {='c'}"} d'""", "<'a ' <'b ' 'c'> ' d'>"),
        ('"a" & "{=1}{=2}"', "('a' & <1 2>)"),
        ("$$[variable::::true:false:Url]", "$variable<Url>"),
        ("a.$$[variable::::true:false:Url].b", "a.$variable<Url>.b"),
    ],
)
def test_ambiguous_text_has_one_reading(formula: str, read: str) -> None:
    assert tree(formula) == read


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r'"\" \' \\ \n \t \r \u00e9 \{"', "\" ' \\ \n \t \r é {"),
        (r'"\d+\w"', r"\d+\w"),
        ('"say ""hi"""', 'say "hi"'),
        ("'it''s'", "it's"),
        (r'"\ud83d\ude00"', "😀"),
        (r'"\ud83d"', "\ufffd"),
        ('""', ""),
        ('"// no comment"', "// no comment"),
        ('"line\nbreak"', "line\nbreak"),
    ],
)
def test_texts(formula: str, text: str) -> None:
    found = parse_formula(formula).tree
    assert isinstance(found, Text)
    assert found.value == text


def test_the_seven_fields_of_a_reference() -> None:
    found = parse_formula(r"$$[cell:grid-1:c-2:i-3:false:true:a:b\]c]").tree
    assert found == Reference("cell", ("grid-1", "c-2", "i-3"), (False, True), "a:b]c", 0, 41)


def test_a_run_of_operators_is_flat() -> None:
    found = parse_formula("+".join(["1"] * 2500)).tree
    assert isinstance(found, Infix)
    assert len(found.operands) == 2500


def test_offsets_count_code_points_and_brackets_belong_to_their_expression() -> None:
    found = parse_formula("'😀' + (1 + 2)").tree
    assert isinstance(found, Infix)
    assert [(part.start, part.end) for part in found.operands] == [(0, 3), (6, 13)]


@pytest.mark.parametrize(
    ("formula", "read"),
    [
        ("List（1，2）", "List(1, 2)"),
        ("Foo（a：1）", "Foo(a: 1)"),
        ("GitHub：：Repos（）", "GitHub::Repos()"),
        ("a＝1", "(a = 1)"),
        ("“a”", "'a'"),
        ("“a {=b（1）} c”", "<'a ' b(1) ' c'>"),
        ("'（a，b）'", "'（a，b）'"),
        ('"“a”"', "'“a”'"),
    ],
)
def test_full_width_punctuation_outside_text_is_read_as_ascii(formula: str, read: str) -> None:
    assert tree(formula) == read
    assert bool(parse_formula(formula).lints) == (formula[0] not in "'\"")


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("-2^2", "-2^2 is read as -(2^2)"),
        ("2^3^2", "2^3^2 is read as 2^(3^2)"),
        ("a（）", "（ was read as ("),
    ],
)
def test_what_is_read_otherwise_elsewhere_is_said(formula: str, message: str) -> None:
    assert [lint.message for lint in parse_formula(formula).lints] == [message]


@pytest.mark.parametrize("formula", ["(-2)^2", "-(2^2)", "2^(3^2)", "(2^3)^2", "a()"])
def test_what_is_clear_is_not_warned_about(formula: str) -> None:
    assert parse_formula(formula).lints == ()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", "''"),
        ("plain } \\n", "'plain } \\\\n'"),
        ("a {=b} c {=d(1)}", "<'a ' b ' c ' d(1)>"),
        (r"\{={=x}", "<'{=' x>"),
        ('{="}"}', "<'}'>"),
        ("it's {=x}", '<"it\'s " x>'),
    ],
)
def test_a_documents_text_has_holes(text: str, read: str) -> None:
    assert shown(parse_template(text).tree) == read


anything = st.text(max_size=200) | st.text("ab1.:,()[]{}=\"'$ \n\\+-*/^<>!%&|“”（", max_size=60)


@given(anything)
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_formula, parse_template):
        refused = _refused(parse, text)
        assert refused is None or (refused.render() and 0 <= refused.start <= len(text))


def _refused(parse: Callable[[str], Parsed], text: str) -> FormulaError | None:
    try:
        parse(text)
    except FormulaError as error:
        return error
    return None


SIGNS = [(0, "or"), (1, "and"), (2, "="), (3, "&"), (4, "+"), (4, "-"), (5, "*"), (5, "/")]
expressions = st.recursive(
    st.sampled_from(["a", "1", "'t'", "x.y", "f(1, g: 2)", "[p q]", '"{=a}"']).map(lambda atom: (9, atom, atom)),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(SIGNS), inner, inner).map(lambda drawn: (*drawn[0], *drawn[1:])),
        inner.map(lambda operand: (6, "-", operand)),
    ),
    max_leaves=12,
)


def _sparse(node: tuple[object, ...], least: int = 0) -> str:
    level, text = node[0], str(node[1])
    assert isinstance(level, int)
    match node:
        case (_, str() as sign, tuple() as left, tuple() as right):
            text = f"{_sparse(left, level + 1)} {sign} {_sparse(right, level + 1)}"
        case (_, str() as sign, tuple() as operand):
            text = f"{sign}{_sparse(operand, level)}"
    return text if level >= least else f"({text})"


def _full(node: tuple[object, ...]) -> str:
    match node:
        case (_, str() as sign, tuple() as left, tuple() as right):
            return f"({_full(left)} {sign} {_full(right)})"
        case (_, str() as sign, tuple() as operand):
            return f"({sign}{_full(operand)})"
    return str(node[1])


@settings(max_examples=100, deadline=None)
@given(expressions)
def test_brackets_that_precedence_makes_needless_change_nothing(node: tuple[object, ...]) -> None:
    assert tree(_sparse(node)) == tree(_full(node))
