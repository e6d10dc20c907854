"""Regular expressions take bounded time, and what they lack is said."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.language import regexes
from packsys.language.regexes import matches
from packsys.values import Failure, Value
from tests.language.catalogue import failing, value_of


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (r'RegexMatch("Oslo 0150", "\d{4}")', True),
        ('RegexMatch("a\nb", "^b")', False),
        ('RegexMatch("a\nb", "^b", "m")', True),
        ('RegexMatch("a\nb", "a.b")', False),
        ('RegexMatch("a\nb", "A.B", "is")', True),
        (r'RegexExtract("2026-01-31", "(\d+)-(\d+)")', ["2026", "01"]),
        ('RegexExtract("abc", "x")', []),
        ('RegexExtract("ab", "(a)|(b)")', ["a", "", "", "b"]),
        (r'RegexExtract("测试 é😀", "\p{Han}+|😀")', ["测试", "😀"]),
        ('RegexReplace("aXbX", "x", "$0$0", "gi")', "aXXbXX"),
        (r'RegexReplace("a.b", "(?P<l>\w)\.(?P<r>\w)", "${r}.${l} costs $$1")', "b.a costs $1"),
        ('RegexReplace("abc", "", "-")', "-a-b-c-"),
        ("RegexReplace('a(b', '[(]', '$')", "a$b"),
    ],
)
def test_what_expressions_find(formula: str, value: Value) -> None:
    assert value_of(formula) == value


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"(a)\1", "uses a reference back to a group"),
        (r"(?P<a>a)(?P=a)", "uses a reference back to a group"),
        ("a(?=b)", "uses looking ahead or behind"),
        ("(?<!a)b", "uses looking ahead or behind"),
        ("(?>a+)b", "uses an atomic group or a possessive repetition"),
        ("a++", "uses an atomic group or a possessive repetition"),
        ("(", "is no regular expression: missing )"),
        ("[z-a]", "is no regular expression: invalid character class range"),
        ("(a{1000}){1000}", "is no regular expression: invalid repetition size"),
        ("x" * 1_001, "The regular expression has too many characters: 1,001, at most 1,000 are allowed."),
    ],
)
def test_an_expression_that_cannot_be_is_refused_with_the_reason(pattern: str, message: str) -> None:
    with pytest.raises(Failure, match=re.escape(message)):
        next(matches(pattern, "text"), None)


def test_an_unknown_flag_is_said() -> None:
    error = failing('RegexMatch("a", "a", "x")')
    assert error.message == "A regular expression has the flags i, m, s and g, and not 'x'."


def test_a_group_that_is_not_there_is_said() -> None:
    assert failing('RegexReplace("a", "a", "$1")').message == "The regular expression has no group 1."


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(a|aa)+$", "(.*)*x", "(a*)*b", "a*a*a*a*a*b"])
def test_what_hangs_elsewhere_does_not_hang_here(pattern: str) -> None:
    """Each of these takes a backtracking engine longer than anybody lives."""
    assert value_of(f'RegexMatch(Repeat("a", 50000) & "!", "{pattern}")') is False


def test_the_text_that_is_searched_is_bounded() -> None:
    assert failing('RegexMatch(Repeat("a", 100001), "b")').message == (
        "The text has too many characters for a regular expression: 100,001, at most 100,000 are allowed."
    )


def test_what_all_searches_take_together_is_bounded() -> None:
    most = regexes.MAX_WORK // 100_000
    assert failing('RegexReplace(Repeat("a", 100000), "a", "")').message == (
        f"The regular expression matches too often for so long a text: {most + 1:,}, at most {most:,} are allowed."
    )


def test_what_is_found_is_bounded() -> None:
    assert failing(f'RegexExtract(Repeat("a", 9000), "{"()" * 200}a")').message == (
        "The regular expression finds too much: 1,000,200, at most 1,000,000 are allowed."
    )


@settings(deadline=None)
@given(st.text("ab(|)*+?.[]^$\\d1é", max_size=12), st.text("ab1é\n", max_size=12))
def test_any_expression_is_searched_for_or_refused(pattern: str, text: str) -> None:
    with suppress(Failure):
        found = [match.span() for match in matches(pattern, text)]
        assert all(0 <= begin <= end <= len(text) for begin, end in found)
