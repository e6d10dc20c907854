"""What an editor asks while a formula is typed. A ``|`` marks the place of the cursor."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.language.editor import completions, diagnostics, hover, signature_help
from packsys.language.editor.completions import Completion
from tests.language.catalogue import SCOPE


def offered(text: str) -> list[Completion]:
    return completions(text.replace("|", ""), text.index("|"), SCOPE)


def labels(text: str, kind: str = "") -> list[str]:
    return [thing.label for thing in offered(text) if kind in ("", thing.kind)]


# Completions.


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Git|", ["GitHub"]),
        ("GitHub::|", ["Issues", "Orgs", "Repo", "Repos", "Star"]),
        ("GitHub.Rep|", ["Repo", "Repos"]),
        ("1 + Filt|", ["Filter"]),
        ("cit|", ["city"]),
        ("[here|", ["hereisfun"]),
        ("GitHub::Repos([the|", ["the c"]),
        ("GitHub::Repos(c).First().F|", ["FullName", "Factorial"]),
        ("GitHub::Repos(c).Filter(St|", ["Stars", "StandardDeviation"]),
        ("GitHub::Repos(c).Filter(CurrentValue.U|", ["Url", "Unique", "Upper"]),
        ("Filter(GitHub::Repos(c), Stars > 1 and Ow|", ["Owner"]),
        ("GitHub::Orgs([hereisfun]).FormulaMap(GitHub::Repos(c).Filter(Cur|", ["CurrentValue"]),
        ("GitHub::Orgs([hereisfun]).FormulaMap(Log|", ["Login"]),
        ('"Hello {=Users::Get|', ["GetUserName"]),
        ("true and cit|", ["city"]),
        ("$$[pack:1013:::false:false:GitHub]::Or|", ["Orgs"]),
    ],
)
def test_what_is_offered_first(text: str, first: list[str]) -> None:
    assert labels(text)[: len(first)] == first


@pytest.mark.parametrize("text", ['"GitHub|', "1 |", "f() |", "// Git|ub", "city |", '"a" |'])
def test_where_nothing_can_stand_nothing_is_offered(text: str) -> None:
    assert labels(text) == []


def test_a_completion_says_what_it_is_and_what_to_insert() -> None:
    (found,) = [thing for thing in offered("GitHub::Repos(|") if thing.label == "hereisfun"]
    assert (found.kind, found.insert, found.start) == ("connection", "[hereisfun]", 14)
    (pack,) = offered("Gith|")
    assert (pack.kind, pack.insert, pack.start) == ("pack", "GitHub::", 0)
    (upper, *_) = offered("Uppe|")
    assert (upper.insert, upper.detail) == ("Upper(", "Upper(text, [locale])")
    assert upper.documentation.startswith("Gives a text in capital letters")


# Hover.


@pytest.mark.parametrize(
    ("text", "title", "about"),
    [
        ("Rou|nd(1, 2)", "Round(number, [places])", "Rounds to a number of decimal places, halves away from zero."),
        ("GitHub::Re|po(1)", "GitHub::Repo([account], url)", ""),
        ("Git|Hub::Repo(1)", "GitHub", "Is a pack with 5 formulas."),
        ("GitHub::Repos(c).First().Sta|rs", "Stars", "Is a property: number."),
        ("GitHub::Repos(c).Filter(CurrentValue.Sta|rs > 1)", "Stars", "Is a property: number."),
        ("c|ity & 1", "city", "Is a variable."),
        ("[herei|sfun]", "hereisfun", "Is a connected account."),
    ],
)
def test_what_is_said_about_a_name(text: str, title: str, about: str) -> None:
    found = hover(text.replace("|", ""), text.index("|"), SCOPE)
    assert found is not None
    assert (found.title, found.text) == (title, about)
    assert found.start <= text.index("|") < found.end


@pytest.mark.parametrize("text", ["1 |+ 2", "'te|xt'", "unkno|wn", "|", "'open|"])
def test_about_other_things_nothing_is_said(text: str) -> None:
    assert hover(text.replace("|", ""), text.index("|"), SCOPE) is None


# Signature help.


@pytest.mark.parametrize(
    ("text", "usage", "active"),
    [
        ("Round(|", "Round(number, [places])", "number"),
        ("Round(1, |", "Round(number, [places])", "places"),
        ("1.5.Round(|", "Round(number, [places])", "places"),
        ("Round(places: |", "Round(number, [places])", "places"),
        ("Round(places: 1, |", "Round(number, [places])", "number"),
        ("Round(List(1, |2), 3)", "List([value], …)", "value"),
        ("Round(List(1, 2), |3)", "Round(number, [places])", "places"),
        ("GitHub::Repo(|", "GitHub::Repo([account], url)", "account"),
        ("GitHub.Repo(c, |", "GitHub::Repo([account], url)", "url"),
        ("SwitchIf(a, b, |", "SwitchIf([condition], [value], …)", "condition"),
        ("SwitchIf(a, b, c, |", "SwitchIf([condition], [value], …)", "value"),
        ("Upper((1 + |", "Upper(text, [locale])", "text"),
        ("Round(1, 2, |", "Round(number, [places])", None),
    ],
)
def test_the_call_that_is_being_typed(text: str, usage: str, active: str | None) -> None:
    found = signature_help(text.replace("|", ""), text.index("|"), SCOPE)
    assert found is not None
    assert found.usage == usage
    assert (None if found.active is None else found.parameters[found.active].name) == active


@pytest.mark.parametrize("text", ["1 + |", "Round(1)|", "Unknown(|", "(1 + |"])
def test_outside_of_calls_there_is_no_help(text: str) -> None:
    assert signature_help(text.replace("|", ""), text.index("|"), SCOPE) is None


# Diagnostics.


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1 + 2", []),
        ("1 +", [("Syntax", 3)]),
        ("List(1 +, 2 *, 3)", [("Syntax", 8), ("Syntax", 13)]),
        (
            "List(blah, 1 / Fliter(), city, GitHub::Nope())",
            [("UnknownName", 5), ("UnknownFormula", 15), ("UnknownFormula", 39)],
        ),
        ("List(1 2, Foo(1), 3 4)", [("Syntax", 7), ("UnknownFormula", 10), ("Syntax", 20)]),
        ("List(city ? u, 1)", [("Syntax", 10)]),
        ("List(a, b, d, e, f, g, h)", [("UnknownName", place) for place in (5, 8, 11, 14, 17)]),
        ("List('never closed", [("Syntax", 4), ("Syntax", 5)]),
        ("Round(1, 2, 3) + nope", [("WrongArguments", 12), ("UnknownName", 17)]),
        ("GitHub::Repos(c).First().Ull + nope", [("UnknownMember", 25), ("UnknownName", 31)]),
        ("", [("Syntax", 0)]),
    ],
)
def test_up_to_five_errors_are_reported(text: str, found: list[tuple[str, int]]) -> None:
    assert [(mark.kind, mark.start) for mark in diagnostics(text, SCOPE)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "List(Fliter(1, 2), 1 < nope < 3, nope",
            [("Syntax", 4), ("UnknownFormula", 5), ("Syntax", 19), ("UnknownName", 23), ("UnknownName", 33)],
        ),
        ("List(1 +, 2 *, 3 3", [("Syntax", 4), ("Syntax", 8), ("Syntax", 13), ("Syntax", 17)]),
        ("List(1, (2 + nope, 3)", [("Syntax", 4), ("UnknownName", 13), ("Syntax", 17)]),
        (
            "If(true, 'a {=nope d} {=city +} x', u.",
            [("Syntax", 2), ("UnknownName", 14), ("Syntax", 19), ("Syntax", 30), ("Syntax", 38)],
        ),
        ("(1 + nope", [("Syntax", 0), ("UnknownName", 5)]),
        ("((((((1", [("Syntax", 1), ("Syntax", 2), ("Syntax", 3), ("Syntax", 4), ("Syntax", 5)]),
        ('"a {=nope', [("Syntax", 0), ("Syntax", 3), ("UnknownName", 5)]),
        ("Round(city, [ci", [("Syntax", 5), ("Syntax", 12)]),
        ("GitHub::Repos(c).First().", [("Syntax", 25)]),
        ("city + /* and so on", [("Syntax", 7), ("Syntax", 19)]),
        ("1 + * nope", [("Syntax", 4), ("UnknownName", 6)]),
        ("nope) + nape", [("UnknownName", 0), ("Syntax", 4), ("UnknownName", 8)]),
        ("nope, nape", [("UnknownName", 0), ("Syntax", 4), ("UnknownName", 6)]),
        ("city u + nope", [("Syntax", 5), ("UnknownName", 9)]),
        ("1 2 3 4 5 6 7", [("Syntax", 2)]),
    ],
)
def test_a_mistake_hides_no_other_even_where_nothing_is_closed(text: str, found: list[tuple[str, int]]) -> None:
    assert [(mark.kind, mark.start) for mark in diagnostics(text, SCOPE)] == found


def test_what_an_unknown_function_is_given_is_not_judged() -> None:
    """Its arguments may be expressions over items: what their names mean depends on it."""
    (mark,) = diagnostics("Fliter(GitHub::Repos(c), Stars > 60)", SCOPE)
    assert mark.suggestions[0] == "Filter"


def test_what_is_wrong_comes_with_what_was_meant() -> None:
    (mark,) = diagnostics("Fliter(1, 2)", SCOPE)
    assert (mark.severity, mark.suggestions[0]) == ("error", "Filter")
    (chained,) = diagnostics("1 < 2 < 3", SCOPE)
    assert chained.fix == "1 < 2 and 2 < 3"


def test_a_formula_without_errors_may_have_warnings() -> None:
    (mark,) = diagnostics("-2^2", SCOPE)
    assert (mark.severity, mark.message) == ("warning", "-2^2 is read as -(2^2)")


TYPED = st.text("aF.:,()[]{}=\"' 12+", max_size=30) | st.sampled_from(
    [
        "GitHub::Repos(c).Filter(Stars > 1)",
        'List("a {=1} b", [x',
        "$$[pack:1013:::false:false:G]::R",
        "a" + ".b()" * 2_000,
    ]
)


PLACES = st.integers(0, 30)


@settings(max_examples=25, deadline=None)
@given(TYPED, PLACES)
def test_whatever_is_typed_there_is_an_answer(text: str, position: int) -> None:
    _answered(text, position)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(TYPED, PLACES)
def test_and_so_there_is_to_much_more(text: str, position: int) -> None:
    _answered(text, position)


def _answered(text: str, position: int) -> None:
    place = min(position, len(text))
    completions(text, place, SCOPE)
    signature_help(text, place, SCOPE)
    hover(text, place, SCOPE)
    assert all(0 <= mark.start <= len(text) for mark in diagnostics(text, SCOPE))
