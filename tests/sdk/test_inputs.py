"""A parameter's hint says what to offer, what to suggest, and what to refuse; sets repeat together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import pytest

from packsys.sdk import Autocomplete, Between, Choice, Context, Matches, Suggested, UserVisibleError, Valid
from packsys.sdk.patterns import matches
from packsys.sdk.testing import run
from tests.sdk.declaring import a_pack, refused


def cities(context: Context, typed: str, given: dict[str, Any]) -> list[Choice]:
    return [Choice(display="Bonn", value="bn")]


pack = a_pack()


@pack.formula()
def take(
    context: Context,
    count: Annotated[int, "How many.", Between(1, 3), Suggested(2)],
    state: Annotated[str, "Which.", Autocomplete("open", "shut", only=True)] = "open",
    *,
    code: Annotated[str, "A code.", Matches("[A-Z]{2}", "two capitals")] = "AB",
    word: Annotated[str, "A word.", Valid(lambda word: "must not be 'no'" if word == "no" else None)] = "yes",
    city: Annotated[str, "Where.", Autocomplete(cities)] = "bn",
    scores: Annotated[list[float], "Scores.", Between(most=10)] = (),  # type: ignore[assignment]
) -> str:
    """Takes what it is given."""
    return f"{count} {state} {code} {word}"


def test_what_fits_is_taken() -> None:
    assert run(pack, "Take", 3, "shut", "XY", "maybe", scores=[1, 10]) == "3 shut XY maybe"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((4,), "count must be between 1 and 3, not 4."),
        ((1, "ajar"), "state must be 'open' or 'shut', not 'ajar'."),
        ((1, "open", "ab"), "code must be two capitals, not 'ab'."),
        ((1, "open", "AB", "no"), "word must not be 'no', not 'no'."),
        ((1, "open", "AB", "yes", "bn", [11]), "scores must be at most 10, not 11."),
    ],
)
def test_what_does_not_fit_is_refused_with_a_message_for_the_user(arguments: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(UserVisibleError) as caught:
        run(pack, "Take", *arguments)
    assert str(caught.value) == sentence


def test_hints_are_kept_beside_the_parameter() -> None:
    count, state, *_, city, _ = pack.formulas["Take"].parameters
    assert (count.suggested, count.checks) == (2, (Between(1, 3),))
    assert state.autocomplete is not None
    assert [each.value for each in state.autocomplete.choices] == ["open", "shut"]
    assert city.autocomplete is not None
    assert city.autocomplete.finder is cities


def taking(hint: Any, default: Any = None) -> Callable[..., Any]:
    def give(context, value=default):  # type: ignore[no-untyped-def]
        """Gives text."""
        return ""

    give.__annotations__ = {"context": Context, "value": hint, "return": str}
    return give


@pytest.mark.parametrize(
    ("hint", "default", "sentence"),
    [
        (Annotated[bool, "A flag.", Autocomplete("yes")], True, "autocomplete is for text and numbers"),
        (Annotated[str, "Text.", Between(1, 2)], "", "Between is for numbers"),
        (Annotated[float, "A number.", Matches("a", "a")], 1.0, "Matches is for text"),
        (Annotated[str, "Text.", Matches("(a+)+", "a")], "a", "repeats a group in which something varies"),
        (Annotated[str, "Text.", Matches("(", "a")], "a", "is no regular expression"),
        (Annotated[str, "Text.", Matches("a" * 301, "a")], "a", "1 to 300"),
        (Annotated[int, "A number.", Between(1, 2)], 3, "has the default 3, but must be between 1 and 2"),
        (Annotated[int, "A number.", Between(1, 2), Suggested(3)], 1, "has the suggested value 3"),
        (Annotated[str, "Text.", 42], "", "is annotated with 42, which says nothing here"),
    ],
)
def test_a_hint_that_makes_no_sense_is_refused(hint: Any, default: Any, sentence: str) -> None:
    assert sentence in refused(lambda: a_pack().formula()(taking(hint, default)))


@pytest.mark.parametrize(
    ("offers", "sentence"),
    [
        ((), "give either"),
        ((cities, "Bonn"), "give either"),
        ((True,), "offer text, numbers"),
        ((["Bonn"],), "offer text, numbers"),
    ],
)
def test_an_autocomplete_offers_values_or_a_function(offers: tuple[Any, ...], sentence: str) -> None:
    assert sentence in refused(lambda: Autocomplete(*offers))


def test_a_function_is_never_the_only_choice() -> None:
    assert "leave only= out" in refused(lambda: Autocomplete(cities, only=True))


class Point(NamedTuple):
    label: Annotated[str, "Its name."]
    height: Annotated[int, "Its height.", Between(least=0)]


def test_parameters_repeat_in_complete_sets() -> None:
    chart = a_pack()

    @chart.formula()
    def draw(context: Context, title: Annotated[str, "The title."], *points: Point) -> str:
        """Draws a chart."""
        return f"{title}: {', '.join(f'{point.label}={point.height}' for point in points)}"

    names = [(each.name, each.variadic) for each in chart.formulas["Draw"].parameters]
    assert names == [("title", False), ("label", True), ("height", True)]
    assert run(chart, "Draw", "Hills", "A", 1, "B", 2) == "Hills: A=1, B=2"
    assert run(chart, "Draw", "Hills") == "Hills: "
    with pytest.raises(UserVisibleError, match="complete the last one"):
        run(chart, "Draw", "Hills", "A")


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        (r"(a+)+", "varies"),
        (r"(a|a)*", "varies"),
        (r"((a?)b)+", "varies"),
        (r"(?:[a-z]{1,50}){10}", "varies"),
        (r"(\w)\1", "refers back"),
        (r"(?P<x>a)(?P=x)", "refers back"),
        (r"(?=a)a", "looks around"),
        (r"(a)(?(1)a|b)", "refers back"),
        (r"(a+)(?#b)+", "has a comment"),
        (r"(?x)(a+) +", "has a comment"),
        (r"(?:(?:a{0,4}){0,4}){0,4}", "varies"),
        (r"(?:a{0,9}){9}", "varies"),
        (r"a*" * 4, "put after each repetition"),
        (r".*/.*/.*/x", "put after each repetition"),
        (r"(?:/[\w-]+){1,3}", "varies"),
        ("a?" * 26 + "a" * 26, "too many ways"),
        (r"(?:aa|a)" * 30 + "b", "too many ways"),
        (r"a{0,4}" * 20 + "b", "too many ways"),
        (r"(?:a|b){0,4}" * 6, "too many ways"),
        (r"(?:a|b)?(?:c|d)?.*/.*/", "too many ways"),
    ],
)
def test_a_pattern_that_may_never_end_is_refused(pattern: str, wrong: str) -> None:
    assert wrong in refused(lambda: a_pack().formula()(taking(Annotated[str, "Text.", Matches(pattern, "x")], "x")))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"https://example\.com/[\w-]+/[\w.-]+(?:/issues/\d+)?", "https://example.com/a/b/issues/7"),
        (r"(?:\d{1,3}\.){3}\d{1,3}", "127.0.0.1"),
        (r"[(]+[)]*", "(("),
        (r"(?>ab)+", "abab"),
        (r"[^/]+/[^/]+/\w+\.\w+/x", "a/b/c.d/x"),
        (r"(?P<code>[A-Z]{2})-(open|shut)", " AB-open "),
        (r"https?://(?:www\.)?(?:com|org|net|io)/(?:a|b)/x?(?:\?y)?(?:#z)?", "https://www.org/b/x#z"),
        (r"(?i)https://x\.test/.+/(?:issues|pulls)?", "https://x.test/a/b/issues"),
    ],
)
def test_a_plain_pattern_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text)
    assert not matches(pattern, "x" * 1001)
